/**
 * What happened to questions beside the messages: errors on their sockets, when these were closed, connections over TCP, and
 * packets that the kernel dropped. Taken from the events, of those times only in which a question went unanswered.
 */
import { decodeArgs, readNumber, readVarint } from '../model/args.ts';
import { argBytes, type Chunk, type ChunkHead, EventFlag } from '../model/chunk.ts';
import type { DnsRow } from '../model/dns.ts';
import { errnoName } from '../model/errno.ts';
import type { EventType } from '../model/event-type.ts';
import { isIpSocket } from '../model/fd-name.ts';
import type { Dimensions, FdRow } from '../model/rows.ts';
import { SECOND } from '../model/time.ts';
import { between, countUntil, pushTo } from './by-time.ts';
import { DNS_PORTS } from './index.ts';
import { pidOf } from './resolver.ts';
import { bracketed, serverText } from './server.ts';

/** A span of time that is to be looked into. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** One call on a socket towards a DNS server. */
export interface SocketCall {
  readonly num: number;
  readonly start: number;
  readonly end: number;
  readonly pid: number;
  readonly name: string;
  readonly server: string;
  readonly transport: 'udp' | 'tcp';
  /** Of the socket. */
  readonly socket: string;
  /** errno's name; null: it did not fail. */
  readonly error: string | null;
  /** It had not returned when the events ended. */
  readonly pending: boolean;
}

/** What the kernel said of a packet between a client's end and a port 53. */
export interface PacketNote {
  readonly num: number;
  readonly time: number;
  readonly type: 'packet_drop' | 'connect_unanswered';
  readonly reason: string;
  readonly server: string;
  /** The network namespace in which the kernel said so; 0: not known. */
  readonly netns: number;
}

/** What a capture's events give; asked for once, with the times of unanswered questions. */
export type TracesOf = (spans: readonly Span[]) => Traces;

const TCP = 6;
const POLLERR = 8;
/** Errors that are no news: would block, interrupted, in progress. */
const HARMLESS: ReadonlySet<number> = new Set([11, 4, 115, 512, 514, 516]);
/** Of these the times matter, though nothing failed. */
const KEPT: ReadonlySet<string> = new Set(['connect', 'close']);
const PACKET_TYPES: ReadonlySet<string> = new Set(['packet_drop', 'connect_unanswered']);
/** ns after which a kernel gives up a connection that nobody answers, with room. */
const LONGEST_CONNECT = 200 * SECOND;
/** More notes about one end tell nothing new. */
const MAX_NOTES = 10_000;

/** The same for all rows of a socket: its peer may change. */
export function socketOf(fd: FdRow): string {
  return fd.ino > 0 ? `i${fd.ino}` : `f${fd.id}`;
}

/** Said in another network namespace than the socket's own: a packet on its way, or at the server's end. */
export function isFar({ netns }: PacketNote, own: { readonly netns: number }): boolean {
  return netns !== 0 && own.netns !== 0 && netns !== own.netns;
}

export class Traces {
  readonly #dims: Dimensions;
  readonly #errors = new Map<string, SocketCall[]>();
  readonly #closes = new Map<string, SocketCall[]>();
  readonly #tcp = new Map<number, SocketCall[]>();
  readonly #packets = new Map<string, PacketNote[]>();
  readonly #types: readonly (EventType | undefined)[];
  readonly #wanted: Uint8Array;

  constructor(dims: Dimensions) {
    this.#dims = dims;
    const types: EventType[] = [];
    for (const type of dims.types.all()) types[type.id] = type;
    this.#types = types;
    this.#wanted = new Uint8Array(dims.fds.lastId + 1);
    for (const fd of dims.fds.all()) if (isDns(fd)) this.#wanted[fd.id] = 1;
  }

