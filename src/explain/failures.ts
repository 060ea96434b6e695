/**
 * Calls that failed and were not made good, and what goes with them: retries, ends of processes, what was written to stderr.
 * Fed event by event in the one pass that finds candidates, so only what may matter gets here.
 */

import { cmdOf, hasResult } from '../event/args.ts';
import type { Chunk } from '../model/chunk.ts';
import type { EventType } from '../model/event-type.ts';
import type { Analysis } from './analysis.ts';
import { type CallKind, type FailingKind, failingKind, isTryLock } from './calls.ts';
import { fdUse } from './descriptors.ts';
import { Ends } from './ends.ts';
import { FailureModes } from './failure-modes.ts';
import { Retries } from './retries.ts';
import { COPIES, ENDS, PROGRAMS, SIGNALS, WRITES } from './row-tables.ts';
import { Stderr } from './stderr.ts';
import type { Failure } from './story.ts';
import { targetOf } from './target.ts';

/** An answer that said no, until a good one came. */
export interface Overcome {
  readonly failure: Failure;
  readonly until: number;
  readonly tid: number;
  readonly goodNum: number;
}

/** Kinds of failures that a later success of the same kind makes good. */
const MADE_GOOD: ReadonlySet<FailingKind> = new Set(['bind', 'program', 'process']);
const MAX_FAILURES = 10_000;
/** Failed look-ups for files that are kept of each process: the last ones. */
const MAX_SOFT = 16;
/** Names of Unix sockets: connections to other addresses are followed one by one. */
const UNIX_NAME = /^[/@]/;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
/** What is known of a failure beside whose it is, and when. */
type About = Pick<Failure, 'kind' | 'call' | 'error' | 'what'> & Partial<Failure>;

export class Failures {
  /** Those that count unless something made them good, by process, kind, error and what they were about. */
  readonly hard = new Map<string, Mutable<Failure>>();
  /** By pid: ordinary errors, which count only where the process ended for one. */
  readonly soft = new Map<number, Failure[]>();
  /** Answers that said no until the same was asked again, by whom got over at which time. */
  readonly overcome: Overcome[] = [];
  readonly modes = new FailureModes();
  readonly retries: Retries;
  readonly ends: Ends;
  readonly stderr: Stderr;
  readonly #analysis: Analysis;
  readonly #mends = new Map<EventType, boolean>();
  /** Threads with a failure that a later success may make good. */
  readonly #unmended = new Set<number>();
  /** By thread: 1 where a success may make something good, or end a loop. */
  readonly #waiting: Uint8Array;

  constructor(analysis: Analysis) {
    this.#analysis = analysis;
    this.retries = new Retries(analysis);
    this.ends = new Ends(analysis);
    this.stderr = new Stderr(analysis);
    this.#waiting = new Uint8Array(analysis.dims.threads.lastId + 1);
  }

  /** How many threads' successes matter. */
  awaiting = 0;

  /** Whether a success of this thread matters. */
  awaits(thread: number): boolean {
    return this.#waiting[thread] === 1;
  }

