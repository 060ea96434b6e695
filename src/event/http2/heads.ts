/** Heads of HTTP/2 by the numbers of the events that they end with: what an event means follows from those before it on its connection. */
import { type Chunk, columnValue, payload } from '../../model/chunk.ts';
import type { Dimensions, FdKind } from '../../model/rows.ts';
import { httpHead } from '../http.ts';
import type { Http2Source } from '../view.ts';
import { Http2Connections, type Http2Head } from './connections.ts';
import { PREFACE } from './frames.ts';

/** Beyond this the oldest are forgotten. */
const KEPT = 50_000;
const SOCKETS: ReadonlySet<FdKind | undefined> = new Set<FdKind>(['ipv4', 'ipv6', 'unix']);

export class Http2Heads {
  readonly #dims: Dimensions;
  readonly #most: number;
  readonly #connections = new Http2Connections();
  readonly #heads = new Map<number, readonly Http2Head[]>();
  #seen = 0;
  #forgotten = 0;

  constructor(dims: Dimensions, most = KEPT) {
    this.#dims = dims;
    this.#most = most;
  }

  /** Number of the last event that was taken; 0: none. */
  get seen(): number {
    return this.#seen;
  }

  /** Number of the last event whose heads were forgotten; 0: none. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Events in their order; those that were taken before are passed by. */
  take(chunk: Chunk): void {
    const { n, num } = chunk;
    if (n === 0 || num[n - 1]! <= this.#seen) return;
    for (let i = 0; i < n; i++) if (this.#isWorthReading(chunk, i) && num[i]! > this.#seen) this.#takeEvent(chunk, i);
    this.#seen = num[n - 1]!;
    this.#forget(num[0]!);
  }

  /** Null: the event is of no connection of HTTP/2, as far as one knows. Numbers above `seen` are not known yet. */
  of(num: number): readonly Http2Head[] | null {
    return this.#heads.get(num) ?? null;
  }

  /** Most captures have none of it: their payloads are not looked at any further. */
  #isWorthReading({ data, dataEnd }: Chunk, i: number): boolean {
    if (!this.#connections.isEmpty) return true;
    const from = i === 0 ? 0 : dataEnd[i - 1]!;
    return dataEnd[i]! > from && (data[from] === 0 || data[from] === PREFACE[0]);
  }

  #takeEvent(chunk: Chunk, i: number): void {
    const { types, fds, threads, processes } = this.#dims;
    const type = types.get(chunk.type[i]!);
    if (type === undefined || (type.io === null && type.name !== 'close')) return;
    const fd = chunk.fd[i]!;
    const pid = processes.get(threads.get(chunk.thread[i]!)?.process ?? 0)?.pid ?? 0;
    if (type.io === null) this.#connections.close(fd, pid);
    else if (SOCKETS.has(fds.get(fd)?.kind)) this.#takePayload(chunk, i, type.io, fd, pid);
  }

  #takePayload(chunk: Chunk, i: number, io: 'read' | 'write', fd: number, pid: number): void {
    const moved = columnValue(chunk, 'res', i) ?? 0;
    if (moved < 0) return;
    const bytes = payload(chunk, i);
    const heads = this.#connections.take(fd, pid, io, bytes, Math.max(moved, bytes.length));
    // Bytes of a body may look like a head of HTTP/1.
    if (heads !== null && (heads.length > 0 || httpHead(bytes) !== null)) this.#heads.set(chunk.num[i]!, heads);
  }

  /** Of events before one: whoever reads a chunk asks for all of its events. */
  #forget(before: number): void {
    for (const num of this.#heads.keys()) {
      if (num >= before || this.#heads.size <= this.#most) return;
      this.#heads.delete(num);
      this.#forgotten = num;
    }
  }
}

/** Heads of events that pass by: those of the last chunk are known. */
export class PassingHttp2 implements Http2Source {
  readonly #heads: Http2Heads;

  constructor(dims: Dimensions) {
    this.#heads = new Http2Heads(dims);
  }

  pass(chunk: Chunk): void {
    this.#heads.take(chunk);
  }

  headsAt(chunk: Chunk, i: number): readonly Http2Head[] | null {
    return this.#heads.of(chunk.num[i]!);
  }
}
