/** HTTP/1 requests with their responses, as far as payloads hold their heads: a log of them, and which were asked for most. */
import type { Capture } from '../capture/capture.ts';
import { httpHead, httpHeader } from '../event/http.ts';
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
  readonly host: string;
  readonly method: string;
  readonly uri: string;
  answer: { readonly num: number; readonly status: number; readonly time: number } | null;
}

/** One side of a connection. */
const keyOf = (view: EventView) => `${view.process?.pid ?? 0} ${view.columnValue('fd') ?? 0}`;

/** In the order in which they began. A request that one side sends is a client's, one that it reads a server's. */
export function exchanges(capture: Capture, filter: CompiledFilter): Exchange[] {
  const all: Exchange[] = [];
  const open = new Map<string, Exchange[]>();
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const view = filter.view.at(chunk, selection[k]!);
      const head = httpHead(view.payload);
      if (head === null) continue;
      const key = keyOf(view);
      if (head.status === null) {
        const exchange = requestOf(view, head.method!, head.uri!, httpHeader(head, 'host') ?? '');
        all.push(exchange);
        open.set(key, [...(open.get(key) ?? []), exchange]);
      } else if (head.status >= 200) {
        const waiting = open.get(key)?.shift();
        if (waiting !== undefined) waiting.answer = { num: view.columnValue('num') ?? 0, status: head.status, time: view.time };
      }
    }
  }
  return all;
}

function requestOf(view: EventView, method: string, uri: string, host: string): Exchange {
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
    host,
    method,
    uri,
    answer: null,
  };
}

const LOG = [
  columnType('evt.num', 'num', 'the event with the request'),
  columnType('time', 'time', 'when it was sent, or read'),
  columnType('side', 'text', 'client or server'),
  columnType('proc.name', 'text', 'whose side it is'),
  columnType('proc.pid', 'number', ''),
  columnType('http.method', 'text', ''),
  columnType('http.host', 'text', ''),
  columnType('http.uri', 'text', ''),
  columnType('http.status', 'number', 'of the response', { nullable: true }),
  columnType('latency', 'ns', 'until the response', { nullable: true }),
  columnType('fd.name', 'text', 'the connection'),
];

export const httpLog = (capture: Capture, filter: CompiledFilter): LensTable =>
  lensTable(
    capture,
    LOG,
    () => exchanges(capture, filter).map(logRow),
    ([num]) => `evt.num=${String(num)}`,
  );

function logRow({ num, time, side, process, pid, method, host, uri, answer, name }: Exchange): Row {
  return [num, time, side, process, pid, method, host, uri, answer?.status ?? null, answer === null ? null : answer.time - time, name];
}

const TOP = [
  columnType('requests', 'count', 'how many'),
  columnType('unanswered', 'count', 'without a response'),
  columnType('side', 'text', 'client or server'),
  columnType('http.method', 'text', ''),
  columnType('http.host', 'text', ''),
  columnType('http.uri', 'text', ''),
  columnType('http.status', 'number', 'of the response', { nullable: true }),
  columnType('p50', 'ns', 'median time until the response', { nullable: true }),
  columnType('max', 'ns', 'longest time until the response', { nullable: true }),
];

export const httpTop = (capture: Capture, filter: CompiledFilter): LensTable =>
  lensTable(capture, TOP, () => topRows(exchanges(capture, filter)));

function topRows(all: readonly Exchange[]): Row[] {
  const alike = Map.groupBy(all, ({ side, method, host, uri, answer }) => `${side} ${method} ${host} ${uri} ${answer?.status ?? ''}`);
  const rows = [...alike.values()].map((group): Row => {
    const [{ side, method, host, uri, answer }] = group as [Exchange];
    const times = group.flatMap((one) => (one.answer === null ? [] : [one.answer.time - one.time]));
    const histogram = new Histogram();
    for (const time of times) histogram.add(time);
    const most = times.length === 0 ? null : times.reduce((a, b) => Math.max(a, b));
    return [group.length, group.length - times.length, side, method, host, uri, answer?.status ?? null, histogram.quantile(0.5), most];
  });
  return rows.sort(([a], [b]) => Number(b) - Number(a));
}
