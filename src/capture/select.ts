import { needs } from '../event/fields/field.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { CHUNK_EVENTS, type Chunk, type ChunkHead } from '../model/chunk.ts';
import type { Capture } from './capture.ts';
import { ALL_READ, type Outcome, type Question } from './event-stream.ts';

/** The matching events of one chunk. Both chunk and selection are used again for the next: read them before going on. */
export interface Match {
  readonly chunk: Chunk;
  /** Indices of the matching events: the first n, ascending. */
  readonly selection: Uint16Array;
  readonly n: number;
  /** Time of the event before the chunk's first, ns since the capture's start. */
  readonly timeBefore: number;
}

const ALL = Uint16Array.from({ length: CHUNK_EVENTS }, (_, i) => i);

/** Which events to look at, beside the filter: numbers and times, both ends included. */
export interface Range {
  readonly fromNum?: number;
  readonly toNum?: number;
  readonly fromTime?: number;
  readonly toTime?: number;
}

/** How a capture of chunks answers `select`: those that cannot match are not decoded. */
export function* selectChunks(
  capture: Pick<Capture, 'heads' | 'passingChunk'>,
  filter: CompiledFilter,
  range: Range = {},
): Generator<Match> {
  const { fromNum = 1, toNum = Infinity, toTime = Infinity } = range;
  const matcher = new Matcher(filter, range);
  for (const head of capture.heads(fromNum - 1)) {
    if (head.firstNum > toNum || head.minTime > toTime) return;
    const match = matcher.stored(head, () => capture.passingChunk(head));
    if (match !== null) yield match;
  }
}

/** How a capture, which can answer anything, answers a question that streams answer, too. */
export async function readSelected(
  capture: Pick<Capture, 'select'>,
  { filter, range }: Question,
  onMatch: (match: Match) => boolean,
): Promise<Outcome> {
  for (const match of capture.select(filter, range)) if (!onMatch(match)) break;
  return ALL_READ;
}

/**
 * Finds the matching events of one chunk after the other: the only place where a filter meets events. It carries over what
 * a chunk does not know, the time of the event before its first. What it gives is used again for the next chunk.
 */
export class Matcher {
  readonly #filter: CompiledFilter;
  readonly #range: Range;
  readonly #selection = new Uint16Array(CHUNK_EVENTS);
  #timeBefore: number;

  /** `timeBefore`: of the event before those that come, ns since the capture's start. */
  constructor(filter: CompiledFilter, range: Range = {}, timeBefore = 0) {
    this.#filter = filter;
    this.#range = range;
    this.#timeBefore = timeBefore;
  }

  /** The next chunk. Null: nothing matches. */
  next(chunk: Chunk): Match | null {
    if (this.#filter.fields.some((field) => needs(field, 'connection events'))) this.#filter.view.capture.http2?.pass?.(chunk);
    const match = this.#match(chunk);
    if (chunk.n > 0) this.#timeBefore = chunk.time[chunk.n - 1]!;
    return match;
  }

  /** The next chunk, which is decoded only where it may match. `timeBefore`: where it does not follow the one before. */
  stored(head: ChunkHead, decode: () => Chunk, timeBefore?: number): Match | null {
    if (timeBefore !== undefined) this.#timeBefore = timeBefore;
    const { fromTime = -Infinity } = this.#range;
    const mayMatch = head.maxTime >= fromTime && this.#filter.step?.mayMatch(head) !== false;
    const match = mayMatch ? this.#match(decode()) : null;
    this.#timeBefore = head.maxTime;
    return match;
  }

  #match(chunk: Chunk): Match | null {
    const { step, view } = this.#filter;
    const selection = this.#selection;
    const timeBefore = this.#timeBefore;
    view.timeBefore = timeBefore;
    const inside = within(chunk, this.#range, selection);
    const candidates = inside === chunk.n ? ALL : selection;
    if (step === null) return inside === 0 ? null : { chunk, selection: candidates, n: inside, timeBefore };
    const n = step.select(chunk, candidates, inside, selection);
    return n === 0 ? null : { chunk, selection, n, timeBefore };
  }
}

/** Selects what lies in the range; all of a chunk needs no list. */
function within(chunk: Chunk, range: Range, selection: Uint16Array): number {
  if (Object.keys(range).length === 0) return chunk.n;
  const { fromNum = 1, toNum = Infinity, fromTime = -Infinity, toTime = Infinity } = range;
  let n = 0;
  for (let i = 0; i < chunk.n; i++) {
    const num = chunk.num[i]!;
    const time = chunk.time[i]!;
    if (num >= fromNum && num <= toNum && time >= fromTime && time <= toTime) selection[n++] = i;
  }
  return n;
}
