/** How a recording comes along: its rate of late, and whether it still brings anything. By the clock on the wall: a load that is over is over. */

/** A recording that brings nothing for so long is quiet. */
const QUIET_MS = 3000;
/** Of a quiet one, every so many looks are enough. */
const QUIET_LOOKS = 4;
/** Over which the rate is taken. */
const RATE_MS = 1500;

interface Mark {
  readonly events: number;
  readonly at: number;
}

export class Growth {
  #marks: Mark[] = [];
  #grewAt: number;
  #looks = 0;
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#grewAt = now();
  }

  /** Call when the capture was looked at and has so many events. */
  add(events: number): void {
    const at = this.#now();
    if (events !== (this.#marks.at(-1)?.events ?? events)) this.#grewAt = at;
    this.#marks.push({ events, at });
    while (this.#marks.length > 2 && at - this.#marks[1]!.at > RATE_MS) this.#marks.shift();
  }

  /** Events a second of late, 0 where nothing came; null: too early to say. */
  get rate(): number | null {
    const [first] = this.#marks;
    const last = this.#marks.at(-1);
    if (first === undefined || last === undefined || last.at - first.at < RATE_MS / 3) return null;
    return ((last.events - first.events) * 1000) / (last.at - first.at);
  }

  /** Whether it is worth a look now, asked many times a second: where nothing comes, a few are enough. */
  isDue(): boolean {
    return this.quietSeconds === 0 || ++this.#looks % QUIET_LOOKS === 0;
  }

  /** What is shown of it is not so any more. */
  differsFrom(shown: { readonly rate: number | null; readonly quietSeconds: number }): boolean {
    return this.quietSeconds !== shown.quietSeconds || Math.round(this.rate ?? 0) !== Math.round(shown.rate ?? 0);
  }

  get quietSeconds(): number {
    const ms = this.#now() - this.#grewAt;
    return ms < QUIET_MS ? 0 : Math.floor(ms / 1000);
  }
}
