/** Bits of a byte sequence, the highest of each byte first. Behind the end they are zero, and `over` says so. */
export class Bits {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #word = 0;
  #held = 0;

  /** Stands on a bit: `bit` counts from the first of `bytes`. */
  load(bytes: Uint8Array, bit: number): void {
    this.#bytes = bytes;
    this.#at = bit >> 3;
    this.#held = this.#word = 0;
    if ((bit & 7) !== 0) this.take(bit & 7);
  }

  /** Bits taken since the first of the bytes. */
  get position(): number {
    return this.#at * 8 - this.#held;
  }

  get over(): boolean {
    return this.position > this.#bytes.length * 8;
  }

  /** The next `n` bits, up to 24, without taking them. */
  peek(n: number): number {
    while (this.#held < n) {
      this.#word = (this.#word << 8) | (this.#bytes[this.#at++] ?? 0);
      this.#held += 8;
    }
    return (this.#word >>> (this.#held - n)) & ((1 << n) - 1);
  }

  /** The next `n` bits, up to 24. */
  take(n: number): number {
    const value = this.peek(n);
    this.#held -= n;
    return value;
  }

  skip(n: number): void {
    this.#held -= n;
  }

  /** 32 bits, unsigned. */
  word(): number {
    return this.take(16) * 0x10000 + this.take(16);
  }
}
