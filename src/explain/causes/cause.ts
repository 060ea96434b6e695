/** What a judge of one kind of cause sees, and gives. */

import type { Lookup } from '../../dns/lookup.ts';
import type { Scene } from '../scene.ts';
import type { Cause, Failure, Phase, ProcessName } from '../story.ts';

/** A story before it has been judged. */
export interface Facts {
  readonly scene: Scene;
  readonly process: ProcessName;
  readonly start: number;
  readonly end: number;
  /** Dearest first. */
  readonly phases: readonly Phase[];
  readonly failures: readonly Failure[];
  readonly lookups: readonly Lookup[];
  /** ns from which on something is worth a word. */
  readonly floor: number;
  /** ns from which on a wait counts, as the user said. */
  readonly over: number;
}

/** One file and one line in index.ts each. */
export type Judge = (facts: Facts) => Cause[];

export function isOf<K extends Phase['kind']>(...kinds: K[]): (phase: Phase) => boolean {
  return (phase) => (kinds as readonly string[]).includes(phase.kind);
}

export function total(phases: readonly Phase[]): number {
  return phases.reduce((sum, { duration }) => sum + duration, 0);
}

/** First and last event of each. */
export function evidence(phases: readonly Phase[]): number[] {
  return [...new Set(phases.flatMap(({ first, last }) => [first, last]))]
    .filter((num) => num > 0 && Number.isFinite(num))
    .sort((a, b) => a - b);
}
