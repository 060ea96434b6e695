/** When a table of a growing capture is read again: not while it is being read, and so seldom that reading takes a small part of the time. */

const LEAST_MS = 2000;
/** A table that took long to read is read seldom: at most one part in so many goes into it. */
const SHARE = 10;

export class Rereading {
  #begunAt: number | null = null;
  #endedAt = 0;
  #took = 0;
  #stale = false;
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** There is more than what was read. */
  grown(): void {
    this.#stale = true;
  }

  /** Gives what `ended` is told: a reading that was overtaken says nothing of the last one. */
  begun(): number {
    this.#stale = false;
    this.#begunAt = this.#now();
    return this.#begunAt;
  }

  ended(begunAt: number): void {
    if (begunAt !== this.#begunAt) return;
    this.#endedAt = this.#now();
    this.#took = this.#endedAt - begunAt;
    this.#begunAt = null;
  }

  /** Its answer will not come. */
  stopped(): void {
    this.#begunAt = null;
    this.#endedAt = this.#now();
  }

  get isDue(): boolean {
    return this.#stale && this.#begunAt === null && this.#now() - this.#endedAt >= Math.max(LEAST_MS, SHARE * this.#took);
  }
}
