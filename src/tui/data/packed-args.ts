/** Whether short arguments have a text, by type and bytes: found again without making anything that would have to be collected. */

/** What `look` says, beside 0 and 1: nothing is known; they are too long to be one number. */
export const UNKNOWN = 2;
export const LONG = 3;

/** So many bytes, and two of the type, are one number below 2^53. */
const MOST_BYTES = 4;
const SLOT_BITS = 14;

/** Each has one place, by a hash: who comes later to it takes it. */
export class PackedArgs {
  readonly #keys = new Float64Array(1 << SLOT_BITS).fill(-1);
  readonly #hits = new Uint8Array(1 << SLOT_BITS);
  #key = 0;
  #slot = 0;

  /** 0, 1, UNKNOWN or LONG, of the bytes from..end. */
  look(type: number, bytes: Uint8Array, from: number, end: number): number {
    const length = end - from;
    if (length > MOST_BYTES) return LONG;
    let word = 0;
    for (let at = from; at < end; at++) word = (word << 8) | bytes[at]!;
    const key = (type * (MOST_BYTES + 1) + length) * 2 ** 32 + (word >>> 0);
    const slot = (Math.imul(word ^ (type << 3) ^ length, 0x9e3779b1) >>> (32 - SLOT_BITS)) | 0;
    if (this.#keys[slot] === key) return this.#hits[slot]!;
    this.#key = key;
    this.#slot = slot;
    return UNKNOWN;
  }

  /** Remembers what those have that were looked at last; gives it as 0 or 1. */
  keep(hit: boolean): 0 | 1 {
    this.#keys[this.#slot] = this.#key;
    this.#hits[this.#slot] = Number(hit);
    return hit ? 1 : 0;
  }
}
