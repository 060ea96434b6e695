import { FAMILIES } from '../../model/calls.ts';
import { EventFlag, startTime } from '../../model/chunk.ts';
import { ERRNO_NAMES, errnoName } from '../../model/errno.ts';
import { FIRST_IMPORTED, STANDARD_TYPES } from '../../model/event-type.ts';
import type { FdKind } from '../../model/rows.ts';
import { clockText, MS, SECOND, secondsText, spanText, wallNs } from '../../model/time.ts';
import { argAt, argReading, argsText, argText } from '../args-text.ts';
import { isScap } from '../scap-text.ts';
import type { EventView } from '../view.ts';
import { type ArgSpec, asIs, type ColumnField, type Field, type FieldType, type Reading, type RowField } from './field.ts';
import { syslogMessage } from './syslog.ts';

type Spec<F extends Field> = Omit<F, 'name' | 'doc' | 'example' | 'scope'>;

function column(name: string, doc: string, example: string, spec: Spec<ColumnField>): ColumnField {
  return { name, doc, example, scope: 'column', ...spec };
}

function ofType(name: string, doc: string, example: string, spec: Spec<RowField>): RowField {
  return { name, doc, example, scope: 'type', ...spec };
}

function ofEvent(name: string, doc: string, example: string, spec: Spec<RowField>): RowField {
  return { name, doc, example, scope: 'event', ...spec };
}

const whole = (value: number | null) => (value === null ? null : Math.floor(value / SECOND));
const fraction = (value: number | null) => (value === null ? null : value % SECOND);

/** ns since the event before; null for the first. */
function delta(view: EventView): number | null {
  const { chunk, i } = view;
  if (chunk === null) return null;
  return i > 0 ? chunk.time[i]! - chunk.time[i - 1]! : chunk.time[0]! - view.timeBefore;
}

const IPC_KINDS: ReadonlySet<FdKind> = new Set(['pipe', 'unix', 'event', 'signalfd', 'inotify']);

/** As sysdig tells apart what moves bytes. */
function importedCategory(kind: FdKind): string {
  if (kind === 'file' || kind === 'directory') return 'file';
  if (kind === 'ipv4' || kind === 'ipv6') return 'net';
  return IPC_KINDS.has(kind) ? 'ipc' : 'unknown';
}

function category(view: EventView): string {
  const { type, fd } = view;
  if (type.category !== 'io') return type.category;
  if (type.id >= FIRST_IMPORTED) return importedCategory(fd?.kind ?? 'unknown');
  if (fd === null) return 'file';
  return fd.kind === 'ipv4' || fd.kind === 'ipv6' || fd.kind === 'unix' || fd.kind === 'netlink' ? 'net' : 'file';
}

/** sysdig's evt.res: SUCCESS, or the error's name. */
function resultText(res: number | null): string | null {
  if (res === null) return null;
  return res >= 0 ? 'SUCCESS' : errnoName(-res);
}

function failedKind(view: EventView): string | null {
  const res = view.res;
  if (res === null || res >= 0) return null;
  const kind = category(view);
  return kind === 'file' || kind === 'net' || kind === 'memory' ? kind : 'other';
}

/** 1 for an event that failed in one kind of thing; null for all others. */
function countIf(condition: boolean): number | null {
  return condition ? 1 : null;
}

function ioBytes(view: EventView): number | null {
  const moves = view.type.io !== null || BETWEEN.has(view.type.name);
  return moves && view.res !== null && view.res >= 0 ? view.res : null;
}

/** Calls that move bytes from one descriptor to another. */
const BETWEEN: ReadonlySet<string> = new Set(['sendfile', 'splice', 'tee']);

/** Bytes read (`in`), written (`out`) or either, of files, of sockets, or of all. */
function bytesOf(kind: 'file' | 'net' | null, direction: 'in' | 'out' | null): RowField {
  const io = direction === 'in' ? 'read' : 'write';
  const verb = direction === null ? 'read or written' : io === 'read' ? 'read' : 'written';
  const name = ['evt.buflen', kind, direction].filter((part) => part !== null).join('.');
  const doc = `how many bytes were ${verb}${kind === null ? '' : `, of ${kind === 'file' ? 'files' : 'sockets'} alone`}`;
  const fits = (view: EventView) => (kind === null || category(view) === kind) && (direction === null || view.type.io === io);
  return ofEvent(name, doc, `${name}>4KB`, { type: 'size', read: (view) => (fits(view) ? ioBytes(view) : null) });
}

