/** What it means that a call of a type fails with an error: worked out once for each of both. */
import { errnoName } from '../model/errno.ts';
import type { EventType } from '../model/event-type.ts';
import { callKind, type FailingKind, failingKind, isHard, isHarmless, isSoft } from './calls.ts';

/** One way in which calls fail: a type and an error. */
export interface Way {
  readonly call: string;
  readonly error: string;
  /** null: it says nothing. */
  readonly kind: FailingKind | null;
  readonly hard: boolean;
  readonly soft: boolean;
  /** Trying again is a loop worth a word. */
  readonly loops: boolean;
  readonly mayLock: boolean;
  times: number;
}

/** Errors that no waiting mends: the call was never meant for that. */
const NEVER: ReadonlySet<string> = new Set(['EINVAL', 'ENOTTY', 'ENOSYS', 'EOPNOTSUPP', 'EBADF', 'EFAULT', 'ESPIPE', 'EDOM', 'ENOTSOCK']);

/** Errors are less than this. */
export const MOST_ERRORS = 4096;

export function newWay(type: EventType, errno: number): Way {
  const error = errnoName(errno);
  const own = failingKind(type, error);
  const isFullQueue = own === 'connect' && error === 'EAGAIN'; // of a Unix socket
  const kind = own === null || (isHarmless(error) && own !== 'process' && !isFullQueue) ? null : own;
  const mayLock = (type.name === 'fcntl' || type.name === 'flock') && (error === 'EAGAIN' || error === 'EACCES');
  const loops = callKind(type) !== 'accept' && type.io === null && !NEVER.has(error);
  return {
    call: type.name,
    error,
    kind,
    hard: kind !== null && isHard(kind, error),
    soft: isSoft(error) || isFullQueue,
    loops,
    mayLock,
    times: 0,
  };
}
