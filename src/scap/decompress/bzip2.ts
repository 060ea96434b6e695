/** bzip2, block by block. The format has no specification of its own; https://github.com/dsnet/compress/blob/master/doc/bzip2-format.pdf is one. */
import { ScapDamage } from '../blocks.ts';
import { Backlog } from './backlog.ts';
import { Bits } from './bits.ts';
import type { Decoder } from './format.ts';
import { Huffman, MAX_CODE } from './huffman.ts';

const PIECE = 1 << 19;
const LEVEL_BYTES = 100_000;
/** The tables before a block's symbols are shorter than this, in bytes. */
const TABLES = 1 << 15;
/** Numbers that begin a block, and what comes behind the last one: 48 bits, in two halves. */
const BLOCK = [0x314159, 0x265359] as const;
const END = [0x177245, 0x385090] as const;
/** A code's table is used for so many symbols. */
const GROUP = 50;

export class Bzip2Decoder implements Decoder {
  readonly #backlog = new Backlog();
  readonly #bits = new Bits();
  /** Of the stream: bytes of a block, at most; 0: a stream's header comes next. */
  #size = 0;
  /** Bits of the first waiting byte that are done with. */
  #bit = 0;
  /** Checksum of the stream's blocks. */
  #sum = 0;
  #links = new Uint32Array(0);
  #isAny = false;

