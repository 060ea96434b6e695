/** Events that make sockets and tell of their ends. */

import { endText } from '../model/fd-name.ts';
import { textOf, untilNul } from './bytes.ts';
import type { EventContext } from './event-context.ts';
import { type Address, addressOf, Fd, FdType, L4, NO_IP4, NO_IP6, type Tuple, tupleOf } from './fd.ts';
import { indexOf, SchemaFlag } from './schema.ts';
import type { MachineState } from './state.ts';

const AF = { UNIX: 1, INET: 2, INET6: 10, NETLINK: 16 } as const;
const SOCK = { STREAM: 1, DGRAM: 2, RAW: 3 } as const;
const IPPROTO = { IP: 0, ICMP: 1, TCP: 6, UDP: 17, RAW: 255 } as const;
const EINPROGRESS = -115;
/** Before a Unix socket's path: family and two kernel addresses. */
const UNIX_PATH = 17;

export function madeSocket(state: MachineState, event: EventContext): void {
  const number = event.params.int(0);
  if (event.thread === null || number === null || number < 0) return;
  const own = indexOf(event.schema, 'domain');
  const [params, first] = event.params.has(own) ? [event.params, own] : [event.enter, 0];
  if (params === null) return;
  const [domain, type, protocol] = [0, 1, 2].map((i) => params.uint(first + i) ?? 0);
  addSocket(state, event, number, domain!, type!, protocol!);
}

function addSocket(state: MachineState, event: EventContext, number: number, domain: number, type: number, protocol: number): void {
  const fdType = TYPES[domain];
  if (fdType === undefined || event.thread === null) return;
  const fd = new Fd(fdType);
  if (fd.isConnection) fd.l4 = l4Of(type, protocol);
  event.fd = state.addFd(event.thread, number, fd);
}

const TYPES: Readonly<Record<number, number>> = {
  [AF.UNIX]: FdType.UNIX,
  [AF.INET]: FdType.IPV4,
  [AF.INET6]: FdType.IPV6,
  [AF.NETLINK]: FdType.NETLINK,
};

function l4Of(type: number, protocol: number): number {
  const kind = type & 0xff;
  if (protocol === IPPROTO.RAW) return L4.RAW;
  if (protocol === IPPROTO.IP) return kind === SOCK.STREAM ? L4.TCP : kind === SOCK.DGRAM ? L4.UDP : L4.UNKNOWN;
  if (type === SOCK.RAW) return protocol === IPPROTO.TCP || protocol === IPPROTO.UDP || protocol === IPPROTO.ICMP ? L4.RAW : L4.UNKNOWN;
  return protocol === IPPROTO.TCP ? L4.TCP : protocol === IPPROTO.UDP ? L4.UDP : protocol === IPPROTO.ICMP ? L4.ICMP : L4.UNKNOWN;
}

/** Sends to somewhere on a descriptor that is not known: it must be a datagram socket. */
export function sendBegun(state: MachineState, event: EventContext): void {
  if (event.fd !== null || event.schema.name !== 'sendto') return;
  const number = event.params.int(0);
  const family = event.params.raw(2)?.[0];
  if (number === null || number < 0 || (family !== AF.INET && family !== AF.INET6)) return;
  addSocket(state, event, number, family, SOCK.DGRAM, IPPROTO.UDP);
}

export function bound(_state: MachineState, { fd, params }: EventContext): void {
  const res = params.int(0);
  const raw = params.raw(1);
  if (fd === null || res === null || res < 0 || raw === null || raw.length === 0) return;
  const found = addressOf(raw);
  if (found === null) fd.name = textOf(untilNul(raw.subarray(1)));
  else {
    fd.name = endText(found.address);
    if (found.address.port > 0) {
      fd.type = found.v6 ? FdType.IPV6_SERVER : FdType.IPV4_SERVER;
      fd.serverIp = found.address.ip;
      fd.serverPort = found.address.port;
      fd.role = 'server';
    }
  }
  fd.row = 0;
}

export function connectBegun(_state: MachineState, { fd, params }: EventContext): void {
  const raw = params.raw(1);
  if (fd === null || raw === null || raw.length === 0) return;
  const found = addressOf(raw);
  if (found === null) fd.name = textOf(untilNul(raw.subarray(1)));
  else {
    fd.type = found.v6 ? FdType.IPV6 : FdType.IPV4;
    fd.serverIp = found.address.ip;
    fd.serverPort = found.address.port;
  }
  fd.row = 0;
}

export function connected(_state: MachineState, { fd, params }: EventContext): void {
  const res = params.int(0);
  const raw = params.raw(1);
  if (fd === null || res === null || raw === null || raw.length === 0 || (res < 0 && res !== EINPROGRESS)) return;
  const tuple = tupleOf(raw);
  if (tuple === null) fd.name = unixName(raw);
  else {
    forgetPeer(fd, tuple);
    const changed = setEnds(fd, tuple);
    if (changed && fd.role === 'server' && fd.isUdp) fd.swap();
    fd.name = fd.tuple;
  }
  if (fd.role === 'none') fd.role = 'client';
  fd.row = 0;
}

/** A datagram socket may be connected again and again. */
function forgetPeer(fd: Fd, { target }: Tuple): void {
  if (fd.role === 'server' || (fd.serverIp === target.ip && fd.serverPort === target.port)) return;
  fd.serverIp = '';
  fd.serverPort = 0;
}

