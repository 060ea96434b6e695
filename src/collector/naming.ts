/** What the probe says of threads and descriptors → rows of the capture. The same thing said twice is one row. */
import ipaddr from 'ipaddr.js';
import { parseCgroup } from '../model/cgroup.ts';
import { type DimensionTables, FD_KINDS, FD_ROLES, type FdKind, type FdRow, type ProcessRow, type ThreadRow } from '../model/rows.ts';
import type { FdDef, ThreadDef } from './wire.ts';

const NO_LOGIN = 0xffffffff;

/** sysdig's and the kernel's names for things without a path. */
const ANONYMOUS: Partial<Record<FdKind, string>> = {
  pipe: 'pipe',
  unix: 'unix',
  netlink: 'netlink',
  packet: 'packet',
  event: 'anon_inode:[eventfd]',
  signalfd: 'anon_inode:[signalfd]',
  eventpoll: 'anon_inode:[eventpoll]',
  inotify: 'anon_inode:[inotify]',
  timerfd: 'anon_inode:[timerfd]',
  bpf: 'anon_inode:[bpf]',
  userfaultfd: 'anon_inode:[userfaultfd]',
  io_uring: 'anon_inode:[io_uring]',
  memfd: 'memfd',
  pidfd: 'anon_inode:[pidfd]',
};

interface CurrentProcess {
  readonly row: ProcessRow;
  readonly key: string;
}

export class Naming {
  readonly #tables: DimensionTables;
  readonly #processes = new Map<number, CurrentProcess>();
  readonly #threads = new Map<number, ThreadRow>();
  readonly #fds = new Map<string, number>();
  readonly #onThreadOver: (row: number) => void;

  /** `onThreadOver`: told of each row of a thread that ends, or that another one follows. */
  constructor(tables: DimensionTables, onThreadOver: (row: number) => void = () => {}) {
    this.#tables = tables;
    this.#onThreadOver = onThreadOver;
  }

  /** The row for a thread as it is from now on. */
  thread(def: ThreadDef): number {
    const process = this.#process(def);
    const before = this.#threads.get(def.tid);
    const comm = text(def.comm);
    if (before !== undefined && before.process === process.id && before.comm === comm && before.to === null) return before.id;
    if (before !== undefined && before.to === null) this.#closeThread(before, def.fromNs);
    const row = this.#tables.threads.add({ tid: def.tid, vtid: def.vtid, comm, process: process.id, from: def.fromNs, to: null });
    this.#threads.set(def.tid, row);
    return row.id;
  }

  /** The row for a descriptor's identity. */
  fd(def: FdDef): number {
    const fields = fdFields(def);
    const key = JSON.stringify(fields);
    let id = this.#fds.get(key);
    if (id === undefined) {
      id = this.#tables.fds.add(fields).id;
      this.#fds.set(key, id);
    }
    return id;
  }

  /** A thread ended; with its main thread, its process did. */
  exited(thread: number, time: number): void {
    const row = this.#tables.threads.get(thread);
    if (row === undefined || row.to !== null) return;
    this.#closeThread(row, time);
    this.#threads.delete(row.tid);
    const named = this.#tables.processes.get(row.process);
    if (named === undefined || named.pid !== row.tid) return;
    // What is known of the process may have changed since its thread was last named: the end is that of the last row.
    const process = this.#processes.get(named.pid)?.row ?? named;
    if (process.to !== null) return;
    this.#close(this.#tables.processes, process, time);
    this.#processes.delete(process.pid);
  }

