/** Protocol buffers, as far as writers need them: numbers, texts, bytes and messages. Each method appends one field. */
const MORE = 0x80;
const VARINT = 0;
const FIXED_64 = 1;
const DELIMITED = 2;

export class Message {
  readonly #bytes: number[] = [];
  readonly #parts: Uint8Array[] = [];

  /** Negative numbers as int64 has them: in two's complement. */
  int(field: number, value: number | bigint): this {
    this.#varint(BigInt((field << 3) | VARINT));
    this.#varint(BigInt.asUintN(64, BigInt(value)));
    return this;
  }

  /** A whole number in eight bytes. */
  fixed64(field: number, value: bigint): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
    return this.#eight(field, bytes);
  }

  double(field: number, value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return this.#eight(field, bytes);
  }

  data(field: number, value: Uint8Array): this {
    return this.#delimited(field, value);
  }

  text(field: number, value: string): this {
    return this.#delimited(field, Buffer.from(value.toWellFormed()));
  }

  message(field: number, inner: Message): this {
    return this.#delimited(field, inner.bytes());
  }

  bytes(): Uint8Array {
    this.#flush();
    return this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
  }

  #delimited(field: number, value: Uint8Array): this {
    this.#varint(BigInt((field << 3) | DELIMITED));
    this.#varint(BigInt(value.length));
    this.#flush();
    this.#parts.push(value);
    return this;
  }

  #eight(field: number, bytes: Uint8Array): this {
    this.#varint(BigInt((field << 3) | FIXED_64));
    this.#bytes.push(...bytes);
    return this;
  }

  #flush(): void {
    if (this.#bytes.length > 0) this.#parts.push(Uint8Array.from(this.#bytes));
    this.#bytes.length = 0;
  }

  #varint(value: bigint): void {
    let rest = value;
    for (; rest >= 0x80n; rest >>= 7n) this.#bytes.push(Number(rest & 0x7fn) | MORE);
    this.#bytes.push(Number(rest));
  }
}
