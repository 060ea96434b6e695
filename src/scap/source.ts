/** A .scap file's bytes, decompressed where they are compressed, piece by piece. */
import { closeSync, createReadStream, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { CaptureError } from '../capture/error.ts';
import { ScapDamage } from './blocks.ts';
import { type Compression, compressionOf, MAGIC_BYTES } from './decompress/format.ts';
import { decompressed } from './decompress/index.ts';
import { DECOMPRESSED } from './decompress/zlib.ts';

const PIECE = 1 << 18;
/** Files of up to so many bytes, compressed and decompressed, are small. */
const SMALL = 1 << 22;
const SMALL_DECOMPRESSED = 1 << 26;

/** Feeds pieces to `work`. Gives why the file ended early, or null. */
export async function eachPiece(source: AsyncIterable<Uint8Array>, work: (piece: Uint8Array) => void): Promise<string | null> {
  try {
    for await (const piece of source) work(piece);
    return null;
  } catch (error) {
    if (error instanceof ScapDamage) return error.message;
    throw error;
  }
}

/**
 * Throws ScapDamage where decompressing fails, after all that could be decompressed; CaptureError where something else was compressed.
 * `onRead` hears of the file's own bytes.
 */
export async function* pieces(path: string, onRead: (bytes: number) => void = () => {}): AsyncGenerator<Uint8Array> {
  const compression = compressionOfFile(path);
  let isFirst = true;
  for await (const piece of piecesOf(path, compression, onRead)) {
    if (isFirst && compression !== null && !SECTION.subarray(0, piece.length).equals(piece.subarray(0, 4)))
      throw notScap(path, compression, piece);
    isFirst = false;
    yield piece;
  }
}

/** What a .scap file begins with, and what a Trowel capture does. */
const SECTION = Buffer.from([0x0a, 0x0d, 0x0d, 0x0a]);
const SQLITE = 'SQLite format 3';

function notScap(path: string, compression: Compression, bytes: Uint8Array): CaptureError {
  const isOurs = Buffer.from(bytes.subarray(0, SQLITE.length)).toString('latin1') === SQLITE;
  const advice = isOurs ? 'a Trowel capture is read as it is: decompress it' : 'no .scap file is in it';
  return new CaptureError(path, `is compressed by ${compression}, and ${advice}`);
}

async function* piecesOf(path: string, compression: Compression | null, onRead: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  const whole = compression === 'gzip' ? gunzippedAtOnce(path) : null;
  if (whole !== null) {
    onRead(statSync(path).size);
    yield whole;
    return;
  }
  const file = createReadStream(path, { highWaterMark: PIECE });
  const counted = countedPieces(file, onRead);
  try {
    yield* compression === null ? counted : decompressed(counted, compression);
  } finally {
    file.destroy();
  }
}

function compressionOfFile(path: string): Compression | null {
  const head = Buffer.alloc(MAGIC_BYTES);
  const file = openSync(path, 'r');
  try {
    return compressionOf(head.subarray(0, readSync(file, head, 0, MAGIC_BYTES, 0)));
  } finally {
    closeSync(file);
  }
}

/** A small gzip file without the detour of a stream; null: it is not small, or damaged. */
function gunzippedAtOnce(path: string): Uint8Array | null {
  if (statSync(path).size > SMALL) return null;
  try {
    const zipped = readFileSync(path);
    return gunzipSync(zipped, { chunkSize: gunzippedSize(zipped), maxOutputLength: SMALL_DECOMPRESSED });
  } catch {
    return null; // as much as there is comes with the stream, and so does the error
  }
}

/** The last four bytes of a gzip file say how much is in it, or in its last part: a hint for one buffer that holds it all. */
function gunzippedSize(zipped: Buffer): number {
  const told = zipped.length < 4 ? 0 : zipped.readUInt32LE(zipped.length - 4);
  return Math.min(SMALL_DECOMPRESSED, Math.max(DECOMPRESSED, told + 1));
}

async function* countedPieces(file: AsyncIterable<Uint8Array>, onRead: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const piece of file) {
    onRead(piece.length);
    yield piece;
  }
}
