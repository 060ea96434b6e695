/** Values of parameters, as the files have them: from an event's arguments, its descriptor, its thread and its process. */
import ipaddr from 'ipaddr.js';
import { decodePollfds } from '../../event/args-text.ts';
import type { EventView } from '../../event/view.ts';
import { type ArgValue, decodeArgs, readNumber } from '../../model/args.ts';
import { argBytes } from '../../model/chunk.ts';
import type { ArgType, EventType } from '../../model/event-type.ts';
import { isImported } from '../../model/event-type.ts';
import { endsOf } from '../../model/fd-name.ts';
import { enumName, flagNames } from '../../model/flags.ts';
import type { FdRow } from '../../model/rows.ts';
import { SCAP_VALUES } from '../../model/scap-values.ts';
import type { ParamSchema } from '../../scap/schema.ts';
import { GrowingBytes } from '../pcapng/growing.ts';
import { processValue } from './process.ts';

/** A number, or bytes as they are written; null: nothing is known of it. */
export type Value = number | Uint8Array | null;

const AF = { UNIX: 1, INET: 2, INET6: 10 } as const;

/** Names of arguments under which the files have others. */
const RENAMED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  splice: { fd_in: 'fd', fd_out: 'out_fd' },
  sendfile: { out_fd: 'fd' },
  copy_file_range: { fdin: 'fd', fdout: 'out_fd', len: 'size' },
  dup: { fd: 'oldfd' },
  dup2: { fd: 'oldfd' },
  dup3: { fd: 'oldfd' },
  nanosleep: { interval: 'timeout' },
  linkat: { olddir: 'olddirfd', newdir: 'newdirfd' },
  execveat: { pathname: 'filename' },
};

const tables = SCAP_VALUES.trimEnd()
  .split('\n')
  .map((line) => new Map(line.split(',').map((entry) => [entry.split('=')[0]!, Number(entry.split('=')[1])] as const)));

const storages = new WeakMap<EventType, readonly ArgType['storage'][]>();

/** The arguments of one event, decoded once for its two sides. */
export class EventValues {
  readonly #view: EventView;
  readonly #stored: readonly ArgValue[];

  /** `paired`: it is of a file in which a call was two events, and what one said the other does not. */
  constructor(
    view: EventView,
    readonly paired: boolean,
  ) {
    const { type, chunk, i } = view;
    this.#view = view;
    let storage = storages.get(type);
    if (storage === undefined) {
      storage = type.args.map((arg) => arg.storage);
      storages.set(type, storage);
    }
    this.#stored = decodeArgs(argBytes(chunk!, i), storage);
  }

  /** `begins`: for the event that begins a call. */
  of(param: ParamSchema, index: number, begins: boolean): Value {
    const view = this.#view;
    const { name, kind } = param;
    if (!begins && index === 0 && (name === 'res' || name === 'fd' || name === 'res_or_fd') && view.res !== null) return view.res;
    if (name === 'data' && kind === 'bytebuf') return view.payload;
    const at = this.#position(isImported(view.type) ? name : (RENAMED[view.type.name]?.[name] ?? name), begins);
    const type = view.type.args[at];
    if (type === undefined) return this.#implied(param);
    if (type.column === 'tuple') return this.#implied(param);
    if (type.column !== null) return type.column === 'data' ? view.payload : type.column === 'res' ? view.res : view.columnValue('fdnum');
    return converted(param, type, this.#stored[at] ?? null);
  }

  /** Place of an argument; of a name that both sides of a call have, the one of the side at hand. */
  #position(name: string, begins: boolean): number {
    const { args } = this.#view.type;
    const own = args.findIndex((arg) => arg.name === name && (arg.enter === true) === begins);
    return own >= 0 || this.paired ? own : args.findIndex((arg) => arg.name === name);
  }

  /** What no argument says. */
  #implied({ name, kind }: ParamSchema): Value {
    const view = this.#view;
    if (isImported(view.type)) return null;
    if (kind === 'socktuple') return view.fd === null ? null : tupleBytes(view.fd, view.type.io);
    if (kind === 'sockaddr') return view.fd === null ? null : addressBytes(view.fd, view.type.name);
    if (name === 'size') return Math.max(0, view.res ?? view.payload.length);
    if (name === 'ino') return view.fd?.ino ?? 0;
    if (name === 'dev') return view.fd?.dev ?? 0;
    return processValue(view, name);
  }
}

