/**
 * The one way to standard error. Paths, messages of servers and of SQLite, and names out of captures go there, and a terminal does what
 * they say: nothing unsanitised passes. What draws on the line itself goes through `StatusLine`.
 */
import { sanitize, sanitizeLines } from './printable.ts';

/** Text as one or more whole lines. */
export function say(text: string): void {
  process.stderr.write(`${sanitizeLines(text)}\n`);
}

/** A line that is written over and over; nothing where nobody looks. */
export class StatusLine {
  readonly #stream: NodeJS.WriteStream;
  #shown = false;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  /** Somebody looks. */
  get isSeen(): boolean {
    return this.#stream.isTTY;
  }

  get columns(): number {
    return this.#stream.columns;
  }

  show(text: string): void {
    if (!this.isSeen) return;
    this.#shown = true;
    this.#stream.write(`\r\x1b[2K${sanitize(text)}`);
  }

  /** Takes the line away. */
  end(): void {
    if (!this.#shown) return;
    this.#shown = false;
    this.#stream.write('\r\x1b[2K');
  }
}
