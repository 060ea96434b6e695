/** Arguments as text, in sysdig's manner: `res=87 data=GET / fd=3(<4t>10.0.0.7:40000->10.0.0.9:80)`. */
import { type ArgValue, decodeArgs, readNumber, readVarint } from '../model/args.ts';
import { argBytes } from '../model/chunk.ts';
import { shortened } from '../model/dotted.ts';
import { errnoName } from '../model/errno.ts';
import { type ArgType, type EventType, isImported } from '../model/event-type.ts';
import { fdName, fdTagged } from '../model/fd-name.ts';
import { enumName, flagNames } from '../model/flags.ts';
import type { Reading } from './fields/field.ts';
import { fdPair, isGeneric, isScap, scapReading, scapText } from './scap-text.ts';
import type { EventView } from './view.ts';

/** One argument of an event, by name or by position; null where the event has none of that name. */
export function argAt(view: EventView, key: string): { readonly type: ArgType; readonly value: ArgValue } | null {
  const { args } = view.type;
  const position = /^[0-9]+$/.test(key) ? Number(key) : args.findIndex((arg) => arg.name === key);
  const type = args[position];
  if (type === undefined || type.enter === true || view.chunk === null) return null;
  const stored = type.column === null ? (storedArgs(view)[position] ?? null) : columnArg(view, type.column);
  return stored === null ? null : { type, value: stored };
}

/** Bytes of one argument that a line shows. */
const SHOWN = 80;

export interface ArgsForm {
  /** Also those that belong to a call's beginning, where that was an event of its own. */
  readonly begun: boolean;
  /** All bytes, however many; else what a line has room for. */
  readonly all: boolean;
}

/** Arguments, `name=value` with blanks between. */
export function argsText(view: EventView, { begun, all }: ArgsForm): string {
  if (isGeneric(view.type)) return '';
  const stored = storedArgs(view);
  const parts: string[] = [];
  view.type.args.forEach((type, i) => {
    if (type.enter === true && !begun) return;
    const value = type.column === null ? (stored[i] ?? null) : columnArg(view, type.column);
    if (value !== null) parts.push(`${type.name}=${argText(view, type, value, all ? Number.POSITIVE_INFINITY : SHOWN)}`);
  });
  return parts.join(' ');
}

/** One argument's value as text; of raw bytes no more than `shown`. */
export function argText(view: EventView, type: ArgType, value: ArgValue, shown = SHOWN): string {
  if (isScap(type)) return scapText(view, type, value, shown, (name) => baseOf(view, name));
  if (value === null) return '<NA>';
  if (typeof value !== 'number')
    return type.format === 'pollfds'
      ? pollfdsText(value)
      : type.format === 'bytes'
        ? (view.payloadText?.(value) ?? shortened(value, shown))
        : Buffer.from(value).toString();
  return numberText(view, type, value);
}

function baseOf(view: EventView, name: string): ReturnType<typeof fdPair> | null {
  const position = view.type.args.findIndex((arg) => arg.name === name);
  const value = position < 0 ? null : storedArgs(view)[position];
  return value instanceof Uint8Array ? fdPair(value) : null;
}

/** The raw value for comparisons: a number, or text. */
export function argReading(type: ArgType, value: ArgValue): Reading {
  if (isScap(type)) return scapReading(type, value);
  return value === null || typeof value === 'number' ? value : type.format === 'bytes' ? value : Buffer.from(value).toString();
}

function storedArgs(view: EventView): ArgValue[] {
  const { chunk, i, type } = view;
  return chunk === null ? [] : decodeArgs(argBytes(chunk, i), storageOf(type));
}

const storages = new WeakMap<EventType, readonly ArgType['storage'][]>();

/** How a type's arguments are stored; computed once per type. */
function storageOf(type: EventType): readonly ArgType['storage'][] {
  let storage = storages.get(type);
  if (storage === undefined) {
    storage = type.args.filter((arg) => arg.column === null).length === 0 ? [] : type.args.map((arg) => arg.storage);
    storages.set(type, storage);
  }
  return storage;
}

function columnArg(view: EventView, column: 'res' | 'fd' | 'data' | 'tuple'): ArgValue {
  if (column === 'res') return view.res;
  if (column === 'fd') return view.columnValue('fdnum');
  if (column === 'data') return view.payload.length === 0 && !isImported(view.type) ? null : view.payload;
  const fd = view.fd;
  return fd === null || fd.remoteIp === null ? null : Buffer.from(fdName(fd));
}

function numberText(view: EventView, type: ArgType, value: number): string {
  const { format } = type;
  if (format === 'errno') return value < 0 ? `${value}(${errnoName(-value)})` : String(value);
  if (format === 'fd') return fdNumberText(view, type, value);
  if (format === 'hex') return `0x${value.toString(16)}`;
  if (format === 'oct') return `0${value.toString(8)}`;
  if (format.startsWith('flags:')) return named(value, flagNames(format.slice(6), value));
  if (format.startsWith('enum:')) return named(value, enumName(format.slice(5), value));
  return String(value);
}

function named(value: number, names: string): string {
  return names === '' ? String(value) : `${value}(${names})`;
}

function fdNumberText(view: EventView, type: ArgType, value: number): string {
  if (value === -100) return '-100(AT_FDCWD)';
  if (value < 0) return type.column === 'res' ? `${value}(${errnoName(-value)})` : String(value);
  const own = type.column === 'fd' || type.column === 'res';
  const fd = own ? view.fd : null;
  return fd === null ? String(value) : `${value}(${fdTagged(fd)})`;
}

const POLL_BITS = [
  ['IN', 1],
  ['PRI', 2],
  ['OUT', 4],
  ['ERR', 8],
  ['HUP', 16],
  ['NVAL', 32],
] as const;

/** One entry of a poll's list. */
export interface PollFd {
  readonly fd: number;
  readonly events: number;
  readonly revents: number;
}

export function decodePollfds(bytes: Uint8Array): PollFd[] {
  const entries: PollFd[] = [];
  const at = { i: 0 };
  while (at.i < bytes.length) {
    const fd = readNumber(bytes, at);
    const events = readVarint(bytes, at);
    const revents = readVarint(bytes, at);
    if (fd === null || events === null || revents === null) break;
    entries.push({ fd, events, revents });
  }
  return entries;
}

function pollfdsText(bytes: Uint8Array): string {
  const bits = (value: number) =>
    POLL_BITS.filter(([, bit]) => value & bit)
      .map(([name]) => name)
      .join('|') || '0';
  return decodePollfds(bytes)
    .map(({ fd, events, revents }) => `${fd}:${bits(events)}${revents === 0 ? '' : `=${bits(revents)}`}`)
    .join(' ');
}
