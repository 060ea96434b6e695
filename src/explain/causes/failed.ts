/** Calls that failed, and what they mean. */

import type { Failed } from '../catalog.ts';
import { interpreterOf, saidInterpreter } from '../interpreter.ts';
import { listenerAt, listenerElsewhere } from '../listener.ts';
import { localPorts } from '../local-ports.ts';
import type { SocketWait } from '../sockets.ts';
import type { Cause, Failure, ProcessName } from '../story.ts';
import { cause, type Facts, type Rule, type Shown } from './cause.ts';
import { holderOf } from './file.ts';
import { drops } from './names.ts';

export const failedRule: Rule = (facts) =>
  facts.failures.filter(({ kind }) => kind !== 'lookup' && kind !== 'ended').map((failure) => found(failure, facts));

function found(failure: Failure, facts: Facts): Cause {
  const trouble = failure.socket?.trouble ?? [];
  const shown = { nums: [failure.num, failure.last, ...trouble.map(({ num }) => num)] };
  const { call, error, what, times } = failure;
  const owner = facts.scene.life(failure.pid)?.name ?? facts.process;
  const failed: Failed = { owner, call, error, what, times, exit: facts.scene.endOf(failure.pid)?.exit ?? null };
  switch (failure.kind) {
    case 'connect':
      return connect(failure, failed, shown, facts);
    case 'bind':
      if (error !== 'EADDRINUSE') return cause('bind-failed', failed, shown);
      return cause('address-in-use', { ...failed, holder: listenerAt(facts.scene, what, failure) }, shown);
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
      return cause('http-error', { owner, from: what, status: error, request: failure.detail, times }, shown);
    case 'lost':
      return failure.span > 0
        ? cause('keep-alive-race', { ...failed, idle: failure.span }, shown)
        : cause('connection-lost', failed, shown);
    default:
      return cause(FILE_CAUSES[error] ?? 'file-forbidden', failed, shown);
  }
}

/** ns in which what a proxy had from behind it explains what it then answers. */
const SOON = 20e6;

function gave({ what, error, detail, times, time, pid }: Failure, owner: ProcessName, shown: Shown, { scene }: Facts): Cause {
  const last = scene.socketWaits(pid).findLast(({ end }) => end <= time && end > time - SOON);
  const upstream = last === undefined ? '' : `right after ${behind(last)}`;
  const nums = last === undefined ? shown.nums : [...shown.nums, last.last];
  return cause('http-error-given', { owner, to: what, status: error, request: detail, times, upstream }, { nums });
}

function behind({ outcome, error, socket, kind }: SocketWait): string {
  if (kind === 'connect' && outcome !== 'answered') return `it could not connect to ${socket.remote}${error === null ? '' : ` (${error})`}`;
  if (outcome === 'answered') return `it had the answer of ${socket.remote}, which it did not pass on`;
  const broke = outcome === 'closed' || error !== null;
  return `${socket.remote} had ${broke ? 'closed the connection without an answer' : 'not answered it'}${error === null ? '' : ` (${error})`}`;
}

const FILE_CAUSES: Readonly<
  Record<string, 'disk-full' | 'read-only' | 'io-error' | 'out-of-descriptors' | 'out-of-memory' | 'file-missing'>
> = {
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

const UNREACHABLE: ReadonlySet<string> = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN']);

function connect(failure: Failure, failed: Failed, shown: { readonly nums: readonly number[] }, { scene }: Facts): Cause {
  const { error, what } = failure;
  const trouble = failure.socket?.trouble ?? [];
  if (what.startsWith('/') || what.startsWith('@')) return cause('socket-missing', failed, shown);
  if (error === 'ECONNREFUSED') {
    const rejected = drops(trouble).some(({ reason }) => reason === 'NETFILTER_DROP');
    const filtered = rejected && !trouble.some(({ type }) => type.startsWith('tcp_reset'));
    return cause(
      'connect-refused',
      { ...failed, filtered, elsewhere: filtered ? null : listenerElsewhere(scene, what, failure.fd) },
      shown,
    );
  }
  if (UNREACHABLE.has(error)) return cause('connect-unreachable', failed, shown);
  if (error === 'EACCES' || error === 'EPERM') return cause('connect-forbidden', failed, shown);
  if (error === 'EADDRNOTAVAIL') return cause('no-local-port', { ...failed, ports: localPorts(scene, what) }, shown);
  if (error === 'ETIMEDOUT') {
    const { owner, what: to } = failed;
    return cause('connect-unanswered', { owner, to, waited: failure.span, never: true, again: trouble.length }, shown);
  }
  return cause('connect-failed', failed, shown);
}

function program(failure: Failure, failed: Failed, shown: { readonly nums: readonly number[] }, { scene }: Facts): Cause {
  const { error, what } = failure;
  if (error === 'EACCES' || error === 'EPERM') return cause('program-forbidden', failed, shown);
  if (error === 'ENOMEM') return cause('out-of-memory', failed, shown);
  if (error !== 'ENOENT' && error !== 'ENOTDIR') return cause('program-unusable', failed, shown);
  const interpreter = error === 'ENOENT' ? (interpreterOf(scene, what) ?? saidInterpreter(scene.words(failure.pid))) : null;
  if (interpreter === null) return cause('program-missing', failed, shown);
  return cause('interpreter-missing', { ...failed, interpreter: interpreter.name }, { nums: [...shown.nums, interpreter.num] });
}
