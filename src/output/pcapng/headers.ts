/** IP, TCP and UDP headers for payloads of which only the socket is known: made up, but consistent. */
import ipaddr from 'ipaddr.js';
import { isIpSocket } from '../../model/fd-name.ts';
import type { FdRow } from '../../model/rows.ts';
import { GrowingBytes } from './growing.ts';

const TCP = 6;
const UDP = 17;
const TTL = 64;
const WINDOW = 0xffff;
const PUSH_ACK = 0x18;
const TCP_HEADER = 20;
/** What one IP packet holds beside its headers, which for TCP and IPv6 together take 60 bytes. */
export const LARGEST_PAYLOAD = 65_535 - 60;

/** One end's way to the other, and what it has sent so far. */
export interface Direction {
  readonly protocol: number;
  readonly ipLength: 20 | 40;
  /** The headers, but for what differs from packet to packet. */
  readonly head: Uint8Array;
  /** Sums of what is the same in every IPv4 header, and in every TCP or UDP header with its pseudo header. */
  readonly ipSum: number;
  readonly sum: number;
  /** TCP's next sequence number; UDP's count of packets. */
  next: number;
}

/** A socket's two directions. */
export interface Tuple {
  readonly out: Direction;
  readonly in: Direction;
}

/** Null where a packet cannot be told: no IP socket, neither TCP nor UDP, or no known peer. */
export function tupleOf(fd: FdRow): Tuple | null {
  if (!isIpSocket(fd) || (fd.l4proto !== TCP && fd.l4proto !== UDP) || fd.remoteIp === null) return null;
  const remote = addressBytes(fd.remoteIp);
  const local = fd.localIp === null ? null : addressBytes(fd.localIp);
  if (remote === null) return null;
  const [a, b] = sameFamily(local ?? new Uint8Array(remote.length), remote);
  return { out: direction(fd.l4proto, a, fd.localPort, b, fd.remotePort), in: direction(fd.l4proto, b, fd.remotePort, a, fd.localPort) };
}

/** What tells one tuple from another: both ends of one connection have the same, loopback only within its network namespace. */
export function tupleKey({ l4proto, localIp, localPort, remoteIp, remotePort, netns }: FdRow, mirrored = false): string {
  const local = `${plain(localIp)} ${localPort}`;
  const remote = `${plain(remoteIp)} ${remotePort}`;
  const place = plain(remoteIp).startsWith('127.') || remoteIp === '::1' ? netns : 0;
  return mirrored ? `${l4proto} ${place} ${remote} ${local}` : `${l4proto} ${place} ${local} ${remote}`;
}

const plain = (ip: string | null) => (ip === null ? '' : ip.replace(/^::ffff:(?=\d+\.)/, ''));

export function addressBytes(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(ipaddr.process(text).toByteArray());
  } catch {
    return null;
  }
}

/** An IPv6 socket may hold one address in each form. */
function sameFamily(a: Uint8Array, b: Uint8Array): readonly [Uint8Array, Uint8Array] {
  if (a.length === b.length) return [a, b];
  return a.length < b.length ? [mapped(a), b] : [a, mapped(b)];
}

function mapped(v4: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set([0xff, 0xff], 10);
  bytes.set(v4, 12);
  return bytes;
}

function direction(protocol: number, source: Uint8Array, sourcePort: number, target: Uint8Array, targetPort: number): Direction {
  const out = new GrowingBytes(64);
  const ipLength = source.length === 4 ? 20 : 40;
  if (ipLength === 20) ipv4(out, protocol, source, target);
  else ipv6(out, protocol, source, target);
  out.u16be(sourcePort);
  out.u16be(targetPort);
  if (protocol === TCP) tcpRest(out);
  else out.zeros(4);
  const head = out.take();
  const ends = sumOf(source, 0, source.length) + sumOf(target, 0, target.length);
  return { protocol, ipLength, head, ipSum: sumOf(head, 0, ipLength), sum: ends + protocol + sumOf(head, ipLength, head.length), next: 1 };
}

/** Appends the headers and the kept bytes of one packet of `length` payload bytes; gives the packet's length on the wire. */
export function packet(out: GrowingBytes, way: Direction, back: Direction, payload: Uint8Array, length: number): number {
  const { head, ipLength, protocol } = way;
  const start = out.length;
  const segment = head.length - ipLength + length;
  out.put(head);
  if (ipLength === 20) fillIpv4(out, start, way, segment);
  else out.setU16be(start + 4, segment);
  const at = start + ipLength;
  if (protocol === TCP) {
    out.setU32be(at + 4, way.next);
    out.setU32be(at + 8, back.next);
  } else out.setU16be(at + 4, segment);
  const checksumAt = at + (protocol === TCP ? 16 : 6);
  if (payload.length === length) out.setU16be(checksumAt, checksum(way, back, payload, segment));
  else if (protocol === UDP) out.setU16be(checksumAt, 0xffff); // it cannot be known, and 0 is none that IPv6 has
  out.put(payload);
  way.next = protocol === TCP ? (way.next + length) >>> 0 : way.next + 1;
  return head.length + length;
}

/** A packet's length, number and checksum. */
function fillIpv4(out: GrowingBytes, start: number, { next, ipSum }: Direction, segment: number): void {
  const number = next & 0xffff;
  out.setU16be(start + 2, 20 + segment);
  out.setU16be(start + 4, number);
  out.setU16be(start + 10, folded(ipSum + 20 + segment + number));
}

function tcpRest(out: GrowingBytes): void {
  out.zeros(8);
  out.u8((TCP_HEADER / 4) << 4);
  out.u8(PUSH_ACK);
  out.u16be(WINDOW);
  out.u32be(0);
}

function ipv4(out: GrowingBytes, protocol: number, source: Uint8Array, target: Uint8Array): void {
  out.u16be(0x4500);
  out.u32be(0);
  out.u16be(0x4000); // do not fragment
  out.u8(TTL);
  out.u8(protocol);
  out.u16be(0);
  out.put(source);
  out.put(target);
}

function ipv6(out: GrowingBytes, protocol: number, source: Uint8Array, target: Uint8Array): void {
  out.u32be(0x60000000);
  out.u16be(0);
  out.u8(protocol);
  out.u8(TTL);
  out.put(source);
  out.put(target);
}

/** Over the pseudo header, the header and the payload; the length stands in UDP's header, too. */
function checksum({ sum, protocol, next }: Direction, back: Direction, payload: Uint8Array, segment: number): number {
  const own = protocol === TCP ? halves(next) + halves(back.next) : segment;
  const found = folded(sum + segment + own + sumOf(payload, 0, payload.length));
  return found === 0 && protocol === UDP ? 0xffff : found;
}

const halves = (value: number) => (value >>> 16) + (value & 0xffff);

function sumOf(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  let i = from;
  for (; i + 1 < to; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!;
  return i < to ? sum + (bytes[i]! << 8) : sum;
}

function folded(sum: number): number {
  let rest = sum;
  while (rest > 0xffff) rest = (rest & 0xffff) + Math.floor(rest / 0x10000);
  return ~rest & 0xffff;
}
