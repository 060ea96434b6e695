/** Which failures matter: by what the process that met them did next, not by how many there are. */

import type { Analysis } from './analysis.ts';
import type { End } from './ends.ts';
import type { Failures } from './failures.ts';
import { isServersOwn } from './http2.ts';
import type { Failure } from './story.ts';

/** A process that something went wrong in. */
export interface Problem {
  readonly pid: number;
  /** From 1 on it is worth telling; FATAL: its process ended for it. */
  readonly weight: number;
  readonly time: number;
  readonly failures: readonly Failure[];
}

export const FATAL = 3;
/** SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS: a program's own mistake. */
const CRASHES: ReadonlySet<number> = new Set([4, 5, 6, 7, 8, 11, 31]);
const SIGKILL = 9;

/** What the C library calls the errors that programs mostly end for. */
const TEXTS: Readonly<Record<string, string>> = {
  EAGAIN: 'temporarily unavailable',
  ENOENT: 'No such file',
  EACCES: 'ermission denied',
  EPERM: 'not permitted',
  ENOTDIR: 'Not a directory',
  EISDIR: 'Is a directory',
  EROFS: 'ead-only file system',
  EEXIST: 'File exists',
  ECONNREFUSED: 'onnection refused',
  ENOTEMPTY: 'not empty',
  EBUSY: 'busy',
  ETXTBSY: 'Text file busy',
  ENAMETOOLONG: 'name too long',
  ELOOP: 'symbolic links',
  EXDEV: 'ross-device',
  EFBIG: 'File too large',
  ESTALE: 'Stale',
};

/** All processes with something wrong, the gravest first; of the same gravity the one that came first. */
export function problemsOf(analysis: Analysis, failures: Failures): Problem[] {
  const byPid = new Map<number, Failure[]>();
  const add = (failure: Failure) => byPid.set(failure.pid, [...(byPid.get(failure.pid) ?? []), failure]);
  for (const failure of failures.hard.values()) {
    const weighs = weightOf(failure, failures.ends.of(failure.pid), analysis) >= 1;
    if (weighs && !madeGood(analysis, failure) && !isOptional(failure)) add(failure);
  }
  for (const [pid, soft] of failures.soft) for (const failure of proven(pid, soft, failures, byPid.has(pid), analysis)) add(failure);
  for (const [pid, end] of failures.ends.all())
    for (const failure of endFailure(pid, end, failures, byPid.has(pid), analysis)) add(failure);
  return [...byPid]
    .map(([pid, own]) => problemOf(pid, own, analysis, failures))
    .filter(({ weight }) => weight >= 1)
    .sort((a, b) => b.weight - a.weight || a.time - b.time);
}

function problemOf(pid: number, own: readonly Failure[], analysis: Analysis, failures: Failures): Problem {
  const weight = Math.max(...own.map((failure) => weightOf(failure, failures.ends.of(pid), analysis)));
  return { pid, weight, time: own[0]!.time, failures: own };
}

function endedBadly(end: End | null): boolean {
  return end !== null && (end.exit !== 0 || CRASHES.has(end.signal));
}

function weightOf(failure: Failure, end: End | null, analysis: Analysis): number {
  const begun = analysis.lifetime(failure.pid)?.begun === true;
  const fatal = endedBadly(end);
  switch (failure.kind) {
    case 'program':
      return fatal ? FATAL : 0;
    case 'http':
      if (failure.call === 'gave') return 1.1;
      return fatal ? FATAL : isServersOwn(failure.error) ? (begun ? 2 : 1) : begun ? 1 : 0;
    case 'lost':
      return begun ? (fatal ? FATAL : 2) : 0;
    case 'ended':
      return failure.call === 'signal' ? 2.5 : failure.call === 'exit' ? 1 : 1.2;
    case 'bind':
      return fatal ? FATAL : begun ? 1.5 : 0;
    case 'tls':
      return 2;
    case 'nameserver':
      return fatal ? FATAL : 0;
    default:
      return fatal ? FATAL : 2;
  }
}

/** A connection that broke, and the same server answered afterwards; a DNS server that could not be asked, and another was. */
function madeGood(analysis: Analysis, { kind, pid, what, time }: Failure): boolean {
  if (kind === 'nameserver') return analysis.lookups.some((lookup) => lookup.pid === pid);
  if (kind !== 'lost') return false;
  return analysis.socketWaits(pid).some((wait) => wait.end > time && wait.outcome === 'answered' && wait.socket.remote === what);
}

/**
 * Of ordinary errors those that the process complained of and ended with an error for: it wrote the path or the error's
 * text. `known`: a graver failure is, so an error's text alone proves nothing.
 */
function proven(pid: number, all: readonly Failure[], { ends, stderr }: Failures, known: boolean, analysis: Analysis): Failure[] {
  const end = ends.of(pid);
  if (end === null || !endedBadly(end)) return [];
  const said = stderr.words(pid);
  const soft = all.filter(({ what }) => !OPTIONAL.test(what));
  const own = analysis.lifetime(pid)?.name.comm; // it begins what it says with its own name
  const named = soft.findLast(({ what }) => what !== '' && baseName(what) !== own && says(said, baseName(what)));
  const texted = soft.findLast(({ error }) => TEXTS[error] !== undefined && said.includes(TEXTS[error]));
  const locked = /\block(ed)?\b/i.test(said) ? soft.findLast(({ kind }) => kind === 'lock') : undefined;
  const both = soft.findLast(({ what, error }) => what !== '' && says(said, baseName(what)) && said.includes(TEXTS[error] ?? error));
  const found = both ?? locked ?? (known ? undefined : (named ?? texted ?? readOnly(soft) ?? lastSocket(soft, end) ?? lastLock(soft, end)));
  return found === undefined ? [] : [found];
}

