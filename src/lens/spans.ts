/** Stretches of time that other tools show: name lookups with their attempts, HTTP requests, and calls that took long. */
import type { Capture } from '../capture/capture.ts';
import type { Lookup } from '../dns/lookup.ts';
import type { CaptureContext } from '../event/view.ts';
import { EventView } from '../event/view.ts';
import { compileFilter } from '../filter/compile.ts';
import { startTime } from '../model/chunk.ts';
import { errnoName } from '../model/errno.ts';
import { fdName } from '../model/fd-name.ts';
import { grpcText } from '../model/grpc.ts';
import { lookupsOf } from './dns.ts';
import { type Exchange, exchanges, HTTP_EVENTS } from './http.ts';

/** Who spent it. */
export interface SpanOwner {
  readonly pid: number;
  readonly tid: number;
  readonly comm: string;
  readonly container: string;
  /** Empty: in none, or not known. */
  readonly namespace: string;
  readonly pod: string;
}

export interface Span {
  /** From 1, in the order in which they begin. */
  id: number;
  readonly kind: 'lookup' | 'attempt' | 'request' | 'wait';
  readonly name: string;
  /** ns since the capture's start. */
  readonly start: number;
  readonly end: number;
  /** The event that shows it. */
  readonly num: number;
  readonly owner: SpanOwner;
  /** Who asked: a request's client. `client`: asked of somebody else. */
  readonly side: 'client' | 'server' | 'internal';
  readonly parent: Span | null;
  /** null: it went well. */
  readonly error: string | null;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** What is wanted of a capture. */
export interface SpansOf {
  readonly capture: Capture;
  readonly context: CaptureContext;
  /** The user's filter. */
  readonly filter: string;
  /** ns: calls that took less are left out. */
  readonly over: number;
}

/** In the order in which they begin. A parent comes before what belongs to it. */
export function spansOf(question: SpansOf): Span[] {
  const spans = [...lookupSpans(question), ...requestSpans(question), ...waitSpans(question)];
  spans.sort((a, b) => a.start - b.start || b.end - a.end);
  spans.forEach((span, i) => {
    span.id = i + 1;
  });
  return spans;
}

const both = (a: string, b: string) => (b === '' ? a : `(${a}) and (${b})`);

function* lookupSpans({ capture, context, filter }: SpansOf): Generator<Span> {
  const owners = new Owners(context);
  for (const lookup of lookupsOf(capture, compileFilter(filter, context))) {
    const parent = lookupSpan(lookup, owners.of(lookup.thread, lookup.start));
    yield parent;
    yield* attemptSpans(lookup, parent);
  }
}

const FINE: ReadonlySet<string> = new Set(['NOERROR', 'ANSWERED']);

function lookupSpan(lookup: Lookup, owner: SpanOwner): Span {
  const { name, start, end, result, addresses, library, attempts } = lookup;
  const attributes = {
    'dns.question.name': name,
    'dns.result': result,
    'dns.answers': addresses.join(','),
    'trowel.dns.library': library,
    'trowel.dns.attempts': attempts.length,
  };
  const num = attempts[0]?.queries[0]?.num ?? 0;
  const error = FINE.has(result) ? null : result;
  return { id: 0, kind: 'lookup', name: `lookup ${name}`, start, end, num, owner, side: 'client', parent: null, error, attributes };
}

function* attemptSpans(lookup: Lookup, parent: Span): Generator<Span> {
  for (const { name, suffix, server, result, start, end, queries, wasted } of lookup.attempts) {
    const attributes = { 'dns.question.name': name, 'server.address': server, 'dns.result': result, 'trowel.dns.suffix': suffix };
    const error = wasted && !FINE.has(result) ? result : null;
    const num = queries[0]?.num ?? 0;
    yield { id: 0, kind: 'attempt', name, start, end, num, owner: parent.owner, side: 'client', parent, error, attributes };
  }
}

/** A server's request belongs to the client's where both ends are in the capture. */
function* requestSpans({ capture, context, filter }: SpansOf): Generator<Span> {
  const compiled = compileFilter(both(HTTP_EVENTS, filter), context);
  const owners = new Owners(context);
  const clients = new Map<number, Span[]>();
  for (const exchange of exchanges(capture, compiled)) {
    const parent = exchange.side === 'server' ? (clients.get(exchange.fd)?.shift() ?? null) : null;
    const span = requestSpan(exchange, owners.of(exchange.thread, exchange.time), parent);
    if (exchange.side === 'client') owners.remember(exchange, span, clients);
    yield span;
  }
}

const FIRST_ERROR = 400;

function requestError({ answer, grpc }: Exchange): string | null {
  if (answer === null) return 'no response';
  if ((answer.status ?? 0) >= FIRST_ERROR) return `HTTP ${answer.status}`;
  return grpc === null || grpc === 0 ? null : grpcText(grpc);
}

function requestSpan(exchange: Exchange, owner: SpanOwner, parent: Span | null): Span {
  const { num, time, side, host, method, uri, name, version, answer, grpc } = exchange;
  const status = answer?.status ?? null;
  const attributes = {
    'http.request.method': method ?? '_OTHER', // as OpenTelemetry says it where it is not known
    ...(uri === null ? {} : { 'url.path': uri }),
    'server.address': host,
    'network.protocol.version': version,
    'trowel.fd.name': name,
    ...(status === null ? {} : { 'http.response.status_code': status }),
    ...(grpc === null ? {} : { 'rpc.grpc.status_code': grpc }),
  };
  return {
    id: 0,
    kind: 'request',
    name: `${method ?? 'HTTP'} ${uri ?? ''}`.trim(),
    start: time,
    end: answer?.time ?? time,
    num,
    owner,
    side,
    parent,
    error: requestError(exchange),
    attributes,
  };
}

function* waitSpans({ capture, context, filter, over }: SpansOf): Generator<Span> {
  const compiled = compileFilter(both(`evt.latency>=${Math.max(1, Math.round(over))}`, filter), context);
  const owners = new Owners(context);
  for (const { chunk, selection, n } of capture.select(compiled)) {
    for (let k = 0; k < n; k++) yield waitSpan(owners, compiled.view.at(chunk, selection[k]!));
  }
}

function waitSpan(owners: Owners, view: EventView): Span {
  const { type, fd, res, time, chunk, i } = view;
  const on = fd === null ? '' : fdName(fd);
  const owner = owners.of(chunk!.thread[i]!, time);
  const error = res !== null && res < 0 ? errnoName(-res) : null;
  const num = view.columnValue('num') ?? 0;
  const attributes = {
    'trowel.evt.type': type.name,
    ...(on === '' ? {} : { 'trowel.fd.name': on }),
    ...(res === null ? {} : { 'trowel.evt.res': res }),
  };
  return {
    id: 0,
    kind: 'wait',
    name: type.name,
    start: startTime(chunk!, i),
    end: time,
    num,
    owner,
    side: 'internal',
    parent: null,
    error,
    attributes,
  };
}

/** Who a thread belongs to, at a time. */
class Owners {
  readonly #view: EventView;

  constructor(context: CaptureContext) {
    this.#view = new EventView(context);
  }

  of(thread: number, time: number): SpanOwner {
    const view = this.#view.onRow('thread', thread, time);
    const { process } = view;
    const container = process?.container ?? '';
    const pod = view.kube.pod(container, time, view);
    return {
      pid: process?.pid ?? 0,
      tid: view.thread?.tid ?? 0,
      comm: view.thread?.comm ?? '',
      container: container.slice(0, 12),
      namespace: pod?.namespace ?? '',
      pod: pod?.name ?? '',
    };
  }

  /** A client's request waits under its server's descriptor. */
  remember({ fd }: Exchange, span: Span, clients: Map<number, Span[]>): void {
    const row = this.#view.capture.dims.fds.get(fd);
    const server = row === undefined ? null : this.#view.serverOf(row);
    if (server !== null) clients.set(server.id, [...(clients.get(server.id) ?? []), span]);
  }
}
