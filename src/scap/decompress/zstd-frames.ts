/** Where the frames of a zstd file end: Node's zlib decompresses one, and drops those behind it. RFC 8878 §3.1. */
import { u32 } from '../bytes.ts';

const FRAME = 0xfd2fb528;
/** Frames of other programs' data: one of 16 numbers. */
const SKIPPABLE = 0x184d2a50;

/** Bytes of one frame. */
export interface FramePart {
  readonly bytes: Uint8Array;
  /** The frame ends with them. */
  readonly isLast: boolean;
}

/** What comes next in a file: so many bytes, and what is done with them. */
interface Stretch {
  readonly length: number;
  /** They belong to a frame, and are passed on. */
  readonly isFrame: boolean;
  /** They are to be looked at. */
  readonly look?: true;
  readonly endsFrame?: boolean;
  /** Bytes looked at before that turned out to belong to a frame: passed on first. */
  readonly first?: Uint8Array;
}

/** The number that a frame begins with. */
const NEXT_FRAME: Stretch = { length: 4, isFrame: false, look: true };

export class ZstdFrames {
  readonly #walk = walk();
  #stretch: Stretch = this.#walk.next().value;
  #left = this.#stretch.length;
  /** Bytes of the stretch that are to be looked at. */
  #seen: number[] = [];

  /** The file may end here: no frame has begun that has not ended. */
  get isBetween(): boolean {
    return this.#stretch === NEXT_FRAME && this.#left === NEXT_FRAME.length;
  }

  /** Cuts bytes at the ends of frames. What is no frame is passed on, to be refused by who decompresses it. */
  *split(bytes: Uint8Array): Generator<FramePart> {
    let at = 0;
    let from = 0;
    const passed = (isLast: boolean): FramePart => ({ bytes: bytes.subarray(from, at), isLast });
    while (at < bytes.length) {
      const n = Math.min(this.#left, bytes.length - at);
      if (this.#stretch.look === true) this.#seen.push(...bytes.subarray(at, at + n));
      at += n;
      this.#left -= n;
      if (!this.#stretch.isFrame) from = at;
      while (this.#left === 0) {
        if (this.#stretch.endsFrame === true) {
          yield passed(true);
          from = at;
        }
        this.#advance();
        if (this.#stretch.first !== undefined) yield { bytes: this.#stretch.first, isLast: false };
      }
    }
    if (from < at) yield passed(false);
  }

  #advance(): void {
    this.#stretch = this.#walk.next(Uint8Array.from(this.#seen)).value;
    this.#left = this.#stretch.length;
    this.#seen = [];
  }
}

/** Names one stretch of the file after the other, and is given the bytes of those that it wants to look at. Never ends. */
function* walk(): Generator<Stretch, never, Uint8Array> {
  for (;;) {
    const magic = yield NEXT_FRAME;
    const number = u32(magic, 0);
    if (number === FRAME) yield* frame(magic);
    else if ((number & -16) >>> 0 === SKIPPABLE) {
      const length = u32(yield { length: 4, isFrame: false, look: true }, 0);
      yield { length, isFrame: false };
    } else yield { length: Number.POSITIVE_INFINITY, isFrame: true, first: magic };
  }
}

function* frame(magic: Uint8Array): Generator<Stretch, void, Uint8Array> {
  const descriptor = (yield { length: 1, isFrame: true, look: true, first: magic })[0]!;
  const isSingle = (descriptor & 0x20) !== 0;
  const window = isSingle ? 0 : 1;
  const dictionary = [0, 1, 2, 4][descriptor & 3]!;
  const size = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const sum = descriptor & 4 ? 4 : 0;
  yield { length: window + dictionary + size, isFrame: true };
  for (let isLast = false; !isLast; ) {
    const head = yield { length: 3, isFrame: true, look: true };
    const word = head[0]! | (head[1]! << 8) | (head[2]! << 16);
    isLast = (word & 1) === 1;
    const isRepeat = ((word >> 1) & 3) === 1;
    const length = isRepeat ? 1 : word >> 3;
    yield { length: isLast ? length + sum : length, isFrame: true, endsFrame: isLast };
  }
}
