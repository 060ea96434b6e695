import { type HttpHead, httpHead, httpHeader } from '../http.ts';
import type { EventView } from '../view.ts';
import type { Field, FieldType, Reading, RowField } from './field.ts';

/** The head in an event's payload; only sockets carry any. */
function headOf(view: EventView): HttpHead | null {
  if (view.type.io === null) return null;
  const kind = view.fd?.kind;
  return kind === 'ipv4' || kind === 'ipv6' || kind === 'unix' ? httpHead(view.payload) : null;
}

function ofHead(
  name: string,
  type: FieldType,
  doc: string,
  example: string,
  read: (head: HttpHead) => Reading,
  more: Partial<RowField> = {},
): RowField {
  const readHead = (view: EventView) => {
    const head = headOf(view);
    return head === null ? null : read(head);
  };
  return { name, type, doc, example, scope: 'event', read: readHead, ...more };
}

const METHODS = 'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH'.split(' ');

function path(uri: string | null): string | null {
  return uri === null ? null : uri.replace(/^https?:\/\/[^/]*/, '').replace(/[?#].*$/s, '') || '/';
}

function length(head: HttpHead): number | null {
  const text = httpHeader(head, 'content-length');
  return text !== null && /^[0-9]+$/.test(text) ? Number(text) : null;
}

// biome-ignore format: a table
export const HTTP_FIELDS: readonly Field[] = [
  ofHead('http.method', 'text', 'GET POST …, of a request that begins in the payload (HTTP/1, not encrypted)', 'http.method=GET', ({ method }) => method, { values: METHODS, aliases: ['http.request.method'], short: ['method'] }),
  ofHead('http.uri', 'text', 'what the request asks for, as it was sent', 'http.uri startswith /v2/keys', ({ uri }) => uri, { aliases: ['http.request.uri', 'http.request.full_uri'], short: ['uri', 'url'] }),
  ofHead('http.path', 'text', 'the same without host and query', 'http.path=/', ({ uri }) => path(uri)),
  ofHead('http.host', 'text', 'Host of the request', 'http.host contains backend', (head) => httpHeader(head, 'host')),
  ofHead('http.status', 'number', 'status of a response', 'http.status>=500', ({ status }) => status, { aliases: ['http.response.code'], short: ['status'] }),
  ofHead('http.version', 'text', 'version of HTTP', 'http.version=1.0', ({ version }) => version, { aliases: ['http.request.version'] }),
  ofHead('http.user_agent', 'text', 'User-Agent of the request', 'http.user_agent startswith curl', (head) => httpHeader(head, 'user-agent')),
  ofHead('http.content_type', 'text', 'Content-Type of what follows', 'http.content_type startswith application/json', (head) => httpHeader(head, 'content-type')),
  ofHead('http.content_length', 'size', 'Content-Length of what follows', 'http.content_length>1MB', length),
  { name: 'http.header', type: 'text', scope: 'event', doc: 'one header of a request or a response', example: 'http.header.connection=close', arg: { name: 'NAME', required: true }, read: (view, name) => {
    const head = headOf(view);
    return head === null ? null : httpHeader(head, name);
  } },
];
