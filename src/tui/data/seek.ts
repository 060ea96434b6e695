/** Walks to the event that was asked for, step by step, so that the screen stays alive meanwhile. */

import { countText } from '../kit/text.ts';
import type { Hits } from './hits.ts';
import type { Matches } from './matches.ts';
import type { Match } from './selected.ts';

/** A pause between rows from which on it is marked. */
export const GAP_NS = 100e6;

/** Which event to go to. */
export type Goal =
  | { readonly to: 'first' | 'last' }
  | { readonly to: 'num'; readonly num: number }
  | { readonly to: 'time'; readonly time: number }
  | { readonly to: 'gap'; readonly direction: 1 | -1 }
  | { readonly to: 'text'; readonly text: string; readonly direction: 1 | -1 };

/** Where a walk stands: for those who wait. */
export interface Progress {
  readonly num: number;
}

/** Looks for a goal other than a text from event `from` on. Gives the event's number; null: there is none. */
export function* seekGoal(matches: Matches, goal: Exclude<Goal, TextGoal>, from: number): Generator<Progress, number | null> {
  switch (goal.to) {
    case 'first':
      return yield* firstWhere(matches, matches.forward(0), () => true);
    case 'last':
      return yield* firstWhere(matches, matches.backward(Infinity), () => true);
    case 'num':
      return (
        (yield* firstWhere(matches, matches.forward(goal.num - 1), () => true)) ??
        (yield* firstWhere(matches, matches.backward(goal.num), () => true))
      );
    case 'time':
      return (
        (yield* firstWhere(
          matches,
          matches.forward((matches.firstNumAround(goal.time) ?? Infinity) - 1),
          ({ time }) => time >= goal.time,
        )) ?? (yield* firstWhere(matches, matches.backward(Infinity), () => true))
      );
    case 'gap':
      return goal.direction === 1 ? yield* nextGap(matches, from) : yield* gapBefore(matches, from);
  }
}

export type TextGoal = Extract<Goal, { to: 'text' }>;

/** Looks for a text from event `from` on, then from the other end on as far as where it began. */
export function* seekText(hits: Hits, direction: 1 | -1, from: number): Generator<Progress, number | null> {
  const forward = direction === 1;
  const isFar = (num: number) => (forward ? num > from : num < from);
  return (
    (yield* firstHit(hits, hits.walk(from, direction))) ??
    (yield* firstHit(hits, hits.walk(forward ? 0 : Infinity, direction, isFar), isFar))
  );
}

function* firstHit(
  hits: Hits,
  walk: Generator<Match | null>,
  isFar: (num: number) => boolean = () => false,
): Generator<Progress, number | null> {
  for (const match of walk) {
    if (match !== null) return isFar(match.num) ? null : match.num;
    yield { num: hits.walked };
  }
  return null;
}

/** Words for a search that is under way, as far as event `at` of `last`. */
export function seekingText(goal: Goal, at: number, last: number): string {
  const what = goal.to === 'text' ? goal.text : goal.to === 'gap' ? 'a pause' : 'an event';
  return `looking for ${what}: event ${countText(at)} of ${countText(last)}`;
}

/** Words for a goal that does not exist. */
export function notFoundText(goal: Goal): string {
  switch (goal.to) {
    case 'gap':
      return `no ${goal.direction === 1 ? 'later' : 'earlier'} pause of more than 100 ms between these events`;
    case 'text':
      return `no row has ${goal.text} in it`;
    default:
      return 'no event matches';
  }
}

/** Matches that a search looks at before it lets others work. */
const STRIDE = 64;

function* firstWhere(
  matches: Matches,
  walk: Generator<Match | null>,
  wanted: (match: Match) => boolean,
): Generator<Progress, number | null> {
  let looked = 0;
  for (const match of walk) {
    if (match !== null && wanted(match)) return match.num;
    if (match === null) yield { num: matches.walked };
    else if (++looked % STRIDE === 0) yield { num: match.num };
  }
  return null;
}

/** The first match after `from` that comes late after the one before it. */
function* nextGap(matches: Matches, from: number): Generator<Progress, number | null> {
  let before: number | null = null;
  return yield* firstWhere(matches, matches.forward(from - 1), ({ num, time }) => {
    const late = before !== null && num > from && time - before > GAP_NS;
    before = time;
    return late;
  });
}

/** The last match before `from` that comes late after the one before it. */
function* gapBefore(matches: Matches, from: number): Generator<Progress, number | null> {
  let after: Match | null = null;
  let found: number | null = null;
  const walked = yield* firstWhere(matches, matches.backward(from), (match) => {
    if (after !== null && after.time - match.time > GAP_NS) found = after.num;
    after = { ...match };
    return found !== null;
  });
  return walked === null ? null : found;
}
