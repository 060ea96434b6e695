/** The other end of a connection, where it is in the recording: when it had the request, and what it did with it. */

import type { FdRow } from '../model/rows.ts';
import type { Analysis } from './analysis.ts';
import { callKind } from './calls.ts';
import { localText, remoteText } from './descriptors.ts';
import { listenerOf } from './listener.ts';
import { criticalPath } from './path.ts';
import { descriptorEvents, type Ev } from './process-events.ts';
import type { Peer, Phase, SocketPhase } from './story.ts';

const LEAVES: ReadonlySet<string> = new Set(['close', 'shutdown']);
/** How far from the wait its other side's events may lie. */
const AROUND = 50e6;

/** `of`: waits for a connection or for answers. null: nobody in the recording held the other end. */
export function peerOf(analysis: Analysis, of: Phase, depth: number): Peer | null {
  const { socket } = of;
  const phase = { ...of, ...socket?.longest };
  if (socket === null || depth > 2) return null;
  const fds = otherEnds(analysis, socket);
  if (socket.longest?.rest === true) return sender(analysis, phase, socket, fds, depth);
  const around = { from: phase.start - AROUND, to: phase.end + AROUND };
  const events = fds.size === 0 ? [] : descriptorEvents(analysis.capture, fds, around).filter(({ pid }) => pid !== 0);
  const received = events.find((event) => isRequest(event, events, phase));
  const accepted = events.find((event) => callKind(event.type) === 'accept');
  const holder = received ?? accepted ?? events[0];
  if (holder === undefined || bornLate(analysis, holder.pid, phase)) return queued(analysis, phase, socket, depth);
  const answered = received === undefined ? undefined : answerOf(events, received);
  const window = workWindow(phase, accepted, received, answered);
  const row = analysis.dims.fds.get(holder.fd)!;
  const nums = [accepted, received, answered].flatMap((event) => (event === undefined ? [] : [event.num]));
  return {
    process: analysis.lifetime(holder.pid)?.name ?? { pid: holder.pid, comm: '' },
    pod: analysis.lifetime(holder.pid)?.pod ?? null,
    node: analysis.nodeOf(holder.pid),
    address: localText(row),
    received: received?.end ?? null,
    answered: answered?.start ?? null,
    ready: false,
    closed: events.find(({ pid, type }) => pid === holder.pid && LEAVES.has(type.name))?.end ?? null,
    nums,
    phases: window.to > window.from ? criticalPath(analysis, holder.pid, holder.tid, window, depth + 1, socket.local) : [],
  };
}

/** The other side while more of an answer was waited for: it had the request long before. */
function sender(analysis: Analysis, phase: Phase, socket: SocketPhase, fds: ReadonlySet<number>, depth: number): Peer | null {
  const { start, end } = phase;
  const isWrite = ({ type, pid, res }: Ev) => pid !== 0 && type.io === 'write' && (res ?? 0) > 0;
  const writes = fds.size === 0 ? [] : descriptorEvents(analysis.capture, fds, { from: 0, to: end }).filter(isWrite);
  const sent = writes.find((event) => event.start >= start);
  const last = sent ?? writes.at(-1);
  if (last === undefined) return null;
  const lifetime = analysis.lifetime(last.pid);
  const window = { from: start, to: Math.min(end, sent?.start ?? end) };
  return {
    process: lifetime?.name ?? { pid: last.pid, comm: '' },
    pod: lifetime?.pod ?? null,
    node: analysis.nodeOf(last.pid),
    address: localText(analysis.dims.fds.get(last.fd)!),
    received: start,
    answered: sent?.start ?? null,
    ready: sent === undefined,
    closed: null,
    nums: [last.num],
    phases: window.to > window.from ? criticalPath(analysis, last.pid, last.tid, window, depth + 1, socket.local) : [],
  };
}

/** A server's child that was started for the request: for most of the wait there was only the server, which had not come to it. */
function bornLate(analysis: Analysis, pid: number, { start, end }: Phase): boolean {
  const lifetime = analysis.lifetime(pid);
  return lifetime?.begun === true && lifetime.start > (start + end) / 2;
}

/** Nobody has taken the connection: it lies in the accept queue, so what its listener did is what kept it there. */
function queued(analysis: Analysis, phase: Phase, socket: SocketPhase, depth: number): Peer | null {
  const listener = phase.kind === 'connect' ? null : listenerOf(analysis, socket, phase);
  if (listener === null) return null;
  const { process, pod, tid } = listener;
  const phases = criticalPath(analysis, process.pid, tid, { from: phase.start, to: phase.end }, depth + 1, socket.local);
  return {
    process,
    pod,
    node: analysis.nodeOf(process.pid),
    address: socket.remote,
    received: null,
    answered: null,
    ready: false,
    closed: null,
    nums: [],
    phases,
  };
}

/** A read with the request that is waited on: none that was answered before that was sent. */
function isRequest(event: Ev, events: readonly Ev[], { start }: Phase): boolean {
  if (event.type.io !== 'read' || (event.res ?? 0) <= 0 || event.end < start - AROUND) return false;
  const answer = answerOf(events, event);
  return answer === undefined || answer.end >= start;
}

function answerOf(events: readonly Ev[], received: Ev): Ev | undefined {
  return events.find((event) => event.start >= received.end && event.type.io === 'write' && (event.res ?? 0) > 0);
}

/** From the request's arrival to the answer; or, where it came to the request late, what kept it from that. */
function workWindow(
  phase: Phase,
  accepted: Ev | undefined,
  received: Ev | undefined,
  answered: Ev | undefined,
): { from: number; to: number } {
  const end = Math.min(phase.end, answered?.start ?? phase.end);
  if (received === undefined) return { from: phase.start, to: accepted?.end ?? phase.end };
  const late = (accepted?.end ?? received.end) - phase.start;
  return late > end - received.end
    ? { from: phase.start, to: Math.min(received.end, phase.end) }
    : { from: Math.max(received.end, phase.start), to: end };
}

/** Rows of descriptors that are this connection seen from the other side. Behind a service, only the client's own end is the same. */
export function otherEnds(analysis: Analysis, socket: Pick<SocketPhase, 'fds' | 'local'>): Set<number> {
  const found = new Set<number>();
  for (const id of socket.fds) {
    const accepted = analysis.unix.serverOf(id);
    if (accepted !== null) found.add(accepted);
  }
  if (socket.local === '') return found;
  const own = new Set(socket.fds);
  const joined = socket.fds.flatMap((id) => analysis.dims.fds.get(analysis.ends.get(id)?.server ?? 0) ?? []);
  const isOther = (fd: FdRow) => (joined.length > 0 ? joined.some((one) => isSameSocket(one, fd)) : remoteText(fd) === socket.local);
  for (const fd of analysis.dims.fds.all()) if (!own.has(fd.id) && fd.role === 'server' && isOther(fd)) found.add(fd.id);
  return found;
}

/** A descriptor that another process has, or that was seen before it was connected, has a row of its own. */
const isSameSocket = (one: FdRow, other: FdRow): boolean =>
  one.id === other.id || (one.ino > 0 && one.ino === other.ino && one.netns === other.netns && remoteText(one) === remoteText(other));
