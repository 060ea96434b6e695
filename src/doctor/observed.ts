/** What a capture shows of the network's health, found in one pass over its columns and grouped: the ground that checks stand on. */
import type { Capture } from '../capture/capture.ts';
import { numberArg, textArg } from '../event/args.ts';
import { type Chunk, EventFlag } from '../model/chunk.ts';
import { errnoName } from '../model/errno.ts';
import type { EventType } from '../model/event-type.ts';
import { endText, isIpSocket } from '../model/fd-name.ts';
import { enumName } from '../model/flags.ts';
import type { FdRow } from '../model/rows.ts';

export interface End {
  readonly ip: string;
  readonly port: number;
}

/** Events of one kind that are alike: how many, the first of them, and from when to when. */
export interface Group {
  count: number;
  readonly nums: number[];
  readonly first: number;
  last: number;
}

/** Packets that the kernel dropped for one reason in one namespace, between two ends. */
export interface Drop extends Group {
  readonly reason: string;
  readonly netns: number;
  /** Index of the interface that the packet was on; 0: none. */
  readonly ifindex: number;
  readonly l4proto: number;
  readonly src: End;
  readonly dst: End;
  /** How many of them were the first of a connection. */
  syns: number;
}

/** How connections of one namespace to one address failed. */
export interface Failure extends Group {
  /** `refused`: answered by a reset or by ICMP; `unanswered`: by nothing. */
  readonly kind: 'refused' | 'unanswered' | 'unreachable' | 'no-port' | 'forbidden';
  readonly l4proto: number;
  readonly local: End;
  readonly remote: End;
  readonly netns: number;
  readonly thread: number;
  readonly error: string;
  /** Connections, of unanswered ones; and how many of these were made after all, when the SYN had been sent again. */
  connections: number;
  late: number;
}

/** Segments that were sent again on one connection. */
export interface Retransmits extends Group {
  readonly netns: number;
  readonly local: End;
  readonly remote: End;
  /** States of the connection in which it happened. */
  readonly states: Set<string>;
  /** The segment that was sent again last. */
  readonly segment: Segment;
}

/** A part of a connection's bytes, by its first sequence number. */
export interface Segment {
  seq: number;
  /** 0: the capture does not tell segments apart. */
  bytes: number;
  /** How often it was sent again without anything else of the connection being sent again in between. */
  times: number;
}

/** An accept queue, or the receive queue of a UDP socket, that was full. */
export interface FullQueue extends Group {
  readonly kind: 'accept' | 'udp';
  readonly netns: number;
  readonly local: End;
  readonly max: number;
}

/** Calls of one process that failed for want of descriptors. */
export interface Shortage extends Group {
  readonly thread: number;
  readonly error: string;
}

/** As many events of a group are named. */
const NAMED = 5;
/** More groups than these tell nothing new. */
const MOST_GROUPS = 5_000;
const ERRORS: Readonly<Record<number, Failure['kind']>> = {
  [-111]: 'refused',
  [-110]: 'unanswered',
  [-113]: 'unreachable',
  [-101]: 'unreachable',
  [-99]: 'no-port',
};
const EPERM = -1;
const SHORT: ReadonlySet<number> = new Set([-24, -23]);
const TCP = 6;
const NETWORK: ReadonlySet<string> = new Set([
  'packet_drop',
  'tcp_retransmit',
  'tcp_state',
  'udp_queue_full',
  'accept_queue_full',
  'connect_unanswered',
]);

export class Observed {
  readonly drops: Drop[] = [];
  readonly failures: Failure[] = [];
  readonly retransmits: Retransmits[] = [];
  readonly queues: FullQueue[] = [];
  readonly shortages: Shortage[] = [];
  /** Ends of connections that were established, `client server`. */
  readonly established = new Set<string>();
  /** By row of the fds: the largest single write. */
  readonly largest: Float64Array;
  events = 0;
  /** Somebody was answered 401 or 403 in plain text. */
  httpRefused = false;
  readonly #capture: Capture;
  readonly #types: (EventType | undefined)[] = [];
  readonly #groups = new Map<string, Group>();
  /** Drops by the end that sent them, until it shows whether that end had a connection by then. */
  readonly #early = new Map<string, Drop[]>();
  /** Connections of which it is known how they failed, by their ends. */
  readonly #told = new Map<string, Failure | null>();
  readonly #closed: { readonly fd: FdRow; readonly num: number; readonly time: number; readonly thread: number }[] = [];

