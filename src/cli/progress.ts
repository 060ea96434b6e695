/** A bar on the terminal for work that takes longer than a moment. Where nobody looks there is none. */

import { steadyNow } from '../model/steady.ts';
import { sanitize } from '../output/printable.ts';
import { StatusLine } from '../output/stderr.ts';

const FIRST_MS = 300;
const EVERY_MS = 100;
const WIDTH = 24;

export class Progress {
  readonly #label: string;
  readonly #line: StatusLine;
  #next = steadyNow() + FIRST_MS;

  constructor(label: string, stream?: NodeJS.WriteStream) {
    this.#label = sanitize(label);
    this.#line = new StatusLine(stream);
  }

  /** `share`: how much of the work is done, 0 to 1. */
  update(share: number): void {
    if (!this.#line.isSeen || steadyNow() < this.#next) return;
    this.#next = steadyNow() + EVERY_MS;
    this.#line.show(`${fitted(this.#label, this.#line.columns - WIDTH - 8)} ${bar(share)}`);
  }

  /** Takes the bar away. */
  end(): void {
    this.#line.end();
  }
}

/** `█████░░░  45 %` */
function bar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${String(Math.floor(share * 100)).padStart(3)} %`;
}

function fitted(text: string, width: number): string {
  return text.length <= width ? text : `…${text.slice(text.length - Math.max(1, width) + 1)}`;
}
