/** The pane with one event in full. */
import { areasOf } from '../../frame/areas.ts';
import type { Paint } from '../../kit/paint.ts';
import { countText, cut, widthOf } from '../../kit/text.ts';
import type { State } from '../../state.ts';
import { detailLines, focusedItem } from './detail.ts';

/** Its title and its lines, at most as wide as the pane; none where it is closed. */
export function detailPane(state: State, paint: Paint): string[] {
  const { detail: area } = areasOf(state);
  const { content, form, focused } = state.detail;
  if (area === null) return [];
  const all =
    content === null ? [] : detailLines(content, form, area.width - 1, paint, focused ? focusedItem(content, state.detail.item) : null);
  const top = Math.max(0, Math.min(state.detail.top, all.length - area.height));
  const shown = all.slice(top, top + area.height).map((line) => (area.beside ? line : ` ${line}`));
  const blank = Array.from({ length: area.height - shown.length }, () => '');
  const more = all.length > area.height ? `lines ${top + 1}–${top + shown.length} of ${all.length}, ` : '';
  const title = content === null ? 'no event' : `event ${countText(content.num)}`;
  const keys = focused ? 'keys are here: ←→ a field, = keeps it, Tab to the list' : `${more}Tab to scroll`;
  const rule = cut(`── ${title} ── ${keys} `, area.width);
  return [paint(focused ? 'title' : 'dim', rule + '─'.repeat(Math.max(0, area.width - widthOf(rule)))), ...shown, ...blank];
}
