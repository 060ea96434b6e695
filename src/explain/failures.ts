/**
 * Calls that failed and were not made good, processes that ended and how, signals, and loops that try again and again.
 * Fed event by event in the one pass that finds candidates, so only what may matter gets here.
 */
import { type Chunk, payload } from '../model/chunk.ts';
import type { EventType } from '../model/event-type.ts';
import { isIpSocket } from '../model/fd-name.ts';
import type { Analysis } from './analysis.ts';
import { type FailingKind, failingKind, isTryLock } from './calls.ts';
import { fdUse, remoteText } from './descriptors.ts';
import { cmdOf, numberOf, textOf, valuesOf } from './event-args.ts';
import type { Failure } from './story.ts';
import { MOST_ERRORS, newWay, type Way } from './ways.ts';

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

/** The same call failing again and again, with sleeps between. */
export interface Retry {
  readonly pid: number;
  readonly tid: number;
  readonly start: number;
  end: number;
  readonly call: string;
  readonly error: string;
  readonly what: string;
  readonly lock: boolean;
  /** Which lock is tried for, shared or exclusive, as the call's argument has it; 0: it is none. */
  readonly wanted: number;
  tries: number;
  slept: number;
  /** Other calls that succeeded since the last try. */
  others: number;
  readonly first: number;
  last: number;
}

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
const STDOUT = 1;
const STDERR = 2;
/** Bytes of what a process wrote last to its standard error. */
const WORDS = 1000;
/** Failed look-ups for files that are kept of each process: the last ones. */
const MAX_SOFT = 16;
/** So many other calls between two tries, and they are no loop. */
const MOST_OTHERS = 32;
/** Fewer tries are no loop. */
const FEWEST_TRIES = 3;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class Failures {
  readonly hard = new Map<string, Mutable<Failure>>();
  readonly soft = new Map<number, Failure[]>();
  readonly ends = new Map<number, End>();
  readonly signals: Signal[] = [];
  readonly retries: Retry[] = [];
  /** Answers that said no until the same was asked again, by whom got over at which time. */
  readonly overcome: Overcome[] = [];
  /** What processes wrote last to their standard error. */
  readonly words = new Map<number, string>();
  readonly #analysis: Analysis;
  /** Rows of descriptors that are copies of somebody's standard error. */
  readonly #copies = new Set<number>();
  /** Processes whose standard output goes to their standard error, as that of a shell's `echo … >&2`. */
  readonly #redirected = new Set<number>();
  readonly #ways = new Map<number, Way>();
  readonly #mends = new Map<EventType, boolean>();
  /** Threads with a failure that a later success may make good. */
  readonly #unmended = new Set<number>();
  /** By thread: its last failed call, while nothing but sleep came after it. */
  readonly #loops = new Map<number, Retry>();
  /** By thread: 1 where a success may make something good. */
  readonly #waiting: Uint8Array;

  constructor(analysis: Analysis) {
    this.#analysis = analysis;
    this.#waiting = new Uint8Array(analysis.dims.threads.lastId + 1);
  }

  /** Whether a success of this thread matters. */
  awaits(thread: number): boolean {
    return this.#waiting[thread] === 1;
  }

  /** How many threads' successes matter. */
  awaiting = 0;

  #await(thread: number, waiting: 0 | 1): void {
    this.awaiting += waiting - this.#waiting[thread]!;
    this.#waiting[thread] = waiting;
  }

  /** A call with an error as its result. */
  failed(chunk: Chunk, i: number, type: EventType, errno: number): void {
    const way = this.#wayOf(type, errno);
    way.times++;
    const { error, kind, mayLock } = way;
    if (mayLock && isTryLock(type, cmdOf(chunk, i, type))) {
      const path = this.#target(chunk, i, type);
      this.#soft(chunk, i, type, 'lock', error, path);
      this.#again(chunk, i, type, error, path, true);
      return;
    }
    if (kind === null) return;
    // Of who was there before the recording, what it complains of is not kept: only what is grave counts.
    const begun = this.#analysis.lifetime(this.#analysis.pidOf(chunk.thread[i]!))?.begun === true;
    if (!way.hard && !begun) return;
    const what = this.#target(chunk, i, type);
    if ((kind === 'connect' || type.io === 'write') && this.#isNameserver(chunk.fd[i]!)) {
      this.note(chunk, i, 'nameserver', { call: type.name, error, what });
      return;
    }
    if (way.loops && begun) this.#again(chunk, i, type, error, what, error === 'EEXIST');
    if (way.hard) this.note(chunk, i, kind, { call: type.name, error, what });
    else if (way.soft) this.#soft(chunk, i, type, kind, error, what);
    if (!MADE_GOOD.has(kind)) return;
    this.#await(chunk.thread[i]!, 1);
    this.#unmended.add(chunk.thread[i]!);
  }

  #isNameserver(fd: number): boolean {
    const row = this.#analysis.dims.fds.get(fd);
    return row !== undefined && fdUse(row) === 'dns';
  }

  /** How many calls failed, by `name error`. */
  get counts(): { readonly what: string; readonly times: number }[] {
    return [...this.#ways.values()].map(({ call, error, times }) => ({ what: `${call} ${error}`, times }));
  }

  #wayOf(type: EventType, errno: number): Way {
    const key = type.id * MOST_ERRORS + Math.min(errno, MOST_ERRORS - 1);
    let way = this.#ways.get(key);
    if (way === undefined) {
      way = newWay(type, errno);
      this.#ways.set(key, way);
    }
    return way;
  }

  /** A call that succeeded, of a thread that awaits that. */
  succeeded(chunk: Chunk, i: number, type: EventType): void {
    const thread = chunk.thread[i]!;
    const loop = this.#loops.get(thread);
    if (loop !== undefined) this.#wentOn(thread, loop, chunk, i, type);
    if (this.#mendedBy(type)) this.mend(thread, type);
  }

  /** The call of a loop succeeded, or so many others did that it is none. */
  #wentOn(thread: number, loop: Retry, chunk: Chunk, i: number, type: EventType): void {
    const same = loop.call === type.name && loop.what === this.#target(chunk, i, type);
    if (same && (loop.wanted === 0 || loop.wanted === wantedLock(chunk, i, type))) this.#endLoop(thread, loop, chunk, i);
    else if (++loop.others > MOST_OTHERS) {
      this.#endLoop(thread, loop, null, 0);
      if (!this.#unmended.has(thread)) this.#await(thread, 0);
    }
  }

  /** A success makes the failures of the same kind good, of all threads of its process. */
  mend(thread: number, type: EventType): void {
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

  slept(chunk: Chunk, i: number): void {
    const loop = this.#loops.get(chunk.thread[i]!);
    if (loop === undefined) return;
    loop.slept += Math.max(0, chunk.latency[i]!);
    loop.end = chunk.time[i]!;
    loop.last = chunk.num[i]!;
  }

  /** Adds a failure, or one more time of it. */
  note(chunk: Chunk, i: number, kind: Failure['kind'], about: Pick<Failure, 'call' | 'error' | 'what'> & Partial<Failure>): void {
    const pid = this.#analysis.pidOf(chunk.thread[i]!);
    const key = `${pid} ${kind} ${about.error} ${about.what}`;
    const known = this.hard.get(key);
    const num = chunk.num[i]!;
    if (known !== undefined) {
      known.times++;
      known.last = num;
    } else if (this.hard.size < MAX_FAILURES)
      this.hard.set(key, {
        kind,
        pid,
        num,
        last: num,
        time: chunk.time[i]!,
        fd: chunk.fd[i]!,
        socket: null,
        times: 1,
        detail: '',
        span: 0,
        ...about,
      });
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

  ended(chunk: Chunk, i: number, type: EventType): void {
    const values = valuesOf(chunk, i, type);
    const at = (name: string) => numberOf(values[type.args.findIndex((arg) => arg.name === name)]);
    const thread = this.#analysis.dims.threads.get(chunk.thread[i]!);
    const pid = this.#analysis.pidOf(chunk.thread[i]!);
    if (thread === undefined || thread.tid !== pid) return;
    this.ends.set(pid, { num: chunk.num[i]!, time: chunk.time[i]!, exit: at('ret'), signal: at('sig') & 0x7f });
  }

  /** `kill` that succeeded, or a delivery that the kernel told. */
  signalled(chunk: Chunk, i: number, type: EventType): void {
    const values = valuesOf(chunk, i, type);
    const at = (name: string) => numberOf(values[type.args.findIndex((arg) => arg.name === name)]);
    const own = this.#analysis.pidOf(chunk.thread[i]!);
    const sent = type.name === 'kill';
    this.signals.push({
      num: chunk.num[i]!,
      time: chunk.time[i]!,
      by: sent ? own : at('spid'),
      to: sent ? at('pid') : own,
      signal: at('sig'),
    });
  }

  /** A copy of the standard error: perror writes there. */
  copied(chunk: Chunk, i: number, type: EventType): void {
    const position = type.args.findIndex(({ name }) => name === 'oldfd');
    const ofStderr = numberOf(valuesOf(chunk, i, type)[position]) === STDERR;
    const number = chunk.fdnum[i]!;
    if (ofStderr && number > STDERR) this.#copies.add(chunk.fd[i]!);
    if (number !== STDOUT) return;
    const pid = this.#analysis.pidOf(chunk.thread[i]!);
    if (ofStderr) this.#redirected.add(pid);
    else this.#redirected.delete(pid);
  }

  isStderr(chunk: Chunk, i: number): boolean {
    const number = chunk.fdnum[i]!;
    if (number === STDOUT) return this.#redirected.size > 0 && this.#redirected.has(this.#analysis.pidOf(chunk.thread[i]!));
    return number === STDERR || (number > STDERR && this.#copies.has(chunk.fd[i]!));
  }

  said(chunk: Chunk, i: number): void {
    const pid = this.#analysis.pidOf(chunk.thread[i]!);
    const text = Buffer.from(payload(chunk, i)).toString();
    this.words.set(pid, `${this.words.get(pid) ?? ''}${text}`.slice(-WORDS));
  }

  /** What is still going on when the events end. */
  finish(): void {
    for (const [thread, loop] of this.#loops) this.#endLoop(thread, loop, null, 0);
  }

  #soft(chunk: Chunk, i: number, { name }: EventType, kind: FailingKind | 'lock', error: string, what: string): void {
    if (kind === 'connect' && !/^[/@]/.test(what)) return; // connections to other addresses are followed one by one
    const pid = this.#analysis.pidOf(chunk.thread[i]!);
    const num = chunk.num[i]!;
    const kept = this.soft.get(pid) ?? [];
    if (kept.length >= MAX_SOFT) kept.shift();
    kept.push({
      kind,
      pid,
      num,
      last: num,
      time: chunk.time[i]!,
      call: name,
      error,
      what,
      fd: chunk.fd[i]!,
      socket: null,
      times: 1,
      detail: '',
      span: 0,
    });
    this.soft.set(pid, kept);
  }

  #again(chunk: Chunk, i: number, type: EventType, error: string, what: string, lock: boolean): void {
    const { name } = type;
    const thread = chunk.thread[i]!;
    const num = chunk.num[i]!;
    const time = chunk.time[i]!;
    const loop = this.#loops.get(thread);
    if (loop !== undefined && loop.call === name && loop.error === error && loop.what === what) {
      loop.others = 0;
      if (loop.last !== num) loop.tries++;
      loop.last = num;
      loop.end = time;
      return;
    }
    if (loop !== undefined) this.#endLoop(thread, loop, null, 0);
    const row = this.#analysis.dims.threads.get(thread);
    const pid = this.#analysis.pidOf(thread);
    this.#await(thread, 1);
    this.#loops.set(thread, {
      pid,
      tid: row?.tid ?? pid,
      start: time,
      end: time,
      call: name,
      error,
      what,
      lock,
      wanted: lock ? wantedLock(chunk, i, type) : 0,
      tries: 1,
      slept: 0,
      others: 0,
      first: num,
      last: num,
    });
  }

  #endLoop(thread: number, loop: Retry, chunk: Chunk | null, i: number): void {
    this.#loops.delete(thread);
    if (loop.tries < FEWEST_TRIES || loop.slept <= 0) return;
    if (chunk !== null) {
      loop.end = chunk.time[i]!;
      loop.last = chunk.num[i]!;
    }
    this.retries.push(loop);
  }

  /** What a call was about: the path or address that it was given, or its descriptor's. */
  #target(chunk: Chunk, i: number, type: EventType): string {
    const position = type.args.findIndex(({ format }) => format === 'path');
    if (position >= 0) return textOf(valuesOf(chunk, i, type)[position]);
    const fd = this.#analysis.dims.fds.get(chunk.fd[i]!);
    if (fd === undefined) return '';
    if (isIpSocket(fd) && (type.name === 'bind' || type.name === 'listen'))
      return fd.localIp === null ? '' : `${fd.localIp}:${fd.localPort}`;
    return fdUse(fd) === 'listen' ? fd.name : remoteText(fd);
  }
}

/** SQLite takes other locks of the same file between two tries: only a success for the same kind of lock ends the trying. */
function wantedLock(chunk: Chunk, i: number, type: EventType): number {
  const position = type.args.findIndex(({ name }) => name === 'type');
  return position < 0 ? 0 : numberOf(valuesOf(chunk, i, type)[position]);
}
