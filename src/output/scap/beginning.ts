/**
 * What a file says before its first event: threads and what they have open. A capture of ours says of each event what it was about;
 * a .scap file says it once, and lets the reader follow. So a descriptor that is used before anything makes it was open at the
 * beginning, and a thread is listed as its first event found it, though it may be born later.
 */
import type { EventView } from '../../event/view.ts';
import { decodeArgs, readNumber } from '../../model/args.ts';
import { argBytes } from '../../model/chunk.ts';
import type { FdRow } from '../../model/rows.ts';

/** Calls that make descriptors, and return something else or make two. */
const MAKES: ReadonlySet<string> = new Set(['fcntl', 'pipe', 'pipe2', 'socketpair']);

export class Beginning {
  /** By thread: the row that its first event is of. */
  readonly threads = new Map<number, number>();
  /** By process, by number. */
  readonly fds = new Map<number, Map<number, FdRow>>();
  /** By process: descriptors that an event made. */
  readonly #made = new Map<number, Set<number>>();

  /** Takes in what the next event says. */
  event(view: EventView): void {
    const { thread, process, type } = view;
    if (thread === null || process === null) return;
    if (!this.threads.has(thread.tid)) this.threads.set(thread.tid, thread.id);
    const { res } = view;
    if (type.makesFd) {
      if (type.name.startsWith('dup')) this.#duplicated(view, process.pid);
      if (res !== null && res >= 0) this.#make(process.pid, res);
      return;
    }
    const number = view.columnValue('fdnum');
    const { fd } = view;
    if (number !== null && fd !== null) this.#use(process.pid, number, fd);
    if (MAKES.has(type.name)) this.#also(view, process.pid);
  }

  /** What is known of a duplicate is so of what it was made from. */
  #duplicated(view: EventView, pid: number): void {
    const { fd } = view;
    if (fd === null) return;
    for (const [name, number] of numbersOf(view)) if (name === 'oldfd' || name === 'fd') this.#use(pid, number, fd);
  }

  #use(pid: number, number: number, fd: FdRow): void {
    if (fd.kind === 'unknown' && fd.name === '') return;
    const own = this.fds.get(pid) ?? new Map<number, FdRow>();
    if (own.has(number) || this.#made.get(pid)?.has(number) === true) return;
    own.set(number, fd);
    this.fds.set(pid, own);
  }

  #make(pid: number, number: number): void {
    const made = this.#made.get(pid) ?? new Set<number>();
    made.add(number);
    this.#made.set(pid, made);
  }

  /** Both ends of a pair, and what a duplicate is called. */
  #also(view: EventView, pid: number): void {
    const { type, res } = view;
    if (res === null || res < 0) return;
    if (type.name === 'fcntl') {
      if (res > 2) this.#make(pid, res);
      return;
    }
    for (const [name, number] of numbersOf(view)) if (name === 'fd1' || name === 'fd2') this.#make(pid, number);
  }
}

/** Arguments that are numbers, or descriptors as imported files have them: a number and the row of what it is. */
function* numbersOf({ chunk, i, type }: EventView): Generator<readonly [name: string, number: number]> {
  const storage = type.args.map((arg) => arg.storage);
  const values = decodeArgs(argBytes(chunk!, i), storage);
  for (const [k, { name }] of type.args.entries()) {
    const value = values[k] ?? null;
    const number = value instanceof Uint8Array ? readNumber(value, { i: 0 }) : value;
    if (number !== null) yield [name, number];
  }
}
