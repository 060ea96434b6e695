/** Calls that failed, and what they mean. */

import type { Analysis } from '../analysis.ts';
import { isPath } from '../descriptors.ts';
import { isServersOwn } from '../http2.ts';
import { interpreterOf, saidInterpreter } from '../interpreter.ts';
import { listenerAt, listenerElsewhere, listenerOf } from '../listener.ts';
import { localPorts } from '../local-ports.ts';
import { otherEnds } from '../peer.ts';
import { descriptorEvents } from '../process-events.ts';
import type { SocketWait } from '../sockets.ts';
import type { Failure, ProcessName } from '../story.ts';
import { cause, type Facts, type Found, type Rule, type Shown } from './cause.ts';
import { holderOf } from './file.ts';
import { drops } from './names.ts';
import { type Failed, row } from './row.ts';

type ConnectRefused = Failed & {
  readonly filtered: boolean;
  readonly elsewhere: { readonly server: ProcessName; readonly address: string } | null;
};

type NoLocalPort = Failed & { readonly ports: readonly [first: number, last: number] | null };

type HttpError = {
  readonly owner: ProcessName;
  readonly from: string;
  readonly status: string;
  readonly request: string;
  readonly times: number;
  /** Who gave it; null: it was not recorded. */
  readonly server: ProcessName | null;
  /** What that had got from behind it just before; empty: nothing is known. */
  readonly upstream: string;
};

type HttpErrorGiven = {
  readonly owner: ProcessName;
  readonly to: string;
  readonly status: string;
  readonly request: string;
  readonly times: number;
  /** What it had got from behind it just before; empty: nothing is known. */
  readonly upstream: string;
};

