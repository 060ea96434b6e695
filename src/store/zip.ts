/** Bytes that are kept smaller where that is worth the time to unzip them. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** A blob below this size is not worth a frame's overhead. */
export const MIN_COMPRESSED = 128;
/** Unzipping costs some 40 µs a blob whatever its size: it must leave at most this part. */
export const WORTHWHILE = 0.75;

/** Bytes that zlib takes as a size of its output's pieces; a larger one is made only as the bytes come. */
const MIN_PIECE = 64;
const MAX_PIECE = 1 << 24;

export interface Compression {
  /** zstd level; 0: none. */
  readonly level: number;
  /** Zips whatever becomes smaller, though reading it may cost more than the bytes are worth. */
  readonly small?: boolean;
}

/** Bytes as a blob: one byte that says whether zstd follows, then the bytes. */
export function packBytes(bytes: Uint8Array, { level }: Compression): Uint8Array {
  if (level > 0 && bytes.length >= MIN_COMPRESSED) {
    const packed = zstd(bytes, level);
    if (packed.length < bytes.length * WORTHWHILE) return prefixed(1, packed);
  }
  return prefixed(0, bytes);
}

/** The bytes of a blob, which are `length`. Throws where they are not. */
export function unpackBytes(blob: Uint8Array, length: number): Uint8Array {
  const bytes = blob[0] === 1 ? unzipped(blob.subarray(1), length) : blob.subarray(1);
  if (bytes.length !== length) throw new Error(`${bytes.length} bytes, not ${length}`);
  return bytes;
}

export function zstd(bytes: Uint8Array, level: number): Uint8Array {
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } });
}

/** At most so many bytes: what a file says is not to be trusted. They come in one piece, with a byte to spare that tells the end. */
export function unzipped(bytes: Uint8Array, most: number): Uint8Array {
  return zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, most), chunkSize: Math.min(Math.max(MIN_PIECE, most + 1), MAX_PIECE) });
}

function prefixed(tag: number, bytes: Uint8Array): Uint8Array {
  const blob = new Uint8Array(1 + bytes.length);
  blob[0] = tag;
  blob.set(bytes, 1);
  return blob;
}
