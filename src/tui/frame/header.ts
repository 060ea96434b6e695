/** The first line: which capture, how much of it, what was lost, and whether it is followed. */
import { costShare, type OwnCost } from '../../capture/own-cost.ts';
import { spanText } from '../../model/time.ts';
import type { Paint, Style } from '../kit/paint.ts';
import { countText, cutMiddle, harmless, widthOf } from '../kit/text.ts';
import type { State } from '../state.ts';

const NAME = ' trowel ▸ ';
/** Cells of the file's name that stay. */
const LEAST_FILE = 16;

export function headerLine(state: State, paint: Paint): string {
  const { size } = state;
  const parts = fittingParts(state, size.columns - NAME.length - 3);
  const used = usedBy(parts);
  const left = leftText(state, size.columns - used);
  const blank = ' '.repeat(Math.max(0, size.columns - used - widthOf(left)));
  return paint('title', left) + blank + parts.map(({ text, style }) => `  ${style === null ? text : paint(style, text)}`).join('');
}

/** The capture, and the screens by which we came here; where there is no room, the nearest of them. */
function leftText(state: State, room: number): string {
  const crumbs = crumbsOf(state);
  const file = harmless(state.facts.file);
  for (let k = 0; k < crumbs.length; k++) {
    const trail = ` ▸ ${k === 0 ? '' : '… ▸ '}${crumbs.slice(k).join(' ▸ ')}`;
    const left = room - NAME.length - widthOf(trail);
    if (left >= Math.min(LEAST_FILE, widthOf(file))) return NAME + cutMiddle(file, left) + trail;
  }
  return NAME + cutMiddle(file, room - NAME.length);
}

/** Where we came by; going from filter to filter on one screen is one step. */
function crumbsOf({ visited, table }: State): string[] {
  const all = [...visited.map((one) => one.table), table].map((shown) => shown?.question.id ?? 'events');
  const steps = all.filter((name, i) => name !== all[i + 1]);
  return steps.length === 1 && table === null ? [] : steps;
}

interface Part {
  readonly text: string;
  readonly style: Style | null;
}

const usedBy = (parts: readonly Part[]) => parts.reduce((sum, { text }) => sum + widthOf(text) + 2, 1);

/** As many as there is room for: the last go first, but for what warns. */
function fittingParts(state: State, room: number): Part[] {
  const parts = rightParts(state).filter(({ text }) => text !== '');
  while (usedBy(parts) > room && parts.length > 0) {
    const plain = parts.findLastIndex(({ style }) => style === null || style === 'dim');
    parts.splice(plain < 0 ? parts.length - 1 : plain, 1);
  }
  return parts;
}

function rightParts(state: State): Part[] {
  const { facts, follow } = state;
  return [
    { text: `${spanText(facts.end)}  ${countText(facts.events)} events`, style: null },
    { text: facts.rate === null ? '' : `${countText(Math.round(facts.rate))}/s`, style: null },
    { text: facts.quietSeconds === 0 ? '' : `nothing new for ${facts.quietSeconds} s`, style: 'warn' },
    facts.lost === 0 ? { text: 'lost 0', style: null } : { text: `LOST ${countText(facts.lost)}`, style: 'bad' },
    { text: facts.brokeOff ? 'BROKE OFF' : '', style: 'bad' },
    { text: facts.blind === 0 ? '' : `NOT SEEN ${facts.blind}`, style: 'warn' },
    { text: followText(state), style: follow === 'on' ? 'good' : 'warn' },
    { text: recorderText(facts.recorder ?? null), style: null },
    { text: '? help', style: 'dim' },
  ];
}

/** What recording took of one CPU so far, and the memory of probe and collector. */
function recorderText(cost: OwnCost | null): string {
  if (cost === null) return '';
  return `recorder ${(100 * costShare(cost)).toFixed(1)} % ${Math.round((cost.collectorBytes + cost.probeBytes) / 2 ** 20)} MiB`;
}

function followText({ follow, counts, matchesAtPause }: State): string {
  if (follow === 'off') return '';
  if (follow === 'on') return 'FOLLOWING';
  return matchesAtPause === null ? 'PAUSED' : `PAUSED ${countText(counts.matches - matchesAtPause)} new`;
}
