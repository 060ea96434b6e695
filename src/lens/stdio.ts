/**
 * What processes had as their standard input, output and error at a time: what a later use shows, or what they were given or closed
 * before; else what their parent had when it began them, for that is inherited, by another program, too.
 */
import { type Chunk, columnValue } from '../model/chunk.ts';
import { History } from '../model/history.ts';
import type { Dimensions, ProcessRow } from '../model/rows.ts';
import { firstIndex } from '../model/search.ts';

/** Numbers of descriptors that are standard. */
const LAST = 2;
/** Parents that are asked; a circle of reused numbers ends. */
const MOST_PARENTS = 32;

/** An event that shows a descriptor: rows, 0 where it was closed; null: it may have been anything. */
interface Shown {
  readonly time: number;
  readonly before: number | null;
  readonly after: number;
}

export class Stdio {
  readonly #dims: Dimensions;
  readonly #processes: History<number, ProcessRow>;
  /** Ascending, by process and number; what shows nothing new is left out. */
  readonly #shown = new Map<number, Shown[]>();

  constructor(dims: Dimensions) {
    this.#dims = dims;
    this.#processes = new History(dims.processes, (row) => row.pid);
  }

  take(chunk: Chunk, i: number): void {
    const { types, threads, processes } = this.#dims;
    const num = chunk.fdnum[i]!;
    const row = chunk.fd[i]!;
    const type = types.get(chunk.type[i]!);
    const process = processes.get(threads.get(chunk.thread[i]!)?.process ?? 0);
    if (num < 0 || num > LAST || row === 0 || type === undefined || process === undefined) return;
    const failed = (columnValue(chunk, 'res', i) ?? 0) < 0;
    if (failed && type.makesFd) return;
    const isClosed = type.name === 'close' && !failed;
    this.#add(keyOf(process.pid, num), { time: chunk.time[i]!, before: type.makesFd ? null : row, after: isClosed ? 0 : row });
  }

  #add(key: number, shown: Shown): void {
    const all = this.#shown.get(key);
    if (all === undefined) this.#shown.set(key, [shown]);
    else if (all.at(-1)!.after !== shown.after) all.push(shown);
  }

  /** A row of descriptors; null: it was closed, or nothing shows it. */
  at(process: ProcessRow, num: number, time: number): number | null {
    return this.#find(process, num, time, MOST_PARENTS) || null;
  }

  #find({ pid, ppid, started }: ProcessRow, num: number, time: number, left: number): number | null {
    const all = this.#shown.get(keyOf(pid, num)) ?? [];
    const next = firstIndex(all.length, (k) => all[k]!.time > time);
    const last = all[next - 1];
    // The number was another process' before.
    if (last !== undefined && (started === null || last.time >= started)) return last.after;
    const later = all[next];
    if (later !== undefined && later.before !== null && this.#processAt(pid, later.time)?.started === started) return later.before;
    const parent = started === null || left === 0 ? null : this.#processAt(ppid, started);
    return parent === null ? null : this.#find(parent, num, started!, left - 1);
  }

  #processAt(pid: number, time: number): ProcessRow | null {
    return this.#processes.at(pid, time, { from: 0, until: 0 });
  }
}

const keyOf = (pid: number, num: number) => pid * (LAST + 1) + num;
