/** Which stretch of whose time to explain. */

import type { Analysis, Lifetime } from './analysis.ts';
import { localText } from './descriptors.ts';
import type { Candidate } from './found.ts';
import type { Window } from './process-events.ts';
import type { Story } from './story.ts';

/** What is to be explained: a thread of a process, between two times. */
export interface Task extends Window {
  readonly pid: number;
  readonly tid: number;
  readonly scope: Story['scope'];
  /** ns in which it waited for what it had asked for. */
  readonly waited: number;
  readonly candidates: readonly Candidate[];
}

/** Waits of a long-lived process that lie closer together belong to one piece of work. */
const PAUSE = 5e6;
/** A process that still runs is told from its beginning only if it waited for most of its life. */
const MOST = 0.5;
/** Who waits for another that waits about as long is the user's; the other works for it. */
const ABOUT = 0.7;
/** So many requests that an event loop has under way are told apart. */
const MAX_OPEN = 64;
/** A chain of requests that is longer than this is a circle. */
const MAX_CHAIN = 8;

/** All tasks, the longest waiting first; what only failed comes last. */
export function tasksOf(analysis: Analysis, candidates: readonly Candidate[]): Task[] {
  const byPid = new Map<number, Candidate[]>();
  for (const candidate of candidates) {
    const own = byPid.get(candidate.pid);
    if (own === undefined) byPid.set(candidate.pid, [candidate]);
    else own.push(candidate);
  }
  const tasks = [...byPid].flatMap(([pid, own]) => tasksOfProcess(analysis, pid, own));
  return tasks.sort((a, b) => b.waited - a.waited || a.from - b.from);
}

/** The task that the user means: the longest wait, or who waits for it. `servers`: who serves which client's end. */
export function pick(tasks: readonly Task[], analysis: Analysis, servers: ReadonlyMap<string, number>): Task | null {
  let task = tasks[0] ?? null;
  for (let i = 0; task !== null && i < MAX_CHAIN; i++) {
    const inner: Task = task;
    const outer = tasks.find(
      (other) => other !== inner && other.waited >= ABOUT * inner.waited && waitsFor(other, inner, analysis, servers),
    );
    if (outer === undefined) break;
    task = outer;
  }
  return task;
}

function waitsFor(outer: Task, inner: Task, analysis: Analysis, servers: ReadonlyMap<string, number>): boolean {
  return outer.candidates.some(({ kind, fd, start, end }) => {
    if (kind !== 'server' || end < inner.from || start > inner.to) return false;
    const row = analysis.dims.fds.get(fd);
    return row !== undefined && servers.get(localText(row)) === inner.pid;
  });
}

function tasksOfProcess(analysis: Analysis, pid: number, candidates: readonly Candidate[]): Task[] {
  const waits = candidates.filter(({ kind }) => kind !== 'request' && kind !== 'failure');
  const lifetime = analysis.lifetime(pid);
  const waited = covered(waits);
  if (lifetime?.begun === true) {
    const to = lifetime.end ?? analysis.end;
    if (lifetime.end !== null || waited > MOST * (to - lifetime.start)) {
      const window = { from: Math.min(lifetime.start, ...candidates.map(({ start }) => start)), to };
      return [{ pid, tid: pid, ...window, scope: 'life', waited, candidates }];
    }
  }
  return groups(waits).map((group) => {
    const from = Math.min(...group.map(({ start }) => start));
    const to = Math.max(...group.map(({ end }) => end));
    const request = candidates.find(({ kind, start, end }) => kind === 'request' && start <= from && end >= to);
    const window = request === undefined ? { from, to } : { from: request.start, to: request.end };
    const tid = (request ?? group[0]!).tid;
    return { pid, tid, ...window, scope: request === undefined ? 'wait' : 'request', waited: covered(group), candidates: group };
  });
}

/** Waits that follow each other are one piece of work; those that overlap on different descriptors are requests of an event loop. */
function groups(candidates: readonly Candidate[]): Candidate[][] {
  const found: { readonly members: Candidate[]; end: number }[] = [];
  for (const candidate of [...candidates].sort((a, b) => a.start - b.start)) {
    const group = found.slice(-MAX_OPEN).findLast(({ members, end }) => joins(candidate, members, end));
    if (group === undefined) found.push({ members: [candidate], end: candidate.end });
    else {
      group.members.push(candidate);
      group.end = Math.max(group.end, candidate.end);
    }
  }
  return found.map(({ members }) => members);
}

function joins(candidate: Candidate, members: readonly Candidate[], end: number): boolean {
  if (candidate.start > end + PAUSE) return false;
  return candidate.start >= end || members.at(-1)!.fd === candidate.fd;
}

/** All of a process' lifetime, by its first thread. */
export function wholeLife(
  analysis: Analysis,
  { name, start, end }: Lifetime,
  scope: Task['scope'],
  candidates: readonly Candidate[],
): Task {
  return { pid: name.pid, tid: name.pid, from: start, to: end ?? analysis.end, scope, waited: covered(candidates), candidates };
}

/** ns that at least one of them takes; of many short ones their sum. */
function covered(candidates: readonly Candidate[]): number {
  let total = 0;
  let end = -Infinity;
  for (const { spent } of candidates) total += spent ?? 0;
  for (const candidate of [...candidates].filter(({ spent }) => spent === undefined).sort((a, b) => a.start - b.start)) {
    total += Math.max(0, candidate.end - Math.max(end, candidate.start));
    end = Math.max(end, candidate.end);
  }
  return total;
}
