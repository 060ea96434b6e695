/** Third stage: what is known of the machine at one point of a file: threads, what they have open, addresses. Rebuilt event by event as sysdig does. */
import type { DimensionTables } from '../model/rows.ts';
import { Addresses, type Interface } from './addresses.ts';
import { type Fd, FdRows } from './fd.ts';
import type { Limits } from './limits.ts';
import { CloneFlag, Thread, ThreadRows } from './thread.ts';

/** A power of two. */
const RECENT_THREADS = 1024;
/** Where the descriptor goes whose close is on its way while its number is given out again. */
export const CANCELLED = -0x7fff;

export class MachineState {
  readonly threads = new Map<number, Thread>();
  readonly addresses = new Addresses();
  readonly threadRows: ThreadRows;
  readonly fdRows: FdRows;
  /** Containers' addresses by id, by which the near end of a connection is known. */
  readonly containerIps = new Map<string, string>();
  /** What the event before has taken away: it still resolves for that event itself. */
  #leaving: Thread | null = null;
  readonly #recent: (Thread | undefined)[] = new Array<Thread | undefined>(RECENT_THREADS).fill(undefined);
  #closing: { readonly thread: Thread; readonly fd: number } | null = null;

  /** Descriptors of all tables. */
  #fds = 0;

  constructor(
    readonly tables: DimensionTables,
    readonly limits: Limits,
  ) {
    this.threadRows = new ThreadRows(tables, limits);
    this.fdRows = new FdRows(tables, limits);
  }

  /** The event before ended something. */
  get hasEnded(): boolean {
    return this.#closing !== null || this.#leaving !== null;
  }