function converted({ kind, type }: ParamSchema, arg: ArgType, value: ArgValue): Value {
  if (value === null) return null;
  if (kind === 'fdlist') return typeof value === 'number' ? null : fdList(value, arg.format === 'pollfds');
  if (typeof value !== 'number') {
    if (arg.format === 'scap:fd' || arg.format.startsWith('scap:fd/') || arg.format.startsWith('scap:fd32'))
      return readNumber(value, { i: 0 });
    return value;
  }
  const table = /#(\d+)/.exec(type)?.[1];
  if (table === undefined || !/^(flags|enum):/.test(arg.format)) return value;
  return renumbered(tables[Number(table)]!, namesOf(arg.format, value));
}

function namesOf(format: string, value: number): readonly string[] {
  const table = format.slice(format.indexOf(':') + 1);
  return (format.startsWith('flags:') ? flagNames(table, value) : enumName(table, value)).split('|');
}

function renumbered(table: ReadonlyMap<string, number>, names: readonly string[]): number {
  return names.reduce((bits, name) => bits | (table.get(name) ?? 0), 0) >>> 0;
}

/** Count, then number and events of each. */
function fdList(bytes: Uint8Array, polled: boolean): Uint8Array {
  const entries = polled ? decodePollfds(bytes) : importedFds(bytes);
  const out = new GrowingBytes(64);
  out.u16(entries.length);
  for (const { fd, events } of entries) {
    out.u64(BigInt.asUintN(64, BigInt(fd)));
    out.u16(events & 0xffff);
  }
  return out.take();
}

/** Number, row and flags of each. */
function importedFds(bytes: Uint8Array): { readonly fd: number; readonly events: number }[] {
  const found: { fd: number; events: number }[] = [];
  const at = { i: 0 };
  while (at.i < bytes.length) {
    const [fd, row, events] = [readNumber(bytes, at), readNumber(bytes, at), readNumber(bytes, at)];
    if (fd === null || row === null || events === null) break;
    found.push({ fd, events });
  }
  return found;
}

export function ipBytes(ip: string): Uint8Array {
  return Uint8Array.from(ipaddr.parse(ip).toByteArray());
}

/** Family, both addresses and ports: from who sent to who gets it; of a connection from its client to its server. */
function tupleBytes(fd: FdRow, io: 'read' | 'write' | null): Uint8Array | null {
  if (fd.kind === 'unix') return unixBytes(fd.name);
  if (fd.localIp === null || fd.remoteIp === null) return null;
  const local = { ip: fd.localIp, port: fd.localPort };
  const remote = { ip: fd.remoteIp, port: fd.remotePort };
  const { client, server } = endsOf(fd);
  const [from, to] = io === 'read' ? [remote, local] : io === 'write' ? [local, remote] : [client ?? local, server ?? remote];
  const [a, b] = [ipBytes(from.ip), ipBytes(to.ip)];
  if (a.length !== b.length) return null;
  const out = new GrowingBytes(40);
  out.u8(a.length === 4 ? AF.INET : AF.INET6);
  out.put(a);
  out.u16(from.port);
  out.put(b);
  out.u16(to.port);
  return out.take();
}

function unixBytes(path: string): Uint8Array {
  const out = new GrowingBytes(64);
  out.u8(AF.UNIX);
  out.zeros(16);
  out.put(Buffer.from(path));
  out.u8(0);
  return out.take();
}

/** The address that a call was given: its own where it binds, else the other's. */
function addressBytes(fd: FdRow, call: string): Uint8Array | null {
  const [ip, port] = call === 'bind' ? [fd.localIp, fd.localPort] : [fd.remoteIp, fd.remotePort];
  const out = new GrowingBytes(32);
  if (fd.kind === 'unix') {
    out.u8(AF.UNIX);
    out.put(Buffer.from(fd.name));
    out.u8(0);
  } else if (ip === null) return null;
  else {
    const bytes = ipBytes(ip);
    out.u8(bytes.length === 4 ? AF.INET : AF.INET6);
    out.put(bytes);
    out.u16(port);
  }
  return out.take();
}
