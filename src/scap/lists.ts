/** The lists before a file's events: this machine, its addresses, users, processes, and what they have open. */

import { endText } from '../model/fd-name.ts';
import type { Interface } from './addresses.ts';
import { texts } from './bytes.ts';
import type { Cursor } from './cursor.ts';
import { Fd, FdType, ip4, ip6, isMapped } from './fd.ts';
import { Thread } from './thread.ts';
import type { UserEntry } from './users.ts';

/** Padding at the end of a block's body is shorter than this. */
const PADDING = 4;

export interface MachineInfo {
  readonly cpus: number;
  readonly hostname: string;
}

export function readMachine(at: Cursor): MachineInfo {
  const cpus = at.u32();
  at.take(16);
  const name = at.take(Math.min(128, at.left));
  const end = name.indexOf(0);
  return { cpus, hostname: Buffer.from(name.subarray(0, end < 0 ? name.length : end)).toString() };
}

/** Addresses of this machine: of kind 1 and 3 IPv4, of 2 and 4 IPv6. Entries of version 2 are preceded by their length without itself. */
export function* readInterfaces(at: Cursor, sized: boolean): Generator<Interface> {
  while (at.left >= PADDING && !at.over) {
    const length = sized ? at.u32() : 0;
    const end = at.at + length;
    const kind = at.u16();
    const nameLength = at.u16();
    const v6 = kind === 2 || kind === 4;
    const size = v6 ? 16 : 4;
    const [ip, mask] = [at.take(size), at.take(size)];
    at.take(size);
    if (kind <= 2) at.take(8);
    const name = Buffer.from(at.take(nameLength)).toString();
    if (at.over) return;
    yield v6 ? { ip: ip6(ip, 0), mask: ip6(mask, 0), name } : { ip: ip4(ip, 0), mask: ip4(mask, 0), name };
    if (sized && end >= at.at && end <= at.to) at.at = end;
  }
}

/** Entries of version 2 are preceded by their length, itself included. */
export function* readUsers(at: Cursor, sized: boolean): Generator<UserEntry> {
  while (at.left >= PADDING && !at.over) {
    const start = at.at;
    const length = sized ? at.u32() : 0;
    const kind = at.u8();
    const entry: UserEntry =
      kind === 0
        ? { kind: 'user', uid: at.u32(), gid: at.u32(), name: at.string(), home: at.string(), shell: at.string() }
        : { kind: 'group', gid: at.u32(), name: at.string() };
    if (at.over) return;
    yield entry;
    skipTo(at, start, length);
  }
}

/** Moves to an entry's end as its length says, where that makes sense. */
function skipTo(at: Cursor, start: number, length: number): void {
  const end = start + length;
  if (length > 0 && end >= at.at && end <= at.to) at.at = end;
}

/** `version`: 1 to 9. */
export function* readProcesses(at: Cursor, version: number): Generator<Thread> {
  while (at.left >= PADDING && !at.over) {
    const start = at.at;
    const length = version >= 9 ? at.u32() : 0;
    const thread = readProcess(at, version, start + length);
    if (at.over) return;
    yield thread;
    skipTo(at, start, length);
  }
}

function readProcess(at: Cursor, version: number, end: number): Thread {
  const thread = new Thread(at.i64());
  thread.pid = at.i64();
  thread.ptid = at.i64();
  if (version >= 6) thread.sid = at.i64();
  if (version >= 8) thread.pgid = at.i64();
  thread.comm = at.string();
  thread.exe = at.string();
  if (version >= 7) thread.exepath = at.string();
  thread.args = texts(at.blob());
  thread.cwd = withSlash(at.string());
  thread.fdlimit = at.i64();
  thread.flags = at.u32();
  thread.uid = at.u32();
  thread.gid = at.u32();
  if (version >= 2) readMemory(at, thread);
  if (version >= 3) thread.env = texts(at.blob());
  if (version >= 4) {
    thread.vtid = at.i64();
    thread.vpid = at.i64();
    thread.setCgroups(at.blob());
  }
  if (version >= 5) thread.root = at.string();
  if (version >= 9) readTail(at, thread, end);
  return thread;
}

