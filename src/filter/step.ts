/**
 * How a filter runs: steps that narrow a selection (ascending indices into a chunk). Cheap steps come first; a step sees only what
 * the ones before it left. One file in run/ is one kind of step.
 */

import type { Chunk, ChunkHead } from '../model/chunk.ts';

/** Indices of events in a chunk, ascending. */
export type Selection = Uint16Array;

export interface Step {
  /** Rough ns per event, for the order. */
  readonly cost: number;
  /** The part of the filter that it does, for people. */
  readonly label: string;
  /** Where it runs, for people. */
  readonly where: string;
  /** Writes those of the first n indices that match to `out`, which may be `selection` itself; returns how many. */
  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number;
  /** False: surely nothing in such a chunk matches. */
  mayMatch(head: ChunkHead): boolean;
  readonly parts: readonly Step[];
}
