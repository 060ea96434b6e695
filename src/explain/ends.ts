/** How processes ended, and the signals that were sent to them. */

import { numberArg } from '../event/args.ts';
import type { Chunk } from '../model/chunk.ts';
import type { EventType } from '../model/event-type.ts';
import type { Analysis } from './analysis.ts';

/** How a process ended. */
export interface End {
  readonly num: number;
  readonly time: number;
  readonly exit: number;
  /** 0: none. */
  readonly signal: number;
}

/** A signal that was sent, or delivered. `by` 0: the kernel, or not known. */
export interface Signal {
  readonly num: number;
  readonly time: number;
  readonly by: number;
  readonly to: number;
  readonly signal: number;
}

const SIGKILL = 9;
const SIGTERM = 15;
/** SIGHUP, SIGINT, SIGTERM: a program is asked to end. */
const ASKS_TO_END: ReadonlySet<number> = new Set([1, 2, SIGTERM]);
/** A shell's exit status where a signal ended what it ran is this and the signal's number. */
export const SIGNALLED = 128;
/** ns in which a program may end when it is told to. */
const TIME_TO_END = 0.5e9;
/** ns by which a signal's sending may be noted after the end that it brought. */
const LATE = 1e6;
/** The signal's number in what procexit says; above it is whether memory was dumped. */
const SIGNAL_BITS = 0x7f;

export class Ends {
  readonly signals: Signal[] = [];
  readonly #analysis: Analysis;
  readonly #byPid = new Map<number, End>();

  constructor(analysis: Analysis) {
    this.#analysis = analysis;
  }

  /** By pid, in the order in which they ended. */
  all(): Iterable<readonly [pid: number, end: End]> {
    return this.#byPid;
  }

  /** null: it did not end, or that is not in the recording. */
  of(pid: number): End | null {
    return this.#byPid.get(pid) ?? null;
  }

  /** A thread's `procexit`: that of its process' first thread is the process' end. */
  ended(chunk: Chunk, i: number, type: EventType): void {
    const thread = this.#analysis.dims.threads.get(chunk.thread[i]!);
    const pid = this.#analysis.pidOf(chunk.thread[i]!);
    if (thread === undefined || thread.tid !== pid) return;
    const exit = numberArg(chunk, i, type, 'ret');
    const signal = numberArg(chunk, i, type, 'sig') & SIGNAL_BITS;
    this.#byPid.set(pid, { num: chunk.num[i]!, time: chunk.time[i]!, exit, signal });
  }

  /** `kill` that succeeded, or a delivery that the kernel told. */
  signalled(chunk: Chunk, i: number, type: EventType): void {
    const own = this.#analysis.pidOf(chunk.thread[i]!);
    const sent = type.name === 'kill';
    this.signals.push({
      num: chunk.num[i]!,
      time: chunk.time[i]!,
      by: sent ? own : numberArg(chunk, i, type, 'spid'),
      to: sent ? numberArg(chunk, i, type, 'pid') : own,
      signal: numberArg(chunk, i, type, 'sig'),
    });
  }

  /** Who sent the signal that ended a process; null: nobody whose call was recorded, or no signal did. */
  killerOf(pid: number): number | null {
    const end = this.of(pid);
    if (end === null || end.signal === 0) return null;
    const sent = this.signals.findLast(
      ({ to, signal, time, by }) => to === pid && signal === end.signal && by !== 0 && time <= end.time + LATE,
    );
    return sent?.by ?? null;
  }

  /** ns from a SIGTERM to the SIGKILL that ended a process, where it had time to end by itself; null: it was not told to. */
  toldToStop(pid: number): number | null {
    const end = this.of(pid);
    if (end === null || end.signal !== SIGKILL) return null;
    const told = this.signals.find(({ to, signal, time }) => to === pid && signal === SIGTERM && time < end.time);
    return told === undefined || end.time - told.time < TIME_TO_END ? null : end.time - told.time;
  }

  /** The signal that a process was told to end by, where it then ended with what shells call that: 128 and its number. null: it was not. */
  stoppedBy(pid: number): Signal | null {
    const end = this.of(pid);
    if (end === null || end.signal !== 0) return null;
    const isIt = ({ to, signal, time }: Signal) =>
      to === pid && signal === end.exit - SIGNALLED && ASKS_TO_END.has(signal) && time <= end.time;
    const all = this.signals.filter(isIt);
    return all.find(({ by }) => by !== 0) ?? all[0] ?? null;
  }
}
