/**
 * Waits that may be worth explaining: something was asked of somebody, or of a disk, and took long. One pass over the columns.
 * Who waits to be asked (a server, an idle worker, a terminal) is not among them.
 */

import { hasResult } from '../event/args.ts';
import type { Chunk } from '../model/chunk.ts';
import type { Analysis } from './analysis.ts';
import type { CallKind } from './calls.ts';
import { type FdUse, isUnixPath } from './descriptors.ts';
import { Failures } from './failures.ts';
import { type Candidate, Found, ofLookups, ofRetries, ofSums } from './found.ts';
import { Owed } from './owed.ts';
import { ACCEPTS, ASKS, CLIENT, NONE, OTHER, READS, RowTables, SERVER, UNIX, UNKNOWN, WRITES } from './row-tables.ts';
import { Sums } from './sums.ts';

/** A shorter read or write on a file waits for no disk. */
const DISK = 1e6;

export interface Candidates {
  readonly found: readonly Candidate[];
  /** Which process serves a connection, by the client's end of it. */
  readonly servers: ReadonlyMap<string, number>;
  readonly failures: Failures;
  readonly events: number;
}

/** `over`: ns from which on a wait counts. `payloads`: look into those of long-lived processes, too. */
export function findCandidates(
  analysis: Analysis,
  over: number,
  range: { readonly from: number; readonly to: number },
  payloads: boolean,
): Candidates {
  const search = new Search(analysis, over, payloads);
  for (const head of analysis.capture.heads()) {
    if (head.maxTime < range.from) continue;
    if (head.minTime > range.to) break;
    search.chunk(analysis.capture.passingChunk(head));
  }
  analysis.failures = search.failures; // from here on it is known how processes ended
  search.finish();
  const found = search.found.within(range.from, range.to);
  return { found, servers: search.owed.servers, failures: search.failures, events: search.events };
}

class Search {
  readonly found: Found;
  events = 0;
  readonly failures: Failures;
  /** By type. */
  readonly #watch: Uint8Array;
  readonly #ops: Uint8Array;
  readonly #sums: Sums;
  readonly owed: Owed;
  /** By thread: 1 where its process began in the recording. */
  readonly #begun: Uint8Array;
  readonly #anyBegun: boolean;
  readonly #analysis: Analysis;
  readonly #over: number;
  readonly #types: RowTables['types'];
  /** By fd. */
  readonly #uses: FdUse[];
  readonly #streams: Uint8Array;
  readonly #roles: Uint8Array;

  constructor(analysis: Analysis, over: number, payloads: boolean) {
    this.#analysis = analysis;
    this.#over = over;
    this.failures = new Failures(analysis);
    this.found = new Found(analysis);
    this.#sums = new Sums(over);
    const rows = new RowTables(analysis);
    this.#watch = rows.watch;
    this.#ops = rows.ops;
    this.#types = rows.types;
    this.#uses = rows.uses;
    this.#streams = rows.streams;
    this.#roles = rows.roles;
    this.#begun = rows.begun;
    this.owed = new Owed(analysis, rows, this.failures, this.found, over, payloads);
    this.#anyBegun = rows.begun.includes(1);
  }

