/** Requests over HTTP with their responses, as far as payloads hold their heads: a log of them, and which were asked for most. */
import type { Capture } from '../capture/capture.ts';
import { type HttpHead, httpHead, httpHeader } from '../event/http.ts';
import { Http2Connections, type Http2Head, http2Header } from '../event/http2/connections.ts';
import type { EventView } from '../event/view.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { startTime } from '../model/chunk.ts';
import { fdName } from '../model/fd-name.ts';
import { columnType } from '../report/column.ts';
import type { Row } from '../report/report.ts';
import { Histogram } from './histogram.ts';
import type { LensTable } from './lens.ts';
import { lensTable } from './table.ts';

/** Payloads that may begin with a head, on sockets. */
export const HTTP_EVENTS = 'evt.is_io=true and evt.failed=false and fd.type in (ipv4, ipv6, unix)';

/** A response, from its head on. */
export interface HttpAnswer {
  readonly num: number;
  /** null: it was not captured. */
  readonly status: number | null;
  readonly time: number;
}

/** A request with its response, as one side saw them. */
export interface Exchange {
  readonly num: number;
  readonly time: number;
  readonly side: 'client' | 'server';
  readonly process: string;
  readonly pid: number;
  /** Rows of its thread and descriptor. */
  readonly thread: number;
  readonly fd: number;
  readonly name: string;
  /** `1.1`, `2` */
  readonly version: string;
  readonly host: string;
  /** null, as the URI: HTTP/2 says it by the number of an earlier header, which was not captured. */
  readonly method: string | null;
  readonly uri: string | null;
  answer: HttpAnswer | null;
  /** gRPC's own status, at the end of a response; null: there is none, or it was not captured. */
  grpc: number | null;
}

/** In the order in which they began. A request that one side sends is a client's, one that it reads a server's. */
export function exchanges(capture: Capture, filter: CompiledFilter): Exchange[] {
  const all: Exchange[] = [];
  const http1 = new Http1(all);
  const http2 = new Http2(all);
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const view = filter.view.at(chunk, selection[k]!);
      if (!http2.take(view)) http1.take(view);
    }
  }
  return all;
}

/** One side of a connection. */
const keyOf = (view: EventView) => `${view.process?.pid ?? 0} ${view.columnValue('fd') ?? 0}`;

/** Responses come in the order of the requests. */
class Http1 {
  readonly #all: Exchange[];
  readonly #open = new Map<string, Exchange[]>();

  constructor(all: Exchange[]) {
    this.#all = all;
  }

  take(view: EventView): void {
    const head = httpHead(view.payload);
    if (head === null) return;
    const key = keyOf(view);
    if (head.status === null) {
      const exchange = requestOf(view, asked(head));
      this.#all.push(exchange);
      this.#open.set(key, [...(this.#open.get(key) ?? []), exchange]);
    } else if (isFinal(head.status)) {
      const waiting = this.#open.get(key)?.shift();
      if (waiting !== undefined) waiting.answer = answerOf(view, head.status);
    }
  }
}

/** Requests and their responses have a stream each. */
class Http2 {
  readonly #all: Exchange[];
  readonly #connections = new Http2Connections();
  readonly #streams = new Map<string, Exchange>();

  constructor(all: Exchange[]) {
    this.#all = all;
  }

  /** False: the event is of no connection of HTTP/2. */
  take(view: EventView): boolean {
    const heads = this.#connections.heads(view);
    for (const head of heads ?? []) this.#head(view, head, `${keyOf(view)} ${head.stream}`);
    return heads !== null;
  }

  #head(view: EventView, head: Http2Head, key: string): void {
    const exchange = this.#streams.get(key);
    if (head.of === 'request' && exchange === undefined) this.#ask(view, head, key);
    if (head.of !== 'response' || exchange === undefined) return;
    const status = numberOf(http2Header(head, ':status'));
    if (status === null) exchange.answer ??= answerOf(view, null);
    else if (isFinal(status) && (exchange.answer?.status ?? null) === null) exchange.answer = answerOf(view, status);
    exchange.grpc ??= numberOf(http2Header(head, 'grpc-status'));
    if (head.endsStream) this.#streams.delete(key);
  }

  #ask(view: EventView, head: Http2Head, key: string): void {
    const host = http2Header(head, ':authority') ?? http2Header(head, 'host') ?? '';
    const exchange = requestOf(view, { version: '2', method: http2Header(head, ':method'), uri: http2Header(head, ':path'), host });
    this.#all.push(exchange);
    this.#streams.set(key, exchange);
  }
}

