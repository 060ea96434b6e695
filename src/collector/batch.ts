import type { Chunk } from '../model/chunk.ts';
import type { BatchDef } from './wire.ts';

/** Bytes of one event in each fixed-width column of the wire, to be compared with the probe's in a test. */
export const COLUMN_WIDTHS = {
  time: 8,
  latency: 8,
  type: 2,
  flags: 2,
  cpu: 2,
  thread: 4,
  fd: 4,
  fdnum: 4,
  res: 8,
  argsLen: 2,
  dataLen: 4,
} as const;

/** Stream-local id → row of the capture. */
export type IdMap = Map<number, number>;

/** A batch that is not what its n says. */
export class BatchError extends Error {
  override readonly name = 'BatchError';
}

/** Views a batch's columns as a chunk, its local ids replaced by the capture's rows; `num` is not set. Throws BatchError. */
export function chunkOfBatch(batch: BatchDef, threads: IdMap, fds: IdMap): Chunk {
  const { n } = batch;
  for (const [name, width] of Object.entries(COLUMN_WIDTHS)) {
    const { length } = batch[name as keyof typeof COLUMN_WIDTHS];
    if (length !== n * width) throw new BatchError(`column ${name} has ${length} bytes, not ${n} × ${width}`);
  }
  const argsEnd = ends(new Uint16Array(aligned(batch.argsLen, 2)), n, batch.args.length, 'args');
  const dataEnd = ends(new Uint32Array(aligned(batch.dataLen, 4)), n, batch.data.length, 'data');
  return {
    n,
    num: new Float64Array(n),
    time: new Float64Array(aligned(batch.time, 8)),
    latency: new Float64Array(aligned(batch.latency, 8)),
    type: new Uint16Array(aligned(batch.type, 2)),
    flags: new Uint16Array(aligned(batch.flags, 2)),
    cpu: new Uint16Array(aligned(batch.cpu, 2)),
    thread: mapped(new Uint32Array(aligned(batch.thread, 4)), threads, 'thread'),
    fd: mapped(new Uint32Array(aligned(batch.fd, 4)), fds, 'fd'),
    fdnum: new Int32Array(aligned(batch.fdnum, 4)),
    res: new Float64Array(aligned(batch.res, 8)),
    args: batch.args,
    argsEnd,
    data: batch.data,
    dataEnd,
  };
}

/** A buffer of their own for bytes that lie anywhere in the message. */
function aligned(bytes: Uint8Array, width: number): ArrayBuffer {
  const copy = new Uint8Array(bytes.length - (bytes.length % width));
  copy.set(bytes);
  return copy.buffer;
}

function ends(lengths: Uint16Array | Uint32Array, n: number, total: number, name: string): Uint32Array {
  const result = new Uint32Array(n);
  let end = 0;
  for (let i = 0; i < n; i++) result[i] = end += lengths[i]!;
  if (end !== total) throw new BatchError(`column ${name} has ${total} bytes, but its lengths add up to ${end}`);
  return result;
}

function mapped(ids: Uint32Array, rows: IdMap, what: string): Uint32Array {
  let lastId = 0;
  let lastRow = 0;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (id !== lastId) {
      const row = id === 0 ? 0 : rows.get(id);
      if (row === undefined) throw new BatchError(`${what} ${id} was never defined`);
      lastId = id;
      lastRow = row;
    }
    ids[i] = lastRow;
  }
  return ids;
}
