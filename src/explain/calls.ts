/** What kinds of calls mean to a rule. Names are those of the event types, whoever recorded them. */
import type { EventType } from '../model/event-type.ts';

/** Waits for any of several descriptors, or for a time. */
const POLLS: ReadonlySet<string> = new Set([
  'poll',
  'ppoll',
  'select',
  'pselect6',
  'epoll_wait',
  'epoll_pwait',
  'epoll_pwait2',
  'io_uring_enter',
]);
const SLEEPS: ReadonlySet<string> = new Set(['nanosleep', 'clock_nanosleep', 'pause', 'rt_sigsuspend', 'rt_sigtimedwait']);
const JOINS: ReadonlySet<string> = new Set(['wait4', 'waitid']);
const LOCKS: ReadonlySet<string> = new Set(['flock']);
const SYNCS: ReadonlySet<string> = new Set(['fsync', 'fdatasync', 'sync_file_range', 'sync', 'syncfs']);

/** `other`: it does its work and returns. */
export type CallKind = 'poll' | 'sleep' | 'join' | 'futex' | 'lock' | 'sync' | 'accept' | 'connect' | 'io' | 'file' | 'other';

const kinds = new WeakMap<EventType, CallKind>();

export function callKind(type: EventType): CallKind {
  let kind = kinds.get(type);
  if (kind === undefined) {
    kind = kindOf(type);
    kinds.set(type, kind);
  }
  return kind;
}

function kindOf({ name, io, category, wait }: EventType): CallKind {
  if (POLLS.has(name)) return 'poll';
  if (SLEEPS.has(name)) return 'sleep';
  if (JOINS.has(name)) return 'join';
  if (name === 'futex') return 'futex';
  if (LOCKS.has(name)) return 'lock';
  if (SYNCS.has(name)) return 'sync';
  if (name === 'accept' || name === 'accept4') return 'accept';
  if (name === 'connect') return 'connect';
  if (io !== null) return 'io';
  return category === 'file' && !wait ? 'file' : 'other';
}

/** Which failures a call may have; null: none that matter. */
export type FailingKind = 'bind' | 'program' | 'process' | 'inotify' | 'descriptors' | 'file' | 'connect';

const BINDS: ReadonlySet<string> = new Set(['bind', 'listen']);
const PROGRAMS: ReadonlySet<string> = new Set(['execve', 'execveat']);
const STARTS: ReadonlySet<string> = new Set(['clone', 'clone3', 'fork', 'vfork']);
const MAKERS: ReadonlySet<string> = new Set([
  'socket',
  'socketpair',
  'pipe',
  'pipe2',
  'dup',
  'dup2',
  'dup3',
  'eventfd2',
  'epoll_create1',
  'accept',
  'accept4',
]);

export function failingKind(type: EventType, error: string): FailingKind | null {
  const { name } = type;
  if (name.startsWith('inotify') || name === 'fanotify_init') return 'inotify';
  if (NO_DESCRIPTOR.has(error)) return 'descriptors';
  if (BINDS.has(name)) return 'bind';
  if (PROGRAMS.has(name)) return 'program';
  if (STARTS.has(name)) return 'process';
  if (name === 'connect') return 'connect';
  if (MAKERS.has(name)) return 'descriptors';
  return type.category === 'file' || type.io !== null ? 'file' : null;
}

const NO_DESCRIPTOR: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE']);
/** Errors by which a machine says that it has no more, or that it is broken: never what a program was only trying out. */
const HARD: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS']);
/** Errors that are ordinary, unless the program then ends for them. */
const SOFT: ReadonlySet<string> = new Set([
  'ENOENT',
  'EACCES',
  'EPERM',
  'ENOTDIR',
  'EISDIR',
  'EROFS',
  'EEXIST',
  'ECONNREFUSED',
  'ENOTEMPTY',
  'EBUSY',
  'ETXTBSY',
  'ENAMETOOLONG',
  'ELOOP',
  'EXDEV',
  'EFBIG',
  'ESTALE',
]);
/** Would block, interrupted, in progress, already connected or connecting, and the kernel's own. */
const HARMLESS: ReadonlySet<string> = new Set([
  'EAGAIN',
  'EINTR',
  'EINPROGRESS',
  'EALREADY',
  'EISCONN',
  'ERESTARTSYS',
  'ERESTARTNOINTR',
  'ERESTARTNOHAND',
  'ERESTART_RESTARTBLOCK',
]);

export function isHard(kind: FailingKind, error: string): boolean {
  if (HARD.has(error)) return true;
  return (kind === 'bind' && error !== 'EINVAL') || kind === 'program' || (kind === 'process' && error === 'EAGAIN');
}

export function isSoft(error: string): boolean {
  return SOFT.has(error);
}

export function isHarmless(error: string): boolean {
  return HARMLESS.has(error);
}

const F_SETLK = 6;
const F_SETLKW = 7;
const F_OFD_SETLK = 37;
const F_OFD_SETLKW = 38;
const LOCK_NB = 4;

/** A lock that is taken if nobody has it; else the call fails at once. `cmd`: fcntl's command or flock's operation. */
export function isTryLock({ name }: EventType, cmd: number): boolean {
  return (name === 'fcntl' && (cmd === F_SETLK || cmd === F_OFD_SETLK)) || (name === 'flock' && (cmd & LOCK_NB) !== 0);
}

/** fcntl's commands that wait for a lock. */
export function isLockWait({ name }: EventType, cmd: number): boolean {
  return name === 'fcntl' && (cmd === F_SETLKW || cmd === F_OFD_SETLKW);
}

/** A call that takes or releases a lock on a file. */
export function isLockCall({ type, value }: { readonly type: EventType; readonly value: number | null }): boolean {
  return type.name === 'flock' || (type.name === 'fcntl' && [F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW].includes(value ?? -1));
}