// biome-ignore format: a table
export const FAILED_CAUSES = {
  'connect-refused': row<ConnectRefused>('A refused connection', 0.95, 'ss -lnt on the server: is the port there?', ['check that the server runs and listens on that port', 'of a service: check that it has endpoints and the right targetPort'], ['retransmits', 'dropped-packets']),
  'nameserver-unreachable': row<Failed>('A DNS server that cannot be asked', 0.95, 'ip route get HOST, in the network namespace of the process', ['check the nameserver line of resolv.conf, and the route to it', 'with options use-vc: let the server take TCP']),
  'connect-unreachable': row<Failed>('No route', 0.95, 'ip route get HOST, in the network namespace of the process', ['check the routes of the pod and the node, and that kube-proxy runs on this node']),
  'connect-forbidden': row<Failed & { readonly filtered: boolean }>('A connection that is not allowed', 0.95, 'nft list ruleset', ['check the packet filter and the security policy of the pod']),
  'connect-failed': row<Failed>('A connection that failed', 0.8, 'trowel lens errors FILE', ['look at the error’s meaning for connect(2)']),
  'no-local-port': row<NoLocalPort>('No local port left', 0.95, 'ss -tan state time-wait | wc -l; sysctl net.ipv4.ip_local_port_range', ['keep connections open and use them again, instead of one for each request', 'widen net.ipv4.ip_local_port_range', 'connect to more than one address, or from more than one']),
  'socket-full': row<Failed & { readonly server: ProcessName | null }>('A full accept queue', 0.95, 'ss -lx: Recv-Q above Send-Q', ['let the server accept faster: it is stuck, or has too few workers', 'raise its listen backlog and net.core.somaxconn']),
  'socket-missing': row<Failed>('A Unix socket that nobody serves', 0.9, 'ss -lx', ['start the server that makes the socket, or mount the folder that it is in']),
  'keep-alive-race': row<Failed & { readonly idle: number }>('A request on a connection that the server had closed', 0.9, 'compare the keep-alive times of both sides', ['let the client’s pool close idle connections sooner than the server does', 'let the client send the request again: it was not answered']),
  'answer-cut': row<Failed & { readonly came: string }>('An answer that broke off', 0.9, 'the log of the server at that time', ['look at the log of the server: it closed the connection before it had sent what it had announced'], ['payload']),
  'connection-lost': row<Failed>('A connection broken off', 0.85, 'the log of the other side at that time', ['look at the log of the other side']),
  'http-error': row<HttpError>('An error as answer', 0.9, 'the log of the server at that time', ['look at the log of the server that gave the answer'], ['payload']),
  'http-error-given': row<HttpErrorGiven>('An error given as answer', 0.9, 'its own log at that time', ['look at what it had asked behind it, and at its log'], ['payload']),
  'lock-held': row<Failed & { readonly holder: ProcessName | null }>('A lock that somebody else has', 0.9, 'lslocks', ['wait until who has the lock is done, or let the program wait for it itself', 'stop who holds it']),
  'disk-full': row<Failed>('A full disk', 0.95, 'df -h and df -i on that path; quota', ['make room on the volume, or enlarge it', 'of an emptyDir or tmpfs: raise its sizeLimit']),
  'read-only': row<Failed>('A read-only file system', 0.9, 'findmnt -T PATH', ['mount the volume for writing, or write elsewhere (readOnlyRootFilesystem)', 'see in dmesg whether the kernel made it read-only after an error']),
  'io-error': row<Failed>('A disk that fails', 0.95, 'dmesg | tail', ['look at the kernel’s log: the disk or its connection fails']),
  'out-of-descriptors': row<Failed>('No descriptor left', 0.95, 'ls /proc/PID/fd | wc -l; ulimit -n', ['raise the limit of open files (LimitNOFILE, ulimit -n)', 'find what is left open']),
  'out-of-memory': row<Failed>('No memory left', 0.9, 'memory.events of its cgroup', ['raise the memory limit, or use less']),
  'file-missing': row<Failed>('A file that is not there', 0.7, 'ls -l PATH, in the mount namespace of the process', ['put the file there, or correct the path'], ['payload']),
  'file-forbidden': row<Failed>('A file that may not be used', 0.75, 'namei -l PATH, as the user of the process', ['check owner and mode of the file and of the folders above it, and the security policy'], ['payload']),
  'address-in-use': row<Failed & { readonly holder: ProcessName | null }>('An address in use', 0.95, 'ss -ltnp', ['stop who has the address, or take another port']),
  'bind-failed': row<Failed>('An address that cannot be taken', 0.9, 'ip address', ['check that the address is one of this network namespace, and that the port may be taken (below 1024: CAP_NET_BIND_SERVICE)']),
  'program-missing': row<Failed>('A program that is not there', 0.85, 'ls -l PATH; file PATH', ['check the path, the image and PATH; of a script also its first line']),
  'interpreter-missing': row<Failed & { readonly interpreter: string }>('An interpreter that is not there', 0.95, 'head -1 PATH', ['install the interpreter or correct the script’s first line']),
  'program-forbidden': row<Failed>('A program that may not be run', 0.95, 'ls -l PATH; findmnt -T PATH (noexec)', ['make it executable (chmod +x); check that its file system is not mounted noexec']),
  'program-unusable': row<Failed>('A program that cannot be run', 0.9, 'file PATH', ['check that it was built for this machine, and that it is whole']),
  'inotify-limit': row<Failed>('A limit of inotify', 0.95, 'sysctl fs.inotify', ['raise fs.inotify.max_user_instances and fs.inotify.max_user_watches', 'find who watches that much: all containers of a user share the limit']),
  'too-many-processes': row<Failed>('No further process allowed', 0.95, 'pids.current and pids.max of its cgroup; ulimit -u', ['raise the limit of processes (pids.max, ulimit -u), or find who starts so many']),
};

export const failedRule: Rule = (facts) =>
  facts.failures
    .filter((failure) => failure.kind !== 'lookup' && failure.kind !== 'ended' && !isServersEnd(failure, facts))
    .map((failure) => found(failure, facts));

/** A connection broke off since its server ended: that is the cause, and is told with the wait for the answer. */
function isServersEnd({ kind, fd }: Failure, { phases, analysis }: Facts): boolean {
  if (kind !== 'lost') return false;
  return phases.some(({ socket, start, end }) => {
    const peer = socket?.fds.includes(fd) && (socket.error !== null || socket.closed) ? socket.peer : null;
    const died = peer === null ? null : analysis.endOf(peer.process.pid);
    return died !== null && died.time >= start && died.time <= end;
  });
}

