/**
 * Waits that may be worth explaining: something was asked of somebody, or of a disk, and took long. One pass over the columns.
 * Who waits to be asked (a server, an idle worker, a terminal) is not among them.
 */

import { hasResult, numberArg } from '../event/args.ts';
import type { Chunk } from '../model/chunk.ts';
import type { EventType } from '../model/event-type.ts';
import type { Analysis } from './analysis.ts';
import { Answers } from './answers.ts';
import type { CallKind } from './calls.ts';
import { Connects, EINPROGRESS, HARMLESS } from './connects.ts';
import { type FdUse, isUnixPath, remoteText, socketKey } from './descriptors.ts';
import { Failures } from './failures.ts';
import { type Candidate, Found, ofLookups, ofRetries, ofSums } from './found.ts';
import { ACCEPTS, ASKS, CLIENT, NONE, OTHER, READS, RowTables, SERVER, UNIX, UNKNOWN, WRITES, WRITES_IT } from './row-tables.ts';
import { Sums } from './sums.ts';

/** Errors by which a connection breaks off: EPIPE, ECONNRESET, ECONNABORTED. */
const BROKEN: ReadonlySet<number> = new Set([-32, -104, -103]);
/** A shorter read or write on a file waits for no disk. */
const DISK = 1e6;

const NOTHING = 0;
const CONNECTING = 1;
const ASKED = 2;

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
  return { found, servers: search.servers, failures: search.failures, events: search.events };
}

class Search {
  readonly found: Found;
  events = 0;
  readonly servers = new Map<string, number>();
  readonly failures: Failures;
  /** By type. */
  readonly #watch: Uint8Array;
  readonly #ops: Uint8Array;
  readonly #sums: Sums;
  /** Answers that each came soon. */
  readonly #asks: Sums;
  readonly #answers: Answers;
  readonly #connects: Connects;
  readonly #payloads: boolean;
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
  /** By fd: what it owes, since when, and since which event. */
  readonly #state: Uint8Array;
  readonly #since: Float64Array;
  /** Datagram sockets, by their keys, that were owed an answer. */
  readonly #sent = new Set<string>();

