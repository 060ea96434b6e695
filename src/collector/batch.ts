import type { OpenChunk } from '../model/chunk.ts';
import {
  BYTE_COLUMN_NAMES,
  type ByteColumn,
  type NumberArray,
  WIRE_COLUMN_NAMES,
  WIRE_TYPES,
  WIRED_COLUMNS,
  type WireColumn,
  widthOf,
} from '../model/columns.ts';
import { isTime } from './validate.ts';
import type { BatchDef } from './wire.ts';

/** Bytes of one event in each fixed-width column of the wire. */
export const COLUMN_WIDTHS = Object.fromEntries(WIRE_COLUMN_NAMES.map((name) => [name, widthOf(WIRE_TYPES[name])])) as Readonly<
  Record<WireColumn, number>
>;

/** Stream-local id → row of the capture. */
export type IdMap = Map<number, number>;

/** Events of one batch: no probe sends more than a thousand. */
const MOST_EVENTS = 1 << 16;

/** A batch that is not what its n says. */
export class BatchError extends Error {
  override readonly name = 'BatchError';
}

/** Throws BatchError unless each column has the bytes of n events. To be asked before room is made for n. */
export function checkColumns(batch: BatchDef): void {
  const { n } = batch;
  for (const name of WIRE_COLUMN_NAMES) {
    const { length } = batch[name];
    const width = COLUMN_WIDTHS[name];
    if (length !== n * width) throw new BatchError(`column ${name} has ${length} bytes, not ${n} × ${width}`);
  }
  if (n > MOST_EVENTS) throw new BatchError(`${n} events in one batch, at most ${MOST_EVENTS} are taken`);
}

/**
 * Appends a batch's events to a chunk that has room, its local ids replaced by the capture's rows; `num` is not set. Throws
 * BatchError, and the chunk is as it was but for its spare room.
 */
export function appendBatch(chunk: OpenChunk, batch: BatchDef, threads: IdMap, fds: IdMap): void {
  const { n } = batch;
  checkColumns(batch);
  for (const name of WIRED_COLUMNS) bytesOf(chunk[name], chunk.n).set(batch[name]);
  checkNumbers(chunk, chunk.n, n);
  mapIds(chunk.thread, chunk.n, n, threads, 'thread');
  mapIds(chunk.fd, chunk.n, n, fds, 'fd');
  for (const name of BYTE_COLUMN_NAMES) appendBytes(chunk, name, batch[name], batch[`${name}Len`], n);
  chunk.n += n;
}

function checkNumbers({ time, latency, res }: OpenChunk, from: number, n: number): void {
  for (let i = from; i < from + n; i++) {
    if (!isTime(time[i]!) || !Number.isFinite(latency[i]!) || !Number.isFinite(res[i]!))
      throw new BatchError(`event ${i - from} of ${n} is at ${time[i]} ns, took ${latency[i]} ns and gave ${res[i]}`);
  }
}

/** A column's memory from an event on: bytes of the wire lie anywhere, and cannot be viewed as numbers where they are. */
function bytesOf(column: NumberArray, from: number): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset + from * column.BYTES_PER_ELEMENT);
}

function appendBytes(chunk: OpenChunk, name: ByteColumn, bytes: Uint8Array, lengths: Uint8Array, n: number): void {
  const width = COLUMN_WIDTHS[`${name}Len`];
  const ends = name === 'args' ? chunk.argsEnd : chunk.dataEnd;
  let end = chunk.appendBytes(name, bytes);
  const wanted = end + bytes.length;
  for (let k = 0, at = 0; k < n; k++, at += width) {
    end += lengths[at]! | (lengths[at + 1]! << 8);
    if (width === 4) end += lengths[at + 2]! * 0x1_0000 + lengths[at + 3]! * 0x100_0000;
    ends[chunk.n + k] = end;
  }
  if (end !== wanted)
    throw new BatchError(`column ${name} has ${bytes.length} bytes, but its lengths add up to ${end - wanted + bytes.length}`);
}

function mapIds(ids: Uint32Array, from: number, n: number, rows: IdMap, what: string): void {
  let lastId = 0;
  let lastRow = 0;
  for (let i = from; i < from + n; i++) {
    const id = ids[i]!;
    if (id !== lastId) {
      const row = id === 0 ? 0 : rows.get(id);
      if (row === undefined) throw new BatchError(`${what} ${id} was never defined`);
      lastId = id;
      lastRow = row;
    }
    ids[i] = lastRow;
  }
}
