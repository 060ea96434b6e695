/** A .scap file's bytes, unzipped where they are zipped, piece by piece. */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip, type Gunzip } from 'node:zlib';
import { ScapDamage } from './blocks.ts';

const PIECE = 1 << 18;
/** What is given to be unzipped at once, and how large a piece it mostly makes. */
const ZIPPED = 1 << 16;
const UNZIPPED = 1 << 20;

async function isZipped(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

/** Feeds a file to `work` until that gives false. Gives why the file ended early, or null. */
export async function eachPiece(
  path: string,
  work: (piece: Uint8Array) => boolean,
  onRead?: (bytes: number) => void,
): Promise<string | null> {
  try {
    for await (const piece of pieces(path, onRead)) if (!work(piece)) break;
    return null;
  } catch (error) {
    if (error instanceof ScapDamage) return error.message;
    throw error;
  }
}

/** Throws ScapDamage where unzipping fails, after all that could be unzipped. `onRead` hears of the file's own bytes. */
export async function* pieces(path: string, onRead: (bytes: number) => void = () => {}): AsyncGenerator<Uint8Array> {
  const zipped = await isZipped(path);
  const file = createReadStream(path, { highWaterMark: zipped ? ZIPPED : PIECE });
  const counted = countedPieces(file, onRead);
  try {
    yield* zipped ? unzipped(counted) : counted;
  } finally {
    file.destroy();
  }
}

async function* countedPieces(file: AsyncIterable<Uint8Array>, onRead: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const piece of file) {
    onRead(piece.length);
    yield piece;
  }
}

/** One piece is unzipped while the one before is being worked on. A stream's own iterator would drop what it holds when an error comes. */
async function* unzipped(file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unzip = createGunzip({ chunkSize: UNZIPPED });
  const out: Uint8Array[] = [];
  let failure: Error | null = null;
  unzip.on('data', (piece: Uint8Array) => out.push(piece));
  unzip.on('error', (error) => {
    failure = error;
  });
  const take = () => out.splice(0);
  for await (const zipped of file) {
    const written = write(unzip, zipped);
    yield* take();
    await written;
    if (failure !== null) break;
  }
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
