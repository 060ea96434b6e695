/** The TCP connections of a capture, each as one end has it: when it began, wrote first, read first, and with which bytes. */
import type { Capture } from '../capture/capture.ts';
import { type Chunk, EventFlag, payload, startTime } from '../model/chunk.ts';
import type { EventType } from '../model/event-type.ts';
import { endText, isIpSocket } from '../model/fd-name.ts';
import type { FdRow } from '../model/rows.ts';
import { type Beginning, Beginnings } from './beginnings.ts';

/** Times are ns since its capture's start; null: not seen. */
export interface TcpEnd {
  /** Rows of its descriptor; those of one socket are one end. */
  readonly fds: readonly number[];
  readonly role: 'client' | 'server';
  /** `10.0.0.1:80`; IPv4 as such, also where the socket is one of IPv6. */
  readonly local: string;
  readonly remote: string;
  /** When its connect began or its accept ended. */
  readonly begun: number | null;
  readonly first: number;
  readonly last: number;
  /** When its first write began, and when its first read ended. */
  readonly write: number | null;
  readonly read: number | null;
  /** Bytes that it wrote and read. */
  readonly sent: number;
  readonly received: number;
  /** First bytes of what the client asked: of its first write, of the server's first read. */
  readonly head: Uint8Array;
  /** By which sequence numbers it began; null: the kernel did not tell. */
  readonly beginning: Beginning | null;
}

/** `place`: network namespace and both addresses. */
type Draft = { -readonly [Name in keyof TcpEnd]: TcpEnd[Name] } & { fds: number[]; place: string };

const TCP = 6;
/** So many of the first bytes tell requests apart. */
const HEAD_BYTES = 64;
const NONE = new Uint8Array(0);

/** Without connections of an address with itself: both their ends are here. */
export function tcpEnds(capture: Capture): TcpEnd[] {
  const drafts: Draft[] = [];
  const byRow = draftsByRow(capture, drafts);
  if (drafts.length === 0) return [];
  const types = [...capture.dims.types.all()];
  const fold = new Fold(new Map(types.map((type) => [type.id, type])));
  for (const head of capture.heads()) {
    const chunk = capture.passingChunk(head);
    for (let i = 0; i < chunk.n; i++) {
      const draft = byRow[chunk.fd[i]!];
      if (draft !== undefined) fold.add(drafts[draft]!, chunk, i);
    }
  }
  return drafts
    .filter(({ first }) => first !== Infinity)
    .map(({ place, ...end }) => ({ ...end, beginning: fold.beginnings.of(place, end.role, end.begun ?? end.first) }));
}

/** Which end a row of the descriptors is of; rows of one socket share its inode, where that was recorded. */
function draftsByRow({ dims }: Capture, drafts: Draft[]): number[] {
  const byRow: number[] = [];
  const bySocket = new Map<string, number>();
  for (const fd of dims.fds.all()) {
    const ends = endsIn(fd);
    if (ends === null) continue;
    const place = `${fd.netns} ${ends.local} ${ends.remote}`;
    const key = `${fd.ino > 0 ? fd.ino : `#${fd.id}`} ${place}`;
    const at = bySocket.get(key) ?? drafts.push(newDraft(fd, ends, place)) - 1;
    bySocket.set(key, at);
    drafts[at]!.fds.push(fd.id);
    byRow[fd.id] = at;
  }
  return byRow;
}

function newDraft({ role }: FdRow, ends: { readonly local: string; readonly remote: string }, place: string): Draft {
  return {
    ...{ fds: [], role: role === 'server' ? 'server' : 'client', ...ends, begun: null, first: Infinity, last: -Infinity },
    ...{ write: null, read: null, sent: 0, received: 0, head: NONE, beginning: null, place },
  };
}

function endsIn(fd: FdRow): { local: string; remote: string } | null {
  if (!isIpSocket(fd) || fd.l4proto !== TCP || (fd.role !== 'client' && fd.role !== 'server')) return null;
  if (fd.localIp === null || fd.remoteIp === null || fd.localIp === fd.remoteIp) return null;
  const end = (ip: string, port: number) => endText({ ip: ip.replace(/^::ffff:(?=\d+\.)/, ''), port });
  return { local: end(fd.localIp, fd.localPort), remote: end(fd.remoteIp, fd.remotePort) };
}

class Fold {
  readonly beginnings = new Beginnings();
  readonly #types: ReadonlyMap<number, EventType>;

  constructor(types: ReadonlyMap<number, EventType>) {
    this.#types = types;
  }

  add(end: Draft, chunk: Chunk, i: number): void {
    const type = this.#types.get(chunk.type[i]!);
    if (type === undefined) return;
    // What the kernel says of packets may be of a socket that no recorded process holds.
    if ((chunk.flags[i]! & EventFlag.ONE_SIDED) !== 0) {
      if (type.name === 'tcp_state') this.beginnings.add(end.place, end.role, chunk, i, type);
      return;
    }
    const time = chunk.time[i]!;
    end.first = Math.min(end.first, startTime(chunk, i));
    end.last = Math.max(end.last, time);
    if (type.name === 'connect') end.begun ??= startTime(chunk, i);
    else if (type.name.startsWith('accept')) end.begun ??= time;
    else if (chunk.res[i]! > 0) this.#moved(end, type, chunk, i);
  }

  #moved(end: Draft, { io }: EventType, chunk: Chunk, i: number): void {
    const asks = end.role === 'client' ? 'write' : 'read';
    const isFirst = io === 'write' ? end.write === null : end.read === null;
    if (io === asks && isFirst) end.head = payload(chunk, i).slice(0, HEAD_BYTES);
    if (io === 'write') {
      end.write ??= startTime(chunk, i);
      end.sent += chunk.res[i]!;
    } else if (io === 'read') {
      end.read ??= chunk.time[i]!;
      end.received += chunk.res[i]!;
    }
  }
}
