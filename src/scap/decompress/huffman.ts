import type { Bits } from './bits.ts';

/** Bits of a code, at most. */
export const MAX_CODE = 20;
/** Codes up to this length are looked up at once. */
const FAST = 10;

/** A canonical code: shorter codes come first, and those of one length in the order of their symbols. */
export class Huffman {
  /** By the next bits: symbol and length of the code; 0: it is longer, or none. */
  readonly #fast = new Uint16Array(1 << FAST);
  /** By length: the first number that is no code of it, and what a code's number and its place differ by. */
  readonly #limits = new Int32Array(MAX_CODE + 2);
  readonly #bases = new Int32Array(MAX_CODE + 2);
  readonly #symbols: Uint16Array;

  constructor(lengths: Uint8Array) {
    this.#symbols = new Uint16Array(lengths.length);
    let code = 0;
    let place = 0;
    for (let length = 1; length <= MAX_CODE; length++) {
      this.#bases[length] = code - place;
      for (let symbol = 0; symbol < lengths.length; symbol++) {
        if (lengths[symbol] !== length) continue;
        this.#symbols[place++] = symbol;
        if (length <= FAST) this.#note(code, length, symbol);
        code++;
      }
      this.#limits[length] = code;
      code <<= 1;
    }
  }

  /** The next symbol; -1: no code begins like this. */
  read(bits: Bits): number {
    const fast = this.#fast[bits.peek(FAST)]!;
    if (fast !== 0) {
      bits.skip(fast & 15);
      return fast >> 4;
    }
    for (let length = FAST + 1; length <= MAX_CODE; length++) {
      const code = bits.peek(length);
      if (code >= this.#limits[length]!) continue;
      bits.skip(length);
      return this.#symbols[code - this.#bases[length]!] ?? -1;
    }
    return -1;
  }

  #note(code: number, length: number, symbol: number): void {
    const from = code << (FAST - length);
    this.#fast.fill((symbol << 4) | length, from, from + (1 << (FAST - length)));
  }
}
