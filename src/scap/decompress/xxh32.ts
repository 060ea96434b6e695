/** xxHash of 32 bits, by which LZ4 frames are checked. https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md */
import { u32 } from '../bytes.ts';

const P1 = 0x9e3779b1 | 0;
const P2 = 0x85ebca77 | 0;
const P3 = 0xc2b2ae3d | 0;
const P4 = 0x27d4eb2f | 0;
const P5 = 0x165667b1 | 0;
const STRIPE = 16;

const rotate = (n: number, by: number) => (n << by) | (n >>> (32 - by));
const round = (lane: number, word: number) => Math.imul(rotate((lane + Math.imul(word, P2)) | 0, 13), P1);

/** Of bytes that come in parts; seed 0. */
export class Xxh32 {
  readonly #lanes = new Int32Array([P1 + P2, P2, 0, -P1]);
  readonly #rest = new Uint8Array(STRIPE);
  #resting = 0;
  #length = 0;

  update(bytes: Uint8Array): this {
    this.#length += bytes.length;
    let at = 0;
    if (this.#resting > 0) {
      at = Math.min(STRIPE - this.#resting, bytes.length);
      this.#rest.set(bytes.subarray(0, at), this.#resting);
      this.#resting += at;
      if (this.#resting < STRIPE) return this;
      this.#stripes(this.#rest, 0, STRIPE);
    }
    const whole = at + ((bytes.length - at) & -STRIPE);
    this.#stripes(bytes, at, whole);
    this.#rest.set(bytes.subarray(whole));
    this.#resting = bytes.length - whole;
    return this;
  }

  /** Unsigned. */
  digest(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#lanes;
    let hash = this.#length < STRIPE ? P5 : rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
    hash = (hash + this.#length) | 0;
    let at = 0;
    for (; at + 4 <= this.#resting; at += 4) hash = Math.imul(rotate((hash + Math.imul(u32(this.#rest, at), P3)) | 0, 17), P4);
    for (; at < this.#resting; at++) hash = Math.imul(rotate((hash + Math.imul(this.#rest[at]!, P5)) | 0, 11), P1);
    hash = Math.imul(hash ^ (hash >>> 15), P2);
    hash = Math.imul(hash ^ (hash >>> 13), P3);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  #stripes(bytes: Uint8Array, from: number, to: number): void {
    const lanes = this.#lanes;
    let [a, b, c, d] = [lanes[0]!, lanes[1]!, lanes[2]!, lanes[3]!];
    for (let at = from; at < to; at += STRIPE) {
      a = round(a, u32(bytes, at));
      b = round(b, u32(bytes, at + 4));
      c = round(c, u32(bytes, at + 8));
      d = round(d, u32(bytes, at + 12));
    }
    lanes.set([a, b, c, d]);
  }
}
