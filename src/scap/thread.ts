/** Threads as the file has them, and the rows that they become. */

import { parseCgroup } from '../model/cgroup.ts';
import type { DimensionTables, ProcessRow, ThreadRow, ThreadStatRow } from '../model/rows.ts';
import { texts } from './bytes.ts';
import type { Fd } from './fd.ts';
import type { Limits } from './limits.ts';

/** Bits of a clone's flags, as the files number them. */
export const CloneFlag = {
  FILES: 1,
  FS: 2,
  THREAD: 1 << 13,
  INVERTED: 1 << 16,
  /** A thread of the process list that is its process' first. */
  MAIN: 1 << 30,
  CHILD_IN_PIDNS: 1 << 29,
} as const;

/** What the file does not say. */
const UNKNOWN = '<NA>';
const NOBODY = 0xffffffff;

export class Thread {
  pid: number;
  ptid = -1;
  /** Its numbers in its own pid namespace; -1: unknown. */
  vtid = -1;
  vpid = -1;
  sid = -1;
  pgid = 0;
  tty = 0;
  uid = NOBODY;
  gid = NOBODY;
  loginuid = NOBODY;
  flags = 0;
  comm = UNKNOWN;
  exe = UNKNOWN;
  exepath = '';
  args: readonly string[] = [];
  env: readonly string[] | null = null;
  cwd = '';
  root = '';
  cgroups: readonly string[] = [];
  container = '';
  fdlimit = -1;
  vmsize = 0;
  vmrss = 0;
  vmswap = 0;
  pfmajor = 0;
  pfminor = 0;
  /** Other threads of its process, where it is the first. */
  children = 0;
  /** Time at which it was cloned; 0: before the file, or unknown. */
  cloned = 0;
  fds = new Map<number, Fd>();
  /** The first thread of its process, where that has been looked up; not to be trusted once that is gone. */
  leader: Thread | null = null;
  isGone = false;

  /** The descriptor that its last event was about; -1: none. Until the first event it is 0, as in sysdig. */
  lastFd = 0;
  /** Type of its last event; -1: none that counts. */
  lastType = -1;
  /** The event at hand is the end of the call that its last event began. */
  valid = false;

  /** Its row; 0: to be looked up again, since something changed. */
  row = 0;
  /** Row of its process. */
  processRow = 0;
  /** Something that its process' row holds changed. */
  dirty = true;
  /** The row of its sizes; null: none yet. */
  stats: ThreadStatRow | null = null;

  constructor(readonly tid: number) {
    this.pid = tid;
  }

  get isMain(): boolean {
    return this.pid === this.tid || (this.flags & CloneFlag.MAIN) !== 0;
  }

  get isUnknown(): boolean {
    return this.comm === UNKNOWN && this.uid === NOBODY;
  }

  changed(): void {
    this.row = 0;
    this.dirty = true;
  }

  setCgroups(raw: Uint8Array): void {
    this.cgroups = texts(raw);
    this.container = containerOf(this.cgroups);
  }
}

/** The container that a thread's cgroups name; empty: none. Controllers mostly have one path between them. */
export function containerOf(cgroups: readonly string[]): string {
  let last = '';
  for (const entry of cgroups) {
    const path = entry.slice(entry.indexOf('=') + 1);
    if (path === last || path === '/') continue;
    const { container } = parseCgroup(path);
    if (container !== '') return container;
    last = path;
  }
  return '';
}

/** Rows of threads and of processes: a change makes a new row. */
export class ThreadRows {
  readonly #tables: DimensionTables;
  /** By pid: the row in force. */
  readonly #processes = new Map<number, ProcessRow>();
  readonly #threads = new Map<number, ThreadRow>();

  constructor(
    tables: DimensionTables,
    private readonly limits: Limits,
  ) {
    this.#tables = tables;
  }

  /** The row for a thread as it is now. `main`: the first thread of its process, where known. */
  rowOf(thread: Thread, main: Thread | null, time: number): number {
    if (thread.row === 0) this.#renew(thread, main, time);
    return thread.row;
  }