  constructor(analysis: Analysis, over: number, payloads: boolean) {
    this.#payloads = payloads;
    this.#analysis = analysis;
    this.#over = over;
    this.failures = new Failures(analysis);
    this.found = new Found(analysis);
    this.#answers = new Answers(analysis, this.failures);
    this.#sums = new Sums(over);
    this.#asks = new Sums(over);
    const rows = new RowTables(analysis);
    this.#watch = rows.watch;
    this.#ops = rows.ops;
    this.#types = rows.types;
    this.#uses = rows.uses;
    this.#streams = rows.streams;
    this.#roles = rows.roles;
    this.#begun = rows.begun;
    this.#connects = new Connects(analysis, this.found, rows.begun, over);
    this.#anyBegun = rows.begun.includes(1);
    const { fds } = analysis.dims;
    this.#state = new Uint8Array(fds.lastId + 1);
    this.#since = new Float64Array(fds.lastId + 1);
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
      if (role !== NONE && op !== OTHER) this.#onStream(chunk, i, id, role, op, r, time[i]!, own);
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

  /** `time`: of its end; `own`: of a process that began in the recording, into whose payloads it looks. */
  #onStream(chunk: Chunk, i: number, id: number, role: number, op: number, res: number, time: number, own: boolean): void {
    const { type, kind } = this.#types[chunk.type[i]!]!;
    if (role === ASKS) {
      this.#onDatagram(chunk, i, id, type, kind);
      return;
    }
    if (role === UNIX) {
      if (kind === 'connect' && res === 0 && hasResult(chunk, i)) this.#connectedUnix(id, time);
      return;
    }
    if (own || this.#payloads || res <= 0 || (op !== READS && op !== WRITES_IT)) {
      if (type.io !== null && res > 0 && (own || this.#payloads)) this.#answers.moved(chunk, i, id, role === CLIENT, type.io);
      if (role === CLIENT) this.#client(chunk, i, id, type, kind);
      else this.#server(chunk, i, id, type);
      return;
    }
    const asks = (op === WRITES_IT) === (role === CLIENT);
    if (asks && (role === CLIENT || this.#since[id] !== 0)) this.#owes(id, ASKED, time);
    else if (asks) this.#server(chunk, i, id, type);
    else if (this.#state[id] === ASKED) {
      if (role === CLIENT) this.#answers.lastUse[id] = time;
      if (time - this.#since[id]! >= this.#over) this.#note(chunk, i, role === CLIENT ? 'server' : 'request', this.#since[id]!);
      this.#state[id] = NOTHING;
    }
  }

  #connectedUnix(id: number, time: number): void {
    this.#analysis.unix.connected(id, time);
    this.#uses[id] = 'client';
    this.#roles[id] = CLIENT;
  }

  /** A wait on a socket that has sent something since it last got something. */
  #onDatagram(chunk: Chunk, i: number, id: number, { io }: EventType, kind: CallKind): void {
    const key = socketKey(this.#analysis.dims.fds.get(id)!);
    const got = chunk.res[i]! > 0;
    if (io === 'write' && got) this.#sent.add(key);
    if (!this.#sent.has(key) || io === 'write') return;
    const waited = chunk.latency[i]!;
    if (waited >= this.#over && (io === 'read' || kind === 'poll')) this.#note(chunk, i, 'server', chunk.time[i]! - waited);
    if (io === 'read' && got) this.#sent.delete(key);
  }

  finish(): void {
    const { failures, found } = this;
    const [analysis, over] = [this.#analysis, this.#over];
    failures.finish();
    const lifetime = (thread: number) => this.#lifetime(thread);
    found.add(ofRetries(failures, analysis, over));
    found.add(ofSums(this.#sums.enough(lifetime), analysis, 'file'));
    found.add(ofSums(this.#asks.mostly(lifetime), analysis, 'server'));
    found.add(ofLookups(failures, analysis, over));
  }

  /** ns that the process of a thread lived, or has so far; null: it was there before, so its short waits belong to no one piece of work. */
  #lifetime(thread: number): number | null {
    const lifetime = this.#analysis.lifetime(this.#analysis.pidOf(thread));
    return lifetime?.begun === true ? (lifetime.end ?? this.#analysis.end) - lifetime.start : null;
  }

  /** Whether to look into a payload: always for who began in the recording; it costs its column's decoding. */
  #reads(chunk: Chunk, i: number): boolean {
    return this.#payloads || this.#begun[chunk.thread[i]!] === 1;
  }

  /** Waits that are short, but may be many. */
  #short(chunk: Chunk, i: number, use: FdUse, kind: CallKind): void {
    if (kind === 'sync' || (use === 'file' && kind === 'io' && chunk.latency[i]! >= DISK)) this.#sums.add(chunk, i);
  }

  #client(chunk: Chunk, i: number, id: number, type: EventType, kind: CallKind): void {
    const res = chunk.res[i]!;
    const time = chunk.time[i]!;
    if (kind === 'connect') this.#connect(chunk, i, id, res);
    else if (BROKEN.has(res) && type.io !== null) this.#answers.broken(chunk, i, id, type, this.#askedAt(chunk, i, id));
    else if (type.name === 'getsockopt') this.#checked(chunk, i, id, type);
    else if (type.io === 'write' && res > 0) {
      if (this.#reads(chunk, i)) this.#answers.asked(chunk, i, id);
      this.#owes(id, ASKED, time);
    } else if (type.io === 'read' && res >= 0 && hasResult(chunk, i)) this.#clientRead(chunk, i, id, type);
    else if (kind === 'poll' && chunk.latency[i]! >= this.#over && this.#state[id] !== NOTHING)
      this.#note(chunk, i, this.#state[id] === CONNECTING ? 'connect' : 'server', time - chunk.latency[i]!);
    else if (type.name === 'close') this.#state[id] = NOTHING;
  }

  /** What is left of an answer is owed, too; of a connection that a process has never asked on, what it waits for in a read. */
  #clientRead(chunk: Chunk, i: number, id: number, type: EventType): void {
    const { length, reads } = { length: chunk.res[i]!, reads: this.#reads(chunk, i) };
    if (this.#state[id] !== ASKED) {
      if (reads && length > 0) this.#answers.more(chunk, i, id);
      else if (reads) this.#answers.ended(chunk, i, id, type);
      return;
    }
    const owed = length === 0 ? this.#answers.closed(chunk, i, id, type, this.#since[id]!) : this.#answers.answered(chunk, i, id, reads);
    this.#paid(chunk, i, id, 'server');
    if (owed) this.#owes(id, ASKED, chunk.time[i]!);
    else this.#state[id] = NOTHING;
  }

  /** Since when a connection owes an answer; else when this call, which asks, began; null: it only reads, and nothing was asked. */
  #askedAt(chunk: Chunk, i: number, id: number): number | null {
    if (this.#state[id] === ASKED) return this.#since[id]!;
    return this.#ops[chunk.type[i]!] === READS ? null : chunk.time[i]! - Math.max(0, chunk.latency[i]!);
  }

  #connect(chunk: Chunk, i: number, id: number, res: number): void {
    const start = chunk.time[i]! - Math.max(0, chunk.latency[i]!);
    if (res === EINPROGRESS) this.#owes(id, CONNECTING, start);
    else if (res < 0 && !HARMLESS.has(res)) this.#connects.failed(chunk, i, -res);
    else if (res >= 0) this.#connects.succeeded(chunk, i);
  }

  #checked(chunk: Chunk, i: number, id: number, type: EventType): void {
    if (this.#state[id] !== CONNECTING) return;
    const error = numberArg(chunk, i, type, 'val');
    if (error > 0) this.#connects.failed(chunk, i, error);
    else this.#connects.succeeded(chunk, i);
    this.#paid(chunk, i, id, 'connect');
    this.#state[id] = NOTHING;
  }

  /** A server reads a request and writes the answer: what lies between is its own time. */
  #server(chunk: Chunk, i: number, id: number, type: EventType): void {
    const res = chunk.res[i]!;
    if (type.io === 'read' && res > 0) {
      if (this.#since[id] === 0) this.servers.set(remoteText(this.#analysis.dims.fds.get(id)!), this.#analysis.pidOf(chunk.thread[i]!));
      if (this.#reads(chunk, i)) this.#answers.asked(chunk, i, id);
      this.#owes(id, ASKED, chunk.time[i]!);
    } else if (type.io === 'write' && res > 0 && this.#state[id] === ASKED) {
      if (this.#reads(chunk, i)) this.#answers.gave(chunk, i, id);
      this.#paid(chunk, i, id, 'request');
      this.#state[id] = NOTHING;
    }
  }

  #long(chunk: Chunk, i: number, use: FdUse, kind: CallKind): void {
    const start = chunk.time[i]! - chunk.latency[i]!;
    if (kind === 'connect' && (use === 'client' || this.#isUnix(chunk.fd[i]!))) this.#note(chunk, i, 'connect', start);
    else if (use === 'client' && this.#isFirstRead(chunk, i)) this.#note(chunk, i, 'server', start);
    else if (kind === 'lock') this.#note(chunk, i, 'lock', start);
    else if (kind === 'sync' || (kind === 'io' && use === 'file') || (kind === 'file' && use !== 'person'))
      this.#note(chunk, i, 'file', start);
  }

  /** A read on a connection on which the process has neither asked nor read: it is to be greeted, or another asked before it was given this. */
  #isFirstRead(chunk: Chunk, i: number): boolean {
    const id = chunk.fd[i]!;
    if (this.#ops[chunk.type[i]!] !== READS || this.#begun[chunk.thread[i]!] !== 1) return false;
    return this.#roles[id] === CLIENT && this.#state[id] === NOTHING && this.#answers.lastUse[id] === 0;
  }

  #isUnix(id: number): boolean {
    const fd = this.#analysis.dims.fds.get(id);
    return fd !== undefined && isUnixPath(fd);
  }

  #owes(id: number, state: number, since: number): void {
    this.#state[id] = state;
    this.#since[id] = since;
  }

  #paid(chunk: Chunk, i: number, id: number, kind: Candidate['kind']): void {
    const waited = chunk.time[i]! - this.#since[id]!;
    if (waited >= this.#over) this.#note(chunk, i, kind, this.#since[id]!);
    else if (kind === 'server' && this.#begun[chunk.thread[i]!] === 1) this.#asks.add(chunk, i, waited);
  }

  #note(chunk: Chunk, i: number, kind: Candidate['kind'], start: number): void {
    if ((kind === 'server' || kind === 'request') && this.#isLong(chunk.fd[i]!)) return;
    this.found.note(chunk, i, kind, start);
  }

  /** Whether what is owed on a connection was asked to come only when something happens. */
  #isLong(id: number): boolean {
    return this.#analysis.requests.isLong([id], this.#since[id]!);
  }
}
