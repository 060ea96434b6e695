/** What the search for candidates asks of every event, as numbers by type, descriptor and thread: looked up, and decided once. */
import type { EventType } from '../model/event-type.ts';
import type { Analysis } from './analysis.ts';
import { type CallKind, callKind } from './calls.ts';
import { type FdUse, fdUse, isDatagramClient, isStream, isUnixPath, remoteText } from './descriptors.ts';

/** What a call does on a connection. */
export const UNKNOWN = 0;
export const OTHER = 1;
export const READS = 2;
export const WRITES_IT = 3;
export const ACCEPTS = 4;
const TURNS = 5;

function opOf(type: EventType): number {
  const { name, io } = type;
  if (name === 'accept' || name === 'accept4') return ACCEPTS;
  if (name === 'connect' || name === 'getsockopt' || name === 'close' || callKind(type) === 'poll') return TURNS;
  return io === 'read' ? READS : io === 'write' ? WRITES_IT : OTHER;
}

/** By descriptor: the end of a connection that its process has. */
export const CLIENT = 1;
export const SERVER = 2;
/** It asks by datagrams. */
export const ASKS = 3;
/** An end of a Unix socket: whose, its next call tells. */
export const UNIX = 4;

/** What the search does with an event of a type, beside looking at its descriptor. */
export const NONE = 0;
export const ENDS = 1;
export const SIGNALS = 2;
export const WRITES = 3;
export const COPIES = 4;
export const PROGRAMS = 5;

function watchOf({ name, io }: EventType): number {
  if (name === 'procexit') return ENDS;
  if (name === 'kill' || name === 'signaldeliver') return SIGNALS;
  if (/^dup[23]?$/.test(name)) return COPIES;
  if (name === 'execve' || name === 'execveat') return PROGRAMS;
  return io === 'write' ? WRITES : NONE;
}

/** By the ids of rows. */
export class RowTables {
  readonly watch: Uint8Array;
  readonly ops = new Uint8Array(2 ** 16); // whatever number a chunk has for a type
  readonly types: { readonly type: EventType; readonly kind: CallKind }[] = [];
  readonly uses: FdUse[] = [];
  readonly streams: Uint8Array;
  readonly roles: Uint8Array;
  /** By thread: 1 where its process began in the recording. */
  readonly begun: Uint8Array;

  constructor(analysis: Analysis) {
    const { types, fds } = analysis.dims;
    this.watch = new Uint8Array(types.lastId + 1);
    for (const type of types.all()) {
      this.ops[type.id] = opOf(type);
      this.types[type.id] = { type, kind: callKind(type) };
      this.watch[type.id] = watchOf(type);
    }
    this.streams = new Uint8Array(fds.lastId + 1);
    this.roles = new Uint8Array(fds.lastId + 1);
    for (const { id } of fds.all()) {
      const use = fdUses(id, analysis);
      this.uses[id] = use;
      this.streams[id] = isStreamRow(id, analysis) ? 1 : 0;
      if (this.streams[id] === 1 && (use === 'client' || use === 'server')) this.roles[id] = use === 'client' ? CLIENT : SERVER;
      else if (use === 'client' && isDatagramClient(fds.get(id)!)) this.roles[id] = ASKS;
      else if (isUnixPath(fds.get(id)!)) this.roles[id] = UNIX;
    }
    this.begun = begunThreads(analysis);
  }
}

function begunThreads(analysis: Analysis): Uint8Array {
  const begun = new Uint8Array(analysis.dims.threads.lastId + 1);
  for (const { id } of analysis.dims.threads.all()) begun[id] = analysis.lifetime(analysis.pidOf(id))?.begun === true ? 1 : 0;
  return begun;
}

function fdUses(id: number, { dims }: Analysis): FdUse {
  const fd = dims.fds.get(id);
  return fd === undefined ? 'other' : fdUse(fd);
}

function isStreamRow(id: number, { dims }: Analysis): boolean {
  const fd = dims.fds.get(id);
  return fd !== undefined && isStream(fd) && remoteText(fd) !== '';
}