/** A Unix socket that it could not use right before its end: some programs say only that they could not connect. */
function lastSocket(soft: readonly Failure[], end: End): Failure | undefined {
  const last = soft.findLast(({ kind }) => kind === 'connect');
  return last !== undefined && end.time - last.time < RIGHT_BEFORE ? last : undefined;
}

/** Nobody tries to write on a read-only file system to see whether it can. */
function readOnly(soft: readonly Failure[]): Failure | undefined {
  return soft.findLast(({ error }) => error === 'EROFS');
}

/** A lock that it did not get, as the last thing that it tried: flock -n says nothing. */
function lastLock(soft: readonly Failure[], end: End): Failure | undefined {
  const last = soft.at(-1);
  return last?.kind === 'lock' && end.time - last.time < AT_ONCE ? last : undefined;
}

/** Sockets and texts that the C library and programs look for, and do without. */
const OPTIONAL = /nscd|nslcd|\/dev\/log|sss\/|systemd|dbus|\/journal|\/locale\/|\.mo$/;
/** Where no descriptor is left, what was looked for in passing is not what was wanted. */
function isOptional({ error, what }: Failure): boolean {
  return (error === 'EMFILE' || error === 'ENFILE') && OPTIONAL.test(what);
}

/** ns */
const AT_ONCE = 50e6;
const RIGHT_BEFORE = 1e9;

/** Whether a text has a name as a word, not as a part of another. */
function says(text: string, name: string): boolean {
  if (name === '') return false;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1))
    if (!NAME_PART.test(text[at - 1] ?? ' ') && !NAME_PART.test(text[at + name.length] ?? ' ')) return true;
  return false;
}

const NAME_PART = /[\p{L}\p{N}_-]/u;

function baseName(path: string): string {
  return path.slice(path.replace(/\/$/, '').lastIndexOf('/') + 1);
}

/** How a process ended, where that itself is what went wrong. `known`: something else explains it. */
function endFailure(pid: number, end: End, failures: Failures, known: boolean, analysis: Analysis): Failure[] {
  const base = {
    kind: 'ended' as const,
    pid,
    num: end.num,
    last: end.num,
    time: end.time,
    fd: 0,
    socket: null,
    times: 1,
    detail: '',
    span: 0,
    what: '',
  };
  if (CRASHES.has(end.signal)) return [{ ...base, call: 'signal', error: `${end.signal}` }];
  if (end.signal === SIGKILL)
    return analysis.toldToStop(pid) !== null || (failures.ends.killerOf(pid) === null && !waitsToBeAsked(analysis, pid))
      ? [{ ...base, call: 'killed', error: `${end.signal}` }]
      : [];
  if (analysis.lifetime(pid)?.begun !== true) return [];
  if (end.signal !== 0) return isMissed(analysis, pid) ? [{ ...base, call: 'killed', error: `${end.signal}` }] : [];
  if (known || end.exit === 0) return [];
  if (analysis.stoppedBy(pid) !== null) return isMissed(analysis, pid) ? [{ ...base, call: 'stopped', error: `${end.exit}` }] : [];
  if (saidNothing(failures, pid) && analysis.killedChild(pid) === null) return [];
  return [{ ...base, call: 'exit', error: `${end.exit}` }];
}

/** Many programs say no by their exit status alone (grep, test, diff): who wrote nothing did not fail. */
function saidNothing({ stderr }: Failures, pid: number): boolean {
  return stderr.words(pid).trim() === '';
}

/** Whether a process that was told to stop was wanted: its parent then failed, or it is the command that was recorded. Servers are told to stop every day. */
function isMissed(analysis: Analysis, pid: number): boolean {
  if (waitsToBeAsked(analysis, pid)) return false;
  const parent = analysis.lifetime(analysis.lifetime(pid)?.ppid ?? 0);
  const end = parent?.begun === true ? analysis.endOf(parent.name.pid) : null;
  if (`${pid}` === analysis.capture.meta.command_pid) return true;
  if (end === null || end.exit === 0) return false;
  return !tidiedUp(analysis, pid, parent!.name.pid, end);
}

/** Who ended its own helper, and then ended with the error that another of its children had ended with, was only tidying up. */
function tidiedUp(analysis: Analysis, pid: number, parent: number, { exit, time }: End): boolean {
  const by = analysis.killer(pid) ?? analysis.stoppedBy(pid)?.by;
  if (by !== parent) return false;
  return analysis.children(parent, -Infinity, time).some(({ name }) => name.pid !== pid && analysis.endOf(name.pid)?.exit === exit);
}

const SERVES: ReadonlySet<string> = new Set(['listen', 'server']);

/** A server without a request at hand: that it is stopped harms nobody. */
function waitsToBeAsked(analysis: Analysis, pid: number): boolean {
  return analysis.events(pid).some(({ fd }) => {
    const row = analysis.dims.fds.get(fd);
    return row !== undefined && SERVES.has(analysis.unix.fdUse(row));
  });
}
