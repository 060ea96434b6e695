/** Little-endian numbers anywhere in bytes. Callers have checked that they lie inside. */

export function u16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

export function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

export function i32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

const TWO_32 = 2 ** 32;

/** Rounded above 2^53. */
export function i64(bytes: Uint8Array, at: number): number {
  return i32(bytes, at + 4) * TWO_32 + u32(bytes, at);
}

/** Rounded above 2^53. */
export function u64(bytes: Uint8Array, at: number): number {
  return u32(bytes, at + 4) * TWO_32 + u32(bytes, at);
}

/** The part before the first NUL, or all of it. */
export function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}

/** Texts that each end with NUL. */
export function texts(bytes: Uint8Array): string[] {
  const all = textOf(bytes);
  if (all === '') return [];
  return (all.endsWith('\0') ? all.slice(0, -1) : all).split('\0');
}

/** A region of a file's bytes, with both ways to read it. */
export class Region {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #buffer: Buffer;

  constructor(bytes: Uint8Array) {
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length); // a Buffer is another kind of array, and two kinds are read more slowly than one
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get length(): number {
    return this.bytes.length;
  }

  /** UTF-8 text up to its NUL. */
  text(from: number, to: number): string {
    let end = from;
    while (end < to && this.bytes[end] !== 0) end++;
    return this.#buffer.toString('utf8', from, end);
  }

  part(from: number, to = this.bytes.length): Uint8Array {
    return this.bytes.subarray(from, to);
  }

  u16(at: number): number {
    return this.view.getInt16(at, true) & 0xffff;
  }

  i32(at: number): number {
    return this.view.getInt32(at, true);
  }

  u32(at: number): number {
    return this.view.getInt32(at, true) >>> 0;
  }

  /** Rounded above 2^53. */
  i64(at: number): number {
    const high = this.view.getInt32(at + 4, true);
    const low = this.view.getInt32(at, true);
    return high === low >> 31 ? low : high * TWO_32 + (low >>> 0); // small ones stay integers
  }
}

export const NO_REGION = new Region(new Uint8Array(0));
