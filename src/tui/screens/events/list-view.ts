/** The list: titles, rows, and the pauses between them. */

import { spanText } from '../../../model/time.ts';
import { areasOf, lookOf, visibleItems } from '../../frame/areas.ts';
import type { Paint } from '../../kit/paint.ts';
import { fitted, widthOf } from '../../kit/text.ts';
import { contextOf, type State } from '../../state.ts';
import { colouringOf, gutter } from '../colouring.ts';
import { cellText, focusedIndex, type ListLook, type PlacedColumn, placedColumns, titleText } from './columns.ts';
import type { ListedRow } from './rows.ts';

/** What all lines of one frame have in common. */
interface Sheet {
  readonly state: State;
  readonly look: ListLook;
  readonly columns: readonly PlacedColumn[];
  readonly paint: Paint;
  /** Equal for frames in which a row that is not selected looks the same. */
  readonly key: string;
}

/** A title line and the list's lines, each exactly as wide as the list. */
export function listLines(state: State, paint: Paint): string[] {
  const { list: area } = areasOf(state);
  const look = lookOf(state);
  const columns = placedColumns(look);
  const sheet = {
    state,
    look,
    columns,
    paint,
    key: [state.find, look.timeMode, look.reference, JSON.stringify(state.colours), ...columns.map(({ width }) => width)].join(),
  };
  const top = state.list.rows.findIndex(({ num }) => num === state.top);
  const items = visibleItems(state.list.rows, Math.max(0, top), area.height);
  const lines = items.map((item) => (item.kind === 'gap' ? paint('warn', gapLine(item.ns, area.width)) : rowLine(item.row, sheet)));
  if (lines.length === 0) lines.push(...emptyLines(state).map((line) => paint('dim', fitted(line, area.width))));
  while (lines.length < area.height) lines.push(' '.repeat(area.width));
  return [titleLine(sheet), ...lines.slice(0, area.height)];
}

function titleLine({ state, columns, look, paint }: Sheet): string {
  const focused = focusedIndex(columns, state.column);
  const titles = columns.map((placed, i) => {
    const text = titleText(placed, look);
    return i === focused ? paint('underline', text) : text;
  });
  return paint('title', ` ${titles.join(' ')}`);
}

/** Lines as they were drawn last: most rows stand in the next frame too. */
const drawn = new WeakMap<ListedRow, { readonly key: string; readonly paint: Paint; readonly line: string }>();

function rowLine(row: ListedRow, sheet: Sheet): string {
  if (row.num === sheet.state.selected) return selectedLine(row, sheet);
  const { key, paint } = sheet;
  const known = drawn.get(row);
  if (known?.key === key && known.paint === paint) return known.line;
  const line = paintedLine(row, sheet);
  drawn.set(row, { key, paint, line });
  return line;
}

function paintedLine(row: ListedRow, { state, columns, look, paint }: Sheet): string {
  const colouring = colouringOf(state.colours, ({ field, value }) =>
    fieldsOf(row).some((one) => one?.field === field && one.value === value),
  );
  const cells = columns.map((placed) => {
    const style = colouring?.style ?? placed.column.style?.(row) ?? null;
    const text = cellText(placed, row, look);
    return highlighted(text, state.find, paint, (part) => (style === null ? part : paint(style, part)));
  });
  return `${gutter(colouring, paint)}${cells.join(' ')}`;
}

/** What a row can be recognised by. */
const fieldsOf = ({ place, process, pid, type, target }: ListedRow) => [place, process, pid, type, target];

/** The text that was looked for is underlined. */
export function highlighted(text: string, find: string, paint: Paint, styled: (part: string) => string = (part) => part): string {
  const at = find === '' ? -1 : text.toLowerCase().indexOf(find.toLowerCase());
  if (at < 0) return styled(text);
  const end = at + find.length;
  return styled(text.slice(0, at)) + paint('underline', styled(text.slice(at, end))) + highlighted(text.slice(end), find, paint, styled);
}

/** A bar with the focused cell cut out of it. */
function selectedLine(row: ListedRow, { state, columns, look, paint }: Sheet): string {
  const texts = columns.map((placed) => cellText(placed, row, look));
  const focused = contextOf(state) === 'list' ? focusedIndex(columns, state.column) : -1;
  if (focused < 0) return paint('inverse', `▸${texts.join(' ')}`);
  const before = ['▸', ...texts.slice(0, focused).map((text) => `${text} `)].join('');
  const after = texts
    .slice(focused + 1)
    .map((text) => ` ${text}`)
    .join('');
  return paint('inverse', before) + paint('title', paint('underline', texts[focused]!)) + paint('inverse', after);
}

function gapLine(ns: number, width: number): string {
  const text = `── gap ${spanText(ns)} `;
  return text + '─'.repeat(Math.max(0, width - widthOf(text)));
}

function emptyLines({ list, counts, facts, filter, follow }: State): string[] {
  if (!list.complete || counts.progress < 1) return ['', '  looking …'];
  if (facts.events === 0) return ['', follow === 'off' ? '  this capture has no events' : '  no event yet: waiting for the recording'];
  if (follow !== 'off')
    return ['', `  none of ${facts.events} events matches so far: waiting for one that does`, '', '  f edits the filter, Esc goes back'];
  return [
    '',
    `  none of ${facts.events} events matches${filter === '' ? '' : ' this filter'}`,
    '',
    '  Esc goes back to the filter before, f edits this one',
  ];
}
