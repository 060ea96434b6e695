/** Watches events go by, finds the DNS messages that they carried, and pairs queries with answers. */
import { type Chunk, EventFlag, payload, startTime } from '../model/chunk.ts';
import type { DnsRow } from '../model/dns.ts';
import type { EventType } from '../model/event-type.ts';
import { endText, isIpSocket } from '../model/fd-name.ts';
import type { DimensionTables, FdRow } from '../model/rows.ts';
import { Sparse } from '../model/sparse.ts';
import { SECOND } from '../model/time.ts';
import { type DnsMessage, decodeMessage, looksLikeDns } from './message.ts';
import { TcpStreams } from './tcp.ts';

/** Where DNS is expected; elsewhere over UDP it is recognised by its looks. */
export const DNS_PORTS: readonly number[] = [53, 5353, 5355];
const PROTOCOLS: Readonly<Record<number, DnsRow['protocol']>> = { 5353: 'mdns', 5355: 'llmnr' };
const UDP = 17;
const TCP = 6;
/** A query without an answer is forgotten after this time: no resolver waits longer. */
const PATIENCE = 120 * SECOND;
const MAX_PENDING = 65_536;

interface Sent {
  readonly row: DnsRow;
  readonly attempt: number;
}

/** What of a descriptor matters here, decided once per row. */
type Carrier = 'none' | 'udp' | 'tcp' | 'resolv.conf';

export class DnsIndex {
  readonly #tables: DimensionTables;
  readonly #carriers = new Sparse<Carrier>();
  readonly #streams = new TcpStreams();
  readonly #pending = new Map<string, Sent>();
  /** Processes that answer queries: what they ask, they ask for others. */
  readonly #servers = new Set<number>();
  readonly #ports: ReadonlySet<number>;
  /** By fd: the threads whose use of it is known. */
  readonly #users = new Sparse<Set<number>>();
  /** By thread: the DNS socket that it used last. */
  readonly #lastSocket = new Sparse<number>();
  /** By type: whether its events send questions that are not in the recording. */
  readonly #blind: boolean[] = [];

  constructor(tables: DimensionTables, ports: readonly number[] = DNS_PORTS) {
    this.#tables = tables;
    this.#ports = new Set(ports);
  }

  /** Adds the DNS messages of a chunk's events to the table. Chunks come in order. */
  add(chunk: Chunk): void {
    const { types } = this.#tables;
    for (let i = 0; i < chunk.n; i++) {
      if (chunk.fd[i] === 0) {
        if (this.#isBlind(chunk.type[i]!)) this.#noteBlindSend(chunk, i);
        continue;
      }
      const carrier = this.#carrier(chunk.fd[i]!);
      if (carrier === 'none') continue;
      if (carrier !== 'resolv.conf') this.#noteUser(chunk, i);
      if (chunk.dataEnd[i]! === (i === 0 ? 0 : chunk.dataEnd[i - 1]!)) continue;
      const type = types.get(chunk.type[i]!);
      if (type === undefined || type.io === null) continue;
      if (carrier === 'resolv.conf') this.#resolvConf(chunk, i, type);
      else this.#event(chunk, i, carrier, type);
    }
  }

  /** Rows that no event will refer to any more. */
  forgetFd(id: number): void {
    this.#carriers.delete(id);
    this.#users.delete(id);
  }

  forgetThread(id: number): void {
    this.#lastSocket.delete(id);
  }

  #carrier(id: number): Carrier {
    let carrier = this.#carriers.get(id);
    if (carrier === undefined) {
      const fd = this.#tables.fds.get(id);
      carrier = fd === undefined ? 'none' : this.#carrierOf(fd);
      this.#carriers.set(id, carrier);
    }
    return carrier;
  }