  /** Takes away what the event before ended. */
  settle(time: number): void {
    if (this.#closing !== null) this.dropFd(this.fdTable(this.#closing.thread), this.#closing.fd);
    this.#closing = null;
    if (this.#leaving !== null) this.#remove(this.#leaving, time, false);
    this.#leaving = null;
  }

  leaving(thread: Thread): void {
    this.#leaving = thread;
  }

  closing(thread: Thread, fd: number): void {
    this.#closing = { thread, fd };
  }

  /** The thread of an event: most likely one of those that had events lately. */
  threadAt(tid: number): Thread | undefined {
    const slot = tid & (RECENT_THREADS - 1);
    const recent = this.#recent[slot];
    if (recent !== undefined && recent.tid === tid && !recent.isGone) return recent;
    const thread = this.threads.get(tid);
    this.#recent[slot] = thread;
    return thread;
  }

  /** A thread that the file does not list is created; null: there are too many. */
  threadOf(tid: number): Thread | null {
    return this.threads.get(tid) ?? this.#create(tid);
  }

  add(thread: Thread): boolean {
    const before = this.threads.get(thread.tid);
    if (before === undefined && !this.limits.allow('threads', this.threads.size)) return false;
    if (before !== undefined) this.#forget(before);
    this.threads.set(thread.tid, thread);
    if (thread.flags & CloneFlag.THREAD) this.#count(thread.pid, 1);
    return true;
  }

  remove(tid: number, time: number): void {
    const thread = this.threads.get(tid);
    if (thread !== undefined) this.#remove(thread, time, true);
  }

  addAddress(found: Interface): void {
    if (this.limits.allow('addresses', this.addresses.size)) this.addresses.add(found);
  }

  mainOf(thread: Thread): Thread | null {
    if (thread.isMain) return thread;
    const { leader } = thread;
    if (leader !== null && !leader.isGone && leader.tid === thread.pid) return leader;
    thread.leader = this.threads.get(thread.pid) ?? null;
    return thread.leader;
  }

  /** Threads of a process share one table where they were cloned so. */
  fdTable(thread: Thread): Map<number, Fd> | null {
    return thread.flags & CloneFlag.FILES ? (this.mainOf(thread)?.fds ?? null) : thread.fds;
  }

  fdOf(thread: Thread, number: number): Fd | null {
    return this.fdTable(thread)?.get(number) ?? null;
  }

  /** Puts a descriptor in place of what was there. It becomes the one that the thread's event is about. */
  addFd(thread: Thread, number: number, fd: Fd): Fd | null {
    const table = this.fdTable(thread);
    thread.lastFd = number;
    if (table === null) return null;
    const before = table.get(number);
    if (before?.closing === true) {
      fd.closing = false;
      fd.closeCancelled = true;
      this.putFd(table, CANCELLED, before);
    }
    return this.putFd(table, number, fd) ? fd : null;
  }

  /** False: there are too many. */
  putFd(table: Map<number, Fd>, number: number, fd: Fd): boolean {
    if (!table.has(number)) {
      if (!this.limits.allow('descriptors', this.#fds)) return false;
      this.#fds++;
    }
    table.set(number, fd);
    return true;
  }

  dropFd(table: Map<number, Fd> | null, number: number): void {
    if (table?.delete(number) === true) this.#fds--;
  }

  /** Closes all numbers from `first` to `last`. */
  dropFds(table: Map<number, Fd> | null, first: number, last: number): void {
    for (const number of table?.keys() ?? []) if (number >= first && number <= last) this.dropFd(table, number);
  }

  /** A child begins with a copy of what its parent has open. */
  copyFds(from: Map<number, Fd> | null, to: Map<number, Fd>): void {
    for (const [number, fd] of from ?? []) if (!this.putFd(to, number, fd.copy())) break;
  }

  /** What a thread shared with its process is its own from now on. */
  ownTable(thread: Thread): void {
    if ((thread.flags & CloneFlag.FILES) === 0 || thread.isMain) return;
    const shared = this.fdTable(thread);
    thread.flags &= ~CloneFlag.FILES;
    this.copyFds(shared, thread.fds);
  }

  /** The first thread of the process that another calls by this number; null: it is not known, or numbers mean something else there. */
  processNamed(pid: number, caller: Thread): Thread | null {
    return caller.vpid === caller.pid || caller.vpid < 0 ? (this.threads.get(pid) ?? null) : null;
  }

  cwdOf(thread: Thread): string {
    return this.mainOf(thread)?.cwd ?? './';
  }

  threadRow(thread: Thread, time: number): number {
    return thread.row !== 0 ? thread.row : this.threadRows.rowOf(thread, this.mainOf(thread), time);
  }

  /** Keeps the sizes of a thread and of its process. */
  noteStats(thread: Thread, time: number): void {
    this.threadRows.note(thread, time);
    const main = thread.isMain ? null : this.mainOf(thread);
    if (main !== null) this.threadRows.note(main, time);
  }

  fdRow(thread: Thread, fd: Fd): number {
    return fd.row !== 0 ? fd.row : this.fdRows.rowOf(fd, (ip) => this.#isLocal(ip, thread));
  }

  /** All threads of the process list are known. */
  begin(): void {
    for (const thread of this.threads.values()) thread.children = 0;
    for (const { flags, pid } of this.threads.values()) if (flags & CloneFlag.THREAD) this.#count(pid, 1);
    this.#orientSockets();
  }

  /** What connects from a known listening port of this machine was accepted there: who asked and who was asked change places. */
  #orientSockets(): void {
    const ports = new Set<number>();
    for (const { fds } of this.threads.values()) for (const fd of fds.values()) if (fd.isServer) ports.add(fd.serverPort);
    for (const { fds } of this.threads.values()) {
      for (const fd of fds.values()) if (fd.isConnection) this.#orient(fd, ports);
    }
  }

  #orient(fd: Fd, ports: ReadonlySet<number>): void {
    fd.role = ports.has(fd.clientPort) ? 'server' : 'client';
    if (fd.role === 'client') return;
    fd.swap();
    fd.name = fd.tuple;
  }

  #isLocal(ip: string, thread: Thread): boolean {
    const own = this.containerIps.get(thread.container.slice(0, 12));
    if (own === ip) return true;
    if (own === '') for (const other of this.containerIps.values()) if (other === ip) return true;
    return this.addresses.has(ip);
  }

  #create(tid: number): Thread | null {
    const thread = new Thread(tid);
    for (const other of this.threads.values()) if (other.pid === tid) thread.children++;
    return this.add(thread) ? thread : null;
  }

  /** A process' first thread stays as long as others of its threads do, unless forced. */
  #remove(thread: Thread, time: number, force: boolean): void {
    if (this.threads.get(thread.tid) !== thread || (thread.children > 0 && !force)) return;
    if (thread.flags & CloneFlag.THREAD) this.#count(thread.pid, -1);
    this.threads.delete(thread.tid);
    this.#forget(thread);
    this.threadRows.ended(thread, time);
  }

  #forget(thread: Thread): void {
    thread.isGone = true;
    this.#fds -= thread.fds.size;
    thread.fds = new Map();
  }

  #count(pid: number, change: number): void {
    const main = this.threads.get(pid);
    if (main !== undefined) main.children = Math.max(0, main.children + change);
  }
}