  *push(bytes: Uint8Array): Generator<Uint8Array> {
    this.#backlog.add(bytes);
    // A block does not say how long it is: one that is there in part is not begun.
    while (this.#backlog.length > (this.#size * MAX_CODE) / 8 + TABLES) yield* this.#next();
  }

  *end(): Generator<Uint8Array> {
    while (this.#backlog.length > 0) yield* this.#next();
    if (this.#size > 0 || !this.#isAny) throw damage('unexpected end of file');
  }

  /** A stream's header, a block, or a stream's end. */
  *#next(): Generator<Uint8Array> {
    const bits = this.#bits;
    bits.load(this.#backlog.waiting, this.#bit);
    if (this.#size === 0) this.#begin();
    else {
      const magic = [bits.take(24), bits.take(24)];
      if (magic[0] === END[0] && magic[1] === END[1]) this.#finish();
      else if (magic[0] !== BLOCK[0] || magic[1] !== BLOCK[1])
        throw damage(bits.over ? 'unexpected end of file' : 'no block where one was expected');
      else {
        const sum = bits.word();
        const count = this.#readBlock();
        this.#advance();
        yield* this.#output(count, sum);
        return;
      }
    }
    this.#advance();
  }

  #advance(): void {
    const { position } = this.#bits;
    this.#backlog.drop(position >> 3);
    this.#bit = position & 7;
  }

  #begin(): void {
    const bits = this.#bits;
    const magic = bits.take(24);
    const level = bits.take(8) - 0x30;
    if (bits.over) throw damage('unexpected end of file');
    if (magic !== 0x425a68 || level < 1 || level > 9) throw damage('no stream where one was expected');
    this.#size = level * LEVEL_BYTES;
    this.#sum = 0;
    this.#isAny = true;
    if (this.#links.length < this.#size) this.#links = new Uint32Array(this.#size);
  }

  #finish(): void {
    const sum = this.#bits.word();
    if (this.#bits.over) throw damage('unexpected end of file');
    if (sum !== this.#sum >>> 0) throw damage('the data do not match their checksum');
    this.#size = 0;
    const { position } = this.#bits;
    if ((position & 7) !== 0) this.#bits.take(8 - (position & 7));
  }

  #start = 0;

  /** Decodes a block's symbols, and links each byte to the one behind it. Gives the number of bytes. */
  #readBlock(): number {
    const bits = this.#bits;
    if (bits.take(1) === 1) throw damage('a block of a kind that no writer has made since 1997');
    this.#start = bits.take(24);
    const counts = new Uint32Array(256);
    const count = this.#readSymbols(readAlphabet(bits), counts);
    if (bits.over) throw damage('unexpected end of file');
    if (this.#start >= count) throw damage('a block that begins behind its end');
    this.#link(count, counts);
    return count;
  }

  /** Bytes in the order of the transform, into the low 8 bits of the links. */
  #readSymbols(alphabet: Uint8Array, counts: Uint32Array): number {
    const bits = this.#bits;
    const last = alphabet.length + 1;
    const tables = bits.take(3);
    const selectors = bits.take(15);
    if (tables < 2 || tables > 6 || selectors === 0) throw damage('a block without codes');
    const chosen = readSelectors(bits, tables, selectors);
    const codes = Array.from({ length: tables }, () => readCode(bits, last + 1));
    const links = this.#links;
    const size = this.#size;
    let n = 0;
    let run = 0;
    let weight = 1;
    for (let group = 0; group < selectors; group++) {
      const code = codes[chosen[group]!]!;
      for (let i = 0; i < GROUP; i++) {
        const symbol = code.read(bits);
        if (symbol < 0 || bits.over) throw damage(bits.over ? 'unexpected end of file' : 'a code that stands for nothing');
        if (symbol < 2) {
          run += weight << symbol;
          weight <<= 1;
          if (run > size) throw damage('a block is longer than it may be');
          continue;
        }
        if (run > 0) {
          const byte = alphabet[0]!;
          if (n + run > size) throw damage('a block is longer than it may be');
          links.fill(byte, n, n + run);
          counts[byte]! += run;
          n += run;
          run = 0;
          weight = 1;
        }
        if (symbol === last) return n;
        if (n >= size) throw damage('a block is longer than it may be');
        const byte = toFront(alphabet, symbol - 1);
        links[n++] = byte;
        counts[byte]!++;
      }
    }
    throw damage('a block without an end');
  }

  /** The upper 24 bits of each link become the place of the byte behind. */
  #link(count: number, counts: Uint32Array): void {
    const links = this.#links;
    const places = new Uint32Array(256);
    for (let byte = 1; byte < 256; byte++) places[byte] = places[byte - 1]! + counts[byte - 1]!;
    for (let i = 0; i < count; i++) {
      const place = places[links[i]! & 0xff]!++;
      links[place] = (links[place]! | (i << 8)) >>> 0;
    }
  }

  /** The block's bytes in their own order. Four equal ones are followed by the number of those that were left out. */
  *#output(count: number, wanted: number): Generator<Uint8Array> {
    const links = this.#links;
    let link = links[this.#start]!;
    let piece = new Uint8Array(PIECE);
    let to = 0;
    let sum = -1;
    let before = -1;
    let equal = 0;
    for (let i = 0; i < count; i++) {
      link = links[link >>> 8]!;
      const byte = link & 0xff;
      let times = 1;
      if (equal === 4) {
        times = byte;
        equal = 0;
      } else {
        equal = byte === before ? equal + 1 : 1;
        before = byte;
      }
      for (; times > 0; times--) {
        if (to === PIECE) {
          yield piece;
          piece = new Uint8Array(PIECE);
          to = 0;
        }
        piece[to++] = before;
        sum = (sum << 8) ^ CRC[((sum >>> 24) ^ before) & 0xff]!;
      }
    }
    const found = ~sum >>> 0;
    if (to > 0) yield piece.subarray(0, to);
    if (found !== wanted) throw damage('a block does not match its checksum');
    this.#sum = ((this.#sum << 1) | (this.#sum >>> 31)) ^ found;
  }
}

/** The bytes that occur in a block: which of 16 ranges, and which of those. */
function readAlphabet(bits: Bits): Uint8Array {
  const ranges = bits.take(16);
  const bytes: number[] = [];
  for (let range = 0; range < 16; range++) {
    if ((ranges & (0x8000 >> range)) === 0) continue;
    const used = bits.take(16);
    for (let i = 0; i < 16; i++) if (used & (0x8000 >> i)) bytes.push(range * 16 + i);
  }
  if (bytes.length === 0) throw damage('a block of no bytes');
  return Uint8Array.from(bytes);
}

/** Which table each group of symbols is coded with: how far to the front that table was moved last. */
function readSelectors(bits: Bits, tables: number, count: number): Uint8Array {
  const order = Uint8Array.from({ length: tables }, (_, i) => i);
  const chosen = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    let place = 0;
    while (bits.take(1) === 1) if (++place >= tables) throw damage('a table that is not there');
    chosen[i] = toFront(order, place);
  }
  return chosen;
}

/** Lengths of the codes of all symbols, each told by its difference to the one before. */
function readCode(bits: Bits, symbols: number): Huffman {
  const lengths = new Uint8Array(symbols);
  let length = bits.take(5);
  for (let symbol = 0; symbol < symbols; symbol++) {
    while (bits.take(1) === 1) length += bits.take(1) === 1 ? -1 : 1;
    if (length < 1 || length > MAX_CODE) throw damage('a code of no length, or too long');
    lengths[symbol] = length;
  }
  return new Huffman(lengths);
}

/** Takes what stands at a place, and puts it first. */
function toFront(list: Uint8Array, place: number): number {
  const found = list[place]!;
  list.copyWithin(1, 0, place);
  list[0] = found;
  return found;
}

const CRC = Int32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte << 24;
  for (let bit = 0; bit < 8; bit++) sum = sum < 0 ? (sum << 1) ^ 0x04c11db7 : sum << 1;
  return sum;
});

function damage(what: string): ScapDamage {
  return new ScapDamage(`decompressing bzip2: ${what}`);
}