  #carrierOf(fd: FdRow): Carrier {
    if (fd.kind === 'file') return fd.name.endsWith('/etc/resolv.conf') ? 'resolv.conf' : 'none';
    if (!isIpSocket(fd)) return 'none';
    if (fd.l4proto === UDP) return 'udp';
    return fd.l4proto === TCP && this.#onDnsPort(fd) ? 'tcp' : 'none';
  }

  #onDnsPort(fd: FdRow): boolean {
    return this.#ports.has(fd.localPort) || this.#ports.has(fd.remotePort);
  }

  #noteUser(chunk: Chunk, i: number): void {
    const fd = chunk.fd[i]!;
    const thread = chunk.thread[i]!;
    let users = this.#users.get(fd);
    if (users === undefined) {
      users = new Set();
      this.#users.set(fd, users);
    }
    if (users.has(thread) || !this.#ports.has(this.#tables.fds.get(fd)!.remotePort)) return;
    users.add(thread);
    this.#lastSocket.set(thread, fd);
    this.#tables.dnsSockets.add({ fd, thread, num: chunk.num[i]!, time: startTime(chunk, i) });
  }

  /** glibc asks with sendmmsg, of which older recorders keep neither the descriptor nor the messages. */
  #isBlind(type: number): boolean {
    this.#blind[type] ??= this.#tables.types.get(type)?.name === 'sendmmsg';
    return this.#blind[type];
  }

  #noteBlindSend(chunk: Chunk, i: number): void {
    const thread = chunk.thread[i]!;
    const fd = this.#lastSocket.get(thread);
    if (fd !== undefined) this.#tables.dnsSockets.add({ fd, thread, num: chunk.num[i]!, time: startTime(chunk, i) });
  }

  #resolvConf(chunk: Chunk, i: number, type: EventType): void {
    if (type.io !== 'read') return;
    const text = Buffer.from(payload(chunk, i)).toString();
    this.#tables.resolvers.add({ num: chunk.num[i]!, time: chunk.time[i]!, thread: chunk.thread[i]!, text });
  }

  #event(chunk: Chunk, i: number, carrier: 'udp' | 'tcp', type: EventType): void {
    const fd = this.#tables.fds.get(chunk.fd[i]!)!;
    const bytes = payload(chunk, i);
    if (carrier === 'tcp') {
      const whole = (chunk.flags[i]! & EventFlag.TRUNCATED) === 0;
      for (const message of this.#streams.add(fd.id, type.io!, bytes, whole)) this.#message(chunk, i, fd, type, message, 'tcp');
    } else if (this.#onDnsPort(fd) || looksLikeDns(bytes)) this.#message(chunk, i, fd, type, bytes, 'udp');
  }

  #message(chunk: Chunk, i: number, fd: FdRow, type: EventType, bytes: Uint8Array, transport: 'udp' | 'tcp'): void {
    const message = decodeMessage(bytes);
    if (message === null || message.question === null) return;
    const asks = (type.io === 'write') !== message.response;
    const process = this.#tables.threads.get(chunk.thread[i]!)?.process ?? 0;
    const pid = this.#tables.processes.get(process)?.pid ?? 0;
    if (!asks) this.#servers.add(pid);
    const side = !asks ? 'server' : this.#servers.has(pid) ? 'forward' : 'client';
    const at = { num: chunk.num[i]!, time: chunk.time[i]!, start: startTime(chunk, i), thread: chunk.thread[i]!, fd: fd.id };
    const key = pairKey(fd, message);
    const row = this.#addRow(
      message,
      { ...at, call: type.name, transport, protocol: protocolOf(fd), side, server: serverEnd(fd, asks) },
      this.#attempt(key, message, at.time),
    );
    if (message.response) this.#pair(key, row);
    else this.#remember(key, row);
  }

  #addRow(
    message: DnsMessage,
    where: Pick<DnsRow, 'num' | 'time' | 'start' | 'thread' | 'fd' | 'call' | 'transport' | 'protocol' | 'side' | 'server'>,
    attempt: number,
  ): DnsRow {
    const { question } = message;
    return this.#tables.dns.add({
      ...where,
      messageId: message.id,
      response: message.response,
      qname: question?.name ?? '',
      qtype: question?.type ?? '',
      qclass: question?.class ?? '',
      rcode: message.rcode,
      answers: message.answers.map(({ name, type, ttl, data }) => ({ name, type, ttl, data })),
      flags: message.flags,
      cut: message.cut,
      partner: null,
      latency: null,
      attempt,
    });
  }

  #attempt(key: string, message: DnsMessage, time: number): number {
    if (message.response) return 1;
    const before = this.#pending.get(key);
    return before !== undefined && time - before.row.time < PATIENCE ? before.attempt + 1 : 1;
  }

  #remember(key: string, row: DnsRow): void {
    this.#pending.delete(key);
    this.#pending.set(key, { row, attempt: row.attempt });
    if (this.#pending.size > MAX_PENDING) this.#pending.delete(this.#pending.keys().next().value!);
  }

  /** An answer belongs to the last sending of its question: that is the one the resolver was waiting on. */
  #pair(key: string, answer: DnsRow): void {
    const sent = this.#pending.get(key);
    if (sent === undefined || sent.row.partner !== null || answer.time - sent.row.time > PATIENCE) return;
    const latency = Math.max(0, answer.time - sent.row.start);
    sent.row.partner = answer.num;
    answer.partner = sent.row.num;
    sent.row.latency = answer.latency = latency;
    this.#tables.dns.touch(sent.row);
    this.#tables.dns.touch(answer);
  }
}

/** The same socket, peer, id and question on the way there and back. */
function pairKey(fd: FdRow, { id, question }: DnsMessage): string {
  const socket = fd.ino > 0 ? `${fd.ino}` : `fd${fd.id}`;
  return `${socket} ${fd.remoteIp} ${fd.remotePort} ${id} ${question?.type} ${question?.name.toLowerCase()}`;
}

function protocolOf(fd: FdRow): DnsRow['protocol'] {
  return PROTOCOLS[fd.remotePort] ?? PROTOCOLS[fd.localPort] ?? 'dns';
}

function serverEnd(fd: FdRow, asks: boolean): string {
  return asks ? endText({ ip: String(fd.remoteIp), port: fd.remotePort }) : endText({ ip: String(fd.localIp), port: fd.localPort });
}
