/** What it means that a call of a type fails with an error: worked out once for each of both. */
import { errnoName } from '../model/errno.ts';
import type { EventType } from '../model/event-type.ts';
import { callKind, type FailingKind, failingKind, isHard, isHarmless, isSoft } from './calls.ts';

/** A call of one type that fails with one error. */
export interface FailureMode {
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
const MOST_ERRORS = 4096;

/** Those that occurred, with how often. */
export class FailureModes {
  readonly #modes = new Map<number, FailureMode>();

  /** That of a call's type and errno. */
  of(type: EventType, errno: number): FailureMode {
    const key = type.id * MOST_ERRORS + Math.min(errno, MOST_ERRORS - 1);
    let mode = this.#modes.get(key);
    if (mode === undefined) {
      mode = modeOf(type, errno);
      this.#modes.set(key, mode);
    }
    return mode;
  }

  /** How many calls failed, by `name error`; in the order in which each first did. */
  get counts(): { readonly what: string; readonly times: number }[] {
    return [...this.#modes.values()].map(({ call, error, times }) => ({ what: `${call} ${error}`, times }));
  }
}

function modeOf(type: EventType, errno: number): FailureMode {
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
