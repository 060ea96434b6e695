/** Bytes that grow: what binary writers fill. Little-endian, unless a name says otherwise. */
export class GrowingBytes {
  bytes: Uint8Array;
  length = 0;
  #view: DataView;

  constructor(capacity = 1 << 16) {
    this.bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Room for so many more bytes. */
  ensure(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.#view = new DataView(larger.buffer);
  }

  u8(value: number): void {
    this.ensure(1);
    this.bytes[this.length++] = value;
  }

  u16(value: number): void {
    this.ensure(2);
    this.#view.setUint16(this.length, value, true);
    this.length += 2;
  }

  u32(value: number): void {
    this.ensure(4);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  u16be(value: number): void {
    this.ensure(2);
    this.#view.setUint16(this.length, value, false);
    this.length += 2;
  }

  u32be(value: number): void {
    this.ensure(4);
    this.#view.setUint32(this.length, value, false);
    this.length += 4;
  }

  u64(value: bigint): void {
    this.ensure(8);
    this.#view.setBigUint64(this.length, value, true);
    this.length += 8;
  }

  /** Short ones in a loop, since the call of `set` costs more than the bytes do. */
  put(source: Uint8Array, from = 0, to = source.length): void {
    this.ensure(to - from);
    if (to - from > 24) this.bytes.set(to - from === source.length ? source : source.subarray(from, to), this.length);
    else for (let i = from, at = this.length; i < to; i++) this.bytes[at++] = source[i]!;
    this.length += to - from;
  }

  zeros(n: number): void {
    this.ensure(n);
    this.bytes.fill(0, this.length, this.length + n);
    this.length += n;
  }

  /** Zeros up to a multiple of 4 bytes. */
  pad4(): void {
    while ((this.length & 3) !== 0) this.u8(0);
  }

  /** Digits of a whole number that is not negative. */
  decimal(value: number): void {
    this.ensure(20);
    let digits = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
    let rest = value;
    for (let i = this.length + digits - 1; i >= this.length; i--) {
      const next = Math.floor(rest / 10);
      this.bytes[i] = 48 + rest - next * 10;
      rest = next;
    }
    this.length += digits;
  }

  setU16(at: number, value: number): void {
    this.#view.setUint16(at, value, true);
  }

  setU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  setU16be(at: number, value: number): void {
    this.#view.setUint16(at, value, false);
  }

  setU32be(at: number, value: number): void {
    this.#view.setUint32(at, value, false);
  }

  /** A copy of what there is; what follows begins anew. */
  take(): Uint8Array {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }
}
