/** Finds a word in bytes, in capitals or small letters: by its last byte it knows how far it may leap (Horspool), so that most bytes are never looked at. */

/** By byte: capitals as small letters. */
export const SMALL = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte));

export class WordFinder {
  readonly length: number;
  readonly #word: Uint8Array;
  /** By the byte under the word's end: how far the word moves on. */
  readonly #leaps: Uint32Array;

  /** `word`: ASCII in small letters, at least one. */
  constructor(word: string) {
    this.#word = Buffer.from(word);
    this.length = this.#word.length;
    const last = this.length - 1;
    this.#leaps = Uint32Array.from(SMALL, (small) => last - (last === 0 ? -1 : this.#word.lastIndexOf(small, last - 1)));
  }

  /** Where the word next stands in the bytes from..end; -1: nowhere. */
  next(bytes: Uint8Array, from: number, end: number): number {
    const [word, leaps, last] = [this.#word, this.#leaps, this.length - 1];
    for (let at = from + last; at < end; at += leaps[bytes[at]!]!) {
      let k = last;
      while (k >= 0 && SMALL[bytes[at - last + k]!] === word[k]) k--;
      if (k < 0) return at - last;
    }
    return -1;
  }
}