/** ms between an event and a time in ns since 1970. */
function distance(view: EventView, time: string): number | null {
  return /^[0-9]+$/.test(time) ? Math.abs(view.time - Number(BigInt(time) - view.capture.epoch)) / MS : null;
}

function arg(view: EventView, key: string): Reading {
  const found = argAt(view, key);
  return found === null ? null : argText(view, found.type, found.value);
}

/** What evt.args and evt.info print. */
const ENDED = { begun: false, all: false };
const BEGUN = { begun: true, all: false };

function rawArg(view: EventView, key: string): Reading {
  const found = argAt(view, key);
  const value = found === null ? null : argReading(found.type, found.value);
  return typeof value === 'number' && rawArgType(key) === 'text' ? String(value) : value;
}

/** Arguments that are text: ours, and those of imported files. All others are numbers, or cannot be compared. */
const TEXT_ARGS = new Set([
  ...STANDARD_TYPES.flatMap(({ args }) => args.filter(({ format }) => format === 'path' || format === 'text').map(({ name }) => name)),
  ...'exe args cwd comm cgroups env json container_id uargs trusted_exepath exepath shell pathname home root sun_path image'.split(' '),
]);

function rawArgType(key: string): FieldType {
  return TEXT_ARGS.has(key) ? 'text' : 'number';
}

/** Accounts for access mode: O_RDONLY 0, O_WRONLY 1, O_RDWR 2; one more in imported files, where 3 is both bits. */
function opensFor(view: EventView, modes: readonly number[]): boolean {
  const flags = argAt(view, 'flags');
  if (!view.type.makesFd || view.type.category !== 'file' || typeof flags?.value !== 'number') return false;
  const mode = flags.value & 3;
  return modes.includes(isScap(flags.type) ? mode - 1 : mode);
}

const O_CREAT = 0o100;

/** It makes a file that may be executed. */
function opensExecutable(view: EventView): boolean {
  const [flags, mode] = [argAt(view, 'flags')?.value, argAt(view, 'mode')?.value];
  const creates = view.type.name === 'creat' || (typeof flags === 'number' && (flags & O_CREAT) !== 0);
  return view.type.makesFd && view.type.category === 'file' && creates && typeof mode === 'number' && (mode & 0o111) !== 0;
}

const TIME: ArgSpec = {
  name: 'TIME',
  required: true,
  valid: /^[0-9]+$/,
  wanted: 'the time is ns since 1970',
  hint: 'as evt.rawtime shows it: evt.around[1795177800000000000]=500',
};

const TYPES = STANDARD_TYPES.map(({ name }) => name);
const SYSCALLS = STANDARD_TYPES.filter(({ syscall }) => syscall).map(({ name }) => name);
/** `io` becomes one of the others by what its descriptor is; the last two are of imported files. */
const CATEGORIES = [...new Set([...STANDARD_TYPES.map((type) => type.category).filter((name) => name !== 'io'), 'memory', 'system'])];

const remarkOnDirection = (value: string): string | null =>
  value === '>'
    ? 'a call is one event here, when it returns: evt.dir=> is left for what never returned, and for what the kernel says'
    : null;

const numbersElsewhere = (value: string): string | null => (/^-?[0-9]+$/.test(value) ? 'evt.rawres has the numbers' : null);

const clock = (view: EventView, date: boolean) => clockText(view.capture.epoch, view.time, date);

