/** The filter: as it is, or as it is being typed, with what is wrong with it and what may follow. */

import type { Paint } from '../kit/paint.ts';
import { countText, cut, cutMiddle, fitted, harmless, widthOf } from '../kit/text.ts';
import type { Prompt, State } from '../state.ts';
import { areasOf, PROBLEM_LINES } from './areas.ts';
import { type Drawn, promptLine, typingView } from './typing.ts';

const LABEL = ' filter  ';

export function filterLine(state: State, paint: Paint): Drawn {
  const { prompt, size, filter } = state;
  if (prompt?.purpose === 'filter') return promptLine(LABEL, prompt.line, size.columns, paint);
  const counts = countsText(state);
  const room = size.columns - LABEL.length - widthOf(counts) - 3;
  const text =
    filter === '' ? paint('dim', fitted('every event (f: type a filter)', room)) : fitted(filterText(harmless(filter), room), room);
  return { text: `${paint('dim', LABEL)}${text}  ${counts}`, cursor: null };
}

/** As many whole conditions from the end as there is room for: those that were added last. */
function filterText(filter: string, room: number): string {
  if (widthOf(filter) <= room) return filter;
  const parts = filter.split(/ (?=and |or )/);
  for (let k = 1; k < parts.length; k++) {
    const text = `… ${parts.slice(k).join(' ')}`;
    if (widthOf(text) <= room) return text;
  }
  return cutMiddle(filter, room);
}

/** `2,114 of 18,402`; while they are counted, how far that is. */
function countsText({ facts, counts, filter, table }: State): string {
  if (filter === '' || table !== null) return '';
  const percent = counts.progress < 1 ? `+ (${Math.floor(counts.progress * 100)} % counted)` : '';
  return `${countText(counts.matches)}${percent} of ${countText(facts.events)}`;
}

/** The lines under a filter that is being typed. */
export function filterPanel(state: State, paint: Paint): string[] {
  const { prompt, size } = state;
  const { candidates } = areasOf(state);
  if (prompt?.purpose === 'goto')
    return [...paletteLines(prompt, size.columns, paint), ...candidateLines(prompt, size.columns, candidates, paint)];
  if (prompt?.purpose !== 'filter') return [];
  return [...problemLines(prompt, size.columns, paint, previewText(state)), ...candidateLines(prompt, size.columns, candidates, paint)];
}

function paletteLines({ completion }: Prompt, width: number, paint: Paint): string[] {
  const count = completion.candidates.length;
  const text =
    count === 0 ? 'no screen or field is called so; an event 10049, a time +8.2 or 07:58:30' : 'Tab completes: screens, fields, commands';
  return ['', paint('dim', cut(' '.repeat(LABEL.length) + text, width))];
}

/** How many events the filter that is being typed lets through. */
function previewText({ preview, prompt, facts }: State): string {
  if (preview === null || preview.text !== prompt?.line.text) return '';
  return `, ${countText(preview.matches)}${preview.progress < 1 ? '+' : ''} of ${countText(facts.events)} events`;
}

/** Carets under what is wrong, the message beside them, the hint below. Where only more typing is needed it stays quiet. */
function problemLines({ problem, line, refused, completion }: Prompt, width: number, paint: Paint, counted: string): string[] {
  if (problem === null) {
    const text = line.text.trim() === '' ? 'empty: every event will be shown' : `valid: Enter uses it${counted}`;
    return [paint('dim', cut(' '.repeat(LABEL.length) + text, width)), ...Array.from({ length: PROBLEM_LINES - 1 }, () => '')];
  }
  const unfinished = !refused && problem.span.end >= line.text.trimEnd().length && line.cursor >= problem.span.start;
  if (unfinished && completion.candidates.length > 0) return [paint('dim', `${' '.repeat(LABEL.length)}Tab completes`), ''];
  const style = unfinished ? 'dim' : 'bad';
  const { hidden } = typingView(line, width - LABEL.length - 1);
  const start = Math.max(LABEL.length, LABEL.length + widthOf(harmless(line.text.slice(0, problem.span.start))) - hidden);
  const carets = '^'.repeat(Math.max(1, Math.min(widthOf(harmless(line.text.slice(problem.span.start, problem.span.end))), width - start)));
  const hint = problem.fixed === null ? problem.hint : `try: ${problem.fixed}   (Tab takes it)`;
  const indent = ' '.repeat(LABEL.length);
  return [paint(style, besideCarets(start, carets, harmless(problem.message), width)), paint(style, cut(indent + harmless(hint), width))];
}

/** The message behind the carets, or before them where there is more room. */
function besideCarets(start: number, carets: string, message: string, width: number): string {
  const behind = width - start - carets.length - 1;
  if (behind >= Math.min(widthOf(message), start - 2)) return `${' '.repeat(start)}${carets} ${cut(message, behind)}`;
  return `${fitted(`${cut(message, start - 1)} `, start, 'right')}${carets}`;
}

function candidateLines({ completion, choice }: Prompt, width: number, height: number, paint: Paint): string[] {
  const { candidates } = completion;
  const first = Math.max(0, Math.min((choice ?? 0) - (height >> 1), candidates.length - height));
  const names = Math.max(12, ...candidates.slice(first, first + height).map(({ text }) => text.length));
  return Array.from({ length: height }, (_, i) => {
    const candidate = candidates[first + i];
    if (candidate === undefined) return '';
    const chosen = first + i === choice;
    const text = `${' '.repeat(LABEL.length - 2)}${chosen ? '▸' : ' '} ${fitted(candidate.text, names)}`;
    const doc = cut(`  ${candidate.doc}`, width - widthOf(text));
    return (chosen ? paint('inverse', text) : text) + paint('dim', doc);
  });
}