  constructor(capture: Capture) {
    this.#capture = capture;
    this.largest = new Float64Array(capture.dims.fds.lastId + 1);
    for (const type of capture.dims.types.all()) this.#types[type.id] = type;
    for (const head of capture.heads()) this.#chunk(capture.passingChunk(head));
    for (const { fd, num, time, thread } of this.#closed) {
      if (!this.#told.has(tupleOf(fd))) this.#fail('refused', 'ECONNREFUSED', fd, num, time, thread);
    }
  }

  #chunk(chunk: Chunk): void {
    const { n, type, res, fd, flags } = chunk;
    this.events += n;
    for (let i = 0; i < n; i++) {
      const of = this.#types[type[i]!];
      if (of === undefined) continue;
      if ((flags[i]! & EventFlag.ONE_SIDED) !== 0) {
        if (NETWORK.has(of.name)) this.#network(chunk, i, of);
      } else if (res[i]! < 0) this.#failed(chunk, i, of);
      else if (of.io === 'write') {
        if (res[i]! > this.largest[fd[i]!]!) this.largest[fd[i]!] = res[i]!;
      } else if (of.io === 'read' && !this.httpRefused) this.httpRefused = isRefusal(chunk, i);
    }
  }

  #failed(chunk: Chunk, i: number, type: EventType): void {
    const { res, fd, num, time, thread } = chunk;
    const result = res[i]!;
    if (SHORT.has(result)) {
      const error = errnoName(-result);
      this.#add(this.shortages, `short ${thread[i]!} ${error}`, num[i]!, time[i]!, () => ({ thread: thread[i]!, error }));
      return;
    }
    const row = this.#capture.dims.fds.get(fd[i]!);
    if (row === undefined || !isIpSocket(row)) return;
    const kind = result === EPERM && type.io === 'write' ? 'forbidden' : ERRORS[result];
    if (kind !== undefined && row.remoteIp !== null) this.#fail(kind, errnoName(-result), row, num[i]!, time[i]!, thread[i]!);
  }

  #fail(kind: Failure['kind'], error: string, fd: FdRow, num: number, time: number, thread: number): void {
    const { l4proto, netns } = fd;
    const [local, remote] = endsOf(fd);
    const known = this.#told.get(tupleOf(fd));
    const group = this.#add(this.failures, `fail ${kind} ${l4proto} ${netns} ${local.ip} ${endText(remote)}`, num, time, () => ({
      kind,
      error,
      l4proto,
      local,
      remote,
      netns,
      thread,
      connections: 0,
      late: 0,
    }));
    if (group !== null && known === undefined) group.connections++;
    this.#told.set(tupleOf(fd), group);
  }

  #network(chunk: Chunk, i: number, type: EventType): void {
    const fd = this.#capture.dims.fds.get(chunk.fd[i]!);
    if (fd === undefined) return;
    const [num, time] = [chunk.num[i]!, chunk.time[i]!];
    const number = (name: string) => numberArg(chunk, i, type, name);
    const [local, remote] = endsOf(fd);
    const { netns, l4proto } = fd;
    const pair = `${local.ip} ${local.port} ${remote.ip} ${remote.port}`;
    if (type.name === 'packet_drop') {
      const [reason, where, ifindex] = [textArg(chunk, i, type, 'reason'), number('netns'), number('ifindex')];
      // the row is the receiver's: its local end is where the packet was going
      const key = `drop ${reason} ${where} ${ifindex} ${l4proto} ${remote.ip} ${wellKnown(remote)} ${local.ip} ${wellKnown(local)}`;
      const make = () => ({ reason, netns: where, ifindex, l4proto, src: remote, dst: local, syns: 0 });
      const group = this.#add(this.drops, key, num, time, make);
      if (group !== null && isTcp(group)) this.#isEarly(endText(remote), group);
    } else if (type.name === 'tcp_retransmit') {
      const group = this.#add(this.retransmits, `again ${netns} ${pair}`, num, time, () => ({
        netns,
        local,
        remote,
        states: new Set<string>(),
        segment: { seq: 0, bytes: 0, times: 0 },
      }));
      if (group !== null) sentAgain(group, enumName('tcpstate', number('state')), number('seq'), number('length'));
    } else if (type.name === 'udp_queue_full' || type.name === 'accept_queue_full') {
      const kind = type.name === 'udp_queue_full' ? 'udp' : 'accept';
      this.#add(this.queues, `full ${kind} ${netns} ${endText(local)}`, num, time, () => ({ kind, netns, local, max: number('max') }));
    } else if (type.name === 'connect_unanswered') {
      this.#wasOpening(endText(local));
      this.#fail('unanswered', 'ETIMEDOUT', fd, num, time, chunk.thread[i]!);
    } else this.#state(fd, enumName('tcpstate', number('old')), enumName('tcpstate', number('new')), num, time, chunk.thread[i]!);
  }

  #state(fd: FdRow, before: string, after: string, num: number, time: number, thread: number): void {
    const [local] = endsOf(fd);
    if (before === 'SYN_SENT') this.#wasOpening(endText(local));
    if (after === 'ESTABLISHED') {
      this.established.add(tupleOf(fd));
      const failure = before === 'SYN_SENT' ? this.#told.get(tupleOf(fd)) : undefined;
      if (failure?.kind === 'unanswered') failure.late++;
    }
    if (before === 'SYN_SENT' && after === 'CLOSE') this.#closed.push({ fd, num, time, thread });
  }

  #isEarly(end: string, drop: Drop): void {
    const known = this.#early.get(end);
    if (known !== undefined) known.push(drop);
    else if (this.#early.size < MOST_GROUPS) this.#early.set(end, [drop]);
  }

  /** Until now this end had sent nothing but SYNs. */
  #wasOpening(end: string): void {
    for (const drop of this.#early.get(end) ?? []) drop.syns++;
    this.#early.delete(end);
  }

  #add<T extends object>(list: (T & Group)[], key: string, num: number, time: number, make: () => T): (T & Group) | null {
    const known = this.#groups.get(key) as (T & Group) | undefined;
    if (known !== undefined) {
      known.count++;
      known.last = time;
      if (known.nums.length < NAMED) known.nums.push(num);
      return known;
    }
    if (list.length >= MOST_GROUPS) return null;
    const group = { ...make(), count: 1, nums: [num], first: time, last: time };
    this.#groups.set(key, group);
    list.push(group);
    return group;
  }
}

