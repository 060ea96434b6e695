/** TLS handshakes that the client broke off: by an alert, before it had asked for anything. */
import { payload } from '../model/chunk.ts';
import type { Analysis } from './analysis.ts';
import { remoteText } from './descriptors.ts';

export interface Handshake {
  readonly remote: string;
  /** The alert's name where the client sent one in the clear; empty: it was encrypted; null: it sent none. */
  readonly alert: string | null;
  /** The same of the server's; empty: none that can be read. */
  readonly theirs: string;
  /** The client had the server's part. */
  readonly answered: boolean;
  /** It asked for something. */
  readonly asked: boolean;
  /** The server answered something else than TLS. */
  readonly plain: boolean;
  /** The client's first and its last message. */
  readonly nums: readonly number[];
}

export interface BrokenHandshake extends Handshake {
  readonly alert: string;
}

const CHANGE_CIPHER = 0x14;
const ALERT = 0x15;
const HANDSHAKE = 0x16;
const DATA = 0x17;
const HEADER = 5;
/** An alert is two bytes; encrypted as TLS 1.3 does, with its type and a tag of 16, 19. */
const ALERT_BYTES = 2;
const SEALED_ALERT = 19;
/** Of an alert's two bytes the first: the connection ends. A warning, as at a usual end, says nothing. */
const FATAL_ALERT = 2;

/** RFC 8446, section 6. */
const ALERTS: Readonly<Record<number, string>> = {
  40: 'handshake failure',
  42: 'bad certificate',
  43: 'unsupported certificate',
  44: 'certificate revoked',
  45: 'certificate expired',
  46: 'certificate unknown',
  48: 'unknown certificate authority',
  49: 'access denied',
  70: 'protocol version',
  71: 'insufficient security',
  112: 'unrecognized name',
  116: 'certificate required',
};

interface HandshakeState {
  first: number;
  last: number;
  /** It had the server's part. */
  answered: boolean;
  /** Null: none so far. */
  alert: string | null;
  theirs: string;
  asked: boolean;
  /** The first byte of what the server said is none of TLS. */
  plain: boolean;
}

export function handshakes(analysis: Analysis, pid: number): Handshake[] {
  const states = new Map<number, HandshakeState>();
  const begun = analysis.events(pid).filter((event) => event.type.io === 'write' && event.head === HANDSHAKE && event.fd !== 0);
  for (const { fd, num } of begun)
    if (!states.has(fd)) states.set(fd, { first: num, last: num, answered: false, alert: null, theirs: '', asked: false, plain: false });
  if (states.size === 0) return [];
  for (const head of analysis.capture.heads()) {
    const present = head.presence('fd');
    if (present !== null && !present.some((id) => states.has(id))) continue;
    const chunk = analysis.capture.passingChunk(head);
    for (let i = 0; i < chunk.n; i++) {
      const state = states.get(chunk.fd[i]!);
      const io = state === undefined ? null : (analysis.dims.types.get(chunk.type[i]!)?.io ?? null);
      if (state === undefined || io === null || chunk.res[i]! <= 0) continue;
      if (io === 'read') {
        if (!state.answered) state.plain = isPlain(payload(chunk, i)[0]);
        state.answered = true;
        for (const { type, body, length } of records(payload(chunk, i)))
          if (type === ALERT && length === ALERT_BYTES && body[0] === FATAL_ALERT)
            state.theirs ||= ALERTS[body[1] ?? 0] ?? `alert ${body[1]}`;
      }
      if (io === 'write') {
        for (const record of records(payload(chunk, i))) follow(state, record);
        state.last = chunk.num[i]!;
      }
    }
  }
  return [...states].map(([fd, { first, last, ...state }]) => ({
    remote: remoteText(analysis.dims.fds.get(fd)!),
    nums: [first, last],
    ...state,
  }));
}

/** Those that the client ended before it had asked for anything. */
export function brokenHandshakes(all: readonly Handshake[]): BrokenHandshake[] {
  return all
    .filter(({ answered, alert, plain, asked }) => answered && (alert !== null || plain) && !asked)
    .map((one) => ({ ...one, alert: one.alert ?? '' }));
}

/** Records of TLS begin with their type: 20 to 23. */
function isPlain(first: number | undefined): boolean {
  return first !== undefined && (first < CHANGE_CIPHER || first > DATA);
}

interface TlsRecord {
  readonly type: number;
  readonly body: Uint8Array;
  readonly length: number;
}

function follow(state: HandshakeState, { type, body, length }: TlsRecord): void {
  if (type === ALERT) state.alert ??= length === ALERT_BYTES ? (ALERTS[body[1] ?? 0] ?? '') : '';
  else if (type === DATA && length === SEALED_ALERT) state.alert ??= '';
  else if (type === DATA) state.asked = true;
}

/** The TLS records that a payload begins with; the last may be cut. */
function* records(bytes: Uint8Array): Generator<TlsRecord> {
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const length = (bytes[at + 3]! << 8) | bytes[at + 4]!;
    yield { type: bytes[at]!, body: bytes.subarray(at + HEADER, at + HEADER + length), length };
    at += HEADER + length;
  }
}