  /** Rows that no event will refer to any more; the same said again is a new row. */
  forgetThread(row: ThreadRow): void {
    if (this.#threads.get(row.tid) === row) this.#threads.delete(row.tid);
  }

  forgetProcess(row: ProcessRow): void {
    if (this.#processes.get(row.pid)?.row === row) this.#processes.delete(row.pid);
  }

  forgetFd({ id, ...fields }: FdRow): void {
    this.#fds.delete(JSON.stringify(fields));
  }

  #closeThread(row: ThreadRow, time: number): void {
    this.#close(this.#tables.threads, row, time);
    this.#onThreadOver(row.id);
  }

  #process(def: ThreadDef): ProcessRow {
    const fields = processFields(def);
    const key = JSON.stringify(fields);
    const before = this.#processes.get(def.pid);
    if (before !== undefined && before.key === key) return before.row;
    if (before !== undefined) this.#close(this.#tables.processes, before.row, def.fromNs);
    const row = this.#tables.processes.add({ ...fields, from: def.fromNs, to: null });
    this.#processes.set(def.pid, { row, key });
    return row;
  }

  #close<Row extends ProcessRow | ThreadRow>(table: { touch(row: Row): void }, row: Row, time: number): void {
    row.to = Math.max(row.from, time);
    table.touch(row);
  }
}

function processFields(def: ThreadDef): Omit<ProcessRow, 'id' | 'from' | 'to'> {
  const argv = texts(def.args);
  const cgroup = text(def.cgroup);
  return {
    pid: def.pid,
    ppid: def.ppid,
    vpid: def.vpid,
    sid: def.sid,
    pgid: def.pgid,
    uid: def.uid,
    gid: def.gid,
    loginuid: def.loginuid === NO_LOGIN ? -1 : def.loginuid,
    comm: text(def.procComm),
    exe: argv[0] ?? '',
    exepath: text(def.exe),
    args: argv.slice(1),
    env: def.env.length === 0 ? null : texts(def.env),
    cwd: text(def.cwd),
    root: '',
    cgroups: [`=${cgroup}`],
    cgroupId: def.cgroupId.toNumber(),
    container: parseCgroup(cgroup).container,
    netns: def.netns,
    pidns: def.pidns,
    mntns: def.mntns,
    tty: def.tty,
    started: def.startedNs,
    flags: def.flags,
  };
}

function fdFields(def: FdDef): Omit<FdRow, 'id'> {
  const kind = FD_KINDS[def.kind] ?? 'unknown';
  const ino = def.ino.toNumber();
  const name = kind === 'unix' ? unixName(text(def.name)) : text(def.name);
  const local = endOf(def.localIp, def.localPort);
  const remote = endOf(def.remoteIp, def.remotePort);
  return {
    kind,
    role: FD_ROLES[def.role] ?? 'none',
    l4proto: def.l4proto,
    localIp: local?.ip ?? null,
    localPort: local?.port ?? 0,
    remoteIp: remote?.ip ?? null,
    remotePort: remote?.port ?? 0,
    name: name === '' ? anonymousName(kind, ino) : name,
    ino,
    dev: def.dev,
    netns: def.netns,
    openFlags: def.openFlags,
  };
}

function anonymousName(kind: FdKind, ino: number): string {
  const name = ANONYMOUS[kind] ?? '';
  return name === '' || name.startsWith('anon') ? name : `${name}:[${ino}]`;
}

/** One end of a socket; null where it is not set: no address and no port. */
function endOf(bytes: Uint8Array, port: number): { ip: string; port: number } | null {
  if (bytes.length !== 4 && bytes.length !== 16) return null;
  if (port === 0 && bytes.every((byte) => byte === 0)) return null;
  return { ip: ipaddr.fromByteArray([...bytes]).toString(), port };
}

/** unix(7): a path ends with NUL or not, as the program gave it; an abstract name begins with NUL and is written with @. */
function unixName(name: string): string {
  if (name.startsWith('\0')) return `@${name.slice(1)}`;
  const end = name.indexOf('\0');
  return end < 0 ? name : name.slice(0, end);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

/** Texts that each end with NUL. */
function texts(bytes: Uint8Array): string[] {
  const all = text(bytes);
  if (all === '') return [];
  return (all.endsWith('\0') ? all.slice(0, -1) : all).split('\0');
}