  #await(thread: number, waiting: 0 | 1): void {
    this.awaiting += waiting - this.#waiting[thread]!;
    this.#waiting[thread] = waiting;
  }

  /** A call with an error as its result. Kernel events with a negative number are none. */
  failed(chunk: Chunk, i: number, type: EventType): void {
    if (!hasResult(chunk, i)) return;
    const mode = this.modes.of(type, -chunk.res[i]!);
    mode.times++;
    const { error, kind, mayLock } = mode;
    if (mayLock && isTryLock(type, cmdOf(chunk, i, type))) {
      const about = { kind: 'lock' as const, call: type.name, error, what: this.#target(chunk, i, type) };
      this.#noteSoft(chunk, i, about);
      this.#triedAgain(chunk, i, type, about, true);
      return;
    }
    if (kind === null) return;
    // Of who was there before the recording, what it complains of is not kept: only what is grave counts.
    const begun = this.#analysis.lifetime(this.#analysis.pidOf(chunk.thread[i]!))?.begun === true;
    if (!mode.hard && !begun) return;
    const about = { kind, call: type.name, error, what: this.#target(chunk, i, type) };
    if ((kind === 'connect' || type.io === 'write') && this.#isNameserver(chunk.fd[i]!)) {
      this.note(chunk, i, { ...about, kind: 'nameserver' });
      return;
    }
    if (mode.loops && begun) this.#triedAgain(chunk, i, type, about, error === 'EEXIST');
    if (mode.hard) this.note(chunk, i, about);
    else if (mode.soft) this.#noteSoft(chunk, i, about);
    if (!MADE_GOOD.has(kind)) return;
    this.#await(chunk.thread[i]!, 1);
    this.#unmended.add(chunk.thread[i]!);
  }

  #triedAgain(chunk: Chunk, i: number, type: EventType, { error, what }: About, lock: boolean): void {
    this.#await(chunk.thread[i]!, 1);
    this.retries.failed(chunk, i, type, { error, what, lock });
  }

  #isNameserver(fd: number): boolean {
    const row = this.#analysis.dims.fds.get(fd);
    return row !== undefined && fdUse(row) === 'dns';
  }

  #target(chunk: Chunk, i: number, type: EventType): string {
    return targetOf(chunk, i, type, this.#analysis.dims);
  }

  /** A call that did not fail, of a thread that awaits that. */
  wentOn(chunk: Chunk, i: number, type: EventType, kind: CallKind): void {
    if (kind === 'sleep' || (kind === 'poll' && chunk.res[i] === 0)) this.retries.slept(chunk, i);
    else if (hasResult(chunk, i)) this.#succeeded(chunk, i, type);
  }

  #succeeded(chunk: Chunk, i: number, type: EventType): void {
    const thread = chunk.thread[i]!;
    const isOver = this.retries.succeeded(chunk, i, type);
    if (isOver && !this.#unmended.has(thread)) this.#await(thread, 0);
    if (this.#mendedBy(type)) this.#mend(thread, type);
  }

  /** A success makes the failures of the same kind good, of all threads of its process. */
  #mend(thread: number, type: EventType): void {
    if (this.hard.size === 0) return;
    const kind = failingKind(type, '');
    const pid = this.#analysis.pidOf(thread);
    this.#unmended.delete(thread);
    for (const [key, failure] of this.hard) if (failure.pid === pid && failure.kind === kind) this.hard.delete(key);
  }

  /** Whether a success of this type makes a failure good. */
  #mendedBy(type: EventType): boolean {
    let mends = this.#mends.get(type);
    if (mends === undefined) {
      const kind = failingKind(type, '');
      mends = kind !== null && MADE_GOOD.has(kind);
      this.#mends.set(type, mends);
    }
    return mends;
  }

  /** An event of a type that is watched; `watch`: for what (row-tables.ts). */
  watched(chunk: Chunk, i: number, watch: number, type: EventType): void {
    if (watch === WRITES) this.stderr.wrote(chunk, i);
    else if (watch === ENDS) this.ends.ended(chunk, i, type);
    else if (watch === COPIES) this.stderr.copied(chunk, i, type);
    else if (chunk.res[i]! < 0) return;
    else if (watch === SIGNALS) this.ends.signalled(chunk, i, type);
    else if (watch === PROGRAMS) this.#mend(chunk.thread[i]!, type); // a new program has a thread row of its own
  }

  /** Adds a failure, or one more time of it. */
  note(chunk: Chunk, i: number, about: About): void {
    const pid = this.#analysis.pidOf(chunk.thread[i]!);
    const key = `${pid} ${about.kind} ${about.error} ${about.what}`;
    const known = this.hard.get(key);
    if (known !== undefined) {
      known.times++;
      known.last = chunk.num[i]!;
    } else if (this.hard.size < MAX_FAILURES) this.hard.set(key, failureAt(chunk, i, pid, about));
  }

  #noteSoft(chunk: Chunk, i: number, about: About): void {
    if (about.kind === 'connect' && !UNIX_NAME.test(about.what)) return;
    const pid = this.#analysis.pidOf(chunk.thread[i]!);
    const kept = this.soft.get(pid) ?? [];
    if (kept.length >= MAX_SOFT) kept.shift();
    kept.push(failureAt(chunk, i, pid, about));
    this.soft.set(pid, kept);
  }

  /** A later good answer of the same server to the same process makes the error of a former request good enough. */
  answeredWell(chunk: Chunk, i: number, remote: () => string): void {
    if (this.hard.size === 0) return;
    const what = remote();
    const pid = this.#analysis.pidOf(chunk.thread[i]!);
    const at = { until: chunk.time[i]!, tid: this.#analysis.dims.threads.get(chunk.thread[i]!)?.tid ?? pid, goodNum: chunk.num[i]! };
    for (const [key, failure] of this.hard) {
      if (failure.kind !== 'http' || failure.pid !== pid || failure.what !== what) continue;
      this.hard.delete(key);
      if (this.overcome.length < MAX_FAILURES) this.overcome.push({ failure, ...at });
    }
  }

  /** The events are over. */
  finish(): void {
    this.retries.finish();
  }
}

function failureAt(chunk: Chunk, i: number, pid: number, about: About): Failure {
  const num = chunk.num[i]!;
  return { pid, num, last: num, time: chunk.time[i]!, fd: chunk.fd[i]!, socket: null, times: 1, detail: '', span: 0, ...about };
}