  /**
   * Looks at each event of a chunk. Ten million go by here: columns are taken out once, and what most events are (a client's or a
   * server's reads and writes in time) is done on the spot.
   */
  chunk(chunk: Chunk): void {
    const { type, fd, latency, res, thread, time } = chunk;
    const { failures } = this;
    const ops = this.#ops;
    const roles = this.#roles;
    const watches = this.#watch;
    const begun = this.#begun;
    const anyBegun = this.#anyBegun;
    const over = this.#over;
    this.events += chunk.n;
    for (let i = 0; i < chunk.n; i++) {
      const t = type[i]!;
      const op = ops[t]!;
      if (op === UNKNOWN) continue;
      const r = res[i]!;
      const own = anyBegun && begun[thread[i]!] === 1;
      if (r < 0) failures.failed(chunk, i, this.#types[t]!.type);
      else if (failures.awaiting > 0 && failures.awaits(thread[i]!)) failures.wentOn(chunk, i, this.#types[t]!.type, this.#types[t]!.kind);
      const watch = watches[t]!;
      if (watch !== NONE && (watch !== WRITES || own)) failures.watched(chunk, i, watch, this.#types[t]!.type);
      const id = fd[i]!;
      if (op === ACCEPTS && id !== 0) this.#accepted(id, time[i]!);
      const role = roles[id]!;
      if (role !== NONE && op !== OTHER) this.#onSocket(chunk, i, id, role, op, own);
      const waited = latency[i]!;
      if (waited >= over) this.#long(chunk, i, this.#uses[id] ?? 'other', this.#types[t]!.kind);
      else if (own && waited > 0) this.#short(chunk, i, this.#uses[id] ?? 'other', this.#types[t]!.kind);
    }
  }

  #accepted(id: number, time: number): void {
    const { unix, dims } = this.#analysis;
    unix.accepted(id, time);
    const row = dims.fds.get(id);
    const use = row !== undefined && unix.fdUse(row) === 'other' ? 'other' : 'server';
    this.#uses[id] = use;
    if (this.#streams[id] === 1) this.#roles[id] = use === 'server' ? SERVER : NONE;
  }

  /** `own`: of a process that began in the recording, into whose payloads it looks. */
  #onSocket(chunk: Chunk, i: number, id: number, role: number, op: number, own: boolean): void {
    const { type, kind } = this.#types[chunk.type[i]!]!;
    if (role === ASKS) this.owed.datagram(chunk, i, id, type, kind);
    else if (role !== UNIX) this.owed.onStream(chunk, i, id, role === CLIENT, op, own, type, kind);
    else if (kind === 'connect' && chunk.res[i] === 0 && hasResult(chunk, i)) this.#connectedUnix(id, chunk.time[i]!);
  }

  #connectedUnix(id: number, time: number): void {
    this.#analysis.unix.connected(id, time);
    this.#uses[id] = 'client';
    this.#roles[id] = CLIENT;
  }

  finish(): void {
    const { failures, found } = this;
    const [analysis, over] = [this.#analysis, this.#over];
    failures.finish();
    const lifetime = (thread: number) => this.#lifetime(thread);
    found.add(ofRetries(failures, analysis, over));
    found.add(ofSums(this.#sums.enough(lifetime), analysis, 'file'));
    found.add(ofSums(this.owed.soon.mostly(lifetime), analysis, 'server'));
    found.add(ofLookups(failures, analysis, over));
  }

  /** ns that the process of a thread lived, or has so far; null: it was there before, so its short waits belong to no one piece of work. */
  #lifetime(thread: number): number | null {
    const lifetime = this.#analysis.lifetime(this.#analysis.pidOf(thread));
    return lifetime?.begun === true ? (lifetime.end ?? this.#analysis.end) - lifetime.start : null;
  }

  /** Waits that are short, but may be many. */
  #short(chunk: Chunk, i: number, use: FdUse, kind: CallKind): void {
    if (kind === 'sync' || (use === 'file' && kind === 'io' && chunk.latency[i]! >= DISK)) this.#sums.add(chunk, i);
  }

  #long(chunk: Chunk, i: number, use: FdUse, kind: CallKind): void {
    const start = chunk.time[i]! - chunk.latency[i]!;
    if (kind === 'connect' && (use === 'client' || this.#isUnix(chunk.fd[i]!))) this.owed.note(chunk, i, 'connect', start);
    else if (use === 'client' && this.#isFirstRead(chunk, i)) this.owed.note(chunk, i, 'server', start);
    else if (kind === 'lock') this.owed.note(chunk, i, 'lock', start);
    else if (kind === 'sync' || (kind === 'io' && use === 'file') || (kind === 'file' && use !== 'person'))
      this.owed.note(chunk, i, 'file', start);
  }

  /** A read on a connection on which the process has neither asked nor read: it is to be greeted, or another asked before it was given this. */
  #isFirstRead(chunk: Chunk, i: number): boolean {
    const id = chunk.fd[i]!;
    if (this.#ops[chunk.type[i]!] !== READS || this.#begun[chunk.thread[i]!] !== 1) return false;
    return this.#roles[id] === CLIENT && this.owed.isUntouched(id);
  }

  #isUnix(id: number): boolean {
    const fd = this.#analysis.dims.fds.get(id);
    return fd !== undefined && isUnixPath(fd);
  }
}
