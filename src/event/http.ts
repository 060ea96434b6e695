/** HTTP/1 in payloads: the head of a request or of a response, where one begins. */

export interface HttpHead {
  /** null: a response. */
  readonly method: string | null;
  /** As sent: a path, or a whole URL to a proxy; null: a response. */
  readonly uri: string | null;
  /** null: a request. */
  readonly status: number | null;
  /** `1.1` */
  readonly version: string;
  readonly lines: readonly string[];
}

const METHODS = 'GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH';
const REQUEST = new RegExp(`^(${METHODS}) (\\S+) HTTP/(\\d\\.\\d)$`);
/** A long target may have been cut with the payload. */
const CUT_REQUEST = new RegExp(`^(${METHODS}) (/\\S*|https?://\\S*)(?: H?T?T?P?/?1?\\.?)?$`);
const RESPONSE = /^HTTP\/(\d\.\d) (\d{3})(?: .*)?$/;

/** Heads are shorter, or not worth reading. */
const LONGEST_HEAD = 8192;

/** The head that a payload begins with; null where it begins with anything else. */
export function httpHead(payload: Uint8Array): HttpHead | null {
  if (!beginsWithLetter(payload)) return null;
  const text = Buffer.from(payload.buffer, payload.byteOffset, Math.min(payload.length, LONGEST_HEAD)).toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const lines = (end < 0 ? text : text.slice(0, end)).split('\r\n');
  return response(lines) ?? request(lines);
}

/** The value of a header, without regard to small and large letters; null where the head has none. */
export function httpHeader(head: HttpHead, name: string): string | null {
  const prefix = `${name.toLowerCase()}:`;
  const line = head.lines.find((candidate) => candidate.toLowerCase().startsWith(prefix));
  return line === undefined ? null : line.slice(prefix.length).trim();
}

function beginsWithLetter(payload: Uint8Array): boolean {
  const first = payload[0];
  return first !== undefined && first >= 0x43 && first <= 0x54; // C of CONNECT to T of TRACE
}

function request(lines: readonly string[]): HttpHead | null {
  const [first, ...rest] = lines;
  const found = REQUEST.exec(first!) ?? (rest.length === 0 ? CUT_REQUEST.exec(first!) : null);
  return found === null ? null : { method: found[1]!, uri: found[2]!, status: null, version: found[3] ?? '1.1', lines: rest };
}

function response(lines: readonly string[]): HttpHead | null {
  const found = RESPONSE.exec(lines[0]!);
  return found === null ? null : { method: null, uri: null, status: Number(found[2]), version: found[1]!, lines: lines.slice(1) };
}