function found(failure: Failure, facts: Facts): Found {
  const trouble = failure.socket?.trouble ?? [];
  const shown = { nums: [failure.num, failure.last, ...trouble.map(({ num }) => num)] };
  const { call, error, what, times } = failure;
  const owner = facts.analysis.lifetime(failure.pid)?.name ?? facts.process;
  const failed: Failed = { owner, call, error, what, times, exit: facts.analysis.endOf(failure.pid)?.exit ?? null };
  switch (failure.kind) {
    case 'connect':
      return connect(failure, failed, shown, facts);
    case 'bind':
      if (error !== 'EADDRINUSE') return cause('bind-failed', failed, shown);
      return cause('address-in-use', { ...failed, holder: listenerAt(facts.analysis, what, failure) }, shown);
    case 'program':
      return program(failure, failed, shown, facts);
    case 'process':
      return cause(error === 'ENOMEM' ? 'out-of-memory' : 'too-many-processes', failed, shown);
    case 'inotify':
      return cause('inotify-limit', failed, shown);
    case 'descriptors':
      return cause(error === 'EMFILE' || error === 'ENFILE' ? 'out-of-descriptors' : 'out-of-memory', failed, shown);
    case 'nameserver':
      return cause('nameserver-unreachable', failed, shown);
    case 'lock':
      return cause('lock-held', { ...failed, holder: holderOf({ what, start: failure.time }, facts) }, shown);
    case 'http':
      if (call === 'gave') return gave(failure, owner, shown, facts);
      return httpError(failure, owner, shown, facts);
    case 'lost':
      if (error === 'cut') return cause('answer-cut', { ...failed, came: failure.detail }, shown);
      return failure.span > 0
        ? cause('keep-alive-race', { ...failed, idle: failure.span }, shown)
        : cause('connection-lost', failed, shown);
    default:
      return cause(BY_ERROR[error] ?? 'file-forbidden', failed, shown);
  }
}

/** ns in which what a proxy had from behind it explains what it then answers. */
const SOON = 20e6;

function gave({ what, error, detail, times, time, pid }: Failure, owner: ProcessName, shown: Shown, { analysis }: Facts): Found {
  const last = behindOf(analysis, pid, time);
  const nums = last === null ? shown.nums : [...shown.nums, last.num];
  return cause('http-error-given', { owner, to: what, status: error, request: detail, times, upstream: last?.text ?? '' }, { nums });
}

/** What a server that says that it is unwell had just been told itself. */
function httpError(failure: Failure, owner: ProcessName, shown: Shown, { analysis }: Facts): Found {
  const { what: from, error: status, detail: request, times, time, socket } = failure;
  const giver =
    socket === null ? undefined : descriptorEvents(analysis.capture, otherEnds(analysis, socket), { from: time - SOON, to: time }).at(-1);
  const server = giver === undefined ? null : (analysis.lifetime(giver.pid)?.name ?? null);
  const last = giver === undefined || !isServersOwn(status) ? null : behindOf(analysis, giver.pid, giver.end);
  const nums = last === null ? shown.nums : [...shown.nums, last.num];
  return cause('http-error', { owner, from, status, request, times, server, upstream: last?.text ?? '' }, { nums });
}

/** What a process had got from behind it just before it answered; null: nothing is known. */
function behindOf(analysis: Analysis, pid: number, time: number): { readonly text: string; readonly num: number } | null {
  const isJustBefore = (end: number) => end <= time && end > time - SOON;
  const unix = analysis.failures?.soft.get(pid)?.findLast((failure) => failure.kind === 'connect' && isJustBefore(failure.time));
  if (unix !== undefined) return { text: `right after it could not connect to ${unix.what} (${unix.error})`, num: unix.num };
  const last = analysis.socketWaits(pid).findLast(({ end }) => isJustBefore(end));
  return last === undefined ? null : { text: `right after ${behind(last)}`, num: last.last };
}

