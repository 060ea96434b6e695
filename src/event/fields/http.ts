import { type HttpHead, httpHead, httpHeader } from '../http.ts';
import { type Http2Head, http2Header } from '../http2/connections.ts';
import type { EventView } from '../view.ts';
import type { Field, FieldType, Reading, RowField, Value } from './field.ts';

/** The beginning of a request or of a response, of whichever version; null: it has no such thing, or that was not captured. */
interface Head {
  readonly method: string | null;
  readonly uri: string | null;
  readonly host: string | null;
  readonly status: number | null;
  readonly version: string;
  readonly grpc: number | null;
  readonly header: (name: string) => string | null;
}

const NONE: readonly Head[] = [];

/** The heads that an event's payload has, or ends; only sockets carry any. HTTP/2 may have several in one. */
function headsOf(view: EventView): readonly Head[] {
  const { chunk, i, fd, capture } = view;
  if (view.type.io === null || chunk === null) return NONE;
  if (fd?.kind !== 'ipv4' && fd?.kind !== 'ipv6' && fd?.kind !== 'unix') return NONE;
  const heads = capture.http2?.headsAt(chunk, i) ?? null;
  if (heads !== null) return heads.map(ofHttp2);
  const head = httpHead(view.payload);
  return head === null ? NONE : [ofHttp1(head)];
}

function ofHttp1(head: HttpHead): Head {
  const header = (name: string) => httpHeader(head, name);
  const { method, uri, status, version } = head;
  return { method, uri, host: header('host'), status, version, grpc: null, header };
}

function ofHttp2(head: Http2Head): Head {
  const header = (name: string) => http2Header(head, name.toLowerCase());
  return {
    method: header(':method'),
    uri: header(':path'),
    host: header(':authority') ?? header('host'),
    status: numberOf(header(':status')),
    version: '2',
    grpc: numberOf(header('grpc-status')),
    header,
  };
}

function ofHead(
  name: string,
  type: FieldType,
  doc: string,
  example: string,
  read: (head: Head, arg: string) => Value | null,
  more: Partial<RowField> = {},
): RowField {
  const readHeads = (view: EventView, arg: string): Reading => {
    const values = [...new Set(headsOf(view).flatMap((head) => read(head, arg) ?? []))];
    return values.length > 1 ? values : (values[0] ?? null);
  };
  return { name, type, doc, example, scope: 'event', needs: ['connection events'], read: readHeads, ...more };
}

const METHODS = 'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH'.split(' ');

function path(uri: string | null): string | null {
  return uri === null ? null : uri.replace(/^https?:\/\/[^/]*/, '').replace(/[?#].*$/s, '') || '/';
}

function numberOf(text: string | null): number | null {
  return text !== null && /^[0-9]{1,15}$/.test(text) ? Number(text) : null;
}

// biome-ignore format: a table
export const HTTP_FIELDS: readonly Field[] = [
  ofHead('http.method', 'text', 'GET POST …, of a request whose head is in the payload (HTTP/1 and HTTP/2, not encrypted; HTTP/2 may have several in one)', 'http.method=GET', ({ method }) => method, { values: METHODS, aliases: ['http.request.method'], short: ['method'] }),
  ofHead('http.uri', 'text', 'what the request asks for, as it was sent', 'http.uri startswith /v2/keys', ({ uri }) => uri, { aliases: ['http.request.uri', 'http.request.full_uri'], short: ['uri', 'url'] }),
  ofHead('http.path', 'text', 'the same without host and query', 'http.path=/', ({ uri }) => path(uri)),
  ofHead('http.host', 'text', 'Host of the request, :authority of HTTP/2', 'http.host contains backend', ({ host }) => host),
  ofHead('http.status', 'number', 'status of a response', 'http.status>=500', ({ status }) => status, { aliases: ['http.response.code'], short: ['status'] }),
  ofHead('http.version', 'text', 'version of HTTP: 1.0 1.1 2', 'http.version=2', ({ version }) => version, { aliases: ['http.request.version'] }),
  ofHead('http.user_agent', 'text', 'User-Agent of the request', 'http.user_agent startswith curl', ({ header }) => header('user-agent')),
  ofHead('http.content_type', 'text', 'Content-Type of what follows', 'http.content_type startswith application/json', ({ header }) => header('content-type')),
  ofHead('http.content_length', 'size', 'Content-Length of what follows', 'http.content_length>1MB', ({ header }) => numberOf(header('content-length'))),
  ofHead('http.header', 'text', 'one header of a request or a response; of HTTP/2 also http.header[:scheme] and the like', 'http.header.connection=close', ({ header }, name) => header(name), { arg: { name: 'NAME', required: true } }),
  ofHead('grpc.status', 'number', 'gRPC’s own status, at the end of a response: 0 is good, 14 is UNAVAILABLE', 'grpc.status>0', ({ grpc }) => grpc),
];