/** All connections of the group were made in the end: only late. */
export const isLate = ({ kind, connections, late }: Failure) => kind === 'unanswered' && late > 0 && late >= connections;

const HTTP = [...Buffer.from('HTTP/1.')];
const [SPACE, FOUR, ZERO, ONE, THREE] = [0x20, 0x34, 0x30, 0x31, 0x33];

/** `HTTP/1.1 403`, `HTTP/1.0 401`, where a payload begins. */
function isRefusal({ data, dataEnd }: Chunk, i: number): boolean {
  const at = i === 0 ? 0 : dataEnd[i - 1]!;
  if (dataEnd[i]! - at < 12 || data[at] !== HTTP[0] || !HTTP.every((byte, k) => data[at + k] === byte)) return false;
  const digits = data.subarray(at + 8, at + 12);
  return digits[0] === SPACE && digits[1] === FOUR && digits[2] === ZERO && (digits[3] === ONE || digits[3] === THREE);
}

function sentAgain({ states, segment }: Retransmits, state: string, seq: number, bytes: number): void {
  states.add(state);
  segment.times = seq === segment.seq ? segment.times + 1 : 1;
  segment.seq = seq;
  segment.bytes = Math.max(bytes, segment.times === 1 ? 0 : segment.bytes);
}

function endsOf(fd: FdRow): [local: End, remote: End] {
  return [
    { ip: fd.localIp ?? '', port: fd.localPort },
    { ip: fd.remoteIp ?? '', port: fd.remotePort },
  ];
}

const tupleOf = (fd: FdRow) => `${fd.l4proto} ${fd.localIp} ${fd.localPort} ${fd.remoteIp} ${fd.remotePort}`;

const FIRST_EPHEMERAL = 32_768;
/** A client's port differs each time, and says nothing. */
const wellKnown = ({ port }: End) => (port < FIRST_EPHEMERAL ? port : 0);

export const isTcp = ({ l4proto }: { readonly l4proto: number }) => l4proto === TCP;
