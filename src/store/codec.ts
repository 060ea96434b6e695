/**
 * Columns as blobs. A number column is packed by frame of reference: the smallest value once, then each value's distance
 * from it in 0, 1, 2, 4 or 8 bytes; the few that are too far away for a width that suits the others lie behind them, with their places.
 * Ascending columns store the distances between neighbours. Where values come in runs, each run is stored once. Columns that
 * filters do not read all the time may be compressed by zstd on top.
 *
 *   byte 0      width of a value: 0 (all equal), 1, 2, 4: unsigned; 8: float64, the value itself
 *   byte 1      bits: 1 differences between neighbours, 2 zstd, 4 runs
 *   bytes 2-3   uint16: how many of the values are too far away; what is stored in their places is 0
 *   bytes 4-7   uint32: how many values are stored
 *   bytes 8-15  float64: the first value (with differences)
 *   bytes 16-23 float64: the smallest value or difference
 *   from 24     the values, little-endian, then with runs the length of each as uint16, then the far values as float64 and their
 *               places as uint16; all of it after zstd if bit 2 is set
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { NumberArray } from '../model/chunk.ts';

const HEADER = 24;
const DIFFERENCES = 1;
const ZSTD = 2;
const RUNS = 4;
/** A blob below this size is not worth a frame's overhead. */
const MIN_COMPRESSED = 128;
/** Unzipping costs some 40 µs a blob whatever its size: it must leave at most this part. */
const WORTHWHILE = 0.75;

export type Numbers = { [index: number]: number; readonly length: number };

type TypedNumbers = Uint8Array | Uint16Array | Uint32Array | Float64Array;
type Width = 0 | 1 | 2 | 4 | 8;
const WIDTHS: ReadonlySet<number> = new Set([0, 1, 2, 4, 8]);

/** Values that are too far from the others, and where they belong. */
interface Far {
  readonly values: TypedNumbers;
  readonly places: TypedNumbers;
}
/** A far value with its place. */
const FAR_BYTES = 10;
/** As many places as a uint16 names. */
const PLACES = 2 ** 16;
/** Runs are slower to read: they must save as much. */
const RUNS_PAY = 2;

export interface Compression {
  /** zstd level; 0: none. */
  readonly level: number;
  /** Zips whatever becomes smaller, though reading it may cost more than the bytes are worth. */
  readonly small?: boolean;
}

/** The first n values, as a blob. All must be integers below 2^53 in size. */
export function packNumbers(values: Numbers, n: number, differences: boolean, compression: Compression): Uint8Array {
  const source = differences ? neighbourDistances(values, n) : values;
  const count = differences ? Math.max(0, n - 1) : n;
  const extent = survey(source, count);
  let frame = frameOf(source, count, extent);
  let runs: Runs | null = null;
  if (count < PLACES && extent.runs * RUNS_PAY < count) {
    const found = runsOf(source, count, extent.runs);
    const ofRuns = frameOf(found.values, extent.runs, extent);
    if ((ofRuns.bytes + extent.runs * 2) * RUNS_PAY < frame.bytes) [frame, runs] = [ofRuns, found];
  }
  const blob = new Uint8Array(HEADER + frame.bytes + (runs === null ? 0 : frame.count * 2));
  const header = new DataView(blob.buffer);
  header.setUint8(0, frame.width);
  header.setUint8(1, (differences ? DIFFERENCES : 0) | (runs === null ? 0 : RUNS));
  header.setUint16(2, frame.far, true);
  header.setUint32(4, frame.width === 0 ? 0 : frame.count, true);
  header.setFloat64(8, n > 0 ? values[0]! : 0, true);
  header.setFloat64(16, frame.base, true);
  if (frame.width > 0) fill(blob, runs?.values ?? source, frame, runs?.lengths ?? null);
  return compressed(blob, compression);
}

/** Decodes into the first n places of `target`. Throws where the blob is not what packNumbers makes of n values. */
export function unpackNumbers(blob: Uint8Array, n: number, target: NumberArray): void {
  if (blob.length < HEADER) throw new Error(`a column of ${n} values is ${blob.length} bytes long`);
  const header = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const width = header.getUint8(0);
  const bits = header.getUint8(1);
  const far = header.getUint16(2, true);
  const stored = header.getUint32(4, true);
  const first = header.getFloat64(8, true);
  const min = header.getFloat64(16, true);
  if (!WIDTHS.has(width) || stored > n || far > stored)
    throw new Error(`a column of ${n} values has ${stored} of ${width} bytes, ${far} far away`);
  const lengthsAt = stored * width;
  const farAt = lengthsAt + (bits & RUNS ? stored * 2 : 0);
  const needed = farAt + far * FAR_BYTES;
  const bytes = bits & ZSTD ? unzipped(blob.subarray(HEADER), needed) : blob.subarray(HEADER);
  if (bytes.length < needed) throw new Error(`a column of ${n} values is ${bytes.length} bytes long, not ${needed}`);
  const from = bits & DIFFERENCES && n > 0 ? 1 : 0;
  if (stored === 0) target.fill(min, from, n);
  else {
    const source = view(bytes, width, stored, 0);
    const patches = far === 0 ? null : { values: view(bytes, 8, far, farAt), places: view(bytes, 2, far, farAt + far * 8) };
    if (bits & RUNS) unpackRuns(source, view(bytes, 2, stored, lengthsAt), min, patches, target, from, n);
    else unpackEach(source, min, patches, target, from, n);
  }
  if (bits & DIFFERENCES) sumUp(target, n, first);
}

