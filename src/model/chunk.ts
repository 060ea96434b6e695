/**
 * The chunk: the only shape in which events move. The probe's batches, the store, a .scap file and the filter all speak it.
 * An event is one index into parallel columns; it becomes a row only where it is shown.
 */

import {
  type Absence,
  type ByteColumn,
  COLUMNS,
  type ColumnArrays,
  ColumnMemory,
  NUMBER_COLUMN_NAMES,
  type NumberColumn,
} from './columns.ts';

export type { Absence, ByteColumn, NumberArray, NumberColumn } from './columns.ts';

/** Events in a full chunk: few enough for a column to stay in the CPU's cache, many enough that a blob's fixed cost does not count. */
export const CHUNK_EVENTS = 16_384;

/** Bits of the `flags` column. */
export const EventFlag = {
  /** It had begun and not returned; its time is when that was seen. */
  PENDING: 1,
  /** Not a call, but something the kernel said: no beginning and no end. */
  ONE_SIDED: 2,
  /** The `res` column holds its result. */
  HAS_RES: 4,
  /** Fewer payload bytes were kept than moved. */
  TRUNCATED: 8,
  /** Its user memory was not readable: the payload or an argument is missing. */
  FAULT: 16,
  /** A 32-bit call. */
  COMPAT: 32,
  /** One message of sendmmsg or recvmmsg. */
  MESSAGE: 64,
  /** An argument was cut. */
  ARGS_CUT: 128,
  /** Done through io_uring: it stands for the call of its type. From submission to completion; its thread was not blocked by it. */
  IO_URING: 256,
} as const;

/** Columns that hold rows of a dimension. */
export type RowColumn = 'type' | 'thread' | 'fd';

/** What is known of a chunk without decoding it. */
export interface ChunkHead {
  readonly id: number;
  readonly n: number;
  readonly firstNum: number;
  readonly lastNum: number;
  readonly minTime: number;
  readonly maxTime: number;
  readonly maxLatency: number;
  /** Which rows its events refer to; null: any. */
  presence(column: RowColumn): Uint32Array | null;
}

/** Columns may be longer than n; what lies beyond is not an event. */
export interface Chunk extends ColumnArrays {
  readonly n: number;
  /** Arguments, encoded as args.ts says. */
  readonly args: Uint8Array;
  readonly argsEnd: Uint32Array;
  /** Payload bytes. */
  readonly data: Uint8Array;
  readonly dataEnd: Uint32Array;
}

export const absenceOf = (column: NumberColumn): Absence => COLUMNS[column].absent;

/** Whether an event's number in a column of such an absence is none; `flags`: the event's. */
export function isAbsent(absence: Absence, value: number, flags: number): boolean {
  return absence === null ? false : absence === 'negative' ? value < 0 : (flags & EventFlag.HAS_RES) === 0;
}

/** Event i's number in a column; null: not measured, no result, no descriptor. */
export function columnValue(chunk: Chunk, column: NumberColumn, i: number): number | null {
  const value = chunk[column][i]!;
  return isAbsent(absenceOf(column), value, chunk.flags[i]!) ? null : value;
}

/** Event i's payload, as a view. */
export function payload(chunk: Chunk, i: number): Uint8Array {
  return chunk.data.subarray(i === 0 ? 0 : chunk.dataEnd[i - 1], chunk.dataEnd[i]);
}

/** Event i's encoded arguments, as a view. */
export function argBytes(chunk: Chunk, i: number): Uint8Array {
  return chunk.args.subarray(i === 0 ? 0 : chunk.argsEnd[i - 1], chunk.argsEnd[i]);
}

/** ns since the capture's start at which event i began; its end where the beginning was not seen. */
export function startTime(chunk: Chunk, i: number): number {
  const latency = chunk.latency[i]!;
  return latency > 0 ? chunk.time[i]! - latency : chunk.time[i]!;
}

/** A chunk that grows. Writers set the number columns at index n themselves, call `args`/`data` setters, then `n++` by `next`. */
export class OpenChunk extends ColumnMemory implements Chunk {
  n = 0;
  args: Uint8Array;
  readonly argsEnd: Uint32Array;
  data: Uint8Array;
  readonly dataEnd: Uint32Array;

  constructor(
    readonly capacity = CHUNK_EVENTS,
    bytes = 1 << 16,
  ) {
    super(capacity);
    this.argsEnd = new Uint32Array(capacity);
    this.dataEnd = new Uint32Array(capacity);
    this.args = new Uint8Array(bytes);
    this.data = new Uint8Array(bytes);
  }

