/**
 * The events that a filter lets through, walked from any event on in either direction. Nothing is kept but a count per
 * chunk and the selections of the chunks last looked at, so ten million matches cost what a screenful does.
 */

import type { Capture } from '../../capture/capture.ts';
import { type Match as ChunkMatch, Matcher } from '../../capture/select.ts';
import type { CompiledFilter } from '../../filter/compile.ts';
import { CHUNK_EVENTS, type Chunk, type ChunkHead } from '../../model/chunk.ts';
import { firstIndex } from '../../model/search.ts';
import { ChunkCounts } from './chunk-counts.ts';
import type { Counted } from './counting.ts';
import { firstFrom, type Match, matchesIn, matchesInReverse, type Selected } from './selected.ts';

const NOTHING = new Uint16Array(0);
/** How often rows that changed long after they were new are looked for: reading all of them takes a while in a large capture. */
const REREAD_MS = 10_000;
/** Decoded chunks that are kept, some 2 MiB each: a window of the list lies in one or two, and where matches are rare it grows at its ends. */
const KEPT_CHUNKS = 4;

/** Of the events `indices` of a chunk those that are wanted. */
export type Narrow = (chunk: Chunk, indices: Uint16Array, head: ChunkHead) => Uint16Array;

export class Matches implements Counted {
  elsewhere = false;
  readonly #capture: Capture;
  readonly #filter: CompiledFilter;
  readonly #growing: boolean;
  readonly #heads: ChunkHead[] = [];
  readonly #counts = new ChunkCounts();
  readonly #kept = new Map<number, Selected>();
  readonly #matcher: Matcher;
  #revision = -1;
  /** When all rows that events refer to were last read. */
  #reread = 0;
  #events = 0;
  #walked = 0;
  #waiting = false;

  /** `heads`: of a capture that does not grow, where they are known. */
  constructor(capture: Capture, filter: CompiledFilter, growing: boolean, heads?: Iterable<ChunkHead>) {
    this.#capture = capture;
    this.#filter = filter;
    this.#matcher = new Matcher(filter);
    this.#growing = growing;
    this.read(() => this.#extend(heads ?? capture.heads(this.lastNum)));
  }

  /** Matches counted so far. */
  get total(): number {
    return this.#counts.total;
  }

  /** How much of the capture is counted, 0 to 1. */
  get progress(): number {
    return this.#counts.progress;
  }

  /** Number of the last event of the capture, whether it matches or not; 0: none. */
  get lastNum(): number {
    return this.#heads.at(-1)?.lastNum ?? 0;
  }

  /** Number of the event that the last walk had come to when it last took a break. */
  get walked(): number {
    return this.#walked;
  }

  /** The last walk waits for what is counted elsewhere. */
  get isWaiting(): boolean {
    return this.#waiting;
  }

  /** Events of the capture, whether they match or not. */
  get events(): number {
    return this.#events;
  }

  /** ns: time of the last of them. */
  get endTime(): number {
    return this.#heads.at(-1)?.maxTime ?? 0;
  }

  get heads(): readonly ChunkHead[] {
    return this.#heads;
  }

  /** Somebody wrote to the file since it was last read; asked without reading it. */
  get isStale(): boolean {
    return this.#growing && this.#capture.revision !== this.#revision;
  }

  /** Changes when the file has grown, as far as that was read. */
  get revision(): number {
    return this.#revision;
  }

  /** Reads a growing file as it is at one moment, with all that was written up to then. All walking goes on in here. */
  read<T>(work: () => T): T {
    if (!this.#growing) return work();
    return this.#capture.snapshot(() => {
      this.#catchUp();
      return work();
    });
  }

