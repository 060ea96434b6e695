/** Bytes with the letters A to Z made small, four at a time, in memory that is used again: what is thrown away by the megabyte makes a process grow. */

const LOW_BITS = 0x7f7f7f7f;
const HIGH_BITS = 0x80808080;
/** Added to a byte below 128 it sets the high bit from A on; from the byte after Z on. */
const FROM_A = 0x3f3f3f3f;
const AFTER_Z = 0x25252525;

export class Lowered {
  #bytes = Buffer.alloc(0);
  #words = new Int32Array(0);

  /** The first `length` bytes; holds until the next call. */
  of(bytes: Uint8Array, length: number): Buffer {
    if (this.#bytes.length < length) this.#grow(length);
    this.#bytes.set(bytes.subarray(0, length));
    const words = this.#words;
    const n = (length + 3) >> 2;
    for (let k = 0; k < n; k++) {
      const word = words[k]!;
      const low = word & LOW_BITS;
      const capitals = (low + FROM_A) & ~(low + AFTER_Z) & ~word & HIGH_BITS;
      words[k] = word | (capitals >>> 2);
    }
    return this.#bytes.subarray(0, length);
  }

  #grow(length: number): void {
    this.#words = new Int32Array(Math.ceil((length * 1.25) / 4));
    this.#bytes = Buffer.from(this.#words.buffer);
  }
}