function behind({ outcome, error, socket, kind }: SocketWait): string {
  if (kind === 'connect' && outcome !== 'answered') return `it could not connect to ${socket.remote}${error === null ? '' : ` (${error})`}`;
  if (outcome === 'answered') return `it had the answer of ${socket.remote}, which it did not pass on`;
  const broke = outcome === 'closed' || error !== null;
  return `${socket.remote} had ${broke ? 'closed the connection without an answer' : 'not answered it'}${error === null ? '' : ` (${error})`}`;
}

const BY_ERROR: Readonly<Record<string, 'disk-full' | 'read-only' | 'io-error' | 'out-of-descriptors' | 'out-of-memory' | 'file-missing'>> =
  {
    ENOSPC: 'disk-full',
    EDQUOT: 'disk-full',
    EROFS: 'read-only',
    EIO: 'io-error',
    EMFILE: 'out-of-descriptors',
    ENFILE: 'out-of-descriptors',
    ENOMEM: 'out-of-memory',
    ENOBUFS: 'out-of-memory',
    ENOENT: 'file-missing',
    ENOTDIR: 'file-missing',
  };

function serverOf({ what, fd, time }: Failure, analysis: Analysis): ProcessName | null {
  return listenerOf(analysis, { remote: what, fds: [fd] }, { start: time, end: time })?.process ?? null;
}

const UNREACHABLE: ReadonlySet<string> = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN']);

function connect(failure: Failure, failed: Failed, shown: { readonly nums: readonly number[] }, { analysis }: Facts): Found {
  const { error, what } = failure;
  const trouble = failure.socket?.trouble ?? [];
  if (isPath(what) && error === 'EAGAIN') return cause('socket-full', { ...failed, server: serverOf(failure, analysis) }, shown);
  if (isPath(what)) return cause('socket-missing', failed, shown);
  if (error === 'ECONNREFUSED') {
    // A filter that rejects drops the client's own packet, and may answer it with a reset as if nobody listened.
    const filtered = drops(trouble).some(({ reason, tuple }) => reason === 'NETFILTER_DROP' && tuple.endsWith(`->${what}`));
    return cause(
      'connect-refused',
      { ...failed, filtered, elsewhere: filtered ? null : listenerElsewhere(analysis, what, failure.fd) },
      shown,
    );
  }
  const filtered = UNREACHABLE.has(error) && drops(trouble).some(({ reason }) => reason === 'NETFILTER_DROP');
  if (filtered) return cause('connect-forbidden', { ...failed, filtered }, shown);
  if (UNREACHABLE.has(error)) return cause('connect-unreachable', failed, shown);
  if (error === 'EACCES' || error === 'EPERM') return cause('connect-forbidden', { ...failed, filtered: false }, shown);
  if (error === 'EADDRNOTAVAIL') return cause('no-local-port', { ...failed, ports: localPorts(analysis, what) }, shown);
  if (error === 'ETIMEDOUT') {
    const { owner, what: to } = failed;
    return cause('connect-unanswered', { owner, to, waited: failure.span, never: true, again: trouble.length }, shown);
  }
  return cause('connect-failed', failed, shown);
}

function program(failure: Failure, failed: Failed, shown: { readonly nums: readonly number[] }, { analysis }: Facts): Found {
  const { error, what } = failure;
  if (error === 'EACCES' || error === 'EPERM') return cause('program-forbidden', failed, shown);
  if (error === 'ENOMEM') return cause('out-of-memory', failed, shown);
  if (error !== 'ENOENT' && error !== 'ENOTDIR') return cause('program-unusable', failed, shown);
  const interpreter = error === 'ENOENT' ? (interpreterOf(analysis, what) ?? saidInterpreter(analysis.words(failure.pid))) : null;
  if (interpreter === null) return cause('program-missing', failed, shown);
  return cause('interpreter-missing', { ...failed, interpreter: interpreter.name }, { nums: [...shown.nums, interpreter.num] });
}