  /** Matches after event `num`, ascending; a null now and then while there are none, so that the caller can take a break. */
  *forward(num: number): Generator<Match | null> {
    let last = num;
    for (let c = this.chunkFrom(last + 1); c < this.#heads.length; c = this.chunkFrom(last + 1)) {
      if (this.#mustWait(c)) {
        yield null;
        continue;
      }
      const head = this.#heads[c]!;
      if (this.count(c) > 0) {
        const revision = this.#revision;
        for (const match of matchesIn(this.selected(c), last + 1)) {
          yield match;
          last = match.num;
          if (revision !== this.#revision) break;
        }
        if (revision !== this.#revision) continue;
      }
      last = this.#walked = head.lastNum;
      yield null;
    }
  }

  /** Matches before event `num`, descending. */
  *backward(num: number): Generator<Match | null> {
    let first = Math.min(num, this.lastNum + 1);
    for (let c = this.chunkBefore(first); c >= 0; c = this.chunkBefore(first)) {
      if (this.#mustWait(c)) {
        yield null;
        continue;
      }
      const head = this.#heads[c]!;
      if (this.count(c) > 0) {
        const revision = this.#revision;
        for (const match of matchesInReverse(this.selected(c), first - 1)) {
          yield match;
          first = match.num;
          if (revision !== this.#revision) break;
        }
        if (revision !== this.#revision) continue;
      }
      first = this.#walked = head.firstNum;
      yield null;
    }
  }

  /** Number of the first event of the first chunk that reaches a time; null: none does. */
  firstNumAround(time: number): number | null {
    return this.#heads.find(({ maxTime }) => maxTime >= time)?.firstNum ?? null;
  }

  /** The match with a number; null: it is none. */
  exactly(num: number): Match | null {
    const c = this.chunkOf(num);
    if (c === null || this.count(c) === 0) return null;
    const first = matchesIn(this.selected(c), num).next();
    return first.done !== true && first.value.num === num ? first.value : null;
  }

  /** Of the matches of chunk c those that are wanted; what it is shown holds until it returns. */
  narrow(c: number, narrow: Narrow): Uint16Array {
    const head = this.#heads[c]!;
    const known = this.#kept.get(head.id);
    if (known !== undefined) return narrow(known.chunk, known.indices, head);
    const chunk = this.#capture.passingChunk(head);
    const match = this.#run(c, () => chunk);
    return match === null ? NOTHING : narrow(chunk, match.selection.subarray(0, match.n), head).slice();
  }

  countOne(): boolean {
    const c = this.#counts.next();
    if (c !== null) this.count(c);
    return c !== null;
  }

  tell(first: number, count: number): void {
    const c = this.chunkOf(first);
    if (c !== null) this.#counts.set(c, count);
    this.#waiting = false;
  }

  /** How many matches lie before event `num`; null: not counted yet. */
  countBefore(num: number): number | null {
    const c = this.chunkFrom(num);
    const before = this.#counts.before(c);
    if (before === null || c === this.#heads.length || this.count(c) === 0) return before;
    const { chunk, indices } = this.selected(c);
    return before + firstFrom(chunk, indices, num);
  }

  /** Index of the chunk with event `num`; null: there is none. */
  chunkOf(num: number): number | null {
    const c = this.chunkFrom(num);
    return (this.#heads[c]?.firstNum ?? Infinity) <= num ? c : null;
  }

  /** Index of the first chunk that reaches event `num`. */
  chunkFrom(num: number): number {
    return firstIndex(this.#heads.length, (c) => this.#heads[c]!.lastNum >= num);
  }

  /** Index of the last chunk that begins before event `num`; -1: none. */
  chunkBefore(num: number): number {
    const c = this.chunkFrom(num);
    return c < this.#heads.length && this.#heads[c]!.firstNum < num ? c : c - 1;
  }

  /** Of chunk c. */
  count(c: number): number {
    const known = this.#counts.get(c);
    if (known !== undefined) return known;
    const head = this.#heads[c]!;
    const count = this.#filter.step === null ? head.n : (this.#run(c, () => this.#capture.passingChunk(head))?.n ?? 0);
    this.#counts.set(c, count);
    return count;
  }

  #mustWait(c: number): boolean {
    this.#waiting = this.elsewhere && this.#counts.get(c) === undefined;
    return this.#waiting;
  }

  /** Runs the filter over a chunk; what it gives holds until the next. */
  #run(c: number, decode: () => Chunk): ChunkMatch | null {
    return this.#matcher.stored(this.#heads[c]!, decode, this.#heads[c - 1]?.maxTime ?? 0);
  }

  /** What matches in chunk c. */
  selected(c: number): Selected {
    const head = this.#heads[c]!;
    const known = this.#kept.get(head.id);
    const selected = known ?? this.#selectAnew(head, c);
    this.#kept.delete(head.id);
    this.#kept.set(head.id, selected);
    if (this.#kept.size > KEPT_CHUNKS) this.#kept.delete(this.#kept.keys().next().value!);
    return selected;
  }

  #selectAnew(head: ChunkHead, c: number): Selected {
    const chunk = this.#capture.chunk(head);
    const match = this.#run(c, () => chunk);
    return { chunk, indices: match === null ? NOTHING : match.selection.slice(0, match.n) };
  }

  #catchUp(): void {
    const { revision } = this.#capture;
    if (revision === this.#revision) return;
    this.#revision = revision;
    const now = performance.now();
    const recent = now - this.#reread < REREAD_MS;
    if (!recent) this.#reread = now;
    this.#capture.refresh(recent);
    this.#forgetPieces();
    this.#extend(this.#capture.heads(this.lastNum));
  }

  /** Chunks that are not full are replaced while the recording goes on. */
  #forgetPieces(): void {
    while (this.#heads.length > 0 && this.#heads.at(-1)!.n < CHUNK_EVENTS) {
      const head = this.#heads.pop()!;
      this.#kept.delete(head.id);
      this.#events -= head.n;
    }
    this.#counts.resize(this.#heads.length);
  }

  #extend(heads: Iterable<ChunkHead>): void {
    for (const head of heads) {
      this.#heads.push(head);
      this.#events += head.n;
    }
    this.#counts.resize(this.#heads.length);
  }
}
