/** Answers that came late, or not: who was slow, and with what. */
import type { CauseId } from '../catalog.ts';
import type { End } from '../ends.ts';
import { listenerOf } from '../listener.ts';
import { UNRECORDED } from '../sight.ts';
import type { SocketWait } from '../sockets.ts';
import type { Kind, Peer, Phase, ProcessName, SocketPhase } from '../story.ts';
import { cause, evidence, type Facts, type Found, isOf, type Rule, type Shown } from './cause.ts';
import { heldBack } from './held-back.ts';
import { drops, ownerOf } from './names.ts';
import { type Asking, row, type Serving, WAITS } from './row.ts';
import { starved } from './starved.ts';

type ServerKilled = Asking & { readonly server: ProcessName; readonly signal: number; readonly by: ProcessName | null };

/** `said`: what it wrote last to its standard error; empty: nothing. */
type ServerExited = Asking & { readonly server: ProcessName; readonly exit: number; readonly said: string };

type ServerStopped = Asking & { readonly server: ProcessName; readonly by: ProcessName | null };

type PacketsLost = Asking & { readonly reasons: readonly string[]; readonly again: number };

// biome-ignore format: a table
export const SERVER_CAUSES = {
  'server-closed': row<Asking & { readonly error: string }>('A connection closed without an answer', 0.9, 'the log of the server at that time', ['look at the log of the server']),
  'server-killed': row<ServerKilled>('A server killed while it worked', 0.95, 'dmesg | grep -i "killed process"; the pod’s last state', ['find who kills it: a memory limit (OOMKilled), a failing liveness probe, a rollout without a grace period'], ['signals']),
  'server-exited': row<ServerExited>('A server that ended while it worked', 0.9, 'the log of the server at that time', ['look at why the server ended: trowel explain FILE --end PID']),
  'server-stopped': row<ServerStopped>('A stopped server', 0.95, 'ps -o stat= -p PID: T', ['let it go on (SIGCONT); find who stopped it: a debugger, a checkpoint, a frozen cgroup']),
  'server-sleeps': row<Serving>('A server that sleeps', 0.9, 'trowel explain FILE --pid PID', ['remove the sleep, or the retry back-off, in the server']),
  'server-polls': row<Serving>('A server that waits by a timer', 0.8, 'trowel explain FILE --pid PID', ['remove the polling, or the retry back-off, in the server']),
  'server-waits-for-dns': row<Serving>('A server that looks up a name', 0.9, 'trowel dns FILE', ['repair the server’s name resolution: trowel dns shows its lookups']),
  'server-waits-for-connect': row<Serving>('A server that waits for a connection', 0.9, 'trowel explain FILE --pid PID', ['look at that upstream']),
  'server-waits-for-server': row<Serving>('A server that waits for another', 0.9, 'trowel explain FILE --pid PID', ['look at that upstream: explain --pid shows more']),
  'server-waits-for-disk': row<Serving>('A server that waits for a disk', 0.9, 'iostat -x 1', ['look at the disk, or sync less often']),
  'server-waits-for-lock': row<Serving>('A server that waits for a lock', 0.8, 'trowel explain FILE --pid PID', ['find who holds the lock']),
  'server-waits-for-process': row<Serving>('A server that waits for a process or a thread', 0.6, 'trowel explain FILE --pid PID', ['explain --pid shows more'], ['pending', 'exits']),
  'server-computes': row<Serving>('A server that computes', 0.75, 'perf top -p PID; cpu.stat of its cgroup: nr_throttled', ['profile the server: its CPU time, or too small a CPU limit'], WAITS),
  'server-busy': row<Serving>('A server that does not come to the request', 0.8, 'ss -tn on the server: Recv-Q of the connection', ['let the server take requests while it works on others: more workers or threads'], WAITS),
  'server-slow': row<Asking & { readonly server: ProcessName | null }>('A slow server', 0.6, 'record on the server’s node, too', ['record on the server’s node, too']),
  'server-silent': row<Asking>('A server that does not answer', 0.6, 'record on the server’s node, too', ['record on the server’s node, too'], ['retransmits', 'dropped-packets']),
  'answer-read-late': row<Asking & { readonly server: ProcessName }>('An answer that its client reads slowly', 0.8, 'ss -tn on both sides: Recv-Q of the client, Send-Q of the server', ['look at what the client does between two reads: a limit of its rate, or its own work']),
  'tls-slow': row<Asking>('A slow TLS handshake', 0.6, 'record on the server’s node, too', ['record on the server’s node, too']),
  'mtu-black-hole': row<Asking>('Packets larger than a link', 0.9, 'ping -M do -s 1472 HOST', ['set the MTU of the pod network to what the smallest link carries', 'let ICMP “fragmentation needed” through, or clamp the TCP segment size']),
  'packets-lost': row<PacketsLost>('Lost packets', 0.8, 'nstat -az TcpRetransSegs', ['find where the packets get lost: record on both nodes'], ['dropped-packets']),
};

