/** What failed in one task: connections and names that were not made good, with what the kernel said of their packets. */

import type { Analysis } from './analysis.ts';
import { localText, remoteText } from './descriptors.ts';
import type { End } from './ends.ts';
import type { Candidate } from './found.ts';
import type { Task } from './pick.ts';
import { FATAL, type Problem } from './problems.ts';
import type { Failure, SocketPhase, Trouble } from './story.ts';

/** What the kernel said of a connection, by the client's end of it; of a full queue it tells with the server's. */
export function troubleOf(
  analysis: Analysis,
  { local, remote }: Pick<SocketPhase, 'local' | 'remote'>,
  start: number,
  end: number,
): Trouble[] {
  // An answer for which the client has no socket any more says nothing of the server.
  const isLateAnswer = ({ reason, tuple }: Trouble) => reason === 'NO_SOCKET' && tuple.endsWith(`->${local}`);
  const own = aboutSocket(analysis, { local, remote }, start - 1e9, end + 1e6).filter((trouble) => !isLateAnswer(trouble));
  const full = analysis.troubles.of(remote, start, end).filter(({ type }) => type === 'accept_queue_full');
  return [...new Set([...own, ...full])].sort((a, b) => a.num - b.num);
}

/** A socket without a connection (it sends datagrams, or its connect failed) does not know its own address: then its port tells. */
function aboutSocket(
  { troubles }: Analysis,
  { local, remote }: Pick<SocketPhase, 'local' | 'remote'>,
  from: number,
  to: number,
): Trouble[] {
  if (!ANY_ADDRESS.test(local)) return troubles.of(local, from, to);
  const port = local.slice(local.lastIndexOf(':'));
  return troubles.of(remote, from, to).filter(({ tuple }) => tuple.split('->').some((end) => end.endsWith(port)));
}

const ANY_ADDRESS = /^(0\.0\.0\.0|\[::\]):/;

/** ns around a failure of a long-lived process that are told. */
export const AROUND = 1e6;

/**
 * What failed in a task, and how grave it is. `problems`: all that are known. `endFirst`: the user asked how the process ended; who
 * asks for a process by its number wants to know its end, too.
 */
export function failuresOf(
  analysis: Analysis,
  task: Task,
  problems: readonly Problem[],
  endFirst: boolean,
): { readonly failures: Failure[]; readonly weight: number } {
  const own = problems.filter(({ pid }) => pid === task.pid);
  const inTask = own.flatMap(({ failures }) => failures).filter(({ time }) => time >= task.from - AROUND && time <= task.to + AROUND);
  const failures = [
    ...inTask.filter(({ kind, socket }) => kind !== 'lookup' && (kind !== 'connect' || socket === null)),
    ...lasting(analysis, task),
  ];
  const end = analysis.endOf(task.pid);
  const endedBadly = end !== null && (end.signal !== 0 || end.exit !== 0);
  const wantsEnd = endFirst || (task.scope === 'asked' && endedBadly);
  if (end !== null && wantsEnd && !failures.some(({ kind }) => kind === 'ended')) failures.push(endOf(task.pid, end));
  const withSockets = failures.map((failure) =>
    failure.fd === 0 || failure.socket !== null ? failure : { ...failure, socket: socketOf(analysis, failure) },
  );
  return {
    failures: withSockets.sort((a, b) => b.time - a.time || a.num - b.num),
    weight: endFirst ? FATAL : Math.max(0, ...own.map(({ weight }) => weight)),
  };
}

/** Processes that ended up without a connection or a name that they had asked for. Beside waits only those count that ended for it. */
export function connectProblems(analysis: Analysis, tasks: readonly Task[]): Problem[] {
  const waits = tasks.some(({ waited }) => waited > 0);
  const counts = ({ pid, candidates }: Task) =>
    candidates.some(({ kind }) => kind === 'failure') && (!waits || (analysis.endOf(pid)?.exit ?? 0) !== 0);
  const failing = tasks.filter(counts).slice(0, MOST_FAILING);
  return failing.flatMap((task) => {
    const failures = lasting(analysis, task);
    const end = analysis.endOf(task.pid);
    const fatal = end !== null && end.exit !== 0;
    return failures.length === 0 ? [] : [{ pid: task.pid, weight: fatal ? FATAL : 2, time: failures[0]!.time, failures }];
  });
}

/** So many processes with failed connections are looked into. */
const MOST_FAILING = 50;

/** Failed connections that nothing made good: the process never got one to that port; and names that were not found. */
function lasting(analysis: Analysis, task: Task): Failure[] {
  const candidates = task.candidates.filter(({ kind, start, end }) => kind === 'failure' && end >= task.from && start <= task.to);
  const waits = candidates.length === 0 ? [] : analysis.socketWaits(task.pid);
  const found = new Map<string, Failure>();
  for (const candidate of candidates) {
    const failure = failedConnect(analysis, candidate, task.pid);
    const { what, error, kind } = failure;
    const port = what.slice(what.lastIndexOf(':') + 1);
    const isMade = waits.some(
      ({ end, outcome, socket }) => end > candidate.start && outcome === 'answered' && socket.remote.endsWith(`:${port}`),
    );
    if (kind === 'connect' && (what === '' || isMade)) continue;
    const known = found.get(`${kind} ${what} ${error}`);
    found.set(`${kind} ${what} ${error}`, known === undefined ? failure : { ...known, last: failure.num, times: known.times + 1 });
  }
  return [...found.values()];
}

function failedConnect(analysis: Analysis, { num, start, end, fd, error }: Candidate, pid: number): Failure {
  const base = { pid, num, last: num, time: end, error, fd, times: 1, detail: '', span: end - start };
  const row = analysis.dims.fds.get(fd);
  if (row === undefined || !/^E[A-Z]+$/.test(error)) return { ...base, kind: 'lookup', call: 'lookup', what: '', socket: null };
  const remote = remoteText(row);
  const socket = { fds: [fd], local: localText(row), remote, error, closed: false, outcome: 'failed' as const, peer: null };
  return {
    ...base,
    kind: 'connect',
    call: 'connect',
    what: remote,
    socket: { ...socket, trouble: troubleOf(analysis, socket, start, end) },
  };
}

/** How a process ended, as a failure. */
function endOf(pid: number, { num, time, exit, signal }: End): Failure {
  const call = signal !== 0 ? 'killed' : 'exit';
  return {
    kind: 'ended',
    pid,
    num,
    last: num,
    time,
    call,
    error: `${signal || exit}`,
    what: '',
    fd: 0,
    socket: null,
    times: 1,
    detail: '',
    span: 0,
  };
}

/** The connection that failed; null: it was none. */
function socketOf(analysis: Analysis, { fd, error, num, time }: Failure): SocketPhase | null {
  const row = analysis.dims.fds.get(fd);
  if (row === undefined || row.localIp === null || num === 0) return null;
  const socket = {
    fds: [fd],
    local: localText(row),
    remote: remoteText(row),
    error,
    closed: false,
    outcome: 'failed' as const,
    peer: null,
  };
  return { ...socket, trouble: troubleOf(analysis, socket, time, time) };
}
