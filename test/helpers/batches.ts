/** Batches as a probe sends them, made of events out of nothing. */
import type { BatchDef, FdDef, ThreadDef } from '../../src/collector/wire.ts';
import type { Chunk } from '../../src/model/chunk.ts';
import { type NumberArray, WIRED_COLUMNS } from '../../src/model/columns.ts';

const NOTHING = Buffer.alloc(0);

/** Events [from, to) of a chunk. `threads` and `fds` are defined in this batch. */
export function batchOf(chunk: Chunk, from: number, to: number, threads: readonly ThreadDef[] = [], fds: readonly FdDef[] = []): BatchDef {
  const bytes = (column: NumberArray) => Buffer.from(column.slice(from, to).buffer);
  const { argsEnd, dataEnd } = chunk;
  const columns = Object.fromEntries(WIRED_COLUMNS.map((name) => [name, bytes(chunk[name])]));
  return {
    n: to - from,
    ...(columns as Record<(typeof WIRED_COLUMNS)[number], Buffer>),
    argsLen: Buffer.from(Uint16Array.from(lengths(argsEnd, from, to)).buffer),
    args: blob(chunk.args, argsEnd, from, to),
    dataLen: Buffer.from(Uint32Array.from(lengths(dataEnd, from, to)).buffer),
    data: blob(chunk.data, dataEnd, from, to),
    threads,
    fds,
    losses: [],
    clock: null,
    counters: [],
  };
}

function lengths(ends: Uint32Array, from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, k) => ends[from + k]! - (from + k === 0 ? 0 : ends[from + k - 1]!));
}

function blob(bytes: Uint8Array, ends: Uint32Array, from: number, to: number): Uint8Array {
  return bytes.slice(from === 0 ? 0 : ends[from - 1], ends[to - 1]);
}

/** A descriptor's definition; what is not said is empty. */
export function fdDef(fields: Partial<FdDef> & Pick<FdDef, 'id' | 'ino'>): FdDef {
  return {
    kind: 0, role: 0, l4proto: 0, localIp: NOTHING, localPort: 0, remoteIp: NOTHING, remotePort: 0, name: NOTHING, dev: 0, netns: 0,
    openFlags: 0, ...fields,
  }; // biome-ignore format: a row
}
