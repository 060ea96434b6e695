/**
 * Columns as blobs. A number column is packed by frame of reference: the smallest value once, then each value's distance
 * from it in 0, 1, 2, 4 or 8 bytes; ascending columns store the distances between neighbours. Where values come in runs,
 * each run is stored once. Columns that filters do not read all the time may be compressed by zstd on top.
 *
 *   byte 0      width of a value: 0 (all equal), 1, 2, 4: unsigned; 8: float64, the value itself
 *   byte 1      bits: 1 differences between neighbours, 2 zstd, 4 runs
 *   bytes 4-7   uint32: how many values are stored
 *   bytes 8-15  float64: the first value (with differences)
 *   bytes 16-23 float64: the smallest value or difference
 *   from 24     the values, little-endian, then with runs the length of each as uint16; all of it after zstd if bit 2 is set
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { NumberArray } from '../model/chunk.ts';

const HEADER = 24;
const DIFFERENCES = 1;
const ZSTD = 2;
const RUNS = 4;
/** A blob below this size is not worth a frame's overhead. */
const MIN_COMPRESSED = 128;
/** Unzipping costs some 40 µs a blob whatever its size: it must save at least this part. */
const WORTHWHILE = 0.75;

export type Numbers = { [index: number]: number; readonly length: number };

type TypedNumbers = Uint8Array | Uint16Array | Uint32Array | Float64Array;

export interface Compression {
  /** zstd level; 0: none. */
  readonly level: number;
}

/** The first n values, as a blob. All must be integers below 2^53 in size; n below 2^16 where runs are to be found. */
export function packNumbers(values: Numbers, n: number, differences: boolean, { level }: Compression): Uint8Array {
  const distances = differences ? neighbourDistances(values, n) : null;
  const source = distances ?? values;
  const count = distances?.length ?? n;
  const { min, max, runs } = survey(source, count);
  const width = widthOf(max - min);
  const inRuns = width > 0 && count < 2 ** 16 && runs * (width + 2) * 2 < count * width;
  const stored = inRuns ? runs : width === 0 ? 0 : count;
  const blob = new Uint8Array(HEADER + stored * (width + (inRuns ? 2 : 0)));
  const header = new DataView(blob.buffer);
  header.setUint8(0, width);
  header.setUint8(1, (differences ? DIFFERENCES : 0) | (inRuns ? RUNS : 0));
  header.setUint32(4, stored, true);
  header.setFloat64(8, n > 0 ? values[0]! : 0, true);
  header.setFloat64(16, width === 8 ? 0 : min, true);
  if (stored > 0) {
    const base = width === 8 ? 0 : min;
    const target = view(blob, width, stored, HEADER);
    if (inRuns) packRuns(source, count, base, target, new Uint16Array(stored), blob, HEADER + stored * width);
    else for (let i = 0; i < count; i++) target[i] = source[i]! - base;
  }
  return compressed(blob, level);
}

/** Decodes into the first n places of `target`. */
export function unpackNumbers(blob: Uint8Array, n: number, target: NumberArray): void {
  const header = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const width = header.getUint8(0);
  const bits = header.getUint8(1);
  const stored = header.getUint32(4, true);
  const first = header.getFloat64(8, true);
  const min = header.getFloat64(16, true);
  const bytes = bits & ZSTD ? zstdDecompressSync(blob.subarray(HEADER)) : blob.subarray(HEADER);
  const needed = stored * (width + (bits & RUNS ? 2 : 0));
  if (bytes.length < needed) throw new Error(`a column of ${n} values is ${bytes.length} bytes long, not ${needed}`);
  const source = stored > 0 ? view(bytes, width, stored, 0) : null;
  const from = bits & DIFFERENCES && n > 0 ? 1 : 0;
  if (source === null) target.fill(min, from, n);
  else if (bits & RUNS) unpackRuns(source, view(bytes, 2, stored, stored * width), min, target, from, n);
  else unpackEach(source, min, target, from, n);
  if (bits & DIFFERENCES) sumUp(target, n, first);
}

/** The engine's own conversion is faster than a loop that meets arrays of many types. */
function unpackEach(source: TypedNumbers, min: number, target: NumberArray, from: number, n: number): void {
  if (source.length < n - from) throw new Error(`a column of ${n} values has ${source.length}`);
  target.set(source.length === n - from ? source : source.subarray(0, n - from), from);
  if (min !== 0) for (let i = from; i < n; i++) target[i]! += min;
}

/** Bytes as a blob: one byte that says whether zstd follows, then the bytes. */
export function packBytes(bytes: Uint8Array, { level }: Compression): Uint8Array {
  if (level > 0 && bytes.length >= MIN_COMPRESSED) {
    const packed = zstd(bytes, level);
    if (packed.length < bytes.length * WORTHWHILE) return prefixed(1, packed);
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

/** The extremes, and how many runs of equal values there are. */
function survey(values: Numbers, n: number): { min: number; max: number; runs: number } {
  if (n === 0) return { min: 0, max: 0, runs: 0 };
  let min = values[0]!;
  let max = min;
  let previous = min;
  let runs = 1;
  for (let i = 1; i < n; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
    if (value !== previous) runs++;
    previous = value;
  }
  return { min, max, runs };
}

function packRuns(source: Numbers, n: number, base: number, target: Numbers, lengths: Uint16Array, blob: Uint8Array, at: number): void {
  let run = -1;
  for (let i = 0; i < n; i++) {
    if (i === 0 || source[i] !== source[i - 1]) target[++run] = source[i]! - base;
    lengths[run]!++;
  }
  blob.set(new Uint8Array(lengths.buffer), at);
}

function unpackRuns(source: TypedNumbers, lengths: TypedNumbers, min: number, target: NumberArray, from: number, n: number): void {
  let i = from;
  for (let run = 0; run < source.length; run++) {
    const value = source[run]! + min;
    const end = Math.min(n, i + lengths[run]!);
    if (end - i > LONG_RUN) target.fill(value, i, end);
    else for (let k = i; k < end; k++) target[k] = value;
    i = end;
  }
}

/** From this length on a call is cheaper than a loop. */
const LONG_RUN = 32;

/** Differences in places 1 to n → the values. */
function sumUp(target: NumberArray, n: number, first: number): void {
  if (n === 0) return;
  let value = first;
  target[0] = first;
  for (let i = 1; i < n; i++) target[i] = value += target[i]!;
}

function widthOf(range: number): 0 | 1 | 2 | 4 | 8 {
  if (range === 0) return 0;
  if (range < 2 ** 8) return 1;
  if (range < 2 ** 16) return 2;
  return range < 2 ** 32 ? 4 : 8;
}

/** A typed view of `count` values from `offset` on; copies where the bytes are not aligned. */
function view(bytes: Uint8Array, width: number, count: number, offset: number): TypedNumbers {
  const at = bytes.byteOffset + offset;
  const aligned = at % width === 0;
  // A Buffer's own slice() would not copy.
  const buffer = aligned ? bytes.buffer : Uint8Array.prototype.slice.call(bytes, offset, offset + count * width).buffer;
  const start = aligned ? at : 0;
  if (width === 1) return new Uint8Array(buffer, start, count);
  if (width === 2) return new Uint16Array(buffer, start, count);
  return width === 4 ? new Uint32Array(buffer, start, count) : new Float64Array(buffer, start, count);
}

function compressed(blob: Uint8Array, level: number): Uint8Array {
  if (level === 0 || blob.length < HEADER + MIN_COMPRESSED) return blob;
  const packed = zstd(blob.subarray(HEADER), level);
  if (packed.length + HEADER >= blob.length * WORTHWHILE) return blob;
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
