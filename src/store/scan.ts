import type { CompiledFilter } from '../filter/compile.ts';
import { CHUNK_EVENTS, type Chunk } from '../model/chunk.ts';
import type { CaptureReader } from './reader.ts';

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

/** The events that match, chunk by chunk. Chunks that cannot match are not decoded. */
export function* scan(capture: CaptureReader, filter: CompiledFilter, range: Range = {}): Generator<Match> {
  const { fromNum = 1, toNum = Infinity, fromTime = -Infinity, toTime = Infinity } = range;
  const selection = new Uint16Array(CHUNK_EVENTS);
  let timeBefore = 0;
  for (const head of capture.heads(fromNum - 1)) {
    if (head.firstNum > toNum || head.minTime > toTime) return;
    const before = timeBefore;
    timeBefore = head.maxTime;
    if (head.maxTime < fromTime || filter.step?.mayMatch(head) === false) continue;
    const chunk = capture.passingChunk(head);
    filter.view.timeBefore = before;
    const inside = within(chunk, range, selection);
    const n = filter.step === null ? inside : filter.step.select(chunk, inside === chunk.n ? ALL : selection, inside, selection);
    if (n > 0) yield { chunk, selection: filter.step === null && inside === chunk.n ? ALL : selection, n, timeBefore: before };
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
