/** A block in ClickHouse's format Native: column after column, so that a chunk's columns are copied and not turned into rows. */

/** LowCardinality: version of its keys, then bits that say that its own keys come with it. */
const KEYS_VERSION = 1n;
const OWN_KEYS = (1n << 9n) | (1n << 10n);
const INDEX_UINT32 = 2n;

export class NativeBlock {
  readonly #pieces: Uint8Array[] = [];
  readonly #rows: number;

  constructor(columns: number, rows: number) {
    this.#rows = rows;
    this.#pieces.push(varint(columns), varint(rows));
  }

  /** Numbers as they lie in memory, little-endian. */
  numbers(name: string, type: string, values: BigInt64Array | BigUint64Array | Uint16Array | Uint32Array | Int32Array): void {
    this.#head(name, type);
    this.#pieces.push(new Uint8Array(values.buffer, values.byteOffset, this.#rows * values.BYTES_PER_ELEMENT));
  }

  /** Texts that repeat: which of `words` each row has. */
  words(name: string, words: readonly string[], indices: Uint32Array): void {
    this.#head(name, 'LowCardinality(String)');
    this.#pieces.push(words64(KEYS_VERSION, OWN_KEYS | INDEX_UINT32, BigInt(words.length)));
    for (const word of words) {
      const bytes = Buffer.from(word, 'utf8');
      this.#pieces.push(varint(bytes.length), bytes);
    }
    this.#pieces.push(words64(BigInt(this.#rows)), new Uint8Array(indices.buffer, indices.byteOffset, this.#rows * 4));
  }

  /** Row i has the bytes up to `ends[i]`. */
  byteStrings(name: string, bytes: Uint8Array, ends: Uint32Array): void {
    this.#head(name, 'String');
    const out = new Uint8Array((ends[this.#rows - 1] ?? 0) + this.#rows * 5);
    let at = 0;
    for (let i = 0, from = 0; i < this.#rows; i++) {
      const end = ends[i]!;
      at = putVarint(out, at, end - from);
      out.set(bytes.subarray(from, end), at);
      at += end - from;
      from = end;
    }
    this.#pieces.push(out.subarray(0, at));
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#pieces);
  }

  #head(name: string, type: string): void {
    for (const word of [name, type]) this.#pieces.push(varint(word.length), Buffer.from(word, 'latin1'));
  }
}

function words64(...values: readonly bigint[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(values).buffer);
}

function varint(value: number): Uint8Array {
  const out = new Uint8Array(5);
  return out.subarray(0, putVarint(out, 0, value));
}

function putVarint(out: Uint8Array, at: number, value: number): number {
  for (; value >= 0x80; value >>>= 7) out[at++] = (value & 0x7f) | 0x80;
  out[at++] = value;
  return at;
}
