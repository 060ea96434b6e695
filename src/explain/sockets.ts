/** What a process' client sockets were waiting for: for the connection, the TLS handshake, an answer. Threads do not matter here. */
import { errnoName } from '../model/errno.ts';
import type { Dimensions, FdRow } from '../model/rows.ts';
import { datagramWaits } from './datagrams.ts';
import { isPath, isStream, isUnixPath, localText, remoteText, socketKey } from './descriptors.ts';
import type { Ev } from './process-events.ts';
import type { UnixRoles } from './unix-roles.ts';

/** A stretch of time in which a socket owed something to its process. */
export interface SocketWait {
  readonly kind: 'connect' | 'tls' | 'server' | 'datagram';
  readonly socket: Socket;
  readonly start: number;
  readonly end: number;
  /** Events at its two ends. */
  readonly first: number;
  readonly last: number;
  readonly error: string | null;
  /** `answered`; `closed` by the peer; `failed`; `given up` by the process; `open` when the events ended. */
  readonly outcome: 'answered' | 'closed' | 'failed' | 'given up' | 'open';
  /** A part of the answer had come before: what was waited for is more of it. */
  readonly rest: boolean;
}

export interface Socket {
  readonly key: string;
  readonly fds: Set<number>;
  local: string;
  remote: string;
}

const EINPROGRESS = -115;
const EAGAIN = -11;
const TLS_HANDSHAKE = 0x16;
const TLS_CHANGE_CIPHER = 0x14;
const TLS_DATA = 0x17;

interface SocketState extends Socket {
  connecting: { start: number; num: number } | null;
  /** End and number of the last write since the last read. */
  asked: { time: number; num: number } | null;
  lastRead: { time: number; num: number } | null;
  handshake: boolean;
}

/** `begun`: the process began in the recording, so that nothing was asked before. */
export function socketWaits(events: readonly Ev[], dims: Dimensions, begun: boolean, unix: UnixRoles): SocketWait[] {
  const fold = new Sockets(dims, begun, unix);
  for (const event of events) fold.add(event);
  fold.finish();
  return [...fold.waits, ...datagramWaits(events, dims)];
}

class Sockets {
  readonly waits: SocketWait[] = [];
  readonly #dims: Dimensions;
  readonly #states = new Map<string, SocketState>();
  #lastTime = 0;
  #lastNum = 0;

  readonly #begun: boolean;
  readonly #unix: UnixRoles;

  constructor(dims: Dimensions, begun: boolean, unix: UnixRoles) {
    this.#dims = dims;
    this.#begun = begun;
    this.#unix = unix;
  }

  add(event: Ev): void {
    this.#lastTime = event.end;
    this.#lastNum = event.num;
    const fd = event.fd === 0 ? undefined : this.#dims.fds.get(event.fd);
    const { name, io } = event.type;
    const asks = fd !== undefined && (this.#unix.fdUse(fd) === 'client' || (name === 'connect' && isUnixPath(fd)));
    if (!asks || !isStream(fd)) return;
    const state = this.#stateOf(fd);
    if (name === 'connect') this.#connect(state, event);
    else if (name === 'getsockopt') this.#checked(state, event);
    else if (name === 'close') this.#closed(state, event);
    else if (io === 'write') this.#wrote(state, event);
    else if (io === 'read') this.#read(state, event);
  }

  /** What is still owed when the events end. */
  finish(): void {
    for (const state of this.#states.values()) this.#giveUp(state, this.#lastTime, this.#lastNum, 'open');
  }

  #stateOf(fd: FdRow): SocketState {
    const key = socketKey(fd);
    let state = this.#states.get(key);
    if (state === undefined) {
      state = { key, fds: new Set(), local: '', remote: '', connecting: null, asked: null, lastRead: null, handshake: false };
      this.#states.set(key, state);
    }
    state.fds.add(fd.id);
    state.local = localText(fd);
    state.remote = remoteText(fd);
    return state;
  }

  #connect(state: SocketState, { start, end, num, res, pending }: Ev): void {
    const begun = state.connecting ?? { start, num };
    if (pending) this.#wait('connect', state, begun.start, end, begun.num, num, 'open', null);
    else if (res === EINPROGRESS || (res === EAGAIN && state.connecting === null && !isPath(state.remote))) state.connecting = begun;
    else {
      state.connecting = null;
      const error = res !== null && res < 0 ? errnoName(-res) : null;
      this.#wait('connect', state, begun.start, end, begun.num, num, error === null ? 'answered' : 'failed', error);
    }
  }

  /** A non-blocking connect tells its end by SO_ERROR. */
  #checked(state: SocketState, { start, num, value }: Ev): void {
    const { connecting } = state;
    if (connecting === null || value === null) return;
    const error = value === 0 ? null : errnoName(value);
    state.connecting = null;
    this.#wait('connect', state, connecting.start, start, connecting.num, num, error === null ? 'answered' : 'failed', error);
  }

  #wrote(state: SocketState, { start, end, num, res, head }: Ev): void {
    if (res === null || res <= 0) return;
    if (state.connecting !== null) {
      this.#wait('connect', state, state.connecting.start, start, state.connecting.num, num, 'answered', null);
      state.connecting = null;
    }
    if (state.lastRead === null && state.asked === null && head === TLS_HANDSHAKE) state.handshake = true;
    else if (head === TLS_DATA || head === TLS_CHANGE_CIPHER) state.handshake = false;
    state.asked = { time: end, num };
  }

  /** A connection on which a process that began in the recording only reads was given to it, or greets it. */
  #read(state: SocketState, { start, end, num, res }: Ev): void {
    if (this.#begun && state.asked === null && state.lastRead === null && res !== EAGAIN) state.asked = { time: start, num };
    if (res === null || res === EAGAIN) return;
    const since = state.asked ?? state.lastRead;
    const error = res < 0 ? errnoName(-res) : null;
    // After an answer the other side's close is its end, not a missing one.
    const outcome = error !== null ? 'failed' : res === 0 && state.asked !== null ? 'closed' : 'answered';
    if (since !== null && (state.asked !== null || start > since.time || end > since.time))
      this.#wait(state.handshake ? 'tls' : 'server', state, since.time, end, since.num, num, outcome, error, state.asked === null);
    state.asked = null;
    state.lastRead = { time: end, num };
  }

  #closed(state: SocketState, event: Ev): void {
    this.#giveUp(state, event.start, event.num, 'given up');
    this.#states.delete(state.key);
  }

  #giveUp(state: SocketState, time: number, num: number, outcome: 'given up' | 'open'): void {
    const { connecting, asked } = state;
    if (connecting !== null) this.#wait('connect', state, connecting.start, time, connecting.num, num, outcome, null);
    else if (asked !== null) this.#wait(state.handshake ? 'tls' : 'server', state, asked.time, time, asked.num, num, outcome, null);
    state.connecting = state.asked = null;
  }

  #wait(
    kind: SocketWait['kind'],
    socket: SocketState,
    start: number,
    end: number,
    first: number,
    last: number,
    outcome: SocketWait['outcome'],
    error: string | null,
    rest = false,
  ): void {
    const { key, fds, local, remote } = socket;
    if (end > start) this.waits.push({ kind, socket: { key, fds, local, remote }, start, end, first, last, outcome, error, rest });
  }
}
