/** gzip and zstd, decompressed by Node beside the work on what came before. */
import { once } from 'node:events';
import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib';
import { ScapDamage } from '../blocks.ts';
import { ZstdFrames } from './zstd-frames.ts';

/** What is given to be decompressed at once, and how large a piece it mostly makes. */
const COMPRESSED = 1 << 16;
export const DECOMPRESSED = 1 << 19;

type Source = AsyncIterable<Uint8Array>;

/** Throws ScapDamage after all that could be decompressed. */
export async function* gunzipped(file: Source): AsyncGenerator<Uint8Array> {
  const stream = new ZlibStream(createGunzip({ chunkSize: DECOMPRESSED }), 'unzipping');
  try {
    for await (const bytes of file) yield* stream.push(bytes);
    yield* stream.end();
  } finally {
    stream.destroy();
  }
}

/** As `gunzipped`, frame by frame. */
export async function* zstdDecompressed(file: Source): AsyncGenerator<Uint8Array> {
  const frames = new ZstdFrames();
  let stream: ZlibStream | null = null;
  try {
    for await (const bytes of file) {
      for (const part of frames.split(bytes)) {
        stream ??= new ZlibStream(createZstdDecompress({ chunkSize: DECOMPRESSED }), 'decompressing zstd');
        yield* stream.push(part.bytes);
        if (!part.isLast) continue;
        yield* stream.end();
        stream.destroy();
        stream = null;
      }
    }
    if (stream !== null) yield* stream.end();
    if (!frames.isBetween) throw new ScapDamage('decompressing zstd: unexpected end of file');
  } finally {
    stream?.destroy();
  }
}

/**
 * One piece is decompressed while the one before is being worked on: the next is in the queue before the last is waited for. A
 * stream's own iterator would drop what it holds when an error comes.
 */
class ZlibStream {
  readonly #stream: Gunzip | ZstdDecompress;
  /** What it does, for the message. */
  readonly #what: string;
  readonly #out: Uint8Array[] = [];
  #failure: Error | null = null;
  #before: Promise<void> | null = null;

  constructor(stream: Gunzip | ZstdDecompress, what: string) {
    this.#stream = stream;
    this.#what = what;
    stream.on('data', (piece: Uint8Array) => this.#out.push(piece));
    stream.on('error', (error) => {
      this.#failure = error;
    });
  }

  async *push(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += COMPRESSED) {
      if (this.#failure !== null) break;
      const written = this.#write(bytes.subarray(at, at + COMPRESSED));
      await this.#before;
      yield* this.#out.splice(0);
      this.#before = written;
    }
    if (this.#failure !== null) yield* this.end();
  }

  /** Throws ScapDamage where it failed, or there is less than there should be. */
  async *end(): AsyncGenerator<Uint8Array> {
    await this.#before;
    yield* this.#out.splice(0);
    if (this.#failure === null) {
      this.#stream.end();
      await once(this.#stream, 'end').catch(() => {}); // the listener above has it
    }
    yield* this.#out.splice(0);
    if (this.#failure !== null) throw new ScapDamage(`${this.#what}: ${(this.#failure as Error).message}`);
  }

  destroy(): void {
    this.#stream.destroy();
  }

  /** Resolves when all of it is decompressed, or cannot be. */
  #write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#stream.off('error', done);
        resolve();
      };
      this.#stream.once('error', done);
      this.#stream.write(bytes, done);
    });
  }
}
