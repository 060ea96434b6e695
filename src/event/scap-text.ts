/** Arguments of imported events as text, in the manner of the program that recorded them. */
import { posix } from 'node:path';
import ipaddr from 'ipaddr.js';
import { type ArgValue, readNumber } from '../model/args.ts';
import { shortened } from '../model/dotted.ts';
import { errnoName } from '../model/errno.ts';
import type { ArgType, EventType } from '../model/event-type.ts';
import { endText, fdTagged, typeChar } from '../model/fd-name.ts';
import { SCAP_VALUES } from '../model/scap-values.ts';
import { signalName, signalNames } from '../model/signals.ts';
import type { Reading } from './fields/field.ts';
import type { EventView } from './view.ts';

/** What `scap:KIND/STYLE#TABLE` says, or `scap:KIND@ARGUMENT`. */
interface Shape {
  readonly kind: string;
  readonly style: string;
  /** Name of the argument with the descriptor that a path starts from; empty: none. */
  readonly base: string;
  /** What it may be, where its first byte says which. */
  readonly variants: readonly string[];
  readonly values: readonly (readonly [name: string, value: number])[] | null;
}

const AT_FDCWD = -100;
const TWO_32 = 2 ** 32;

const shapes = new Map<string, Shape>();

function shapeOf(format: string): Shape {
  let shape = shapes.get(format);
  if (shape === undefined) {
    const [, kind = '', style = '', table, base = ''] = /^scap:([a-z0-9]+)(?:\/([a-z]+))?(?:#([0-9]+))?(?:@(.+))?/.exec(format) ?? [];
    const variants = /\((.+)\)$/.exec(format)?.[1]?.split('|') ?? [];
    shape = { kind, style, base, variants, values: table === undefined ? null : valuesOf(Number(table)) };
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

/** What a path starts from: a descriptor's number, and the row of what it was. */
export type BaseOf = (arg: string) => { readonly number: number; readonly row: number } | null;

/** One argument's value as text, of raw bytes no more than `shown`. `baseOf` reads another argument of the event. */
export function scapText(view: EventView, type: ArgType, value: ArgValue, shown: number, baseOf: BaseOf): string {
  const shape = shapeOf(type.format);
  if (value === null) return '<NA>';
  if (typeof value === 'number') return numberText(view, type, shape, value);
  return shape.kind === 'dyn' ? variantText(view, type, shape, value, shown) : bytesText(view, shape, value, shown, baseOf);
}

/** Events of system calls that have no type of their own say nothing but which call it was. */
export function isGeneric({ args }: EventType): boolean {
  return args.some(({ format }) => format.startsWith('scap:syscallid'));
}

/** A descriptor among the arguments: its number, and the row of what it was. */
export function fdPair(bytes: Uint8Array): { readonly number: number; readonly row: number } {
  const at = { i: 0 };
  return { number: readNumber(bytes, at) ?? -1, row: readNumber(bytes, at) ?? 0 };
}

/** The value for comparisons: a number, or text. */
export function scapReading(type: ArgType, value: ArgValue): Reading {
  if (value === null || typeof value === 'number') return value;
  const { kind } = shapeOf(type.format);
  if (kind === 'fd' || kind === 'fd32') return readNumber(value, { i: 0 });
  return Buffer.from(value).toString();
}

function numberText(view: EventView, type: ArgType, { kind, style, values }: Shape, value: number): string {
  if (kind === 'fd' || kind === 'fd32') return fdText(value, isOwn(view, type, value) ? ownFd(view) : null);
  if (kind === 'errno') return style === 'hex' ? digits(value, style) : withName(String(value), value < 0 ? errnoName(-value) : '');
  if (kind === 'pid' || kind === 'pid32') return withName(String(value), view.threadName(value) ?? '');
  if (values !== null) return withName(digits(value, 'dec'), kind.startsWith('enum') ? enumName(values, value) : flagNames(values, value));
  if (kind === 'uid') return ownerText(value, view.userOf(value)?.name);
  if (kind === 'gid') return ownerText(value, view.groupOf(value)?.name);
  if (kind === 'reltime') return isForever(value) ? 'none' : `${digits(value, 'dec')}(${general(value / 1e9)}s)`;
  if (kind === 'sigtype') return withName(String(value), signalName(value));
  if (kind === 'sigset') return signalNames(value);
  if (kind === 'bool') return value === 0 ? 'false' : 'true';
  if (kind === 'ipv4addr') return [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff).join('.');
  return digits(value, style);
}

function withName(number: string, name: string): string {
  return name === '' ? number : `${number}(${name})`;
}

/** The event's own descriptor. The result of a fcntl that makes none is a number of another kind. */
function isOwn(view: EventView, type: ArgType, value: number): boolean {
  return type.column === 'fd' || (type.column === 'res' && value === view.columnValue('fdnum'));
}

/** Null: nobody told what it is. */
function ownFd({ fd }: EventView): string | null {
  return fd === null || (fd.kind === 'unknown' && fd.name === '') ? null : fdTagged(fd);
}

/** Nobody is the largest number. */
function ownerText(value: number, name: string | undefined): string {
  return value === TWO_32 - 1 ? '-1(<NONE>)' : `${value}(${name ?? '<NA>'})`;
}

/** All bits set. */
function isForever(time: number): boolean {
  return time === -1 || time >= TWO_32 * TWO_32;
}

const SIGNIFICANT = 6;

/** As C's %g: six digits. */
function general(value: number): string {
  const [digits = '', exponent = '0'] = value.toExponential(SIGNIFICANT - 1).split('e');
  const power = Number(exponent);
  if (power >= -4 && power < SIGNIFICANT) return String(Number(value.toPrecision(SIGNIFICANT)));
  return `${Number(digits)}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
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

function bytesText(view: EventView, { kind, base }: Shape, bytes: Uint8Array, shown: number, baseOf: BaseOf): string {
  switch (kind) {
    case 'fd':
    case 'fd32':
      return pairText(view, bytes);
    case 'fdlist':
      return fdlistEntries(bytes)
        .map(({ fd, row, flags }) => `${fd}:${rowChar(view, row)}${flags.toString(16)}`)
        .join(' ');
    case 'fspath':
    case 'fsrelpath':
      return pathText(view, Buffer.from(bytes).toString(), base === '' ? null : baseOf(base));
    case 'charbuf':
      return Buffer.from(bytes).toString();
    case 'socktuple':
    case 'sockaddr':
      return addressText(bytes, shown);
    default:
      return shortened(bytes, shown);
  }
}

function pairText(view: EventView, bytes: Uint8Array): string {
  const { number, row } = fdPair(bytes);
  const fd = view.capture.dims.fds.get(row);
  return fdText(number, fd === undefined ? null : fdTagged(fd));
}

function fdText(number: number, tagged: string | null): string {
  if (number === AT_FDCWD) return '-100(AT_FDCWD)';
  if (number < 0) return withName(String(number), errnoName(-number));
  return withName(String(number), tagged ?? '');
}

function rowChar(view: EventView, id: number): string {
  const row = view.capture.dims.fds.get(id);
  return row === undefined ? '?' : typeChar(row);
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

/** A relative path with what it means. */
function pathText(view: EventView, path: string, base: ReturnType<BaseOf>): string {
  if (path === '' || path.startsWith('/') || path.startsWith('<')) return path;
  const folder = folderOf(view, base);
  return folder.startsWith('/') ? `${path}(${posix.resolve(folder, path)})` : path;
}

function folderOf(view: EventView, base: ReturnType<BaseOf>): string {
  if (base === null || base.number === AT_FDCWD) return view.process?.cwd ?? '';
  return view.capture.dims.fds.get(base.row)?.name ?? '';
}

const AF_UNIX = 1;
const INET: ReadonlySet<number> = new Set([2, 10]);

/** `10.0.0.1:40000->10.0.0.2:80`, one address, or a Unix socket's path behind two kernel addresses. */
function addressText(bytes: Uint8Array, shown: number): string {
  if (bytes.length === 0) return 'NULL';
  const data = Buffer.from(bytes);
  switch (data.length) {
    case 7:
      return `${ip4(data, 1)}:${data.readUInt16LE(5)}`;
    case 13:
      return `${ip4(data, 1)}:${data.readUInt16LE(5)}->${ip4(data, 7)}:${data.readUInt16LE(11)}`;
    case 19:
      return endText({ ip: ip6(data, 1), port: data.readUInt16LE(17) });
    case 37:
      if (data[0] !== AF_UNIX) return tuple6(data);
  }
  if (data[0] !== AF_UNIX) return data.length > 1 && INET.has(data[0]!) ? shortened(bytes, shown) : `family ${data[0]}`;
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
  const [source, target] = [1, 19].map((at) =>
    endText({ ip: mapped ? ip4(data, at + 12) : ip6(data, at), port: data.readUInt16LE(at + 16) }),
  );
  return `${source}->${target}`;
}

function isMapped(ip: Uint8Array): boolean {
  if (ip.subarray(0, 10).some((byte) => byte !== 0)) return false;
  return (ip[10] === 0xff && ip[11] === 0xff) || ip.subarray(10).every((byte) => byte === 0);
}

function ip6(data: Buffer, at: number): string {
  return ipaddr.fromByteArray([...data.subarray(at, at + 16)]).toString();
}

/** A value that says itself what it is; raw bytes where that is none of what it may be. */
function variantText(view: EventView, type: ArgType, { variants }: Shape, bytes: Uint8Array, shown: number): string {
  const shape = shapeOf(`scap:${variants[bytes[0] ?? 0] ?? 'bytebuf'}`);
  const value = bytes.subarray(1);
  const number = RAW.has(shape.kind) ? null : numberIn(value);
  if (shape.kind === 'charbuf') return Buffer.from(value).toString().replace(/\0.*$/s, '');
  return number === null ? shortened(value, shown) : numberText(view, type, shape, number);
}

const RAW: ReadonlySet<string> = new Set(['bytebuf', 'charbuf']);

function numberIn(bytes: Uint8Array): number | null {
  const value = Buffer.from(bytes);
  if (value.length === 8) return Number(value.readBigInt64LE());
  return value.length === 4 ? value.readUInt32LE() : value.length === 1 ? value[0]! : null;
}