export const serverRule: Rule = (facts) =>
  facts.phases
    .filter(isOf('server', 'tls'))
    .filter(({ duration, socket }) => duration >= facts.floor && socket !== null)
    .filter((phase) => !isLost(phase, facts) && !isAnswered(phase, facts) && !isLong(phase, facts))
    .map((phase) => found(phase, phase.socket!, facts));

/** The connection broke when it was used again: that is what happened, not that an answer was awaited. */
function isLost({ socket }: Phase, { failures }: Facts): boolean {
  const vain = socket?.outcome === 'given up' || socket?.outcome === 'open';
  return vain && failures.some(({ kind, fd }) => kind === 'lost' && socket!.fds.includes(fd));
}

/** It was asked to answer only when something happens. */
function isLong({ socket }: Phase, { analysis }: Facts): boolean {
  return analysis.requests.isLong(socket!.fds, socket!.longest?.start ?? 0);
}

/** The server did answer, long before: that its client read it later, or is not seen to, is not the server's doing. */
function isAnswered(phase: Phase, { over }: Facts): boolean {
  const { socket } = phase;
  const { start, end } = socket?.longest ?? phase;
  const answered = socket?.peer?.answered ?? null;
  if (answered === null || socket!.peer!.received === null || socket!.trouble.length > 0) return false;
  return end - answered > Math.max(over, (end - start) / 2);
}

function found(phase: Phase, socket: SocketPhase, facts: Facts): Found {
  const unanswered = socket.outcome === 'given up' || socket.outcome === 'open';
  const never = unanswered && facts.lost === 0;
  const asking: Asking = {
    owner: ownerOf(phase, facts.process),
    to: phase.what,
    waited: phase.duration,
    asked: phase.kind === 'tls' ? 'TLS handshake' : 'answer',
    never,
    answers: never ? 1 : answersIn(phase, socket, facts),
  };
  const shown = {
    cost: phase.duration,
    nums: [...evidence([phase]), ...(socket.peer?.nums ?? []), ...socket.trouble.map(({ num }) => num)],
  };
  return (
    networkCause(socket, asking, shown) ??
    readLate(socket, asking, shown) ??
    heldBack(phase, socket, asking, shown, facts) ??
    brokenOff(phase, socket, asking, shown, facts) ??
    waiting(phase, socket, asking, shown, facts) ??
    cause(phase.kind === 'tls' ? 'tls-slow' : unanswered ? 'server-silent' : 'server-slow', { ...asking, server: null }, shown)
  );
}

/** Its own pace (a limit of its rate, work between two reads): the server had more for it all the time. */
function readLate({ peer }: SocketPhase, asking: Asking, shown: Shown): Found | null {
  return peer?.ready === true ? cause('answer-read-late', { ...asking, server: peer.process }, { ...shown, confidence: 0.8 }) : null;
}

/** So many waits on one connection are told as many. */
const MANY = 5;

/** How many answers a phase waited for, where it is many, none of which took most of it. */
function answersIn({ start, end, duration }: Phase, { longest, fds }: SocketPhase, { analysis, process }: Facts): number {
  if (longest === undefined || longest.end - longest.start > duration / 2) return 1;
  const isOfIt = ({ socket, ...wait }: SocketWait) => fds.some((fd) => socket.fds.has(fd)) && wait.end > start && wait.start < end;
  const waits = analysis.socketWaits(process.pid).filter((wait) => wait.kind === 'server' && isOfIt(wait));
  return waits.length < MANY ? 1 : waits.length;
}

function networkCause({ trouble }: SocketPhase, asking: Asking, shown: Shown): Found | null {
  const dropped = drops(trouble);
  if (dropped.some(({ reason }) => reason === 'PKT_TOO_BIG')) return cause('mtu-black-hole', asking, shown);
  const again = trouble.filter(({ type }) => type === 'tcp_retransmit').length;
  if (again < 2) return null;
  return cause('packets-lost', { ...asking, reasons: [...new Set(dropped.map(({ reason }) => reason))], again }, shown);
}

/** The other side ended the connection instead of answering; maybe since it ended itself. */
function brokenOff(phase: Phase, socket: SocketPhase, asking: Asking, shown: Shown, { analysis }: Facts): Found | null {
  if (socket.error === null && !socket.closed) return null;
  const { peer } = socket;
  const server = peer?.process ?? null;
  const end = server === null ? null : analysis.endOf(server.pid);
  if (server !== null && end !== null && isBefore(end, peer?.closed ?? null, phase)) {
    const nums = [...shown.nums, end.num];
    const killer = analysis.killer(server.pid);
    const by = killer === null ? null : (analysis.lifetime(killer)?.name ?? { pid: killer, comm: '' });
    if (end.signal !== 0) return cause('server-killed', { ...asking, server, signal: end.signal, by }, { ...shown, nums });
    return cause('server-exited', { ...asking, server, exit: end.exit, said: analysis.words(server.pid) }, { ...shown, nums });
  }
  return cause('server-closed', { ...asking, error: socket.error ?? '' }, shown);
}

