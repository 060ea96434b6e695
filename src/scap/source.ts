/** A .scap file's bytes, unzipped where they are zipped, piece by piece. */
import { once } from 'node:events';
import { closeSync, createReadStream, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { createGunzip, type Gunzip, gunzipSync } from 'node:zlib';
import { ScapDamage } from './blocks.ts';

const PIECE = 1 << 18;
/** What is given to be unzipped at once, and how large a piece it mostly makes. */
const ZIPPED = 1 << 16;
const UNZIPPED = 1 << 19;
/** Files of up to so many bytes, zipped and unzipped, are small. */
const SMALL = 1 << 22;
const SMALL_UNZIPPED = 1 << 26;

function isZipped(path: string): boolean {
  const head = Buffer.alloc(2);
  const file = openSync(path, 'r');
  try {
    return readSync(file, head, 0, 2, 0) === 2 && head[0] === 0x1f && head[1] === 0x8b;
  } finally {
    closeSync(file);
  }
}

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

/** Throws ScapDamage where unzipping fails, after all that could be unzipped. `onRead` hears of the file's own bytes. */
export async function* pieces(path: string, onRead: (bytes: number) => void = () => {}): AsyncGenerator<Uint8Array> {
  const zipped = isZipped(path);
  const whole = zipped ? unzippedAtOnce(path) : null;
  if (whole !== null) {
    onRead(statSync(path).size);
    yield whole;
    return;
  }
  const file = createReadStream(path, { highWaterMark: PIECE });
  const counted = countedPieces(file, onRead);
  try {
    yield* zipped ? unzipped(counted) : counted;
  } finally {
    file.destroy();
  }
}

/** A small file, unzipped without the detour of a stream; null: it is not small, or damaged. */
function unzippedAtOnce(path: string): Uint8Array | null {
  if (statSync(path).size > SMALL) return null;
  try {
    const zipped = readFileSync(path);
    return gunzipSync(zipped, { chunkSize: unzippedSize(zipped), maxOutputLength: SMALL_UNZIPPED });
  } catch {
    return null; // as much as there is comes with the stream, and so does the error
  }
}

/** The last four bytes of a gzip file say how much is in it, or in its last part: a hint for one buffer that holds it all. */
function unzippedSize(zipped: Buffer): number {
  const told = zipped.length < 4 ? 0 : zipped.readUInt32LE(zipped.length - 4);
  return Math.min(SMALL_UNZIPPED, Math.max(UNZIPPED, told + 1));
}

async function* countedPieces(file: AsyncIterable<Uint8Array>, onRead: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const piece of file) {
    onRead(piece.length);
    yield piece;
  }
}

/**
 * One piece is unzipped while the one before is being worked on: the next is in the queue before the last is waited for. A stream's
 * own iterator would drop what it holds when an error comes.
 */
async function* unzipped(file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unzip = createGunzip({ chunkSize: UNZIPPED });
  const out: Uint8Array[] = [];
  let failure: Error | null = null;
  unzip.on('data', (piece: Uint8Array) => out.push(piece));
  unzip.on('error', (error) => {
    failure = error;
  });
  const take = () => out.splice(0);
  let before: Promise<void> | null = null;
  for await (const zipped of file) {
    for (let at = 0; at < zipped.length && failure === null; at += ZIPPED) {
      const written = write(unzip, zipped.subarray(at, at + ZIPPED));
      await before;
      yield* take();
      before = written;
    }
    if (failure !== null) break;
  }
  await before;
  yield* take();
  if (failure === null) {
    unzip.end();
    await once(unzip, 'end').catch(() => {}); // the listener above has it
  }
  yield* take();
  unzip.destroy();
  if (failure !== null) throw new ScapDamage(`unzipping: ${(failure as Error).message}`);
}

/** Resolves when all of it is unzipped, or cannot be. */
function write(unzip: Gunzip, zipped: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      unzip.off('error', done);
      resolve();
    };
    unzip.once('error', done);
    unzip.write(zipped, done);
  });
}
