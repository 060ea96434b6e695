/** What matches in one chunk, and walks through it. */
import type { Chunk } from '../../model/chunk.ts';
import { firstIndex } from '../../model/search.ts';

/** One matching event: event i of a chunk, valid until the generator that gave it goes on. */
export interface Match {
  readonly chunk: Chunk;
  readonly i: number;
  readonly num: number;
  readonly time: number;
}

/** What matches in one chunk: indices, ascending. */
export interface Selected {
  readonly chunk: Chunk;
  readonly indices: Uint16Array;
}

export function* matchesIn({ chunk, indices }: Selected, from: number): Generator<Match> {
  for (let k = firstFrom(chunk, indices, from); k < indices.length; k++) yield matchAt(chunk, indices[k]!);
}

export function* matchesInReverse({ chunk, indices }: Selected, to: number): Generator<Match> {
  for (let k = firstFrom(chunk, indices, to + 1) - 1; k >= 0; k--) yield matchAt(chunk, indices[k]!);
}

function matchAt(chunk: Chunk, i: number): Match {
  return { chunk, i, num: chunk.num[i]!, time: chunk.time[i]! };
}

/** Index of the first selected event with number `num` or more. */
export function firstFrom(chunk: Chunk, indices: Uint16Array, num: number): number {
  return firstIndex(indices.length, (k) => chunk.num[indices[k]!]! >= num);
}