/** ns from the closing of a connection to the end of its process that belong together: a program that gives up closes what it has first. */
const LAST_BREATH = 20e6;

/** Whether the server's end is why its connection was closed: then, or in giving up right after it had closed the connection by itself. */
function isBefore({ time, exit }: End, closed: number | null, { start, end }: Phase): boolean {
  if (closed === null || closed >= time) return time >= start && time <= end;
  return exit !== 0 && closed >= start && closed <= end + LAST_BREATH && time - closed < LAST_BREATH;
}

function waiting(phase: Phase, socket: SocketPhase, asking: Asking, shown: Shown, facts: Facts): Found | null {
  const { peer } = socket;
  const listener = peer === null || peer.received === null ? listenerOf(facts.analysis, socket, phase) : null;
  const server = peer?.process ?? listener?.process ?? null;
  if (server === null) return null;
  const stop = facts.analysis.stopOf(server.pid, phase.start, phase.end);
  if (stop !== null) {
    const by = stop.by === 0 ? null : (facts.analysis.lifetime(stop.by)?.name ?? { pid: stop.by, comm: '' });
    return cause('server-stopped', { ...asking, server, by }, { ...shown, nums: [...shown.nums, stop.num] });
  }
  if (peer === null || peer.received === null) {
    const poor = listener === null ? null : starved(listener, asking, shown);
    if (poor !== null) return poor;
  }
  return peer === null ? null : peerCause(peer, phase, asking, shown);
}

/** By what the server spent most of the wait on. */
const PEER_CAUSES: Readonly<Partial<Record<Kind, CauseId & `server-${string}`>>> = {
  sleep: 'server-sleeps',
  poll: 'server-polls',
  retry: 'server-polls',
  dns: 'server-waits-for-dns',
  connect: 'server-waits-for-connect',
  server: 'server-waits-for-server',
  tls: 'server-waits-for-server',
  file: 'server-waits-for-disk',
  sync: 'server-waits-for-disk',
  lock: 'server-waits-for-lock',
  wait: 'server-waits-for-process',
  fifo: 'server-waits-for-process',
  datagram: 'server-waits-for-server',
  cpu: 'server-computes',
};

function peerCause(peer: Peer, phase: Phase, asking: Asking, shown: Shown): Found {
  const work = peer.phases.filter(({ what }) => what !== UNRECORDED).sort((a, b) => b.duration - a.duration)[0];
  const { start, end } = phase.socket?.longest ?? phase;
  const late = peer.received === null ? null : peer.received - start;
  const serving: Serving = { ...asking, server: peer.process, late, work: workText(work), spent: work?.duration ?? 0 };
  if (late === null || late > Math.min(phase.duration, end - start) / 2)
    return cause('server-busy', { ...serving, work: busyText(work) }, shown);
  const id = work === undefined ? undefined : PEER_CAUSES[work.kind];
  if (id === undefined) return cause('server-slow', { ...asking, server: peer.process }, shown);
  return served(id, serving, shown);
}

function served(id: string, serving: Serving, shown: Shown): Found {
  return cause(id as 'server-sleeps', serving, shown);
}

/** What it worked on, in words: only the kind knows how to say it. */
function workText(phase: Phase | undefined): string {
  if (phase === undefined) return '';
  const { kind, what } = phase;
  switch (kind) {
    case 'sleep':
      return 'slept';
    case 'poll':
      return 'waited with a timer of its own';
    case 'retry':
      return `tried ${what} again and again`;
    case 'dns':
      return `looked up ${what}`;
    case 'connect':
      return `waited for its connection to ${what}`;
    case 'server':
    case 'datagram':
      return `waited for ${what}`;
    case 'tls':
      return `waited for the TLS handshake of ${what}`;
    case 'file':
      return `read and wrote ${what}`;
    case 'fifo':
      return `waited for the other end of the pipe ${what}`;
    case 'sync':
      return `waited for the disk to have ${what}`;
    case 'lock':
      return `waited for a lock${what === '' ? '' : ` on ${what}`}`;
    case 'wait':
      return `waited for ${what === '' ? 'another of its threads' : what}`;
    case 'cpu':
      return 'computed, or waited for a CPU,';
    default:
      return '';
  }
}

function busyText(work: Phase | undefined): string {
  return work === undefined || work.kind === 'idle' ? '' : workText(work) || 'was busy';
}