// biome-ignore format: a table
export const EVT_FIELDS: readonly Field[] = [
  column('evt.num', 'number of the event, from 1 in the order of time', 'evt.num>=100', { type: 'number', column: 'num', value: asIs, aliases: ['frame.number'], short: ['num'], needs: ['every event'] }),
  ofEvent('evt.time', 'time of day at which it ended', 'evt.time startswith 12:', { type: 'text', read: (view) => clock(view, false) }),
  ofEvent('evt.time.s', 'the same without nanoseconds', 'evt.time.s=12:00:00', { type: 'text', read: (view) => clock(view, false).slice(0, 8) }),
  ofEvent('evt.time.iso8601', 'date and time in UTC', 'evt.time.iso8601 startswith 2026', { type: 'text', read: (view) => `${clockText(view.capture.epoch, view.time, true, true).replace(' ', 'T')}Z` }),
  ofEvent('evt.datetime', 'date and time of day', 'evt.datetime startswith 2026-11', { type: 'text', read: (view) => clock(view, true), aliases: ['frame.time'] }),
  ofEvent('evt.datetime.s', 'the same without nanoseconds', 'evt.datetime.s startswith 2026-11', { type: 'text', read: (view) => clock(view, true).slice(0, 19) }),
  column('evt.rawtime', 'ns since 1970', 'evt.rawtime>1481211699000000000', { type: 'walltime', column: 'time', value: asIs, text: (value, view) => wallNs(view.capture.epoch, Number(value)), aliases: ['frame.time_epoch'] }),
  ofEvent('evt.rawtime.s', 'seconds since 1970', 'evt.rawtime.s>1481211699', { type: 'number', unit: 's', read: (view) => Number((view.capture.epoch + BigInt(Math.round(view.time))) / 1_000_000_000n) }),
  ofEvent('evt.rawtime.ns', 'the nanoseconds of that second', 'evt.rawtime.ns>500000000', { type: 'number', unit: 'ns', read: (view) => Number((view.capture.epoch + BigInt(Math.round(view.time))) % 1_000_000_000n) }),
  column('evt.reltime', 'ns since the capture began', 'evt.reltime>2s', { type: 'span', column: 'time', value: asIs, aliases: ['frame.time_relative'], short: ['time'] }),
  column('evt.reltime.s', 'whole seconds since the capture began', 'evt.reltime.s=2', { type: 'number', unit: 's', column: 'time', value: whole }),
  column('evt.reltime.ns', 'the nanoseconds of that second', 'evt.reltime.ns<1000', { type: 'number', unit: 'ns', column: 'time', value: fraction }),
  ofEvent('evt.outputtime', 'time in the form that -t asks for', '', { type: 'text', only: 'print', read: (view) => clock(view, false), instead: ['evt.reltime', 'evt.time', 'evt.rawtime'] }),
  ofEvent('evt.around', 'ms between the event and a time in ns since 1970; = is up to so many', 'evt.around[1795177800000000000]=500', { type: 'number', unit: 'ms', distance: true, arg: TIME, read: distance }),
  ofEvent('evt.starttime', 'ns since the capture began at which it started', 'evt.starttime<1s', { type: 'span', read: (view) => (view.chunk === null ? null : startTime(view.chunk, view.i)) }),
  column('evt.latency', 'ns from its start to its end', 'evt.latency>1ms', { type: 'span', column: 'latency', value: asIs, short: ['latency', 'duration'], pushdown: 'latency' }),
  column('evt.latency.s', 'whole seconds of it', 'evt.latency.s>=5', { type: 'number', unit: 's', column: 'latency', value: whole }),
  column('evt.latency.ns', 'its nanoseconds beyond whole seconds', 'evt.latency.ns>1000', { type: 'number', unit: 'ns', column: 'latency', value: fraction }),
  column('evt.latency.human', 'the latency for people: 8.011 s', '', { type: 'text', only: 'print', column: 'latency', value: (value) => (value === null ? null : spanText(value)), instead: ['evt.latency'] }),
  ofEvent('evt.deltatime', 'ns since the event before', 'evt.deltatime>100ms', { type: 'span', needs: ['later rows', 'every event'], read: delta, aliases: ['frame.time_delta'] }),
  ofEvent('evt.deltatime.s', 'whole seconds since the event before', 'evt.deltatime.s>=1', { type: 'number', unit: 's', needs: ['later rows', 'every event'], read: (view) => whole(delta(view)) }),
  ofEvent('evt.deltatime.ns', 'the nanoseconds of that', 'evt.deltatime.ns>1000', { type: 'number', unit: 'ns', needs: ['later rows', 'every event'], read: (view) => fraction(delta(view)) }),
  column('evt.dir', '< it completed; > it never returned, or the kernel said it without beginning and end', 'evt.dir=<', { type: 'text', column: 'flags', value: (flags) => (flags! & (EventFlag.PENDING | EventFlag.ONE_SIDED) ? '>' : '<'), values: ['<', '>'], remark: remarkOnDirection }),
  column('evt.pending', 'it had begun and never returned', 'evt.pending=true', { type: 'bool', column: 'flags', value: (flags) => (flags! & EventFlag.PENDING) !== 0 }),
  ofType('evt.type', 'name of the call or event', 'evt.type in (open, openat)', { type: 'text', read: (view) => view.type.name, values: TYPES, short: ['type', 'syscall', 'event'], pushdown: 'call' }),
  ofType('evt.type.is', 'whether it is of a type', 'evt.type.is.connect=true', { type: 'bool', arg: { name: 'TYPE', required: true }, read: (view, name) => view.type.name === name }),
  ofType('syscall.type', 'name, of system calls only', 'syscall.type=read', { type: 'text', read: (view) => (view.type.syscall ? view.type.name : null), values: SYSCALLS, pushdown: 'call' }),
  ofEvent('evt.category', 'file, net, ipc, wait, process, sleep, signal, user, other …', 'evt.category=net', { type: 'text', read: category, values: CATEGORIES }),
  ofType('evt.source', 'where events of this kind come from', 'evt.source=syscall', { type: 'text', read: () => 'syscall' }),
  column('evt.cpu', 'number of the CPU', 'evt.cpu=0', { type: 'number', column: 'cpu', value: asIs, short: ['cpu'] }),
  ofEvent('evt.args', 'all arguments as text', 'evt.args contains resolv', { type: 'text', read: (view) => argsText(view, ENDED), matchValue: (view) => argsText(view, { ...ENDED, all: true }) }),
  ofEvent('evt.info', 'all arguments as text, of a call’s beginning too where that was recorded apart', 'evt.info contains "res=0"', { type: 'text', read: (view) => argsText(view, BEGUN), matchValue: (view) => argsText(view, { ...BEGUN, all: true }) }),
  ofEvent('evt.arg', 'one argument as text, by name or position', 'evt.arg.name contains resolv', { type: 'text', arg: { name: 'NAME', required: true }, read: arg }),
  ofEvent('evt.rawarg', 'one argument as it is stored: a number, or text', 'evt.rawarg.size>50', { type: 'number', typeOf: rawArgType, arg: { name: 'NAME', required: true }, read: rawArg }),
  ofEvent('evt.buffer', 'the bytes that were read or written, as far as they were kept', 'evt.buffer contains GET', { type: 'bytes', read: (view) => (view.payload.length === 0 ? null : view.payload), aliases: ['tcp.payload', 'udp.payload', 'data.data', 'tcp', 'udp', 'http', 'ip', 'frame', 'dns'], short: ['data', 'buffer', 'payload'], bytes: 'data' }),
  ofEvent('evt.buflen', 'how many bytes were read or written', 'evt.buflen>10KB', { type: 'size', read: ioBytes, aliases: ['frame.len'], short: ['size', 'bytes'] }),
  bytesOf(null, 'in'),
  bytesOf(null, 'out'),
  bytesOf('file', null), bytesOf('file', 'in'), bytesOf('file', 'out'), bytesOf('net', null), bytesOf('net', 'in'), bytesOf('net', 'out'),
  column('evt.res', 'SUCCESS, or the name of the error', 'evt.res=ENOENT', { type: 'text', column: 'res', value: resultText, values: ['SUCCESS', ...ERRNO_NAMES], short: ['res', 'error', 'errno'], mistaken: numbersElsewhere }),
  column('evt.rawres', 'the return value', 'evt.rawres<0', { type: 'number', column: 'res', value: asIs }),
  column('evt.failed', 'whether it returned an error', 'evt.failed=true', { type: 'bool', column: 'res', value: (res) => res !== null && res < 0 }),
  ofType('evt.is_io', 'whether it moves bytes', 'evt.is_io=true', { type: 'bool', read: (view) => view.type.io !== null }),
  ofType('evt.is_io_read', 'whether it reads bytes', 'evt.is_io_read=true', { type: 'bool', read: (view) => view.type.io === 'read' }),
  ofType('evt.is_io_write', 'whether it writes bytes', 'evt.is_io_write=true', { type: 'bool', read: (view) => view.type.io === 'write' }),
  ofType('evt.io_dir', 'read or write', 'evt.io_dir=write', { type: 'text', read: (view) => view.type.io, values: ['read', 'write'] }),
  ofType('evt.is_wait', 'whether it blocks by design (poll, futex, sleep …)', 'evt.is_wait=true', { type: 'bool', read: (view) => view.type.wait }),
  ofEvent('evt.wait_latency', 'ns that it waited, of calls that block by design', 'evt.wait_latency>1ms', { type: 'span', read: (view) => (view.type.wait ? view.columnValue('latency') : null) }),
  ofType('evt.count', '1 for every event', 'evt.count=1', { type: 'number', read: () => 1 }),
  column('evt.count.exit', '1 for a call that returned', 'evt.count.exit=1', { type: 'number', column: 'flags', value: (flags) => countIf((flags! & (EventFlag.PENDING | EventFlag.ONE_SIDED)) === 0) }),
  column('evt.count.error', '1 for an event that failed', 'evt.count.error=1', { type: 'number', column: 'res', value: (res) => countIf(res !== null && res < 0) }),
  ofEvent('evt.count.error.file', '1 for a failed operation on files', 'evt.count.error.file=1', { type: 'number', read: (view) => countIf(failedKind(view) === 'file') }),
  ofEvent('evt.count.error.net', '1 for a failed operation on the network', 'evt.count.error.net=1', { type: 'number', read: (view) => countIf(failedKind(view) === 'net') }),
  ofEvent('evt.count.error.memory', '1 for a failed operation on memory, of sysdig’s captures', 'evt.count.error.memory=1', { type: 'number', read: (view) => countIf(failedKind(view) === 'memory') }),
  ofEvent('evt.count.error.other', '1 for another that failed', 'evt.count.error.other=1', { type: 'number', read: (view) => countIf(failedKind(view) === 'other') }),
  ofEvent('evt.is_open_read', 'it opens a file for reading', 'evt.is_open_read=true', { type: 'bool', read: (view) => opensFor(view, [0, 2]) }),
  ofEvent('evt.is_open_write', 'it opens a file for writing', 'evt.is_open_write=true', { type: 'bool', read: (view) => opensFor(view, [1, 2]) }),
  ofEvent('evt.is_open_exec', 'it makes a file that may be executed', 'evt.is_open_exec=true', { type: 'bool', read: opensExecutable }),
  ofType('evt.family', 'what the recorder switches and counts it by: net file process wait ipc trouble io', 'evt.family=trouble', { type: 'text', read: (view) => view.type.family, values: [...FAMILIES, 'other'] }),
  ofEvent('evt.is_syslog', 'it writes a line to the system’s log', 'evt.is_syslog=true', { type: 'bool', read: (view) => syslogMessage(view) !== null }),
  column('evt.is_message', 'one message of sendmmsg or recvmmsg', 'evt.is_message=true', { type: 'bool', column: 'flags', value: (flags) => (flags! & EventFlag.MESSAGE) !== 0 }),
  column('evt.io_uring', 'it was done through io_uring: no call, its time is from submission to completion', 'evt.io_uring=true', { type: 'bool', column: 'flags', value: (flags) => (flags! & EventFlag.IO_URING) !== 0 }),
  column('evt.fault', 'its memory was not readable: payload or arguments are missing', 'evt.fault=false', { type: 'bool', column: 'flags', value: (flags) => (flags! & EventFlag.FAULT) !== 0 }),
  column('evt.truncated', 'fewer payload bytes were kept than moved', 'evt.truncated=true', { type: 'bool', column: 'flags', value: (flags) => (flags! & EventFlag.TRUNCATED) !== 0 }),
  { name: 'evt.hostname', doc: 'the node it happened on', example: 'evt.hostname exists', scope: 'thread', type: 'text', read: (view) => view.node, aliases: ['evt.host'] },
];

/** How `-t` has times, as sysdig has them. */
export const TIME_FORMS = {
  h: 'time of day',
  a: 'seconds since 1970',
  r: 'seconds since the capture began',
  d: 'seconds that the call took',
  D: 'seconds since the line before',
} as const;
export type TimeForm = keyof typeof TIME_FORMS;

/** Time of an event in the form of `-t`. `printedBefore`: time of the event printed before; null: none was. */
export function outputTime(view: EventView, form: TimeForm, printedBefore: number | null): string {
  if (form === 'h') return clock(view, false);
  if (form === 'a') return wallNs(view.capture.epoch, view.time).replace(/(\d{9})$/, '.$1');
  if (form === 'r') return secondsText(view.time);
  if (form === 'd') return secondsText(view.columnValue('latency') ?? 0);
  return secondsText(printedBefore === null ? 0 : view.time - printedBefore);
}
