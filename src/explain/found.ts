/** What a search for waits found. */
import { type Chunk, EventFlag } from '../model/chunk.ts';
import type { Analysis } from './analysis.ts';
import type { Failures } from './failures.ts';
import type { Sum } from './sums.ts';

/** One wait, or one failed call. */
export interface Candidate {
  readonly pid: number;
  readonly tid: number;
  readonly start: number;
  readonly end: number;
  readonly num: number;
  /** `request`: a server's own time for one request; `failure`: a call that failed at once. */
  readonly kind: 'dns' | 'connect' | 'server' | 'file' | 'lock' | 'retry' | 'request' | 'failure';
  readonly fd: number;
  /** errno's name, of a failure. */
  readonly error: string;
  /** ns that it took, where that is less than from start to end: many short waits. */
  readonly spent?: number;
}

/** The longest are enough. */
const MAX_CANDIDATES = 20_000;

export class Found {
  readonly #analysis: Analysis;
  #all: Candidate[] = [];

  constructor(analysis: Analysis) {
    this.#analysis = analysis;
  }

  within(from: number, to: number): readonly Candidate[] {
    return this.#all.filter(({ start, end }) => end >= from && start <= to);
  }

  add(candidates: readonly Candidate[]): void {
    for (const candidate of candidates) this.#all.push(candidate);
  }

  /** An event of a chunk that ended a wait, or failed; nothing of a call of which only one end was seen. */
  note(chunk: Chunk, i: number, kind: Candidate['kind'], start: number, error = ''): void {
    const thread = this.#analysis.dims.threads.get(chunk.thread[i]!);
    if (thread === undefined || (chunk.flags[i]! & EventFlag.ONE_SIDED) !== 0) return;
    const pid = this.#analysis.dims.processes.get(thread.process)?.pid ?? 0;
    this.#all.push({ pid, tid: thread.tid, start, end: chunk.time[i]!, num: chunk.num[i]!, kind, fd: chunk.fd[i]!, error });
    if (this.#all.length > 2 * MAX_CANDIDATES) this.#forgetShortest();
  }

  /** What failed at once is short, and as many of those are kept as of the waits. */
  #forgetShortest(): void {
    const failed = this.#all.filter(({ kind }) => kind === 'failure').slice(0, MAX_CANDIDATES / 2);
    const waits = this.#all.filter(({ kind }) => kind !== 'failure').sort((a, b) => b.end - b.start - (a.end - a.start));
    this.#all = [...failed, ...waits.slice(0, MAX_CANDIDATES / 2)];
  }
}

/** Calls that were tried again and again until they succeeded, or were given up. */
export function ofRetries(failures: Failures, analysis: Analysis, over: number): Candidate[] {
  const again = failures.retries.found
    .filter(({ slept }) => slept >= over)
    .map(({ pid, tid, start, end, first, lock }): Candidate => {
      return { pid, tid, start, end, num: first, kind: lock ? 'lock' : 'retry', fd: 0, error: '' };
    });
  const overcome = failures.overcome
    .filter(({ failure, until }) => until - failure.time >= over && analysis.lifetime(failure.pid)?.begun === true)
    .map(({ failure, until, tid, goodNum }): Candidate => {
      return { pid: failure.pid, tid, start: failure.time, end: until, num: goodNum, kind: 'retry', fd: 0, error: '' };
    });
  return [...again, ...overcome];
}

/** Many short waits of one kind. */
export function ofSums(sums: readonly Sum[], analysis: Analysis, kind: Candidate['kind']): Candidate[] {
  return sums.flatMap(({ thread, start, end, num, fd, spent }) => {
    const tid = analysis.dims.threads.get(thread)?.tid;
    return tid === undefined ? [] : [{ pid: analysis.pidOf(thread), tid, start, end, num, kind, fd, error: '', spent }];
  });
}

/** Names that took long to look up, or that could not be found. */
export function ofLookups(failures: Failures, analysis: Analysis, over: number): Candidate[] {
  return analysis.lookups.flatMap((lookup): Candidate[] => {
    const { pid, start, end, result } = lookup;
    const tid = analysis.dims.threads.get(lookup.thread)?.tid ?? pid;
    const { num, fd } = lookup.attempts[0]!.queries[0]!;
    if (end - start >= over) return [{ pid, tid, start, end, num, kind: 'dns', fd, error: '' }];
    const isHarmless = result === 'NOERROR' || (result === 'NODATA' && (failures.ends.of(pid)?.exit ?? 0) === 0);
    return isHarmless ? [] : [{ pid, tid, start, end, num, kind: 'failure', fd, error: result }];
  });
}
