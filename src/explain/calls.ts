/** What kinds of calls mean to a judge. Names are those of the event types, whoever recorded them. */
import type { EventType } from '../model/event-type.ts';

/** Waits for any of several descriptors, or for a time. */
const POLLS: ReadonlySet<string> = new Set(['poll', 'ppoll', 'select', 'pselect6', 'epoll_wait', 'epoll_pwait', 'epoll_pwait2']);
const SLEEPS: ReadonlySet<string> = new Set(['nanosleep', 'clock_nanosleep', 'pause', 'rt_sigtimedwait']);
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
