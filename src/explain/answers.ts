/** Answers that say no, given or got, and connections that break off: told to the failures as the events come by. */

import { httpHead } from '../event/http.ts';
import { type Chunk, payload } from '../model/chunk.ts';
import { errnoName } from '../model/errno.ts';
import type { EventType } from '../model/event-type.ts';
import type { Analysis } from './analysis.ts';
import { bodyLeft, isChunked, isLastChunk } from './body.ts';
import { localText, remoteText } from './descriptors.ts';
import type { Failures } from './failures.ts';
import { grpcError } from './grpc.ts';
import { errorOf, type Http2Answer, Http2Words, isServersOwn } from './http2.ts';
import { expectsContinue, isLongPoll } from './requests.ts';

const LETTER_H = 0x48;
/** Letters that the methods of HTTP begin with: C of CONNECT to T of TRACE. */
const FIRST_LETTER = 0x43;
const LAST_LETTER = 0x54;
const ZERO = 0x30;
/** Where the status stands in `HTTP/1.1 200`. */
const STATUS_AT = 9;
const STATUS_END = 12;
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
  /** By descriptor: the beginning of an answer whose reader takes it byte by byte. */
  readonly #heads = new Map<number, Uint8Array>();
  /** By descriptor: bytes of an answer's body that were announced, and how many have come. */
  readonly #bodies = new Map<number, { readonly announced: number; came: number }>();
  /** Descriptors with an answer in chunks whose last has not come. */
  readonly #chunked = new Set<number>();
  /** By descriptor: when its client asked for leave to send a body, and in which event. */
  readonly #expects = new Map<number, { readonly time: number; readonly num: number }>();
  readonly #http2: Http2Words;
  /** By descriptor: when an answer last came. */
  readonly lastUse: Float64Array;

  constructor(analysis: Analysis, failures: Failures) {
    this.#analysis = analysis;
    this.#failures = failures;
    this.lastUse = new Float64Array(analysis.dims.fds.lastId + 1);
    this.#http2 = new Http2Words(analysis.dims.fds.lastId);
  }

  /** Bytes go over a connection, either way; its other methods say what that means. Of HTTP/2 the bytes say it. */
  moved(chunk: Chunk, i: number, id: number, isClient: boolean, io: 'read' | 'write'): void {
    const said = this.#http2.take(chunk, i, id, this.#analysis.pidOf(chunk.thread[i]!), io);
    if (said === null) return;
    if (said.asked.some((request) => isLongPoll(Buffer.from(request)))) this.#analysis.requests.addLong(id, chunk.time[i]!);
    for (const answer of said.answered) {
      const error = errorOf(answer);
      if (isClient) this.#got(chunk, i, id, answer, error);
      else if (error !== null && isServersOwn(error)) this.#gaveError(chunk, i, id, error, answer.request);
    }
  }

  #got(chunk: Chunk, i: number, id: number, answer: Http2Answer, error: string | null): void {
    const detail = answer.request === '' ? this.#request(id) : answer.request;
    if (error !== null) this.#failures.note(chunk, i, { kind: 'http', call: 'answer', error, what: this.#remote(id), detail });
    else if (answer.isEnd) this.#failures.answeredWell(chunk, i, () => this.#remote(id));
  }

  /** A client asked something, or a server was asked. */
  asked(chunk: Chunk, i: number, id: number): void {
    const from = i === 0 ? 0 : chunk.dataEnd[i - 1]!;
    const first = chunk.data[from]!;
    this.#bodies.delete(id);
    this.#chunked.delete(id);
    this.#sentBody(chunk, i, id);
    if (chunk.dataEnd[i]! > from && first >= FIRST_LETTER && first <= LAST_LETTER) this.#began(chunk, i, id, payload(chunk, i));
    else if (this.#requests.size > 0) this.#requests.delete(id);
  }

  #began(chunk: Chunk, i: number, id: number, bytes: Uint8Array): void {
    const begin = bytes.slice(0, KEPT);
    this.#requests.set(id, begin);
    if (isLongPoll(begin)) this.#analysis.requests.addLong(id, chunk.time[i]!);
    if (expectsContinue(bytes)) this.#expects.set(id, { time: chunk.time[i]!, num: chunk.num[i]! });
  }

  /** It sends more before any answer came: of leave to do so it has had none. */
  #sentBody(chunk: Chunk, i: number, id: number): void {
    const since = this.#expects.get(id);
    if (since === undefined) return;
    this.#expects.delete(id);
    const end = chunk.time[i]! - Math.max(0, chunk.latency[i]!);
    const where = { pid: this.#analysis.pidOf(chunk.thread[i]!), remote: this.#remote(id), start: since.time, end };
    this.#analysis.requests.expectations.push({ ...where, first: since.num, last: chunk.num[i]! });
  }

  /** A client had an answer, or a part of it; `reads`: what it says may be looked at. True: more of it is owed. */
  answered(chunk: Chunk, i: number, id: number, reads: boolean): boolean {
    this.lastUse[id] = chunk.time[i]!;
    this.#expects.delete(id);
    if (!reads) return false;
    const body = this.#bodies.get(id);
    if (body !== undefined) {
      body.came += chunk.res[i]!;
      return body.came < body.announced;
    }
    const bytes = payload(chunk, i);
    if (bytes[0] === LETTER_H && bytes.length < STATUS_END) this.#heads.set(id, bytes.slice());
    else this.#judge(chunk, i, id, bytes);
    return this.#owes(chunk, i, id, bytes);
  }

  /** More of an answer than was waited for: the rest of a status line, or what HTTP/2 sends unasked. */
  more(chunk: Chunk, i: number, id: number): void {
    const begun = this.#heads.get(id);
    const bytes = payload(chunk, i);
    if (this.#chunked.has(id) && isLastChunk(bytes, chunk.res[i]!) !== false) this.#chunked.delete(id);
    if (begun === undefined) {
      if (bytes[0] === 0) this.#judge(chunk, i, id, bytes);
      return;
    }
    const head = Buffer.concat([begun, bytes]);
    if (head.length < STATUS_END) this.#heads.set(id, head);
    else {
      this.#heads.delete(id);
      this.#judge(chunk, i, id, head);
    }
  }

  /** The other side ended a connection on which nothing was asked: an answer in chunks, of unknown length, may not have come to its end. */
  ended(chunk: Chunk, i: number, id: number, { name: call }: EventType): void {
    if (!this.#chunked.delete(id)) return;
    this.#failures.note(chunk, i, { kind: 'lost', call, error: 'cut', what: this.#remote(id), detail: 'a part of its chunks' });
  }

  #judge(chunk: Chunk, i: number, id: number, bytes: Uint8Array): void {
    const grpc = bytes[0] === 0 && !this.#http2.speaks(id) ? grpcError(bytes) : null;
    const status = statusOf(bytes);
    const error = grpc ?? (status >= CLIENT_ERROR ? `HTTP ${status}` : null);
    if (error !== null)
      this.#failures.note(chunk, i, { kind: 'http', call: 'answer', error, what: this.#remote(id), detail: this.#request(id) });
    else if (status > 0) this.#failures.answeredWell(chunk, i, () => this.#remote(id));
  }

  /** Whether the body that an answer's head announces has not come with it. */
  #owes(chunk: Chunk, i: number, id: number, bytes: Uint8Array): boolean {
    if (bytes[0] === LETTER_H && isChunked(bytes) && isLastChunk(bytes, chunk.res[i]!) === false) this.#chunked.add(id);
    const announced = bytes[0] === LETTER_H ? bodyLeft(bytes, chunk.res[i]!, this.#request(id)) : null;
    if (announced === null || announced <= 0) return false;
    this.#bodies.set(id, { announced, came: 0 });
    return true;
  }

  /** A server answered; from 500 on the error is its own, not the client's. */
  gave(chunk: Chunk, i: number, id: number): void {
    const status = statusOf(payload(chunk, i));
    if (status >= SERVER_ERROR) this.#gaveError(chunk, i, id, `HTTP ${status}`, this.#request(id));
  }

  #gaveError(chunk: Chunk, i: number, id: number, error: string, detail: string): void {
    const row = this.#analysis.dims.fds.get(id)!;
    const what = row.role === 'client' ? localText(row) : remoteText(row); // a .scap file may take the near end for the far one
    this.#failures.note(chunk, i, { kind: 'http', call: 'gave', error, what, detail });
  }

  /**
   * The other side ended a connection on which it owed an answer; `asked`: since when. It matters where it had answered before, or had
   * begun to. Nothing more is owed then.
   */
  closed(chunk: Chunk, i: number, id: number, type: EventType, asked: number): false {
    const body = this.#bodies.get(id);
    if (body !== undefined) {
      const detail = `${body.came} of the ${body.announced} bytes that were left of it`;
      this.#failures.note(chunk, i, { kind: 'lost', call: type.name, error: 'cut', what: this.#remote(id), detail });
    } else if (this.lastUse[id]! > 0) this.#lost(chunk, i, id, type, 'closed', asked);
    return false;
  }

  /** A connection broke; `asked` null: nothing was owed on it, so it was no request that came too late. */
  broken(chunk: Chunk, i: number, id: number, type: EventType, asked: number | null): void {
    this.#lost(chunk, i, id, type, errnoName(-chunk.res[i]!), asked);
  }

  #lost(chunk: Chunk, i: number, id: number, { name: call }: EventType, error: string, asked: number | null): void {
    if (this.#gone.has(id)) return;
    this.#gone.add(id);
    const last = this.lastUse[id]!;
    const span = last === 0 || asked === null ? 0 : asked - last;
    this.#failures.note(chunk, i, { kind: 'lost', call, error, what: this.#remote(id), detail: this.#request(id), span });
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
function statusOf(bytes: Uint8Array): number {
  if (bytes[0] !== LETTER_H || bytes.length < STATUS_END || bytes[STATUS_AT - 1] !== 0x20) return 0;
  const digit = (n: number) => bytes[STATUS_AT + n]! - ZERO;
  const status = digit(0) * 100 + digit(1) * 10 + digit(2);
  return status >= 100 && status < 600 ? status : 0;
}
