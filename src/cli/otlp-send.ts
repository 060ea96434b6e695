/** Sends spans and log records to an OpenTelemetry collector: OTLP/JSON over HTTP, or protocol buffers over gRPC; a request for each batch. */
import { Client, credentials } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { logsBytes, traceBytes } from '../output/otlp-bytes.ts';
import { jsonText } from '../output/printable.ts';
import type { TraceRequest } from '../output/writers/otlp.ts';
import type { LogsRequest } from '../output/writers/otlp-logs.ts';
import { EXIT, Exit, UsageError } from './exit.ts';

const TIMEOUT_MS = 10_000;

/** What a collector did not take of a request. */
interface Rejected {
  readonly count: number;
  readonly message: string;
}

/** Where requests of one kind go. `send` throws Error where the collector does not take it. */
interface Transport<Request> {
  readonly name: string;
  readonly send: (request: Request) => Promise<Rejected>;
  readonly close: () => void;
}

/** The kinds of requests: traces and logs. */
interface Kind<Request> {
  /** Behind a collector's address, over HTTP. */
  readonly path: string;
  /** Over gRPC. */
  readonly method: string;
  readonly bytes: (request: Request) => Uint8Array;
}

export const TRACES: Kind<TraceRequest> = {
  path: '/v1/traces',
  method: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  bytes: traceBytes,
};
export const LOGS: Kind<LogsRequest> = {
  path: '/v1/logs',
  method: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  bytes: logsBytes,
};

/** Sends one request after the other to `to`; gives where that was. Throws UsageError, Exit where the collector does not take one. */
export async function sendRequests<Request>(kind: Kind<Request>, requests: Iterable<Request>, to: string): Promise<string> {
  const transport = transportTo(kind, to);
  let rejected = 0;
  let why = '';
  try {
    for (const request of requests) {
      const { count, message } = await transport.send(request);
      rejected += count;
      why ||= message;
    }
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Exit(EXIT.FAILED, `${transport.name}: ${cause instanceof Error ? cause.message : message}`);
  } finally {
    transport.close();
  }
  if (rejected > 0) throw new Exit(EXIT.FAILED, `${transport.name} rejected ${rejected} of them${why === '' ? '' : `: ${why}`}`);
  return transport.name;
}

function transportTo<Request>(kind: Kind<Request>, to: string): Transport<Request> {
  if (!URL.canParse(to) || !/^(https?|grpcs?):\/\//.test(to))
    throw new UsageError(`--to takes a collector's address, such as http://127.0.0.1:4318 or grpc://127.0.0.1:4317, not ${to}`);
  return /^grpc/.test(to) ? overGrpc(kind, new URL(to)) : overHttp(kind, new URL(to));
}

/** `http://HOST:PORT`, or the whole address. */
function overHttp<Request>({ path }: Kind<Request>, url: URL): Transport<Request> {
  if (url.pathname === '/') url.pathname = path;
  return { name: url.href, send: async (request) => rejectedOf(await posted(url, `${jsonText(request)}\n`)), close: () => {} };
}

async function posted(url: URL, body: string): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    redirect: 'error',
  });
  if (!response.ok) throw new Error(`it answered ${response.status} ${response.statusText}`);
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return {}; // it need not say more than that it took them
  }
}

type PartialSuccess = Readonly<Record<'rejectedSpans' | 'rejectedLogRecords' | 'errorMessage', unknown>>;

function rejectedOf(answer: unknown): Rejected {
  const { partialSuccess } = (answer ?? {}) as { readonly partialSuccess?: Partial<PartialSuccess> };
  const count = Number(partialSuccess?.rejectedSpans ?? partialSuccess?.rejectedLogRecords ?? 0);
  return { count: Number.isFinite(count) ? count : 0, message: String(partialSuccess?.errorMessage ?? '') };
}

/** `grpc://HOST:PORT`, and `grpcs:` over TLS with the certificates that the machine trusts. */
function overGrpc<Request>({ method, bytes }: Kind<Request>, { protocol, host, href }: URL): Transport<Request> {
  const client = new Client(host, protocol === 'grpcs:' ? credentials.createSsl() : credentials.createInsecure());
  const send = (request: Request) =>
    new Promise<Rejected>((done, failed) => {
      client.makeUnaryRequest(
        method,
        (one: Request) => Buffer.from(bytes(one)),
        partialSuccessOf,
        request,
        { deadline: Date.now() + TIMEOUT_MS },
        (error, answer) => (error === null ? done(answer ?? { count: 0, message: '' }) : failed(error)),
      );
    });
  return { name: href, send, close: () => client.close() };
}

const PARTIAL_SUCCESS = 1;
const REJECTED = 1;
const MESSAGE = 2;

/** Both services answer alike: field 1 is a message of a number and a text. */
function partialSuccessOf(bytes: Buffer): Rejected {
  const found = { count: 0, message: '' };
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 !== PARTIAL_SUCCESS) reader.skipType(tag & 7);
    else {
      const end = reader.uint32() + reader.pos;
      while (reader.pos < end) {
        const inner = reader.uint32();
        if (inner >>> 3 === REJECTED) found.count = Number(reader.int64());
        else if (inner >>> 3 === MESSAGE) found.message = reader.string();
        else reader.skipType(inner & 7);
      }
    }
  }
  return found;
}
