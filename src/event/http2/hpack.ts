/**
 * HPACK (RFC 7541): the headers of HTTP/2, which name what was sent before by numbers. Of what was not captured the numbers are not
 * known: such a header has no name, or no value.
 */
import { huffmanText } from './huffman.ts';

/** null: it was sent before, and that was not seen. */
export interface Header {
  readonly name: string | null;
  readonly value: string | null;
}

export interface Headers {
  readonly headers: readonly Header[];
  /** False: the block is cut off, or is none; headers are those before. */
  readonly whole: boolean;
}

const STATIC: readonly Header[] = `:authority
:method=GET
:method=POST
:path=/
:path=/index.html
:scheme=http
:scheme=https
:status=200
:status=204
:status=206
:status=304
:status=400
:status=404
:status=500
accept-charset
accept-encoding=gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`
  .split('\n')
  .map((line) => {
    const [name, value = ''] = line.split('=');
    return { name: name!, value };
  });

const UNKNOWN: Header = { name: null, value: null };
/** Of a table, until its sender says otherwise; and the most that is kept, whatever it says. */
const USUAL_SIZE = 4096;
const MOST_SIZE = 65_536;
/** Bytes that an entry counts beside its texts. */
const ENTRY = 32;
/** A number of more bytes is none. */
const MOST_SHIFT = 28;

/** The block ends within something, or has what no sender writes. */
class BrokenBlock extends Error {}

/** One direction of one connection. */
export class HpackDecoder {
  /** Newest first. */
  readonly #table: Header[] = [];
  #size = 0;
  #most = USUAL_SIZE;

  /** Blocks that were not seen may have changed the table: only what comes from now on is known by its number. */
  forget(): void {
    this.#table.length = 0;
    this.#size = 0;
  }

  /** After a block that is not whole the table is as after `forget`. */
  decode(block: Uint8Array): Headers {
    const headers: Header[] = [];
    const bytes = new BlockBytes(block);
    try {
      while (!bytes.isAtEnd) {
        const header = this.#next(bytes);
        if (header !== null) headers.push(header);
      }
      return { headers, whole: true };
    } catch (error) {
      if (!(error instanceof BrokenBlock)) throw error;
      this.forget();
      return { headers, whole: false };
    }
  }

  /** null: a new size of the table. */
  #next(bytes: BlockBytes): Header | null {
    const first = bytes.peek();
    if ((first & 0x80) !== 0) return this.#entry(bytes.number(7));
    if ((first & 0x40) !== 0) return this.#remember(this.#literal(bytes, 6));
    if ((first & 0x20) === 0) return this.#literal(bytes, 4);
    this.#most = Math.min(bytes.number(5), MOST_SIZE);
    this.#evict();
    return null;
  }

  #literal(bytes: BlockBytes, bits: number): Header {
    const index = bytes.number(bits);
    const name = index === 0 ? bytes.text() : this.#entry(index).name;
    return { name, value: bytes.text() };
  }

  #entry(index: number): Header {
    if (index === 0) throw new BrokenBlock();
    return STATIC[index - 1] ?? this.#table[index - 1 - STATIC.length] ?? UNKNOWN;
  }

  #remember(header: Header): Header {
    this.#table.unshift(header);
    this.#size += sizeOf(header);
    this.#evict();
    return header;
  }

  #evict(): void {
    while (this.#size > this.#most) this.#size -= sizeOf(this.#table.pop()!);
  }
}

const sizeOf = ({ name, value }: Header) => ENTRY + (name?.length ?? 0) + (value?.length ?? 0);

/** Reads a block from its beginning; throws BrokenBlock where it ends too early. */
class BlockBytes {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  peek(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new BrokenBlock();
    return byte;
  }

  /** In the last `bits` of a byte; if they are all ones, more follows, seven bits a byte. */
  number(bits: number): number {
    const full = 2 ** bits - 1;
    let value = this.#byte() & full;
    if (value < full) return value;
    for (let shift = 0; ; shift += 7) {
      if (shift > MOST_SHIFT) throw new BrokenBlock();
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) return value;
    }
  }

  /** As latin1. */
  text(): string {
    const isCoded = (this.peek() & 0x80) !== 0;
    const length = this.number(7);
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new BrokenBlock();
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    const text = isCoded ? huffmanText(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('latin1');
    if (text === null) throw new BrokenBlock();
    return text;
  }

  #byte(): number {
    const byte = this.peek();
    this.#at++;
    return byte;
  }
}
