/** The events whose rows have a text: walked from any event on, counted chunk by chunk. What is counted is never looked through again for nothing. */
import type { CaptureContext } from '../../event/view.ts';
import { CHUNK_EVENTS } from '../../model/chunk.ts';
import { ChunkCounts } from './chunk-counts.ts';
import type { Counted } from './counting.ts';
import type { Matches } from './matches.ts';
import { type Match, matchesIn, matchesInReverse } from './selected.ts';
import { TextScan } from './text-scan.ts';

/** Looks of a match what a search for text sees. */
export type TextOf = (match: Match) => string;

/** Rows that are looked at before others may work. */
const STRIDE = 64;
/** A text that stands in more rows is not counted on: who looks for it finds it anywhere. */
const MOST_HITS = 100_000;

export class Hits implements Counted {
  readonly text: string;
  readonly matches: Matches;
  elsewhere = false;
  readonly #textOf: TextOf;
  readonly #scan: TextScan | null;
  readonly #counts = new ChunkCounts();
  #counting: Generator<null> | null = null;
  #revision = -1;
  /** Chunks that are what they are: those after them are pieces, which a recorder puts together. */
  #settled = 0;
  #walked = 0;
  #waiting = false;

  constructor(matches: Matches, text: string, textOf: TextOf, context: CaptureContext) {
    this.matches = matches;
    this.text = text.toLowerCase();
    this.#textOf = textOf;
    this.#scan = TextScan.of(context, this.text);
  }

  get total(): number {
    return this.#counts.total;
  }

  /** All are counted. */
  get isComplete(): boolean {
    this.#catchUp();
    return this.#counts.progress === 1;
  }

  /** There are more than anybody counts. */
  get isTooMany(): boolean {
    return this.total >= MOST_HITS;
  }

  /** Number of the event that the last walk had come to when it last took a break. */
  get walked(): number {
    return this.#walked;
  }

  /** The last walk waits for what is counted elsewhere. */
  get isWaiting(): boolean {
    return this.#waiting;
  }

  /** Works on the first chunk that is not counted, a few rows at a time; false: all are counted, or there are too many. */
  countOne(): boolean {
    this.#catchUp();
    if (this.#counting !== null && this.#counting.next().done !== true) return true;
    this.#counting = null;
    const c = this.#counts.next();
    if (c === null || this.isTooMany) return false;
    this.#counting = this.countChunk(c);
    return true;
  }

  tell(first: number, count: number): void {
    this.#catchUp();
    const c = this.matches.chunkOf(first);
    if (c !== null) this.#counts.set(c, count);
    this.#waiting = false;
  }

  /** Of chunk c; undefined: not counted. */
  countOf(c: number): number | undefined {
    return this.#counts.get(c);
  }

  *countChunk(c: number): Generator<null> {
    this.#catchUp();
    let count = 0;
    for (const match of this.#hitsIn(c, 1, 0)) {
      if (match === null) yield null;
      else count++;
    }
    this.#counts.set(c, count);
  }

  /** Which of all hits event `num` is, from 1; null: not counted yet. */
  placeOf(num: number): number | null {
    this.#catchUp();
    const c = this.matches.chunkFrom(num);
    const before = this.#counts.before(c);
    if (before === null || c >= this.matches.heads.length) return null;
    let place = before;
    for (const match of this.#hitsIn(c, 1, 0)) {
      if (match === null) continue;
      if (match.num > num) break;
      place++;
    }
    return place;
  }

  /** Hits after (or before) event `num`; a null now and then. Ends where events are far. */
  *walk(num: number, direction: 1 | -1, isFar: (num: number) => boolean = () => false): Generator<Match | null> {
    const { matches } = this;
    let at = direction === 1 ? num : Math.min(num, matches.lastNum + 1);
    const next = () => (direction === 1 ? matches.chunkFrom(at + 1) : matches.chunkBefore(at));
    for (let c = next(); c >= 0 && c < matches.heads.length; c = next()) {
      this.#catchUp();
      const head = matches.heads[c]!;
      if (isFar(direction === 1 ? head.firstNum : head.lastNum)) return;
      const count = this.#counts.get(c);
      this.#waiting = count === undefined && this.elsewhere;
      if (!this.#waiting) {
        if (count !== 0) yield* this.#hitsIn(c, direction, at);
        at = this.#walked = direction === 1 ? head.lastNum : head.firstNum;
      }
      if (count === undefined) yield null;
    }
  }

  /** Hits of one chunk after (or before) event `at`. */
  *#hitsIn(c: number, direction: 1 | -1, at: number): Generator<Match | null> {
    const indices =
      this.#scan === null ? this.matches.selected(c).indices : this.matches.narrow(c, (...part) => this.#scan!.narrow(...part));
    if (indices.length === 0) return;
    const selected = { chunk: this.matches.selected(c).chunk, indices };
    let looked = 0;
    for (const match of direction === 1 ? matchesIn(selected, at + 1) : matchesInReverse(selected, at - 1)) {
      if (this.#textOf(match).toLowerCase().includes(this.text)) yield match;
      else if (++looked % STRIDE === 0) yield null;
    }
  }

  /** The capture may have grown. */
  #catchUp(): void {
    const { heads, revision } = this.matches;
    if (revision === this.#revision && this.#counts.length === heads.length) return;
    this.#revision = revision;
    this.#counting = null;
    this.#counts.resize(this.#settled);
    this.#counts.resize(heads.length);
    this.#settled = heads.length;
    while (this.#settled > 0 && heads[this.#settled - 1]!.n < CHUNK_EVENTS) this.#settled--;
  }
}
