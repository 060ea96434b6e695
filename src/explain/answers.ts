/** Answers that say no, given or got, and connections that break off: told to the failures as the events come by. */
import { httpHead } from '../event/http.ts';
import { type Chunk, payload } from '../model/chunk.ts';
import { errnoName } from '../model/errno.ts';
import type { EventType } from '../model/event-type.ts';
import type { Analysis } from './analysis.ts';
import { localText, remoteText } from './descriptors.ts';
import type { Failures } from './failures.ts';
import { grpcError } from './grpc.ts';

const LETTER_H = 0x48;
/** Letters that the methods of HTTP begin with: C of CONNECT to T of TRACE. */
const FIRST_LETTER = 0x43;
const LAST_LETTER = 0x54;
const ZERO = 0x30;
/** Where the status stands in `HTTP/1.1 200`. */
const STATUS_AT = 9;
/** From here on an answer says no; and from here on it is the server's own fault. */
const CLIENT_ERROR = 400;
const SERVER_ERROR = 500;
/** Bytes of a request that are kept: its first line, mostly. */
const KEPT = 200;

export class Answers {
  readonly #analysis: Analysis;
  readonly #failures: Failures;
  /** By descriptor: how the last request began. */
  readonly #requests = new Map<number, Uint8Array>();
  /** Descriptors whose connection broke. */
  readonly #gone = new Set<number>();
  /** By descriptor: when an answer last came. */
  readonly lastUse: Float64Array;

  constructor(analysis: Analysis, failures: Failures) {
    this.#analysis = analysis;
    this.#failures = failures;
    this.lastUse = new Float64Array(analysis.dims.fds.lastId + 1);
  }

  /** A client asked something, or a server was asked. */
  asked(chunk: Chunk, i: number, id: number): void {
    const from = i === 0 ? 0 : chunk.dataEnd[i - 1]!;
    const first = chunk.data[from]!;
    if (chunk.dataEnd[i]! > from && first >= FIRST_LETTER && first <= LAST_LETTER) this.#requests.set(id, payload(chunk, i).slice(0, KEPT));
    else if (this.#requests.size > 0) this.#requests.delete(id);
  }

  /** A client had an answer; `reads`: what it says may be looked at. */
  answered(chunk: Chunk, i: number, id: number, reads: boolean): void {
    this.lastUse[id] = chunk.time[i]!;
    if (!reads) return;
    const from = i === 0 ? 0 : chunk.dataEnd[i - 1]!;
    if (chunk.dataEnd[i]! === from) return;
    const grpc = chunk.data[from] === 0 ? grpcError(payload(chunk, i)) : null;
    const status = statusOf(chunk, i, from);
    const error = grpc ?? (status >= CLIENT_ERROR ? `HTTP ${status}` : null);
    if (error !== null) this.#failures.note(chunk, i, 'http', { call: 'answer', error, what: this.#remote(id), detail: this.#request(id) });
    else if (status > 0) this.#failures.answeredWell(chunk, i, () => this.#remote(id));
  }

  /** A server answered; from 500 on the error is its own, not the client's. */
  gave(chunk: Chunk, i: number, id: number): void {
    const status = statusOf(chunk, i, i === 0 ? 0 : chunk.dataEnd[i - 1]!);
    if (status < SERVER_ERROR) return;
    const row = this.#analysis.dims.fds.get(id)!;
    const what = row.role === 'client' ? localText(row) : remoteText(row); // a .scap file may take the near end for the far one
    this.#failures.note(chunk, i, 'http', { call: 'gave', error: `HTTP ${status}`, what, detail: this.#request(id) });
  }

  /** The other side ended a connection on which it owed an answer; `asked`: since when. It matters where it had answered before. */
  closed(chunk: Chunk, i: number, id: number, type: EventType, asked: number): void {
    if (this.lastUse[id]! > 0) this.#lost(chunk, i, id, type, 'closed', asked);
  }

  broken(chunk: Chunk, i: number, id: number, type: EventType, asked: number): void {
    this.#lost(chunk, i, id, type, errnoName(-chunk.res[i]!), asked);
  }

  #lost(chunk: Chunk, i: number, id: number, { name: call }: EventType, error: string, asked: number): void {
    if (this.#gone.has(id)) return;
    this.#gone.add(id);
    const last = this.lastUse[id]!;
    const span = last === 0 ? 0 : asked - last;
    this.#failures.note(chunk, i, 'lost', { call, error, what: this.#remote(id), detail: this.#request(id), span });
  }

  #remote(id: number): string {
    return remoteText(this.#analysis.dims.fds.get(id)!);
  }

  /** `GET /foo`; empty: it was no HTTP. */
  #request(id: number): string {
    const begin = this.#requests.get(id);
    const head = begin === undefined ? null : httpHead(begin);
    return head === null || head.method === null ? '' : `${head.method} ${head.uri ?? ''}`;
  }
}

/** The status of an HTTP/1 answer that a payload begins with; 0: it does not. */
function statusOf(chunk: Chunk, i: number, from: number): number {
  const { data } = chunk;
  if (data[from] !== LETTER_H || chunk.dataEnd[i]! < from + STATUS_AT + 3 || data[from + STATUS_AT - 1] !== 0x20) return 0;
  const digit = (n: number) => data[from + STATUS_AT + n]! - ZERO;
  const status = digit(0) * 100 + digit(1) * 10 + digit(2);
  return status >= 100 && status < 600 ? status : 0;
}
