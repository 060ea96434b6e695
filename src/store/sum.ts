/** Checksums of what a capture stores in blobs: a flipped bit makes other numbers of a packed column, which no codec would notice. */
import { crc32 } from 'node:zlib';

/** CRC-32 of numbers, such as the id of what is stored, and then of the blobs, whose lengths count. */
export function sumOf(numbers: readonly number[], ...blobs: readonly Uint8Array[]): number {
  const head = Float64Array.from([...numbers, ...blobs.map(({ length }) => length)]);
  return blobs.reduce((sum, blob) => crc32(blob, sum), crc32(new Uint8Array(head.buffer)));
}

/** Throws where a stored sum, which anything may stand for, is another. */
export function checkSum(stored: unknown, sum: number): void {
  if (stored !== sum) throw new Error('its checksum is another');
}

/** Chunks from this id on are checked each time: nobody has as many, but a file may say anything. */
const MOST_CHUNKS = 2 ** 20;

/** Which columns of which chunks were found whole: who asks one capture again and again pays once. */
export class Checked {
  /** By chunk, a bit for each column. */
  #bits = new Uint32Array(1024);

  has(chunk: number, column: number): boolean {
    return chunk < this.#bits.length && (this.#bits[chunk]! & (1 << column)) !== 0;
  }

  add(chunk: number, column: number): void {
    if (chunk >= MOST_CHUNKS) return;
    if (chunk >= this.#bits.length) {
      const grown = new Uint32Array(2 ** Math.ceil(Math.log2(chunk + 1)));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    this.#bits[chunk]! |= 1 << column;
  }
}
