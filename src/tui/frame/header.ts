/** The first line: which capture, how much of it, what was lost, and whether it is followed. */
import { spanText } from '../../model/time.ts';
import type { Paint, Style } from '../kit/paint.ts';
import { countText, cutMiddle, harmless, widthOf } from '../kit/text.ts';
import type { State } from '../state.ts';

const NAME = ' trowel ▸ ';

export function headerLine(state: State, paint: Paint): string {
  const { facts, size } = state;
  const parts = rightParts(state).filter(({ text }) => text !== '');
  const used = parts.reduce((sum, { text }) => sum + widthOf(text) + 2, 1);
  const left = NAME + cutMiddle(harmless(facts.file), size.columns - used - NAME.length);
  const blank = ' '.repeat(Math.max(0, size.columns - used - widthOf(left)));
  return paint('title', left) + blank + parts.map(({ text, style }) => `  ${style === null ? text : paint(style, text)}`).join('');
}

function rightParts(state: State): { readonly text: string; readonly style: Style | null }[] {
  const { facts, follow } = state;
  return [
    { text: `${spanText(facts.end)}  ${countText(facts.events)} events`, style: null },
    { text: facts.rate === null ? '' : `${countText(Math.round(facts.rate))}/s`, style: null },
    { text: facts.quietSeconds === 0 ? '' : `nothing new for ${facts.quietSeconds} s`, style: 'warn' },
    facts.lost === 0 ? { text: 'lost 0', style: null } : { text: `LOST ${countText(facts.lost)}`, style: 'bad' },
    { text: facts.brokeOff ? 'BROKE OFF' : '', style: 'bad' },
    { text: followText(state), style: follow === 'on' ? 'good' : 'warn' },
    { text: '? help', style: 'dim' },
  ];
}

function followText({ follow, counts, matchesAtPause }: State): string {
  if (follow === 'off') return '';
  if (follow === 'on') return 'FOLLOWING';
  return matchesAtPause === null ? 'PAUSED' : `PAUSED ${countText(counts.matches - matchesAtPause)} new`;
}
