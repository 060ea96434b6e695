/** LZ4 frames, block by block. https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md */
import { ScapDamage } from '../blocks.ts';
import { u32 } from '../bytes.ts';
import { Backlog } from './backlog.ts';
import { type Decoder, LZ4_FRAME } from './format.ts';
import { Xxh32 } from './xxh32.ts';

/** Frames of other programs' data between those that count: one of 16 numbers. */
const SKIPPABLE = 0x184d2a50;
/** So far back may a block refer to those before it. */
const WINDOW = 1 << 16;
/** Bits of a frame's flags. */
const Flag = { VERSION: 0xc0, VERSION_1: 0x40, INDEPENDENT: 0x20, BLOCK_SUM: 0x10, SIZE: 0x08, SUM: 0x04, DICTIONARY: 0x01 } as const;
/** Of a block's length: its bytes are as they were. */
const STORED = 0x80000000;

interface Frame {
  /** Bytes of a decompressed block, at most. */
  readonly blockSize: number;
  readonly linked: boolean;
  readonly blockSum: boolean;
  /** Of all that the frame holds; null: not checked. */
  readonly sum: Xxh32 | null;
}

const NOTHING = new Uint8Array(0);

export class Lz4Decoder implements Decoder {
  readonly #backlog = new Backlog();
  #frame: Frame | null = null;
  /** The last that was decompressed of the frame. */
  #window: Uint8Array = NOTHING;
  /** Bytes of a skippable frame that are still to come. */
  #skip = 0;

  *push(bytes: Uint8Array): Generator<Uint8Array> {
    this.#backlog.add(bytes);
    for (let used = -1; used !== 0; ) {
      const { waiting } = this.#backlog;
      if (this.#frame === null) used = this.#between(waiting);
      else {
        const block = this.#block(waiting, this.#frame);
        if (block === null) return;
        used = block.used;
        if (block.bytes.length > 0) yield block.bytes;
      }
      this.#backlog.drop(used);
    }
  }

  end(): Iterable<Uint8Array> {
    if (this.#frame !== null || this.#skip > 0 || this.#backlog.length > 0) throw damage('unexpected end of file');
    return [];
  }

  /** Between two frames: how many bytes are done with; 0: there are not enough. */
  #between(bytes: Uint8Array): number {
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, bytes.length);
      this.#skip -= skipped;
      return skipped;
    }
    if (bytes.length < 8) return 0;
    const magic = u32(bytes, 0);
    if (magic === LZ4_FRAME) return this.#begin(bytes);
    if ((magic & -16) >>> 0 !== SKIPPABLE) throw damage('no frame where one was expected');
    this.#skip = u32(bytes, 4);
    return 8;
  }

  #begin(bytes: Uint8Array): number {
    const flags = bytes[4]!;
    const length = 7 + (flags & Flag.SIZE ? 8 : 0) + (flags & Flag.DICTIONARY ? 4 : 0);
    if (bytes.length < length) return 0;
    const size = (bytes[5]! >> 4) & 7;
    if ((flags & Flag.VERSION) !== Flag.VERSION_1 || size < 4) throw damage('a frame of another version');
    if (flags & Flag.DICTIONARY) throw damage('a frame that needs a dictionary');
    const sum = new Xxh32().update(bytes.subarray(4, length - 1)).digest();
    if (((sum >> 8) & 0xff) !== bytes[length - 1]) throw damage('a frame whose header does not match its checksum');
    this.#window = NOTHING;
    this.#frame = {
      blockSize: 1 << (8 + 2 * size),
      linked: (flags & Flag.INDEPENDENT) === 0,
      blockSum: (flags & Flag.BLOCK_SUM) !== 0,
      sum: flags & Flag.SUM ? new Xxh32() : null,
    };
    return length;
  }

  /** The next block, and how many bytes it took; null: there are not enough. The frame's end is a block without bytes. */
  #block(bytes: Uint8Array, frame: Frame): { readonly bytes: Uint8Array; readonly used: number } | null {
    if (bytes.length < 4) return null;
    const word = u32(bytes, 0);
    if (word === 0) return this.#finish(bytes, frame);
    const length = word & ~STORED;
    if (length > frame.blockSize) throw damage(`a block of ${length} bytes`);
    const used = 4 + length + (frame.blockSum ? 4 : 0);
    if (bytes.length < used) return null;
    const raw = bytes.subarray(4, 4 + length);
    if (frame.blockSum && new Xxh32().update(raw).digest() !== u32(bytes, 4 + length)) throw damage('a block does not match its checksum');
    const out = word & STORED ? this.#stored(raw) : decodeBlock(raw, this.#window, frame.blockSize);
    const block = out.subarray(this.#window.length);
    frame.sum?.update(block);
    if (frame.linked) this.#window = out.subarray(Math.max(0, out.length - WINDOW));
    return { bytes: block, used };
  }

  #stored(raw: Uint8Array): Uint8Array {
    const out = new Uint8Array(this.#window.length + raw.length);
    out.set(this.#window);
    out.set(raw, this.#window.length);
    return out;
  }

  #finish(bytes: Uint8Array, { sum }: Frame): { readonly bytes: Uint8Array; readonly used: number } | null {
    const used = sum === null ? 4 : 8;
    if (bytes.length < used) return null;
    if (sum !== null && sum.digest() !== u32(bytes, 4)) throw damage('the data do not match their checksum');
    this.#frame = null;
    return { bytes: NOTHING, used };
  }
}

/** The window, and behind it what a block decompresses to: at most `max` bytes. */
function decodeBlock(block: Uint8Array, window: Uint8Array, max: number): Uint8Array {
  const out = new Uint8Array(window.length + Math.min(max, block.length * 255));
  out.set(window);
  let to = window.length;
  let at = 0;
  /** A length of 15 goes on in bytes of 255 and one below. */
  const longer = (length: number): number => {
    for (let more = 255; more === 255; length += more) {
      if (at >= block.length) throw damage('a block ends within a length');
      more = block[at++]!;
    }
    return length;
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = token >> 4 === 15 ? longer(15) : token >> 4;
    if (at + literals > block.length || to + literals > out.length) throw damage('a block is longer than it may be');
    for (let end = at + literals; at < end; ) out[to++] = block[at++]!;
    if (at === block.length) break; // the last sequence has no match
    if (at + 2 > block.length) throw damage('a block ends within an offset');
    const offset = block[at]! | (block[at + 1]! << 8);
    at += 2;
    const length = 4 + ((token & 15) === 15 ? longer(15) : token & 15);
    if (offset === 0 || offset > to || to + length > out.length) throw damage('a block refers to what is not there');
    copyWithin(out, to, offset, length);
    to += length;
  }
  return out.subarray(0, to);
}

/** Repeats what lies `offset` bytes back; where that is nearer than it is long, what is written counts, too. */
function copyWithin(out: Uint8Array, to: number, offset: number, length: number): void {
  if (offset >= length && length > 32) out.copyWithin(to, to - offset, to - offset + length);
  else for (let end = to + length; to < end; to++) out[to] = out[to - offset]!;
}

function damage(what: string): ScapDamage {
  return new ScapDamage(`decompressing lz4: ${what}`);
}
