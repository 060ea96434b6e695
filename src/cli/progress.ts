/** A bar on the terminal for work that takes longer than a moment. Where nobody looks there is none. */

import { steadyNow } from '../model/steady.ts';
import { sanitize } from '../output/printable.ts';
import { StatusLine } from '../output/stderr.ts';

/** How much of some work is done, 0 to 1. */
export type OnShare = (share: number) => void;

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

/** A bar beside work that also waits for others: it is seen before they answer. */
export async function withProgress<T>(label: string, work: (onShare: OnShare) => Promise<T>): Promise<T> {
  const progress = new Progress(label);
  let share = 0;
  const timer = setInterval(() => progress.update(share), EVERY_MS);
  try {
    return await work((done) => {
      share = done;
      progress.update(share);
    });
  } finally {
    clearInterval(timer);
    progress.end();
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
