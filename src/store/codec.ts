/**
 * Columns as blobs. A number column is packed by frame of reference: the smallest value once, then each value's distance
 * from it (or from 0, where that takes no more) in 0, 1, 2, 4 or 8 bytes. The few that are too far away for a width that suits
 * the others lie behind them, with their places. Ascending columns store the distances between neighbours. Where values come in
 * runs, each run is stored once. Columns that filters do not read all the time may be compressed by zstd on top.
 *
 *   byte 0      width of a value: 0 (all equal), 1, 2, 4: unsigned; 8: float64, the value itself
 *   byte 1      bits: 1 differences between neighbours, 2 zstd, 4 runs
 *   bytes 2-3   uint16: how many of the values are too far away; in their places is 0
 *   bytes 4-7   uint32: how many values are stored
 *   bytes 8-15  float64: the first value (with differences)
 *   bytes 16-23 float64: what the values or differences are counted from
 *   from 24     the values, little-endian, then with runs the length of each as uint16, then the far values as float64 and their
 *               places as uint16; all of it after zstd if bit 2 is set
 */
import { CHUNK_EVENTS } from '../model/chunk.ts';
import type { NumberArray } from '../model/columns.ts';
import { FAR_BYTES, type Frame, frameOf, PLACES, survey, type TypedNumbers, takeFar, WIDTHS } from './frame.ts';
import { type Compression, MIN_COMPRESSED, unzipped, WORTHWHILE, zstd } from './zip.ts';

const HEADER = 24;
const DIFFERENCES = 1;
const ZSTD = 2;
const RUNS = 4;
/** Values that are too far from the others, and where they belong. */
interface Far {
  readonly values: TypedNumbers;
  readonly places: TypedNumbers;
}
/** Runs are slower to read: they must save as much. */
const RUNS_PAY = 2;

/** The first n values, as a blob. All must be integers below 2^53 in size, and with differences these too. */
export function packNumbers(values: NumberArray, n: number, differences: boolean, compression: Compression): Uint8Array {
  const source = differences ? neighbourDistances(doubles(values, n)) : doubles(values, n);
  const extent = survey(source);
  let frame = frameOf(source, extent);
  let lengths: Uint16Array | null = null;
  if (source.length < PLACES && extent.runs * RUNS_PAY < source.length) {
    const found = runsOf(source, extent.runs);
    const ofRuns = frameOf(found.values, extent);
    if ((ofRuns.bytes + extent.runs * 2) * RUNS_PAY < frame.bytes) {
      frame = ofRuns;
      lengths = found.lengths;
    }
  }
  const blob = new Uint8Array(HEADER + frame.bytes + (lengths?.byteLength ?? 0));
  const header = new DataView(blob.buffer);
  header.setUint8(0, frame.width);
  header.setUint8(1, (differences ? DIFFERENCES : 0) | (lengths === null ? 0 : RUNS));
  header.setUint16(2, frame.far, true);
  header.setUint32(4, frame.width === 0 ? 0 : frame.values.length, true);
  header.setFloat64(8, n > 0 ? values[0]! : 0, true);
  header.setFloat64(16, frame.base, true);
  if (frame.width > 0) fill(blob, frame, lengths);
  return compressed(blob, compression);
}

let scratch = new Float64Array(CHUNK_EVENTS);

/** The first n values in memory of ours, which holds until the next call: loops over one kind of array are the fast ones. */
function doubles(values: NumberArray, n: number): Float64Array {
  if (scratch.length < n) scratch = new Float64Array(n);
  const source = scratch.subarray(0, n);
  source.set(values.length === n ? values : values.subarray(0, n));
  return source;
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

/** In their place: from the second on, each value's distance from the one before. */
function neighbourDistances(values: Float64Array): Float64Array {
  for (let i = values.length - 1; i > 0; i--) values[i]! -= values[i - 1]!;
  return values.subarray(1);
}

function fill(blob: Uint8Array, { values, width, base, far }: Frame, lengths: Uint16Array | null): void {
  if (far > 0) blob.set(takeFar(values, base, 256 ** width, far), blob.length - far * FAR_BYTES);
  if (base !== 0) for (let i = 0; i < values.length; i++) values[i]! -= base;
  view(blob, width, values.length, HEADER).set(values);
  if (lengths !== null) blob.set(new Uint8Array(lengths.buffer), HEADER + width * values.length);
}

/** Equal neighbours as one value and how many there are. */
function runsOf(source: Float64Array, runs: number): { values: Float64Array; lengths: Uint16Array } {
  const values = new Float64Array(runs);
  const lengths = new Uint16Array(runs);
  let run = -1;
  for (let i = 0; i < source.length; i++) {
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
