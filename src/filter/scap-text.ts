/** Arguments of imported events as text, in the manner of the program that recorded them. */
import ipaddr from 'ipaddr.js';
import { type ArgValue, readNumber } from '../model/args.ts';
import { dotted } from '../model/dotted.ts';
import { errnoName } from '../model/errno.ts';
import type { ArgType } from '../model/event-type.ts';
import { fdTagged, TYPE_CHARS } from '../model/fd-name.ts';
import { SCAP_VALUES } from '../model/scap-values.ts';
import type { Reading } from './field.ts';
import type { EventView } from './view.ts';

/** What `scap:KIND/STYLE#TABLE` says. */
interface Shape {
  readonly kind: string;
  readonly style: string;
  readonly values: readonly (readonly [name: string, value: number])[] | null;
}

const SHOWN = 80;
const AT_FDCWD = -100;
const TWO_32 = 2 ** 32;

const shapes = new Map<string, Shape>();

function shapeOf(format: string): Shape {
  let shape = shapes.get(format);
  if (shape === undefined) {
    const [, kind = '', style = '', table] = /^scap:([a-z0-9]+)(?:\/([a-z]+))?(?:#([0-9]+))?/.exec(format) ?? [];
    shape = { kind, style, values: table === undefined ? null : valuesOf(Number(table)) };
    shapes.set(format, shape);
  }
  return shape;
}

let tables: readonly string[] | null = null;

function valuesOf(table: number): [string, number][] {
  tables ??= SCAP_VALUES.split('\n');
  return (tables[table] ?? '').split(',').flatMap((entry) => {
    const [name, value] = entry.split('=');
    return value === undefined ? [] : [[name!, Number(value)] as [string, number]];
  });
}

export function isScap(type: ArgType): boolean {
  return type.format.startsWith('scap:');
}

/** One argument's value as text. */
export function scapText(view: EventView, type: ArgType, value: ArgValue): string {
  const shape = shapeOf(type.format);
  if (value === null) return '<NA>';
  return typeof value === 'number' ? numberText(view, type, shape, value) : bytesText(view, shape, value);
}

/** The value for comparisons: a number, or text. */
export function scapReading(type: ArgType, value: ArgValue): Reading {
  if (value === null || typeof value === 'number') return value;
  const { kind } = shapeOf(type.format);
  if (kind === 'fd' || kind === 'fd32') return readNumber(value, { i: 0 });
  return Buffer.from(value).toString();
}

function numberText(view: EventView, type: ArgType, { kind, style, values }: Shape, value: number): string {
  if (kind === 'fd' || kind === 'fd32') return fdText(value, type.column === null ? null : view.fd && fdTagged(view.fd));
  if (kind === 'errno') return style === 'hex' ? digits(value, style) : withName(String(value), value < 0 ? errnoName(-value) : '');
  if (kind === 'pid' || kind === 'pid32') return withName(String(value), view.threadName(value) ?? '');
  if (values !== null) return withName(digits(value, 'dec'), kind.startsWith('enum') ? enumName(values, value) : flagNames(values, value));
  if (kind === 'uid') return withName(unsigned32(value), view.userOf(value)?.name ?? '');
  if (kind === 'gid') return withName(unsigned32(value), view.groupOf(value)?.name ?? '');
  if (kind === 'reltime') return `${digits(value, 'dec')}(${value / 1e9}s)`;
  if (kind === 'bool') return value === 0 ? 'false' : 'true';
  if (kind === 'ipv4addr') return [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff).join('.');
  return digits(value, style);
}

function withName(number: string, name: string): string {
  return name === '' ? number : `${number}(${name})`;
}

/** Nobody is the largest number. */
function unsigned32(value: number): string {
  return value === TWO_32 - 1 ? '-1' : String(value);
}

function digits(value: number, style: string): string {
  const whole = BigInt.asUintN(64, BigInt(Math.trunc(value)));
  if (style === 'hex') return whole.toString(16).toUpperCase();
  if (style === 'oct') return value === 0 ? '0' : `0${whole.toString(8)}`;
  return String(value);
}

function enumName(values: readonly (readonly [string, number])[], value: number): string {
  return values.find(([, known]) => known === value)?.[0] ?? '';
}

/** The names of all bits, up to the one that is the whole value. */
function flagNames(values: readonly (readonly [string, number])[], value: number): string {
  const names: string[] = [];
  let rest = value;
  for (const [name, known] of values) {
    if (known === value) {
      names.push(name);
      break;
    }
    if (known === 0 || rest === 0 || (rest & known) >>> 0 !== known) continue;
    names.push(name);
    rest = (rest & ~known) >>> 0;
  }
  return names.join('|');
}

function bytesText(view: EventView, { kind }: Shape, bytes: Uint8Array): string {
  switch (kind) {
    case 'fd':
    case 'fd32':
      return pairText(view, bytes);
    case 'fdlist':
      return fdlistEntries(bytes)
        .map(({ fd, row, flags }) => `${fd}:${rowChars(view, row)}${flags}`)
        .join(' ');
    case 'fspath':
      return pathText(view, Buffer.from(bytes).toString());
    case 'charbuf':
    case 'fsrelpath':
      return Buffer.from(bytes).toString();
    case 'socktuple':
    case 'sockaddr':
      return addressText(bytes);
    case 'dyn':
      return dynamicText(bytes);
    default:
      return dotted(bytes.subarray(0, SHOWN));
  }
}

function pairText(view: EventView, bytes: Uint8Array): string {
  const at = { i: 0 };
  const number = readNumber(bytes, at) ?? -1;
  const row = view.capture.dims.fds.get(readNumber(bytes, at) ?? 0);
  return fdText(number, row === undefined ? null : fdTagged(row));
}

function fdText(number: number, tagged: string | null): string {
  if (number === AT_FDCWD) return '-100(AT_FDCWD)';
  if (number < 0) return withName(String(number), errnoName(-number));
  return withName(String(number), tagged ?? '');
}

function rowChars(view: EventView, id: number): string {
  const row = view.capture.dims.fds.get(id);
  if (row === undefined) return '';
  const tag = fdTagged(row);
  return id === 0 ? TYPE_CHARS.unknown : tag.slice(1, tag.indexOf('>'));
}

/** One entry of poll's list, with the row of what it was then. */
export interface ScapPollFd {
  readonly fd: number;
  readonly row: number;
  readonly flags: number;
}

export function fdlistEntries(bytes: Uint8Array): ScapPollFd[] {
  const entries: ScapPollFd[] = [];
  const at = { i: 0 };
  while (at.i < bytes.length) {
    const [fd, row, flags] = [readNumber(bytes, at), readNumber(bytes, at), readNumber(bytes, at)];
    if (fd === null || row === null || flags === null) break;
    entries.push({ fd, row, flags });
  }
  return entries;
}

/** A relative path with what it is from the working directory. */
function pathText(view: EventView, path: string): string {
  if (path === '' || path.startsWith('/') || path.startsWith('<')) return path;
  const cwd = view.process?.cwd ?? '';
  return cwd === '' ? path : `${path}(${cwd.endsWith('/') ? cwd : `${cwd}/`}${path})`;
}

const AF_UNIX = 1;

/** `10.0.0.1:40000->10.0.0.2:80`, one address, or a Unix socket's path behind two kernel addresses. */
function addressText(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'NULL';
  const data = Buffer.from(bytes);
  switch (data.length) {
    case 7:
      return `${ip4(data, 1)}:${data.readUInt16LE(5)}`;
    case 13:
      return `${ip4(data, 1)}:${data.readUInt16LE(5)}->${ip4(data, 7)}:${data.readUInt16LE(11)}`;
    case 19:
      return `${ip6(data, 1)}:${data.readUInt16LE(17)}`;
    case 37:
      if (data[0] !== AF_UNIX) return tuple6(data);
  }
  if (data[0] !== AF_UNIX) return dotted(bytes.subarray(0, SHOWN));
  if (data.length < 17) return data.subarray(1).toString().replace(/\0.*$/s, '');
  const ends = [data.readBigUInt64LE(9), data.readBigUInt64LE(1)].map((end) => end.toString(16));
  return `${ends[1]}->${ends[0]} ${data.subarray(17).toString().replace(/\0$/, '').replace(/^\0/, '@')}`;
}

function ip4(data: Buffer, at: number): string {
  return data.subarray(at, at + 4).join('.');
}

/** Addresses of IPv4 in the form of IPv6, and none at all, are written as IPv4 where both are so. */
function tuple6(data: Buffer): string {
  const mapped = [1, 19].every((at) => isMapped(data.subarray(at, at + 16)));
  const [source, target] = [1, 19].map((at) => (mapped ? ip4(data, at + 12) : ip6(data, at)));
  return `${source}:${data.readUInt16LE(17)}->${target}:${data.readUInt16LE(35)}`;
}

function isMapped(ip: Uint8Array): boolean {
  if (ip.subarray(0, 10).some((byte) => byte !== 0)) return false;
  return (ip[10] === 0xff && ip[11] === 0xff) || ip.subarray(10).every((byte) => byte === 0);
}

function ip6(data: Buffer, at: number): string {
  return ipaddr.fromByteArray([...data.subarray(at, at + 16)]).toString();
}

/** A value that says itself what it is: without its table, its number. */
function dynamicText(bytes: Uint8Array): string {
  const value = Buffer.from(bytes.subarray(1));
  if (value.length === 8) return value.readBigInt64LE().toString();
  if (value.length === 4) return String(value.readInt32LE());
  return dotted(value.subarray(0, SHOWN));
}
