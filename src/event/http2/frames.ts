/** HTTP/2's frames (RFC 9113) in what one side of a connection sends: the blocks of headers, as far as payloads hold them. */

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export interface HeaderBlock {
  readonly stream: number;
  /** A promise of the server's to push; its headers are of no request that anybody made. */
  readonly isPush: boolean;
  /** The sender has nothing more for this stream. */
  readonly endsStream: boolean;
  readonly bytes: Uint8Array;
  /** False: the rest of it was not captured. */
  readonly whole: boolean;
}

/** What is made of them. */
export interface BlockSink {
  block(block: HeaderBlock): void;
  /** Frames are missing; blocks may have been among them. */
  gap(): void;
}

const HEAD = 9;
const HEADERS = 1;
const SETTINGS = 4;
const PUSH_PROMISE = 5;
const PING = 6;
const GOAWAY = 7;
const CONTINUATION = 9;
/** ALTSVC and ORIGIN among them. */
const LAST_TYPE = 0x10;
const END_STREAM = 0x1;
const END_HEADERS = 0x4;
const PADDED = 0x8;
const PRIORITY = 0x20;
/** Frames are 16 KiB where nobody agreed on more. Blocks of headers that are longer are not read. */
const LONGEST_FRAME = 1 << 20;
const LONGEST_BLOCK = 1 << 16;

interface Frame {
  readonly length: number;
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
}

/** null: no frame begins like that. */
function frameAt(bytes: Uint8Array, at: number): Frame | null {
  const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
  const [type, flags] = [bytes[at + 3]!, bytes[at + 4]!];
  const stream = (bytes[at + 5]! << 24) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 8) | bytes[at + 8]! | 0;
  if (length > LONGEST_FRAME || type > LAST_TYPE || stream < 0) return null;
  const isOfConnection = type === SETTINGS || type === PING || type === GOAWAY;
  if (isOfConnection ? stream !== 0 : type <= PUSH_PROMISE && stream === 0) return null;
  if ((type === SETTINGS && length % 6 !== 0) || (type === PING && length !== 8)) return null;
  return { length, type, flags, stream };
}

/** Whether a payload may begin with a frame that says something of a connection: one of headers, or of settings. */
export function beginsWithFrame(payload: Uint8Array): boolean {
  if (payload.length < HEAD || payload[0] !== 0) return false;
  const frame = frameAt(payload, 0);
  return frame !== null && (frame.type === HEADERS || frame.type === SETTINGS);
}

export function beginsWithPreface(payload: Uint8Array): boolean {
  return payload[0] === PREFACE[0] && payload.length >= PREFACE.length && PREFACE.equals(payload.subarray(0, PREFACE.length));
}

/** One direction of one connection. */
export class FrameReader {
  readonly #sink: BlockSink;
  /** The beginning of a frame's head whose end is still to come. */
  #head: number[] = [];
  #frame: Frame | null = null;
  /** Bytes of the frame that are still to come. */
  #left = 0;
  /** The block that is being put together. */
  #block: { readonly frame: Frame; readonly pieces: Uint8Array[]; size: number } | null = null;
  #isInStep = false;

  constructor(sink: BlockSink) {
    this.#sink = sink;
  }

  /** `moved`: how many bytes were sent or read; the payload holds the first of them. */
  take(payload: Uint8Array, moved: number): void {
    let at = beginsWithPreface(payload) ? PREFACE.length : 0;
    if (at > 0) this.#begin();
    if (!this.#isInStep) {
      if (at === 0 && !beginsWithFrame(payload)) return;
      this.#begin();
    }
    while (at < payload.length && this.#isInStep) at = this.#frame === null ? this.#takeHead(payload, at) : this.#takeBody(payload, at);
    if (this.#isInStep && moved > payload.length) this.#skip(moved - payload.length);
  }

  #begin(): void {
    this.#isInStep = true;
    this.#head = [];
    this.#frame = null;
    this.#block = null;
  }

  #takeHead(payload: Uint8Array, at: number): number {
    const end = Math.min(payload.length, at + HEAD - this.#head.length);
    this.#head.push(...payload.subarray(at, end));
    if (this.#head.length < HEAD) return end;
    const frame = frameAt(Uint8Array.from(this.#head), 0);
    this.#head = [];
    if (frame === null) this.#fallOut();
    else this.#beginFrame(frame);
    return end;
  }

  #beginFrame(frame: Frame): void {
    this.#frame = frame;
    this.#left = frame.length;
    if (frame.type === HEADERS || frame.type === PUSH_PROMISE) this.#block = { frame, pieces: [], size: 0 };
    else if (frame.type !== CONTINUATION) this.#endBlock(false); // nothing else may come in between
    if (frame.length === 0) this.#endFrame();
  }

  #takeBody(payload: Uint8Array, at: number): number {
    const end = Math.min(payload.length, at + this.#left);
    if (this.#block !== null) this.#addToBlock(Uint8Array.from(payload.subarray(at, end)));
    this.#left -= end - at;
    if (this.#left === 0) this.#endFrame();
    return end;
  }

  #addToBlock(piece: Uint8Array): void {
    const block = this.#block!;
    block.pieces.push(piece);
    block.size += piece.length;
    if (block.size > LONGEST_BLOCK) this.#endBlock(false);
  }

  #endFrame(): void {
    if ((this.#frame!.flags & END_HEADERS) !== 0) this.#endBlock(true);
    this.#frame = null;
  }

  /** Bytes that were not captured. */
  #skip(missing: number): void {
    this.#endBlock(false);
    if (this.#frame === null || missing > this.#left) this.#fallOut();
    else if (missing === this.#left) this.#frame = null;
    else this.#left -= missing;
  }

  #fallOut(): void {
    this.#endBlock(false);
    this.#isInStep = false;
    this.#sink.gap();
  }

  #endBlock(whole: boolean): void {
    if (this.#block === null) return;
    const { frame, pieces } = this.#block;
    this.#block = null;
    const isPush = frame.type === PUSH_PROMISE;
    const bytes = blockOf(frame, Buffer.concat(pieces));
    this.#sink.block({ stream: frame.stream, isPush, endsStream: !isPush && (frame.flags & END_STREAM) !== 0, bytes, whole });
    if (!whole) this.#sink.gap();
  }
}

/** The block in a frame, without what the frame has before and behind. */
function blockOf({ type, flags, length }: Frame, bytes: Uint8Array): Uint8Array {
  const padded = (flags & PADDED) !== 0;
  const before = (padded ? 1 : 0) + (type === PUSH_PROMISE ? 4 : (flags & PRIORITY) !== 0 ? 5 : 0);
  const padding = padded ? (bytes[0] ?? 0) : 0;
  const end = length - padding;
  // Padding is behind the first frame of the block, and not behind those that continue it.
  return Buffer.concat([
    bytes.subarray(before, Math.max(before, Math.min(end, bytes.length))),
    bytes.subarray(Math.min(length, bytes.length)),
  ]);
}
