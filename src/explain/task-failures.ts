/** What failed in one task: connections and names that were not made good, with what the kernel said of their packets. */

import type { Analysis } from './analysis.ts';
import { localText, remoteText } from './descriptors.ts';
import type { End } from './ends.ts';
import type { Candidate } from './found.ts';
import type { Task } from './pick.ts';
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
export function aboutSocket(
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

/** Failed connections that nothing made good: the process never got one to that port; and names that were not found. */
export function lasting(analysis: Analysis, task: Task): Failure[] {
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
export function endOf(pid: number, { num, time, exit, signal }: End): Failure {
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
export function socketOf(analysis: Analysis, { fd, error, num, time }: Failure): SocketPhase | null {
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
