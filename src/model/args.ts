/**
 * The `args` column: the arguments of one event that have no column of their own, in the order of its type's table.
 * A number is a zigzag LEB128 varint; bytes are a varint of length + 1 and the bytes, 0 standing for "unreadable".
 * Arguments missing at the end are unknown. native/encode/args.c writes the same form.
 */

export type ArgValue = number | Uint8Array | null;

/** A number is stored as bytes, as a number, or not at all because a column holds it. */
export type ArgStorage = 'number' | 'bytes' | 'column';

/** Appends to a growing buffer; `bytes()` views what was written since `reset()`. */
export class ArgWriter {
  #buffer = new Uint8Array(4096);
  #n = 0;

  reset(): void {
    this.#n = 0;
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#n);
  }

  /** Bytes written since `reset()`. */
  get length(): number {
    return this.#n;
  }

  /** An integer below 2^53 in size. */
  number(value: number): void {
    this.#reserve(10);
    this.#varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  /** An integer of 64 bits, for the few that are larger. */
  bigint(value: bigint): void {
    this.#reserve(10);
    let rest = value >= 0n ? value << 1n : (-value << 1n) - 1n;
    while (rest > 0x7fn) {
      this.#buffer[this.#n++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#n++] = Number(rest);
  }

  blob(value: Uint8Array | null): void {
    this.#reserve((value?.length ?? 0) + 10);
    this.#varint(value === null ? 0 : value.length + 1);
    if (value === null) return;
    this.#buffer.set(value, this.#n);
    this.#n += value.length;
  }

  /** A blob that is a part of other bytes. */
  part(bytes: Uint8Array, from: number, to: number): void {
    this.#reserve(to - from + 10);
    this.#varint(to - from + 1);
    this.#copy(bytes, from, to);
  }

  /** Short ones in a loop, since the call of `set` costs more than the bytes do. */
  #copy(bytes: Uint8Array, from: number, to: number): void {
    if (to - from > 48) {
      this.#buffer.set(bytes.subarray(from, to), this.#n);
      this.#n += to - from;
    } else for (let i = from; i < to; i++) this.#buffer[this.#n++] = bytes[i]!;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7fffffff) {
      this.#buffer[this.#n++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      this.#buffer[this.#n++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#n++] = rest;
  }

  #reserve(bytes: number): void {
    if (this.#n + bytes <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(this.#n + bytes, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, this.#n));
    this.#buffer = larger;
  }
}

/**
 * Decodes one event's arguments. `storage` is its type's table; 'column' entries give null here.
 * Damaged bytes end the list: what follows is null, nothing is read out of bounds.
 */
export function decodeArgs(bytes: Uint8Array, storage: readonly ArgStorage[]): ArgValue[] {
  const values: ArgValue[] = [];
  const at = { i: 0 };
  for (const kind of storage) {
    if (kind === 'column' || at.i >= bytes.length) values.push(null);
    else if (kind === 'number') values.push(readNumber(bytes, at));
    else values.push(readBlob(bytes, at));
  }
  return values;
}

/** One zigzag number at `at.i`, which moves on; null past the end. */
export function readNumber(bytes: Uint8Array, at: { i: number }): number | null {
  const raw = readVarint(bytes, at);
  if (raw === null) return null;
  return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
}

/** One unsigned varint at `at.i`; above 2^53 it is rounded. */
export function readVarint(bytes: Uint8Array, at: { i: number }): number | null {
  let value = 0;
  let scale = 1;
  while (at.i < bytes.length) {
    const byte = bytes[at.i++]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
  return null;
}

function readBlob(bytes: Uint8Array, at: { i: number }): Uint8Array | null {
  const length = readVarint(bytes, at);
  if (length === null || length === 0) return null;
  const end = at.i + length - 1;
  const blob = bytes.subarray(at.i, Math.min(end, bytes.length));
  at.i = end;
  return blob;
}
