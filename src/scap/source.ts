/** A .scap file's bytes, unzipped where they are zipped, in large pieces. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { ScapDamage } from './blocks.ts';

const PIECE = 1 << 20;

async function isZipped(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

/** Throws ScapDamage where unzipping fails, after all that could be unzipped. */
export async function* pieces(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: PIECE });
  if (!(await isZipped(path))) {
    yield* file;
    return;
  }
  const unzip = createGunzip({ chunkSize: PIECE });
  file.on('error', (error) => unzip.destroy(error));
  file.pipe(unzip);
  try {
    yield* unzip;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code.startsWith('Z_')) throw new ScapDamage(`unzipping: ${message}`);
    throw error;
  } finally {
    file.destroy();
  }
}