  get full(): boolean {
    return this.n === this.capacity;
  }

  /** Sets the arguments of the event at index n from bytes [from, to) of `source`. Call once per event, `setData` likewise. */
  setArgs(source: Uint8Array, from = 0, to = source.length): void {
    const start = this.n === 0 ? 0 : this.argsEnd[this.n - 1]!;
    const end = start + to - from;
    if (end > this.args.length) this.args = grown(this.args, start, end);
    copyBytes(source, from, to, this.args, start);
    this.argsEnd[this.n] = end;
  }

  setData(source: Uint8Array, from = 0, to = source.length): void {
    const start = this.n === 0 ? 0 : this.dataEnd[this.n - 1]!;
    const end = start + to - from;
    if (end > this.data.length) this.data = grown(this.data, start, end);
    copyBytes(source, from, to, this.data, start);
    this.dataEnd[this.n] = end;
  }

  /** Appends event i of another chunk, all columns as they are. */
  take(from: Chunk, i: number): void {
    const n = this.n;
    this.takeNumbers(from, i);
    this.setArgs(from.args, i === 0 ? 0 : from.argsEnd[i - 1], from.argsEnd[i]);
    this.setData(from.data, i === 0 ? 0 : from.dataEnd[i - 1], from.dataEnd[i]);
    this.n = n + 1;
  }

  /** Sets the numbers of the event at index n to those of event i of another chunk. */
  takeNumbers(from: Chunk, i: number): void {
    for (const name of NUMBER_COLUMN_NAMES) this[name][this.n] = from[name][i]!;
  }

  /** Appends events [from, to) of another chunk, column by column; the caller has seen that they fit. */
  takeRange(source: Chunk, from: number, to: number): void {
    const n = this.n;
    for (const name of NUMBER_COLUMN_NAMES) this[name].set(source[name].subarray(from, to), n);
    this.args = appendBytes(this.args, this.argsEnd, n, source.args, source.argsEnd, from, to);
    this.data = appendBytes(this.data, this.dataEnd, n, source.data, source.dataEnd, from, to);
    this.n = n + to - from;
  }

  /** Appends the events whose flag is set, in runs; the caller has seen that they fit. */
  takeWanted(source: Chunk, wanted: Uint8Array): void {
    for (let from = 0; from < source.n; ) {
      if (wanted[from] === 0) from++;
      else {
        let to = from + 1;
        while (to < source.n && wanted[to] !== 0) to++;
        if (to - from > 8) this.takeRange(source, from, to);
        else for (; from < to; from++) this.take(source, from);
        from = to;
      }
    }
  }

  /** Appends bytes behind those of the events there are, and gives where they begin; the ends are the caller's to set. */
  appendBytes(column: ByteColumn, bytes: Uint8Array): number {
    const ends = column === 'args' ? this.argsEnd : this.dataEnd;
    const start = this.n === 0 ? 0 : ends[this.n - 1]!;
    const end = start + bytes.length;
    if (end > this[column].length) this[column] = grown(this[column], start, end);
    this[column].set(bytes, start);
    return start;
  }

  clear(): void {
    this.n = 0;
  }
}

/** Short copies in a loop, since the call of `set` costs more than the bytes do. */
function copyBytes(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): void {
  if (to - from > 48) target.set(source.subarray(from, to), at);
  else for (let i = from; i < to; i++) target[at++] = source[i]!;
}

function grown(bytes: Uint8Array, used: number, needed: number): Uint8Array {
  const larger = new Uint8Array(Math.max(needed, bytes.length * 2));
  larger.set(bytes.subarray(0, used));
  return larger;
}

function appendBytes(
  bytes: Uint8Array,
  ends: Uint32Array,
  n: number,
  source: Uint8Array,
  sourceEnds: Uint32Array,
  from: number,
  to: number,
): Uint8Array {
  if (from === to) return bytes;
  const start = n === 0 ? 0 : ends[n - 1]!;
  const sourceStart = from === 0 ? 0 : sourceEnds[from - 1]!;
  const sourceEnd = sourceEnds[to - 1]!;
  const end = start + sourceEnd - sourceStart;
  const target = end > bytes.length ? grown(bytes, start, end) : bytes;
  target.set(source.subarray(sourceStart, sourceEnd), start);
  for (let i = from, k = n; i < to; i++, k++) ends[k] = sourceEnds[i]! - sourceStart + start;
  return target;
}
