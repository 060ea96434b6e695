/** A capture as questions see it: what it holds and one way to ask for events. How it is kept is not their business. */
import type { CompiledFilter } from '../filter/compile.ts';
import type { Chunk, ChunkHead } from '../model/chunk.ts';
import type { BlindSpot, LossSummary } from './blind-spots.ts';
import type { EventStream } from './event-stream.ts';
import type { Match, Range } from './select.ts';

/** The node that an event of a capture of several is of, and its number in that node's capture. */
export interface Origin {
  readonly node: string;
  readonly num: number;
}

export interface Capture extends EventStream {
  /** Bytes that it takes where it is kept. */
  readonly bytes: number;
  /** What it cannot show, whatever is asked. */
  readonly blindSpots: readonly BlindSpot[];
  readonly losses: LossSummary;
  /** Version of its tables. */
  readonly schema: number;
  /** The matching events in order, chunk by chunk; what is given holds until the next is asked for. */
  select(filter: CompiledFilter, range?: Range): Iterable<Match>;
  /** Heads of the chunks with events above number `after`, ascending; sees what is written meanwhile. */
  heads(after?: number): Generator<ChunkHead>;
  /** A chunk, to be kept as long as one likes. */
  chunk(head: ChunkHead): Chunk;
  /** A chunk that holds until the next call of this. */
  passingChunk(head: ChunkHead): Chunk;
  /** Time of an event; null where no event has that number. */
  timeOf(num: number): number | null;
  /** Where an event came from; null: this is no capture of several, or has no such event. */
  origin(num: number): Origin | null;
  /** Number and time of the last event; null for a capture without events. */
  last(): { readonly num: number; readonly time: number; readonly count: number } | null;
  /** Changes when somebody else writes to it. */
  readonly revision: number;
  /** Everything that `work` reads is of one moment, though the capture may be growing. */
  snapshot<T>(work: () => T): T;
  /** Lets what was added or changed since be seen. `recent`: of the rows there were before only the last ones are read again. */
  refresh(recent?: boolean): void;
}

/** ns: when the capture ended. */
export function captureEnd(capture: Capture): number {
  const end = Number(capture.meta.end ?? Number.NaN);
  return Number.isFinite(end) && end > 0 ? end : (capture.last()?.time ?? 0);
}
