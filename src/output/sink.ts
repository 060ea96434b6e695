/** Where writers' bytes go: standard output in large pieces, at the pace at which somebody reads it. */
import { writeSync } from 'node:fs';
import { writtenBefore } from './twice.ts';

const PIECE = 1 << 16;
const STDOUT = 1;
/** ms until a full pipe is tried again. */
const PAUSE = 1;

/** Nobody reads what is written any more: no failure, but reason enough to end. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

/** Gathers pieces; whoever writes waits while the reader is behind, so that nothing piles up. Throws ReaderGone. */
export class Sink {
  readonly #fd: number;
  #texts: string[] = [];
  #size = 0;

  constructor(fd = STDOUT) {
    this.#fd = fd;
  }

  write(piece: string | Uint8Array): void {
    if (typeof piece !== 'string') {
      this.flush();
      this.#all(piece);
      return;
    }
    this.#texts.push(piece);
    this.#size += piece.length;
    if (this.#size > PIECE) this.flush();
  }

  lines(texts: Iterable<string>): void {
    for (const text of texts) this.write(`${text}\n`);
  }

  flush(): void {
    if (this.#size === 0) return;
    const bytes = Buffer.from(this.#texts.join(''));
    this.#texts = [];
    this.#size = 0;
    this.#all(bytes);
  }

  #all(bytes: Uint8Array): void {
    for (let at = this.#fd === STDOUT ? writtenBefore(bytes) : 0; at < bytes.length; ) at += this.#some(bytes, at);
  }

  /** Bytes that were taken; 0: the pipe was full, and a moment has passed. */
  #some(bytes: Uint8Array, at: number): number {
    try {
      return writeSync(this.#fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') throw new ReaderGone();
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(PAUSING, 0, 0, PAUSE);
      return 0;
    }
  }
}

const PAUSING = new Int32Array(new SharedArrayBuffer(4));
