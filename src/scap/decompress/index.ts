/** The bytes of a compressed file, as they are asked for. */
import { Bzip2Decoder } from './bzip2.ts';
import type { Compression, Decoder } from './format.ts';
import { Lz4Decoder } from './lz4.ts';
import { gunzipped, zstdDecompressed } from './zlib.ts';

/** Throws ScapDamage where decompressing fails, after all that could be decompressed. */
export function decompressed(file: AsyncIterable<Uint8Array>, compression: Compression): AsyncIterable<Uint8Array> {
  switch (compression) {
    case 'gzip':
      return gunzipped(file);
    case 'zstd':
      return zstdDecompressed(file);
    case 'lz4':
      return decoded(file, new Lz4Decoder());
    case 'bzip2':
      return decoded(file, new Bzip2Decoder());
  }
}

async function* decoded(file: AsyncIterable<Uint8Array>, decoder: Decoder): AsyncGenerator<Uint8Array> {
  for await (const bytes of file) yield* decoder.push(bytes);
  yield* decoder.end();
}
