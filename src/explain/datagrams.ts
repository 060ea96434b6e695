/** What a process asked for by datagrams, and waited for: who only sends (a log, a measure) waits for nothing. */
import { errnoName } from '../model/errno.ts';
import type { Dimensions, FdRow } from '../model/rows.ts';
import { callKind } from './calls.ts';
import { fdUse, isDatagramClient, localText, remoteText, socketKey } from './descriptors.ts';
import type { Ev } from './process-events.ts';
import type { Socket, SocketWait } from './sockets.ts';

interface Asked {
  readonly socket: Socket;
  readonly time: number;
  readonly num: number;
  /** End and number of the last call that waited for the answer; null: none did. */
  waited: { readonly end: number; readonly num: number; readonly pending: boolean } | null;
}

const WOULD_BLOCK = -11;

/** One for each question that its process waited for; questions about names are told elsewhere. */
export function datagramWaits(events: readonly Ev[], dims: Dimensions): SocketWait[] {
  const waits: SocketWait[] = [];
  const open = new Map<string, Asked>();
  const giveUp = (key: string) => {
    const asked = open.get(key);
    open.delete(key);
    if (asked?.waited) waits.push(waitOf(asked, asked.waited, asked.waited.pending ? 'open' : 'given up', null));
  };
  for (const event of events) {
    const fd = event.fd === 0 ? undefined : dims.fds.get(event.fd);
    if (fd === undefined || !isDatagramClient(fd) || fdUse(fd) !== 'client') continue;
    const key = socketKey(fd);
    const { type, end, num, res, pending } = event;
    const asked = open.get(key);
    if (type.name === 'close') giveUp(key);
    else if (type.io === 'write' && (res ?? 0) > 0) {
      giveUp(key);
      open.set(key, { socket: socketOf(key, fd), time: end, num, waited: null });
    } else if (asked === undefined) continue;
    else if (callKind(type) === 'poll' || (type.io === 'read' && (res === null || res === WOULD_BLOCK)))
      asked.waited = { end, num, pending };
    else if (type.io === 'read') {
      const error = res! < 0 ? errnoName(-res!) : null;
      waits.push(waitOf(asked, { end, num }, error === null ? 'answered' : 'failed', error));
      open.delete(key);
    }
  }
  for (const key of [...open.keys()]) giveUp(key);
  return waits;
}

function socketOf(key: string, fd: FdRow): Socket {
  return { key, fds: new Set([fd.id]), local: localText(fd), remote: remoteText(fd) };
}

function waitOf(
  { socket, time, num }: Asked,
  last: { readonly end: number; readonly num: number },
  outcome: SocketWait['outcome'],
  error: string | null,
): SocketWait {
  return { kind: 'datagram', socket, start: time, end: last.end, first: num, last: last.num, outcome, error, rest: false };
}
