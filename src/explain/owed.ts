/** What connections owe: to be made, or an answer. What took long is noted as found; what came soon is summed. */
import { hasResult, numberArg } from '../event/args.ts';
import type { Chunk } from '../model/chunk.ts';
import type { EventType } from '../model/event-type.ts';
import type { Analysis } from './analysis.ts';
import { Answers } from './answers.ts';
import type { CallKind } from './calls.ts';
import { Connects, EINPROGRESS, HARMLESS } from './connects.ts';
import { remoteText, socketKey } from './descriptors.ts';
import type { Failures } from './failures.ts';
import type { Candidate, Found } from './found.ts';
import { READS, type RowTables, WRITES_IT } from './row-tables.ts';
import { Sums } from './sums.ts';

/** Errors by which a connection breaks off: EPIPE, ECONNRESET, ECONNABORTED. */
const BROKEN: ReadonlySet<number> = new Set([-32, -104, -103]);

const NOTHING = 0;
const CONNECTING = 1;
const ASKED = 2;

export class Owed {
  /** Which process serves a connection, by the client's end of it. */
  readonly servers = new Map<string, number>();
  /** Answers that each came soon. */
  readonly soon: Sums;
  readonly #answers: Answers;
  readonly #connects: Connects;
  readonly #analysis: Analysis;
  readonly #found: Found;
  readonly #over: number;
  readonly #payloads: boolean;
  readonly #ops: Uint8Array;
  readonly #begun: Uint8Array;
  /** By fd: what it owes, and since when. */
  readonly #state: Uint8Array;
  readonly #since: Float64Array;
  /** Datagram sockets, by their keys, that were owed an answer. */
  readonly #sent = new Set<string>();

  /** `over`: ns from which on a wait counts. `payloads`: look into those of long-lived processes, too. */
  constructor(analysis: Analysis, rows: RowTables, failures: Failures, found: Found, over: number, payloads: boolean) {
    this.#analysis = analysis;
    this.#found = found;
    this.#over = over;
    this.#payloads = payloads;
    this.#ops = rows.ops;
    this.#begun = rows.begun;
    this.soon = new Sums(over);
    this.#answers = new Answers(analysis, failures);
    this.#connects = new Connects(analysis, found, rows.begun, over);
    const rowsOfFds = analysis.dims.fds.lastId + 1;
    this.#state = new Uint8Array(rowsOfFds);
    this.#since = new Float64Array(rowsOfFds);
  }

  /** An event of a connection, by the process' part in it. `op`: what it does; `own`: of a process that began in the recording. */
  onStream(chunk: Chunk, i: number, id: number, isClient: boolean, op: number, own: boolean, type: EventType, kind: CallKind): void {
    if (own || this.#payloads || chunk.res[i]! <= 0 || (op !== READS && op !== WRITES_IT)) {
      if (type.io !== null && chunk.res[i]! > 0 && (own || this.#payloads)) this.#answers.moved(chunk, i, id, isClient, type.io);
      if (isClient) this.#client(chunk, i, id, type, kind);
      else this.#server(chunk, i, id, type);
      return;
    }
    const time = chunk.time[i]!;
    const asks = (op === WRITES_IT) === isClient;
    if (asks && (isClient || this.#since[id] !== 0)) this.#owes(id, ASKED, time);
    else if (asks) this.#server(chunk, i, id, type);
    else if (this.#state[id] === ASKED) {
      if (isClient) this.#answers.lastUse[id] = time;
      if (time - this.#since[id]! >= this.#over) this.note(chunk, i, isClient ? 'server' : 'request', this.#since[id]!);
      this.#state[id] = NOTHING;
    }
  }

  /** Whether the process has neither asked nor read on a connection. */
  isUntouched(id: number): boolean {
    return this.#state[id] === NOTHING && this.#answers.lastUse[id] === 0;
  }

  /** A wait on a socket that has sent something since it last got something. */
  datagram(chunk: Chunk, i: number, id: number, { io }: EventType, kind: CallKind): void {
    const key = socketKey(this.#analysis.dims.fds.get(id)!);
    const got = chunk.res[i]! > 0;
    if (io === 'write' && got) this.#sent.add(key);
    if (!this.#sent.has(key) || io === 'write') return;
    const waited = chunk.latency[i]!;
    if (waited >= this.#over && (io === 'read' || kind === 'poll')) this.note(chunk, i, 'server', chunk.time[i]! - waited);
    if (io === 'read' && got) this.#sent.delete(key);
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
      this.note(chunk, i, this.#state[id] === CONNECTING ? 'connect' : 'server', time - chunk.latency[i]!);
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

  /** Whether to look into a payload: always for who began in the recording; it costs its column's decoding. */
  #reads(chunk: Chunk, i: number): boolean {
    return this.#payloads || this.#begun[chunk.thread[i]!] === 1;
  }

  #owes(id: number, state: number, since: number): void {
    this.#state[id] = state;
    this.#since[id] = since;
  }

  #paid(chunk: Chunk, i: number, id: number, kind: Candidate['kind']): void {
    const waited = chunk.time[i]! - this.#since[id]!;
    if (waited >= this.#over) this.note(chunk, i, kind, this.#since[id]!);
    else if (kind === 'server' && this.#begun[chunk.thread[i]!] === 1) this.soon.add(chunk, i, waited);
  }

  note(chunk: Chunk, i: number, kind: Candidate['kind'], start: number): void {
    if ((kind === 'server' || kind === 'request') && this.#isLong(chunk.fd[i]!)) return;
    this.#found.note(chunk, i, kind, start);
  }

  /** Whether what is owed on a connection was asked to come only when something happens. */
  #isLong(id: number): boolean {
    return this.#analysis.requests.isLong([id], this.#since[id]!);
  }
}
