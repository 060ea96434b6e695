/** How a file is compressed, told by its first bytes. */
export type Compression = 'gzip' | 'zstd' | 'lz4' | 'bzip2';

/** Bytes of a file's beginning that tell. */
export const MAGIC_BYTES = 4;

const GZIP = 0x8b1f;
const ZSTD = 0xfd2fb528;
export const LZ4_FRAME = 0x184d2204;
const BZIP2 = 0x685a42; // "BZh", then the level

/** Null: not compressed in a way that is known. */
export function compressionOf(head: Uint8Array): Compression | null {
  if (head.length < MAGIC_BYTES) return null;
  const magic = (head[0]! | (head[1]! << 8) | (head[2]! << 16) | (head[3]! << 24)) >>> 0;
  if ((magic & 0xffff) === GZIP) return 'gzip';
  if (magic === ZSTD) return 'zstd';
  if (magic === LZ4_FRAME) return 'lz4';
  return (magic & 0xffffff) === BZIP2 && head[3]! >= 0x31 && head[3]! <= 0x39 ? 'bzip2' : null;
}

/** Turns compressed bytes into pieces, as they are asked for: no more than one block is decompressed ahead. Both throw ScapDamage. */
export interface Decoder {
  push(bytes: Uint8Array): Iterable<Uint8Array>;
  /** No more bytes come. */
  end(): Iterable<Uint8Array>;
}
