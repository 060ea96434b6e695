/**
 * Which rows the stream can still refer to. Memory must not grow with all files, connections and processes that ever were: a row
 * that no event will refer to any more is forgotten, some moments later. The capture has it by then.
 */
import type { DimensionTables } from '../model/rows.ts';
import type { IdMap } from './batch.ts';
import type { Naming } from './naming.ts';

/** A probe refers to its last so many definitions that are not over (an exit, a new definition of the thread); proto/trowel.proto. */
export const LIVE_IDS = 65_536;
/** Flushes between the last moment at which an event may have come and the row's end: a round stays in order for two. */
const GRACE_FLUSHES = 8;

/** Who else remembers rows, and is to forget them. */
export interface Forgetful {
  forgetFd(row: number): void;
  forgetThread(row: number): void;
}

export class RowsInUse {
  /** Stream-local id → row. */
  readonly threads: IdMap = new Map();
  readonly fds: IdMap = new Map();
  readonly #tables: DimensionTables;
  readonly #naming: Naming;
  readonly #others: Forgetful;
  /** The same ids in the order in which they came, those above LIVE_IDS taken out; a Map's first entry is slow to find after many deletions. */
  readonly #order = { threads: new Queue(), fds: new Queue() };
  /** Row → ids of the stream that name it. */
  readonly #threadIds = new Map<number, number[]>();
  readonly #fdIds = new Map<number, number[]>();
  /** Process row → how many rows of its threads there are. */
  readonly #threadsOf = new Map<number, number>();
  /** Rows that are over, those of the oldest flush first. */
  readonly #leaving: { threads: number[]; fds: number[] }[] = [{ threads: [], fds: [] }];
  #forgotten = 0;

  constructor(tables: DimensionTables, naming: Naming, others: Forgetful) {
    this.#tables = tables;
    this.#naming = naming;
    this.#others = others;
  }

  /** How many rows were forgotten so far. */
  get forgotten(): number {
    return this.#forgotten;
  }

  defineThread(id: number, row: number): void {
    if (!this.#threadIds.has(row)) {
      const { process } = this.#tables.threads.get(row)!;
      this.#threadsOf.set(process, (this.#threadsOf.get(process) ?? 0) + 1);
    }
    define(this.threads, this.#threadIds, id, row);
    this.#order.threads.push(id);
    if (this.threads.size > LIVE_IDS) this.#dropOldest(this.threads, this.#threadIds, 'threads');
  }

  defineFd(id: number, row: number): void {
    define(this.fds, this.#fdIds, id, row);
    this.#order.fds.push(id);
    if (this.fds.size > LIVE_IDS) this.#dropOldest(this.fds, this.#fdIds, 'fds');
  }

  /** A thread's row is over: it ended, or is another from now on. */
  threadOver(row: number): void {
    this.#leaving.at(-1)!.threads.push(row);
  }

  /** Called after each flush. */
  flushed(): void {
    this.#leaving.push({ threads: [], fds: [] });
    if (this.#leaving.length <= GRACE_FLUSHES) return;
    const { threads, fds } = this.#leaving.shift()!;
    for (const row of threads) this.#forgetThread(row);
    for (const row of fds) this.#forgetFd(row);
    for (const kind of ['threads', 'fds'] as const) {
      const order = this.#order[kind];
      if (order.length > 2 * LIVE_IDS) order.keep((id) => this[kind].has(id));
    }
  }

  #dropOldest(ids: IdMap, byRow: Map<number, number[]>, kind: 'threads' | 'fds'): void {
    const order = this.#order[kind];
    let id = order.take();
    while (!ids.has(id)) id = order.take(); // it was over before
    const row = ids.get(id)!;
    ids.delete(id);
    const left = byRow.get(row)?.filter((other) => other !== id) ?? [];
    byRow.set(row, left);
    if (left.length === 0) this.#leaving.at(-1)![kind].push(row);
  }

  #forgetThread(row: number): void {
    const thread = this.#tables.threads.get(row);
    const ids = this.#threadIds.get(row) ?? [];
    if (thread === undefined || (thread.to === null && ids.length > 0)) return; // it was named again meanwhile
    for (const id of ids) this.threads.delete(id);
    this.#threadIds.delete(row);
    this.#naming.forgetThread(thread);
    this.#others.forgetThread(row);
    this.#tables.threads.delete(row);
    this.#forgotten++;
    const left = (this.#threadsOf.get(thread.process) ?? 1) - 1;
    if (left > 0) this.#threadsOf.set(thread.process, left);
    else this.#forgetProcess(thread.process);
  }

  #forgetProcess(row: number): void {
    this.#threadsOf.delete(row);
    const process = this.#tables.processes.get(row);
    if (process === undefined) return;
    this.#naming.forgetProcess(process);
    this.#tables.processes.delete(row);
    this.#forgotten++;
  }

  #forgetFd(row: number): void {
    const fd = this.#tables.fds.get(row);
    if (fd === undefined || this.#fdIds.get(row)?.length !== 0) return;
    this.#fdIds.delete(row);
    this.#naming.forgetFd(fd);
    this.#others.forgetFd(row);
    this.#tables.fds.delete(row);
    this.#forgotten++;
  }
}

/** Numbers, first in, first out. */
class Queue {
  #numbers: number[] = [];
  #head = 0;

  push(number: number): void {
    this.#numbers.push(number);
  }

  take(): number {
    const number = this.#numbers[this.#head++]!;
    if (this.#head > LIVE_IDS) {
      this.#numbers = this.#numbers.slice(this.#head);
      this.#head = 0;
    }
    return number;
  }

  get length(): number {
    return this.#numbers.length - this.#head;
  }

  /** Only those that are still wanted. */
  keep(wanted: (number: number) => boolean): void {
    this.#numbers = this.#numbers.slice(this.#head).filter(wanted);
    this.#head = 0;
  }
}

function define(ids: IdMap, byRow: Map<number, number[]>, id: number, row: number): void {
  if (ids.get(id) === row) return;
  ids.delete(id);
  ids.set(id, row);
  const known = byRow.get(row);
  if (known === undefined) byRow.set(row, [id]);
  else known.push(id);
}