  /** Whether a chunk's events may belong here. */
  wants(head: ChunkHead): boolean {
    const present = head.presence('fd');
    return present === null || present.some((id) => this.#wanted[id] === 1);
  }

  /** Adds a chunk's events; chunks come in order. */
  add(chunk: Chunk): void {
    const { fd, flags, n } = chunk;
    for (let i = 0; i < n; i++) {
      if (this.#wanted[fd[i]!] !== 1) continue;
      const type = this.#types[chunk.type[i]!];
      if (type === undefined) continue;
      const row = this.#dims.fds.get(fd[i]!)!;
      if (PACKET_TYPES.has(type.name)) this.#packet(chunk, i, type, row);
      else if ((flags[i]! & EventFlag.ONE_SIDED) === 0) this.#call(chunk, i, type, row);
    }
  }

  /** The first error on a query's socket between two times. */
  errorOn(query: DnsRow, from: number, to: number): SocketCall | null {
    return between(this.#of(this.#errors, query), endOf, from, to)[0] ?? null;
  }

  /** When a query's socket was closed; null: not seen. */
  closeOf(query: DnsRow): SocketCall | null {
    const closes = this.#of(this.#closes, query);
    return closes[countUntil(closes, endOf, query.start)] ?? null;
  }

  /** Calls of a process on TCP sockets towards DNS servers that were under way at some time between two times. */
  tcpCalls(pid: number, from: number, to: number): SocketCall[] {
    return between(this.#tcp.get(pid) ?? [], endOf, from, to + LONGEST_CONNECT).filter(({ start }) => start >= from && start <= to);
  }

  /**
   * What was said of packets from or to a query's own end, between two times. Behind an address translation only the port is still
   * the client's: there the server must be the one that was asked, and the namespace another.
   */
  packetsOf(query: DnsRow, from: number, to: number): PacketNote[] {
    const row = this.#dims.fds.get(query.fd);
    if (row === undefined) return [];
    const byPort = between(this.#packets.get(`:${row.localPort}`) ?? [], timeOf, from, to);
    const any = row.localIp === null || row.localIp === '0.0.0.0' || row.localIp === '::';
    if (any || byPort.length === 0) return byPort;
    const own = between(this.#packets.get(serverText(row.localIp!, row.localPort)) ?? [], timeOf, from, to);
    const server = bracketed(query.server);
    const translated = byPort.filter((note) => note.server === server && isFar(note, row) && !own.some(({ num }) => num === note.num));
    return [...own, ...translated].sort((x, y) => x.time - y.time);
  }

  /** A connection to a server that nobody answered, between two times. */
  unansweredConnect(server: string, from: number, to: number): PacketNote | null {
    return between(this.#packets.get(server) ?? [], timeOf, from, to).find(({ type }) => type === 'connect_unanswered') ?? null;
  }

  #of(calls: ReadonlyMap<string, SocketCall[]>, query: DnsRow): readonly SocketCall[] {
    const row = this.#dims.fds.get(query.fd);
    return row === undefined ? [] : (calls.get(socketOf(row)) ?? []);
  }

  #call(chunk: Chunk, i: number, type: EventType, row: FdRow): void {
    const error = errorOf(chunk, i, type);
    const pending = (chunk.flags[i]! & EventFlag.PENDING) !== 0;
    if (error === null && !pending && !KEPT.has(type.name)) return;
    const call: SocketCall = {
      num: chunk.num[i]!,
      start: chunk.time[i]! - Math.max(0, chunk.latency[i]!),
      end: chunk.time[i]!,
      pid: pidOf(this.#dims, chunk.thread[i]!),
      name: type.name,
      server: serverText(row.remoteIp ?? '', row.remotePort),
      transport: row.l4proto === TCP ? 'tcp' : 'udp',
      socket: socketOf(row),
      error,
      pending,
    };
    if (call.error !== null) pushTo(this.#errors, call.socket, call);
    if (call.name === 'close') pushTo(this.#closes, call.socket, call);
    if (call.transport === 'tcp') pushTo(this.#tcp, call.pid, call);
  }

  /** Known by both of its ends: which of them is the client's shows in who asks. */
  #packet(chunk: Chunk, i: number, type: EventType, row: FdRow): void {
    const base = {
      num: chunk.num[i]!,
      time: chunk.time[i]!,
      type: type.name as PacketNote['type'],
      reason: Buffer.from(blobArg(argBytes(chunk, i), type, 'reason')).toString(),
      netns: row.netns,
    };
    const ends = [
      [row.localIp, row.localPort, row.remoteIp, row.remotePort],
      [row.remoteIp, row.remotePort, row.localIp, row.localPort],
    ] as const;
    for (const [ip, port, otherIp, otherPort] of ends) {
      if (ip === null) continue;
      const note = { ...base, server: serverText(otherIp ?? '', otherPort) };
      for (const key of [serverText(ip, port), `:${port}`])
        if ((this.#packets.get(key)?.length ?? 0) < MAX_NOTES) pushTo(this.#packets, key, note);
    }
  }
}

/** Traces of a capture without events. */
export function noTraces(dims: Dimensions): Traces {
  return new Traces(dims);
}

/** A socket of a client of DNS, or a packet from or to port 53. */
function isDns(fd: FdRow): boolean {
  return isIpSocket(fd) && (DNS_PORTS.includes(fd.remotePort) || DNS_PORTS.includes(fd.localPort));
}

/** errno's name; a poll tells of an error without its number. */
function errorOf(chunk: Chunk, i: number, type: EventType): string | null {
  const res = (chunk.flags[i]! & EventFlag.HAS_RES) === 0 ? 0 : chunk.res[i]!;
  if (res < 0) return HARMLESS.has(-res) ? null : errnoName(-res);
  return type.wait && res > 0 && hasPollError(blobArg(argBytes(chunk, i), type, 'fds')) ? 'POLLERR' : null;
}

/** Whether poll's list has an entry with POLLERR. */
function hasPollError(bytes: Uint8Array): boolean {
  for (const at = { i: 0 }; at.i < bytes.length; ) {
    const [fd, events, revents] = [readNumber(bytes, at), readVarint(bytes, at), readVarint(bytes, at)];
    if (fd === null || events === null || revents === null) return false;
    if ((revents & POLLERR) !== 0) return true;
  }
  return false;
}

/** An argument's bytes; none where it is missing. */
function blobArg(bytes: Uint8Array, type: EventType, name: string): Uint8Array {
  const at = type.args.findIndex((arg) => arg.name === name);
  const storages = type.args.map(({ storage }) => storage);
  const value = at < 0 ? null : decodeArgs(bytes, storages)[at];
  return value instanceof Uint8Array ? value : new Uint8Array(0);
}

const endOf = ({ end }: SocketCall) => end;
const timeOf = ({ time }: PacketNote) => time;