/** The engine's own conversion is faster than a loop that meets arrays of many types. */
function unpackEach(source: TypedNumbers, min: number, far: Far | null, target: NumberArray, from: number, n: number): void {
  if (source.length < n - from) throw new Error(`a column of ${n} values has ${source.length}`);
  target.set(source.length === n - from ? source : source.subarray(0, n - from), from);
  if (min !== 0) for (let i = from; i < n; i++) target[i]! += min;
  if (far !== null) for (let k = 0; k < far.places.length; k++) target[from + far.places[k]!] = far.values[k]!;
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

function neighbourDistances(values: Numbers, n: number): Float64Array {
  const distances = new Float64Array(Math.max(0, n - 1));
  for (let i = 1; i < n; i++) distances[i - 1] = values[i]! - values[i - 1]!;
  return distances;
}

interface Extent {
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

/** The extremes, and how many runs of equal values there are. */
function survey(values: Numbers, n: number): Extent {
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

/** How values are to be stored. */
interface Frame {
  readonly count: number;
  readonly width: Width;
  /** What is subtracted from each. */
  readonly base: number;
  /** How many do not fit the width. */
  readonly far: number;
  /** What it comes to. */
  readonly bytes: number;
}

/** The width that takes the fewest bytes. */
function frameOf(values: Numbers, count: number, { min, max }: Extent): Frame {
  const widest = widthOf(max - min);
  let best: Frame = { count, width: widest, base: widest === 8 ? 0 : min, far: 0, bytes: widest * count };
  if (widest < 2 || count >= PLACES) return best;
  const [beyond1, beyond2, beyond4] = beyond(values, count, min);
  for (const [width, far] of [[1, beyond1], [2, beyond2], [4, beyond4]] as const) {
    const bytes = width * count + far * FAR_BYTES;
    if (bytes < best.bytes) best = { count, width, base: min, far, bytes };
  } // biome-ignore format: one list
  return best;
}

/** How many values lie further above `min` than 1, 2 and 4 bytes hold. */
function beyond(values: Numbers, n: number, min: number): [number, number, number] {
  let far1 = 0;
  let far2 = 0;
  let far4 = 0;
  for (let i = 0; i < n; i++) {
    const distance = values[i]! - min;
    if (distance < 2 ** 8) continue;
    far1++;
    if (distance < 2 ** 16) continue;
    far2++;
    if (distance >= 2 ** 32) far4++;
  }
  return [far1, far2, far4];
}

function fill(blob: Uint8Array, source: Numbers, { count, width, base, far, bytes }: Frame, lengths: Uint16Array | null): void {
  const target = view(blob, width, count, HEADER);
  if (far === 0) for (let i = 0; i < count; i++) target[i] = source[i]! - base;
  else fillNear(target, source, count, width, base, blob.subarray(blob.length - far * FAR_BYTES), far);
  if (lengths !== null) blob.set(new Uint8Array(lengths.buffer), HEADER + bytes - far * FAR_BYTES);
}

/** What fits goes to `target`, the rest with its places to `rest`. */
function fillNear(target: TypedNumbers, source: Numbers, count: number, width: Width, base: number, rest: Uint8Array, far: number): void {
  const limit = 256 ** width;
  const values = new Float64Array(far);
  const places = new Uint16Array(far);
  let k = 0;
  for (let i = 0; i < count; i++) {
    const distance = source[i]! - base;
    if (distance < limit) target[i] = distance;
    else {
      values[k] = source[i]!;
      places[k++] = i;
    }
  }
  rest.set(new Uint8Array(values.buffer));
  rest.set(new Uint8Array(places.buffer), far * 8);
}

/** Equal neighbours as one value and how many there are. */
interface Runs {
  readonly values: Float64Array;
  readonly lengths: Uint16Array;
}

function runsOf(source: Numbers, n: number, runs: number): Runs {
  const values = new Float64Array(runs);
  const lengths = new Uint16Array(runs);
  let run = -1;
  for (let i = 0; i < n; i++) {
    if (i === 0 || source[i] !== source[i - 1]) values[++run] = source[i]!;
    lengths[run]!++;
  }
  return { values, lengths };
}

function unpackRuns(
  source: TypedNumbers,
  lengths: TypedNumbers,
  min: number,
  far: Far | null,
  target: NumberArray,
  from: number,
  n: number,
): void {
  const values = new Float64Array(source.length);
  unpackEach(source, min, far, values, 0, source.length);
  let i = from;
  for (let run = 0; run < values.length; run++) {
    const value = values[run]!;
    const end = Math.min(n, i + lengths[run]!);
    if (end - i > LONG_RUN) target.fill(value, i, end);
    else for (let k = i; k < end; k++) target[k] = value;
    i = end;
  }
  if (i < n) throw new Error(`a column of ${n} values has ${i}`);
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

function widthOf(range: number): Width {
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

function compressed(blob: Uint8Array, { level, small = false }: Compression): Uint8Array {
  if (level === 0 || blob.length < HEADER + MIN_COMPRESSED) return blob;
  const packed = zstd(blob.subarray(HEADER), level);
  if (packed.length + HEADER >= blob.length * (small ? 1 : WORTHWHILE)) return blob;
  const result = new Uint8Array(HEADER + packed.length);
  result.set(blob.subarray(0, HEADER));
  result.set(packed, HEADER);
  result[1]! |= ZSTD;
  return result;
}

function zstd(bytes: Uint8Array, level: number): Uint8Array {
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } });
}

/** At most so many bytes: what a file says of itself is not to be trusted. */
function unzipped(bytes: Uint8Array, most: number): Uint8Array {
  return zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, most) });
}

function prefixed(tag: number, bytes: Uint8Array): Uint8Array {
  const blob = new Uint8Array(1 + bytes.length);
  blob[0] = tag;
  blob.set(bytes, 1);
  return blob;
}
