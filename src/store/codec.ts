/**
 * Columns as blobs. A number column is packed by frame of reference: the smallest value once, then each value's distance
 * from it in 0, 1, 2, 4 or 8 bytes; ascending columns store the distances between neighbours. Then zstd, where it gains.
 *
 *   byte 0      width of a value: 0 (all equal), 1, 2, 4: unsigned; 8: float64, the value itself
 *   byte 1      bits: 1 differences between neighbours, 2 zstd
 *   bytes 8-15  float64: the first value (with differences)
 *   bytes 16-23 float64: the smallest value or difference
 *   from 24     n values (n - 1 differences), little-endian, after zstd if bit 2 is set
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

const HEADER = 24;
const DIFFERENCES = 1;
const ZSTD = 2;
/** A blob below this size is not worth a frame's overhead. */
const MIN_COMPRESSED = 128;

export type Numbers = { [index: number]: number; readonly length: number };

export interface Compression {
  /** zstd level; 0: none. */
  readonly level: number;
}

/** The first n values, as a blob. All must be integers below 2^53 in size. */
export function packNumbers(values: Numbers, n: number, differences: boolean, { level }: Compression): Uint8Array {
  const count = differences ? Math.max(0, n - 1) : n;
  const source = differences ? neighbourDistances(values, n) : values;
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < count; i++) {
    const value = source[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (count === 0) min = max = 0;
  const width = widthOf(max - min);
  const blob = new Uint8Array(HEADER + count * width);
  const header = new DataView(blob.buffer);
  header.setUint8(0, width);
  header.setUint8(1, differences ? DIFFERENCES : 0);
  header.setFloat64(8, n > 0 ? values[0]! : 0, true);
  header.setFloat64(16, width === 8 ? 0 : min, true);
  if (width > 0) {
    const target = view(blob, width, count);
    const base = width === 8 ? 0 : min;
    for (let i = 0; i < count; i++) target[i] = source[i]! - base;
  }
  return compressed(blob, level);
}

/** Decodes into the first n places of `target`. */
export function unpackNumbers(blob: Uint8Array, n: number, target: Numbers): void {
  const header = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const width = header.getUint8(0);
  const bits = header.getUint8(1);
  const first = header.getFloat64(8, true);
  const min = header.getFloat64(16, true);
  const count = bits & DIFFERENCES ? Math.max(0, n - 1) : n;
  const bytes = bits & ZSTD ? zstdDecompressSync(blob.subarray(HEADER)) : blob.subarray(HEADER);
  if (bytes.length < count * width) throw new Error(`a column of ${n} values is ${bytes.length} bytes long, not ${count * width}`);
  const source = width > 0 ? view(bytes, width, count, 0) : null;
  if (bits & DIFFERENCES) {
    let value = first;
    if (n > 0) target[0] = value;
    for (let i = 0; i < count; i++) target[i + 1] = value += source === null ? min : source[i]! + min;
  } else if (source === null) {
    for (let i = 0; i < n; i++) target[i] = min;
  } else {
    for (let i = 0; i < n; i++) target[i] = source[i]! + min;
  }
}

/** Bytes as a blob: one byte that says whether zstd follows, then the bytes. */
export function packBytes(bytes: Uint8Array, { level }: Compression): Uint8Array {
  if (level > 0 && bytes.length >= MIN_COMPRESSED) {
    const packed = zstd(bytes, level);
    if (packed.length < bytes.length) return prefixed(1, packed);
  }
  return prefixed(0, bytes);
}

export function unpackBytes(blob: Uint8Array): Uint8Array {
  return blob[0] === 1 ? zstdDecompressSync(blob.subarray(1)) : blob.subarray(1);
}

function neighbourDistances(values: Numbers, n: number): Float64Array {
  const distances = new Float64Array(Math.max(0, n - 1));
  for (let i = 1; i < n; i++) distances[i - 1] = values[i]! - values[i - 1]!;
  return distances;
}

function widthOf(range: number): 0 | 1 | 2 | 4 | 8 {
  if (range === 0) return 0;
  if (range < 2 ** 8) return 1;
  if (range < 2 ** 16) return 2;
  return range < 2 ** 32 ? 4 : 8;
}

/** A typed view of `count` values from `offset` on; copies where the bytes are not aligned. */
function view(bytes: Uint8Array, width: number, count: number, offset = HEADER): Uint8Array | Uint16Array | Uint32Array | Float64Array {
  const at = bytes.byteOffset + offset;
  const aligned = at % width === 0;
  const buffer = aligned ? bytes.buffer : bytes.slice(offset, offset + count * width).buffer;
  const start = aligned ? at : 0;
  if (width === 1) return new Uint8Array(buffer, start, count);
  if (width === 2) return new Uint16Array(buffer, start, count);
  return width === 4 ? new Uint32Array(buffer, start, count) : new Float64Array(buffer, start, count);
}

function compressed(blob: Uint8Array, level: number): Uint8Array {
  if (level === 0 || blob.length < HEADER + MIN_COMPRESSED) return blob;
  const packed = zstd(blob.subarray(HEADER), level);
  if (packed.length + HEADER >= blob.length) return blob;
  const result = new Uint8Array(HEADER + packed.length);
  result.set(blob.subarray(0, HEADER));
  result.set(packed, HEADER);
  result[1]! |= ZSTD;
  return result;
}

function zstd(bytes: Uint8Array, level: number): Uint8Array {
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } });
}

function prefixed(tag: number, bytes: Uint8Array): Uint8Array {
  const blob = new Uint8Array(1 + bytes.length);
  blob[0] = tag;
  blob.set(bytes, 1);
  return blob;
}