function readMemory(at: Cursor, thread: Thread): void {
  thread.vmsize = at.u32();
  thread.vmrss = at.u32();
  thread.vmswap = at.u32();
  thread.pfmajor = at.u64();
  thread.pfminor = at.u64();
}

/** Writers before 0.10 of the libraries end with at most so many bytes: no namespace and no terminal. */
const SHORT_TAIL = 29;

function readTail(at: Cursor, thread: Thread, end: number): void {
  const left = () => Math.min(end, at.to) - at.at;
  if (left() > SHORT_TAIL) {
    at.take(8);
    thread.tty = at.u32();
  }
  if (left() >= 4) thread.loginuid = at.u32();
}

/** Working directories end with a slash, as sysdig has them. */
function withSlash(path: string): string {
  return path === '' || path.endsWith('/') ? path : `${path}/`;
}

/** One thread's descriptors. Entries of version 2 are preceded by their length, itself included. */
export function* readFds(at: Cursor, sized: boolean): Generator<readonly [number: number, fd: Fd]> {
  while (at.left >= PADDING && !at.over) {
    const start = at.at;
    const length = sized ? at.u32() : 0;
    const number = at.u64();
    const fd = new Fd();
    fd.ino = at.u64();
    fd.type = at.u8();
    const known = readFd(at, fd, sized ? start + length : 0);
    if (at.over || (!known && !sized)) return;
    if (known) yield [number, fd];
    else at.at = Math.min(at.to, Math.max(at.at, start + length));
    skipTo(at, start, length);
  }
}

/** False: of a type that is not known, whose shape is not either. */
function readFd(at: Cursor, fd: Fd, end: number): boolean {
  if (fd.type === FdType.IPV4 || fd.type === FdType.IPV6) readConnection(at, fd);
  else if (fd.type === FdType.IPV4_SERVER || fd.type === FdType.IPV6_SERVER) readServer(at, fd);
  else if (fd.type === FdType.UNIX) {
    at.take(16);
    fd.name = at.string().replace(/\n$/, ''); // first writers took it from /proc/net/unix with the end of its line
    fd.role = fd.name === '' ? 'client' : 'server';
  } else if (fd.type === FdType.FILE_2) {
    fd.openFlags = at.u32();
    fd.name = at.string();
    if (end === 0 || end - at.at >= 4) fd.dev = end === 0 ? 0 : at.u32();
  } else if (fd.type <= FdType.PIDFD) fd.name = at.string();
  else return false;
  return true;
}

/** Both ends of a file's own record: the near one first, taken for the client's until listening sockets are known. */
function readConnection(at: Cursor, fd: Fd): void {
  const size = fd.type === FdType.IPV4 ? 4 : 16;
  const [source, target] = [at.take(size), at.take(size)];
  fd.clientPort = at.u16();
  fd.serverPort = at.u16();
  fd.l4 = at.u8();
  if (at.over) return;
  const mapped = size === 16 && isMapped(source, 0) && isMapped(target, 0);
  if (mapped) fd.type = FdType.IPV4;
  const text = (bytes: Uint8Array) => (size === 4 ? ip4(bytes, 0) : mapped ? ip4(bytes, 12) : ip6(bytes, 0));
  fd.clientIp = text(source);
  fd.serverIp = text(target);
  fd.name = fd.tuple;
}

function readServer(at: Cursor, fd: Fd): void {
  const v4 = fd.type === FdType.IPV4_SERVER;
  const ip = at.take(v4 ? 4 : 16);
  fd.serverPort = at.u16();
  fd.l4 = at.u8();
  if (at.over) return;
  fd.serverIp = v4 ? ip4(ip, 0) : ip6(ip, 0);
  fd.name = endText({ ip: fd.serverIp, port: fd.serverPort });
}
