import { i32, i64, textOf, u16, u32, u64 } from './bytes.ts';

/** Reads one value after another; what lies beyond the end reads as zero or empty, and `over` says so. */
export class Cursor {
  at: number;
  over = false;

  constructor(
    readonly bytes: Uint8Array,
    from: number,
    readonly to: number,
  ) {
    this.at = from;
  }

  get left(): number {
    return this.to - this.at;
  }

  u8(): number {
    const at = this.#take(1);
    return at < 0 ? 0 : this.bytes[at]!;
  }

  u16(): number {
    const at = this.#take(2);
    return at < 0 ? 0 : u16(this.bytes, at);
  }

  u32(): number {
    const at = this.#take(4);
    return at < 0 ? 0 : u32(this.bytes, at);
  }

  i32(): number {
    const at = this.#take(4);
    return at < 0 ? 0 : i32(this.bytes, at);
  }

  u64(): number {
    const at = this.#take(8);
    return at < 0 ? 0 : u64(this.bytes, at);
  }

  i64(): number {
    const at = this.#take(8);
    return at < 0 ? 0 : i64(this.bytes, at);
  }

  /** A view of the next n bytes; empty where there are fewer. */
  take(n: number): Uint8Array {
    const at = this.#take(n);
    return at < 0 ? this.bytes.subarray(0, 0) : this.bytes.subarray(at, at + n);
  }

  /** A length of two bytes and as many bytes. */
  string(): string {
    return textOf(this.blob());
  }

  blob(): Uint8Array {
    return this.take(this.u16());
  }

  #take(n: number): number {
    if (n > this.left) {
      this.over = true;
      this.at = this.to;
      return -1;
    }
    const at = this.at;
    this.at += n;
    return at;
  }
}