/** Responses of 1xx come before the one that counts. */
const isFinal = (status: number) => status >= 200;
const numberOf = (text: string | null) => (text !== null && /^[0-9]{1,9}$/.test(text) ? Number(text) : null);

type Asked = Pick<Exchange, 'version' | 'method' | 'uri' | 'host'>;

function asked(head: HttpHead): Asked {
  const { version, method, uri } = head;
  return { version, method, uri, host: httpHeader(head, 'host') ?? '' };
}

function answerOf(view: EventView, status: number | null): HttpAnswer {
  return { num: view.columnValue('num') ?? 0, status, time: view.time };
}

function requestOf(view: EventView, what: Asked): Exchange {
  const side = view.type.io === 'write' ? 'client' : 'server';
  return {
    num: view.columnValue('num') ?? 0,
    time: side === 'client' ? startTime(view.chunk!, view.i) : view.time,
    side,
    process: view.thread?.comm ?? '',
    pid: view.process?.pid ?? 0,
    thread: view.columnValue('thread') ?? 0,
    fd: view.columnValue('fd') ?? 0,
    name: view.fd === null ? '' : fdName(view.fd),
    ...what,
    answer: null,
    grpc: null,
  };
}

const LOG = [
  columnType('evt.num', 'num', 'the event with the request'),
  columnType('time', 'time', 'when it was sent, or read'),
  columnType('side', 'text', 'client or server'),
  columnType('proc.name', 'text', 'whose side it is'),
  columnType('proc.pid', 'number', ''),
  columnType('http.method', 'text', '', { nullable: true }),
  columnType('http.host', 'text', ''),
  columnType('http.uri', 'text', '', { nullable: true }),
  columnType('http.status', 'number', 'of the response', { nullable: true }),
  columnType('grpc.status', 'number', 'gRPC’s own status, at the end of the response', { nullable: true }),
  columnType('latency', 'ns', 'until the response', { nullable: true }),
  columnType('http.version', 'text', '1.1, 2'),
  columnType('fd.name', 'text', 'the connection'),
];

export const httpLog = (capture: Capture, filter: CompiledFilter): LensTable =>
  lensTable(
    capture,
    LOG,
    () => exchanges(capture, filter).map(logRow),
    ([num]) => `evt.num=${String(num)}`,
  );

function logRow({ num, time, side, process, pid, method, host, uri, answer, grpc, version, name }: Exchange): Row {
  const latency = answer === null ? null : answer.time - time;
  return [num, time, side, process, pid, method, host, uri, answer?.status ?? null, grpc, latency, version, name];
}

const TOP = [
  columnType('requests', 'count', 'how many'),
  columnType('unanswered', 'count', 'without a response'),
  columnType('side', 'text', 'client or server'),
  columnType('http.method', 'text', '', { nullable: true }),
  columnType('http.host', 'text', ''),
  columnType('http.uri', 'text', '', { nullable: true }),
  columnType('http.status', 'number', 'of the response', { nullable: true }),
  columnType('grpc.status', 'number', 'gRPC’s own status, at the end of the response', { nullable: true }),
  columnType('p50', 'ns', 'median time until the response', { nullable: true }),
  columnType('max', 'ns', 'longest time until the response', { nullable: true }),
];

export const httpTop = (capture: Capture, filter: CompiledFilter): LensTable =>
  lensTable(capture, TOP, () => topRows(exchanges(capture, filter)));

function topRows(all: readonly Exchange[]): Row[] {
  const alike = Map.groupBy(all, ({ side, method, host, uri, answer, grpc }) =>
    JSON.stringify([side, method, host, uri, answer?.status, grpc]),
  );
  const rows = [...alike.values()].map((group): Row => {
    const [{ side, method, host, uri, answer, grpc }] = group as [Exchange];
    const times = group.flatMap((one) => (one.answer === null ? [] : [one.answer.time - one.time]));
    const histogram = new Histogram();
    for (const time of times) histogram.add(time);
    const most = times.length === 0 ? null : times.reduce((a, b) => Math.max(a, b));
    const what = [side, method, host, uri, answer?.status ?? null, grpc];
    return [group.length, group.length - times.length, ...what, histogram.quantile(0.5), most];
  });
  return rows.sort(([a], [b]) => Number(b) - Number(a));
}
