/** What a rule for one kind of cause sees, and gives. */

import type { Lookup } from '../../dns/lookup.ts';
import type { Analysis } from '../analysis.ts';
import type { CauseFacts, CauseId } from '../catalog.ts';
import type { Failure, Phase, ProcessName } from '../story.ts';

/** An explanation before its causes are known. */
export interface Facts {
  readonly analysis: Analysis;
  readonly process: ProcessName;
  readonly start: number;
  readonly end: number;
  /** Dearest first. */
  readonly phases: readonly Phase[];
  readonly failures: readonly Failure[];
  readonly lookups: readonly Lookup[];
  /** ns from which on something is worth a word. */
  readonly floor: number;
  /** How grave what went wrong is, as problems.ts says; 0: nothing did. */
  readonly weight: number;
  /** Events that are missing from this time: of what falls into it nobody can say that it never came. */
  readonly lost: number;
  /** ns from which on a wait counts, as the user said. */
  readonly over: number;
}

/** A cause as a rule gives it: without `fixes` and `confidence` those of its row count. */
export interface Found extends Omit<Shown, 'cost'> {
  readonly id: CauseId;
  readonly facts: CauseFacts[CauseId];
  readonly cost: number;
}

/** One file with the rows of its causes, a line in index.ts and one in catalog.ts each. */
export type Rule = (facts: Facts) => Found[];

export interface Shown {
  readonly cost?: number;
  /** Events that show it, in any order; those that are no event's number are left out. */
  readonly nums: readonly number[];
  /** Instead of the catalogue's. */
  readonly fixes?: readonly string[];
  readonly confidence?: number;
}

/** A cause of the catalogue, with what is known in this case. */
export function cause<Id extends CauseId>(id: Id, facts: CauseFacts[Id], { cost = 0, nums, ...better }: Shown): Found {
  return { id, facts, cost, nums: ascending(nums), ...better };
}

function ascending(nums: readonly number[]): number[] {
  return [...new Set(nums)].filter((num) => num > 0 && Number.isFinite(num)).sort((a, b) => a - b);
}

export function isOf<K extends Phase['kind']>(...kinds: K[]): (phase: Phase) => boolean {
  return (phase) => (kinds as readonly string[]).includes(phase.kind);
}

export function total(phases: readonly Phase[]): number {
  return phases.reduce((sum, { duration }) => sum + duration, 0);
}

/** First and last event of each. */
export function evidence(phases: readonly Phase[]): number[] {
  return ascending(phases.flatMap(({ first, last }) => [first, last]));
}
