/** The events of one process, taken out of the capture's chunks: what a critical path is made from. */

import type { Capture } from '../capture/capture.ts';
import { valuesOf } from '../event/args.ts';
import { type Chunk, EventFlag } from '../model/chunk.ts';
import type { EventType } from '../model/event-type.ts';
import type { Dimensions } from '../model/rows.ts';
import { isStream } from './descriptors.ts';

/** One event, with what the judging needs of it. */
export interface Ev {
  readonly num: number;
  readonly start: number;
  readonly end: number;
  readonly type: EventType;
  /** Row of the fds; 0: none. */
  readonly fd: number;
  /** null: it has no result. */
  readonly res: number | null;
  readonly pending: boolean;
  /** The kernel said it: no call. */
  readonly oneSided: boolean;
  /** Done through io_uring: its thread was not in it. */
  readonly apart: boolean;
  readonly pid: number;
  readonly tid: number;
  /** Of getsockopt the value, of procexit the status, of fcntl the command, of select how many descriptors, of open the flags; else null. */
  readonly value: number | null;
  /** Of procexit the signal; else null. */
  readonly signal: number | null;
  /** Of a TLS client's writes the payload's first byte; -1: none. */
  readonly head: number;
}

export interface Window {
  readonly from: number;
  readonly to: number;
}

/** A process of more events than this is judged by those that took at least QUICK: the others are its CPU time. */
const MAX_EVENTS = 1_000_000;
const QUICK = 10_000;

const VALUE_ARG: Readonly<Record<string, string>> = {
  getsockopt: 'val',
  procexit: 'ret',
  fcntl: 'cmd',
  select: 'nfds',
  pselect6: 'nfds',
  open: 'flags',
  openat: 'flags',
};
const SIGNAL_ARG: Readonly<Record<string, string>> = { procexit: 'sig' };

/** All events of a process that touch the window, in the order of their ends. */
export function processEvents(capture: Capture, pid: number, window: Window): Ev[] {
  return collect(capture, window, 'thread', threadsOf(capture.dims, pid));
}

/** All events on some descriptors, whoever's. */
export function descriptorEvents(capture: Capture, fds: ReadonlySet<number>, window: Window): Ev[] {
  return collect(capture, window, 'fd', fds);
}

/** Rows of the threads of a pid. */
export function threadsOf(dims: Dimensions, pid: number): Set<number> {
  const rows = new Set<number>();
  for (const thread of dims.threads.all()) if (dims.processes.get(thread.process)?.pid === pid) rows.add(thread.id);
  return rows;
}

function collect(capture: Capture, { from, to }: Window, column: 'thread' | 'fd', rows: ReadonlySet<number>): Ev[] {
  const { dims } = capture;
  const wanted = new Uint8Array(Math.max(dims.threads.lastId, dims.fds.lastId) + 1);
  for (const row of rows) wanted[row] = 1;
  const events: Ev[] = [];
  const heads = new Heads(dims);
  for (const head of capture.heads()) {
    if (head.maxTime < from) continue;
    if (head.minTime - head.maxLatency > to) break;
    const present = head.presence(column);
    if (present !== null && !present.some((row) => wanted[row] === 1)) continue;
    const chunk = capture.passingChunk(head);
    const ids = chunk[column];
    const { n } = chunk;
    for (let i = 0; i < n; i++) {
      if (wanted[ids[i]!] !== 1 || chunk.time[i]! < from) continue;
      if (events.length > MAX_EVENTS && chunk.latency[i]! < QUICK) continue;
      const event = eventOf(chunk, i, dims, heads);
      if (event !== null && event.start <= to) events.push(event);
    }
  }
  return events;
}

function eventOf(chunk: Chunk, i: number, dims: Dimensions, heads: Heads): Ev | null {
  const type = dims.types.get(chunk.type[i]!);
  if (type === undefined) return null;
  const thread = dims.threads.get(chunk.thread[i]!);
  const flags = chunk.flags[i]!;
  const end = chunk.time[i]!;
  return {
    num: chunk.num[i]!,
    start: end - Math.max(0, chunk.latency[i]!),
    end,
    type,
    fd: chunk.fd[i]!,
    res: (flags & EventFlag.HAS_RES) === 0 ? null : chunk.res[i]!,
    pending: (flags & EventFlag.PENDING) !== 0,
    oneSided: (flags & EventFlag.ONE_SIDED) !== 0,
    apart: (flags & EventFlag.IO_URING) !== 0,
    pid: dims.processes.get(thread?.process ?? 0)?.pid ?? 0,
    tid: thread?.tid ?? 0,
    value: argOf(chunk, i, type, VALUE_ARG),
    signal: argOf(chunk, i, type, SIGNAL_ARG),
    head: type.io === 'write' ? heads.of(chunk, i) : -1,
  };
}

/**
 * First bytes of what is written on connections. The first writes of one decide for all: unless TLS begins there (maybe behind a
 * proxy's CONNECT), the others are not looked at, which saves their column's decoding.
 */
class Heads {
  readonly #state: Uint8Array;

  constructor(dims: Dimensions) {
    this.#state = new Uint8Array(dims.fds.lastId + 1);
    for (const fd of dims.fds.all()) if (!isStream(fd)) this.#state[fd.id] = PLAIN;
  }

  of(chunk: Chunk, i: number): number {
    const id = chunk.fd[i]!;
    const state = this.#state[id]!;
    if (state === PLAIN || chunk.res[i]! <= 0) return -1;
    const from = i === 0 ? 0 : chunk.dataEnd[i - 1]!;
    const head = chunk.dataEnd[i]! === from ? -1 : chunk.data[from]!;
    if (state !== TLS) this.#state[id] = head === TLS_HANDSHAKE ? TLS : state + 1;
    return head;
  }
}

/** What is known of a connection: so many writes without TLS, and it is plain. */
const PLAIN = 2;
const TLS = 3;
const TLS_HANDSHAKE = 0x16;

function argOf(chunk: Chunk, i: number, type: EventType, names: Readonly<Record<string, string>>): number | null {
  const wanted = names[type.name];
  if (wanted === undefined) return null;
  const value = valuesOf(chunk, i, type)[type.args.findIndex(({ name }) => name === wanted)];
  return typeof value === 'number' ? value : null;
}
