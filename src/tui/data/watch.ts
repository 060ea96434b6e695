/** Waits for the first event of a recording that a filter lets through. */
import type { Capture } from '../../capture/capture.ts';
import type { CaptureContext } from '../../event/view.ts';
import { compileFilter } from '../../filter/compile.ts';
import { Matches } from './matches.ts';

export class Watch {
  readonly #matches: Matches;
  /** Number of the last event that was looked at. */
  #seen = 0;
  #isOver = false;

  /** Throws FilterError. */
  constructor(capture: Capture, context: CaptureContext, filter: string) {
    this.#matches = new Matches(capture, compileFilter(filter, context), context.growing);
  }

  /** Tells its number, once. */
  look(tell: (num: number) => void): void {
    if (this.#isOver) return;
    const num = this.#matches.read(() => this.#next());
    if (num === null) return;
    this.#isOver = true;
    tell(num);
  }

  #next(): number | null {
    for (const match of this.#matches.forward(this.#seen)) if (match !== null) return match.num;
    this.#seen = this.#matches.lastNum;
    return null;
  }
}
