/** A bar on the terminal for work that takes longer than a moment. Where nobody looks there is none. */

const FIRST_MS = 300;
const EVERY_MS = 100;
const WIDTH = 24;

export class Progress {
  readonly #label: string;
  readonly #stream: NodeJS.WriteStream;
  #next = Date.now() + FIRST_MS;
  #shown = false;

  /** `label` has no control characters. */
  constructor(label: string, stream: NodeJS.WriteStream = process.stderr) {
    this.#label = label;
    this.#stream = stream;
  }

  /** `share`: how much of the work is done, 0 to 1. */
  update(share: number): void {
    if (!this.#stream.isTTY || Date.now() < this.#next) return;
    this.#next = Date.now() + EVERY_MS;
    this.#shown = true;
    this.#stream.write(`\r\x1b[2K${fitted(this.#label, this.#stream.columns - WIDTH - 8)} ${bar(share)}`);
  }

  /** Takes the bar away. */
  end(): void {
    if (!this.#shown) return;
    this.#shown = false;
    this.#stream.write('\r\x1b[2K');
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