/** Whom a failed connect meant; null: it does not say. */
export function failedPeer({ fd, params, schema }: EventContext): string | null {
  const raw = schema.name === 'connect' ? params.raw(1) : null;
  if (fd === null || fd.name !== '' || raw === null || raw.length === 0) return null;
  const tuple = tupleOf(raw);
  if (tuple === null) return raw[0] === AF.UNIX ? unixName(raw) : null;
  const { source, target } = tuple;
  return `${endText(source)}->${endText(target)}`;
}

export function accepted(state: MachineState, event: EventContext): void {
  const number = event.params.int(0);
  const raw = event.params.raw(1);
  if (event.thread === null || number === null || number < 0) return;
  event.thread.lastFd = number;
  if (raw === null || raw.length === 0) return;
  const fd = new Fd(FdType.UNIX);
  const tuple = tupleOf(raw);
  if (tuple !== null) {
    setEnds(fd, tuple);
    fd.l4 = L4.TCP;
    fd.name = fd.tuple;
  } else if (raw[0] === AF.UNIX) fd.name = unixName(raw);
  else return;
  fd.role = 'server';
  event.fd = state.addFd(event.thread, number, fd);
}

export function madePair(state: MachineState, event: EventContext): void {
  const { params, thread } = event;
  const res = params.int(0);
  if (thread === null || res === null || res < 0) return;
  const [first, second] = [params.int(1), params.int(2)];
  if (first !== null) event.fd = state.addFd(thread, first, new Fd(FdType.UNIX));
  if (second !== null) state.addFd(thread, second, new Fd(FdType.UNIX));
}

/** Unconnected sockets learn their ends from each message. */
export function transferred(state: MachineState, event: EventContext): void {
  const { fd, thread } = event;
  const res = event.params.int(0);
  if (fd === null || thread === null || res === null || res < 0) return;
  const reads = (event.schema.flags & SchemaFlag.READS) !== 0;
  const raw = messageTuple(event, reads);
  if (raw === null || raw.length === 0 || (fd.name !== '' && fd.isTcp)) return;
  if (fd.isServer && fd.role === 'none') takeRole(fd, reads);
  if (!learn(state, fd, raw)) return;
  if (fd.isConnection) {
    if (fd.role === 'none') fd.role = reads && fd.type === FdType.IPV4 ? 'server' : 'client'; // who reads first, serves
    if (fd.role === (reads ? 'client' : 'server')) fd.swap();
    fd.name = fd.tuple;
  } else fd.name = unixName(raw);
  fd.row = 0;
}

/** A datagram socket of the list has a port, which the kernel may have given it: who speaks first asks. */
function takeRole(fd: Fd, reads: boolean): void {
  fd.role = reads ? 'server' : 'client';
  if (!reads) fd.swap();
}

/** The tuple of one message: with a sending's beginning in older files, with its end in newer ones. */
export function messageTuple(event: EventContext, reads: boolean): Uint8Array | null {
  if (!event.schema.indexes.has('tuple')) return null;
  const raw = event.params.raw(indexOf(event.schema, 'tuple'));
  return raw !== null || reads ? raw : (event.enter?.raw(2) ?? null);
}

/** Takes a message's ends over. False: nothing new. */
function learn(state: MachineState, fd: Fd, raw: Uint8Array): boolean {
  const tuple = tupleOf(raw);
  if (tuple === null) {
    if (raw[0] !== AF.UNIX) return false;
    fd.type = FdType.UNIX;
    return true;
  }
  if (!setEnds(fd, tuple)) return false;
  if (fd.l4 === L4.UNKNOWN) fd.l4 = L4.UDP;
  fillAddress(state, fd);
  return true;
}

/** An end that is on no address is on the one that the packet leaves by. */
function fillAddress(state: MachineState, fd: Fd): void {
  if (isNoAddress(fd.clientIp)) fd.clientIp = nearTo(state, fd, fd.serverIp) ?? fd.clientIp;
  else if (isNoAddress(fd.serverIp)) fd.serverIp = nearTo(state, fd, fd.clientIp) ?? fd.serverIp;
}

const isNoAddress = (ip: string) => ip === NO_IP4 || ip === NO_IP6;

/** Null: nothing better is known. */
function nearTo(state: MachineState, fd: Fd, ip: string): string | null {
  const own = state.addresses.towards(ip);
  return own === ip && fd.clientPort === fd.serverPort ? null : own;
}

/** True: something changed. The far end stays where it is set; the same ends the other way round are no change. */
function setEnds(fd: Fd, { type, source, target }: Tuple): boolean {
  const known = fd.type === type;
  if (fd.type === FdType.IPV6_SERVER) fd.l4 = L4.UNKNOWN; // what the list of descriptors says of these is not to be trusted
  fd.type = type;
  const client: Address = { ip: fd.clientIp, port: fd.clientPort };
  const server: Address = { ip: fd.serverIp, port: fd.serverPort };
  if (known && ((same(source, client) && same(target, server)) || (same(target, client) && same(source, server)))) return false;
  let changed = !same(source, client);
  fd.clientIp = source.ip;
  fd.clientPort = source.port;
  if (fd.serverIp === '' || isNoAddress(fd.serverIp)) {
    fd.serverIp = target.ip;
    changed = true;
  }
  if (fd.serverPort === 0) {
    fd.serverPort = target.port;
    changed = true;
  }
  if (changed) fd.row = 0;
  return changed;
}

function same(a: Address, b: Address): boolean {
  return a.ip === b.ip && a.port === b.port;
}

/** The path in a Unix socket's tuple or address; abstract names begin with @. */
export function unixName(raw: Uint8Array): string {
  const path = raw.subarray(UNIX_PATH);
  return path[0] === 0 ? `@${textOf(untilNul(path.subarray(1)))}` : textOf(untilNul(path));
}
