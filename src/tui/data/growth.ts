/** How a recording comes along: its rate of late, and whether it still brings anything. */
import { SECOND } from '../../model/time.ts';

/** A recording that brings nothing for so long is quiet. */
const QUIET_MS = 3000;

interface Mark {
  readonly events: number;
  /** ns of the capture's time. */
  readonly end: number;
}

export class Growth {
  #marks: Mark[] = [];
  #grewAt = performance.now();

  /** Call when the capture has grown to so many events, the last of them at `end` ns. */
  add(events: number, end: number): void {
    this.#grewAt = performance.now();
    this.#marks.push({ events, end });
    while (this.#marks.length > 2 && end - this.#marks[1]!.end > SECOND) this.#marks.shift();
  }

  /** Events a second over about the last second; null: too early to say. */
  get rate(): number | null {
    const [first] = this.#marks;
    const last = this.#marks.at(-1);
    if (first === undefined || last === undefined || last.end <= first.end || this.quietSeconds > 0) return null;
    return ((last.events - first.events) * SECOND) / (last.end - first.end);
  }

  get quietSeconds(): number {
    const ms = performance.now() - this.#grewAt;
    return ms < QUIET_MS ? 0 : Math.floor(ms / 1000);
  }
}