  /** Keeps a thread's sizes, where they changed. */
  note(thread: Thread, time: number): void {
    const { stats, tid, vmsize, vmrss, vmswap, children } = thread;
    const same =
      stats !== null && stats.vmsize === vmsize && stats.vmrss === vmrss && stats.vmswap === vmswap && stats.children === children;
    if (!same && this.limits.allow('sizes', this.#tables.threadStats.size))
      thread.stats = this.#tables.threadStats.add({ tid, vmsize, vmrss, vmswap, children, from: time, to: null });
  }

  /** A thread ended; with its first thread, its process did. */
  ended(thread: Thread, time: number): void {
    const row = this.#threads.get(thread.tid);
    if (row !== undefined) this.#close(this.#tables.threads, row, time);
    this.#threads.delete(thread.tid);
    if (!thread.isMain) return;
    const process = this.#processes.get(thread.pid);
    if (process !== undefined) this.#close(this.#tables.processes, process, time);
    this.#processes.delete(thread.pid);
  }

  #renew(thread: Thread, main: Thread | null, time: number): void {
    const process = this.#process(thread, main ?? thread, time);
    const before = this.#threads.get(thread.tid);
    const same = before !== undefined && before.process === process && before.comm === thread.comm && before.vtid === thread.vtid;
    if (same) {
      thread.row = before.id;
      return;
    }
    if (before !== undefined) this.#close(this.#tables.threads, before, time);
    const { tid, vtid, comm } = thread;
    const row = this.#tables.threads.add({ tid, vtid, comm, process, from: time, to: null });
    this.#threads.set(tid, row);
    thread.row = row.id;
  }

  #process(thread: Thread, main: Thread, time: number): number {
    if (!thread.dirty && thread.processRow !== 0) return thread.processRow;
    const fields = processFields(thread, main);
    let row = this.#processes.get(thread.pid);
    if (row === undefined || !says(row, fields)) {
      if (row !== undefined) this.#close(this.#tables.processes, row, time);
      row = this.#tables.processes.add({ ...fields, from: time, to: null });
      this.limits.text += textIn(fields, this.limits);
      this.#processes.set(thread.pid, row);
    }
    thread.processRow = row.id;
    thread.dirty = false;
    return thread.processRow;
  }

  #close<Row extends ProcessRow | ThreadRow>(table: { touch(row: Row): void }, row: Row, time: number): void {
    row.to = Math.max(row.from, time);
    table.touch(row);
  }
}

type ProcessFields = Omit<ProcessRow, 'id' | 'from' | 'to'>;
type Texts = Pick<ProcessFields, 'exe' | 'exepath' | 'args' | 'env' | 'cwd' | 'root' | 'cgroups'>;

function says(row: ProcessRow, fields: ProcessFields): boolean {
  for (const name in fields) {
    const [one, other] = [row[name as keyof ProcessFields], fields[name as keyof ProcessFields]];
    if (one === other) continue;
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
    for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  }
  return true;
}

/** The working directory is the process'; everything else each thread has for itself. */
function processFields(thread: Thread, main: Thread): ProcessFields {
  return {
    pid: thread.pid,
    ppid: main.ptid,
    vpid: thread.vpid,
    sid: thread.sid,
    pgid: thread.pgid,
    uid: thread.uid,
    gid: thread.gid,
    loginuid: thread.loginuid === NOBODY ? -1 : thread.loginuid,
    comm: main.comm,
    exe: thread.exe,
    exepath: thread.exepath,
    args: thread.args,
    env: thread.env,
    cwd: main.cwd,
    root: thread.root,
    cgroups: thread.cgroups,
    cgroupId: 0,
    container: thread.container,
    netns: 0,
    pidns: 0,
    mntns: 0,
    tty: thread.tty,
    started: main.cloned > 0 ? main.cloned : null,
    flags: 0,
  };
}

/** Bytes of text, about. What several share counts once. */
export function textIn({ exe, exepath, args, env, cwd, root, cgroups }: Texts, limits: Limits): number {
  let length = exe.length + exepath.length + cwd.length + root.length;
  for (const list of [args, env ?? NOTHING, cgroups]) if (limits.isFirst(list)) for (const text of list) length += text.length;
  return length;
}

const NOTHING: readonly string[] = [];
