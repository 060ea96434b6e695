/** The critical path of one thread through a window of time: for each moment, what it was spent on. */
import type { FdRow } from '../model/rows.ts';
import { firstIndex } from '../model/search.ts';
import type { Analysis } from './analysis.ts';
import { assign } from './assign.ts';
import { callKind, isLockWait } from './calls.ts';
import { Claimants, type Claims, type Waiter } from './claims.ts';
import { type FdUse, isUnixPath, remoteText } from './descriptors.ts';
import { isFifoOpen, openedFifo } from './fifo.ts';
import { Phases } from './phases.ts';
import type { Ev, Window } from './process-events.ts';
import { seesWaits, UNRECORDED } from './sight.ts';
import type { Kind, Phase } from './story.ts';

/** Children of children of children are the deepest that is looked into. */
const MAX_DEPTH = 3;
/** How many events on a wait's own thread may tell what it was for. */
const LOOK_AHEAD = 4;
/** What a wait for io_uring that timed out returns. */
const ETIME = 62;

/**
 * What a thread did between two times. Phases come in the order of their beginnings and add up to the window. `asking`: the client's end
 * of the connection that it serves: a client in the same process is not what it waits for.
 */
export function criticalPath(analysis: Analysis, pid: number, tid: number, window: Window, depth = 0, asking = ''): Phase[] {
  const walk = new Walk(analysis, { pid, tid, window, asking }, depth);
  walk.run();
  return walk.phases.all();
}

class Walk {
  readonly phases: Phases;
  readonly #analysis: Analysis;
  readonly #window: Window;
  readonly #depth: number;
  readonly #mine: readonly Ev[];
  /** What it has done through io_uring meanwhile. */
  readonly #apart: readonly Ev[];
  /** The last that is known of the thread. */
  readonly #last: Ev | null;
  /** Number of the last event before the window: what shows that it computes, where it does nothing else in all of it. */
  readonly #before: number;
  /** The first that is known of the thread: until then it waits in a call that began before the capture. null: all is known. */
  readonly #unseen: Ev | null;
  /** Had it been in a call at the end, that would be known. */
  readonly #computesLast: boolean;
  readonly #sees: boolean;
  readonly #claimants: Claimants;

  constructor(analysis: Analysis, waiter: Waiter, depth: number) {
    const { pid, tid, window } = waiter;
    const lifetime = analysis.lifetime(pid);
    this.#analysis = analysis;
    this.#window = window;
    this.#depth = depth;
    this.#sees = seesWaits(analysis.capture);
    this.phases = new Phases(analysis, depth === 0 ? null : (lifetime?.name ?? null));
    const all = analysis.events(pid);
    const inside = all.filter((event) => event.end > window.from && event.start < window.to);
    this.#mine = inside.filter((event) => event.tid === tid && !event.oneSided && !event.apart);
    this.#apart = inside.filter((event) => event.tid === tid && event.apart);
    this.#last = all.findLast((event) => event.tid === tid && !event.oneSided && !event.apart) ?? null;
    this.#before = (all.findLast(({ end }) => end <= window.from) ?? all[0])?.num ?? 0;
    this.#computesLast = analysis.tellsPending && (analysis.endOf(pid) !== null || lifetime?.end === null);
    this.#unseen = lifetime?.begun === true ? null : (all.find((event) => event.tid === tid) ?? null);
    const children = depth < MAX_DEPTH ? analysis.children(pid, window.from, window.to) : [];
    this.#claimants = new Claimants(analysis, waiter, inside, children);
  }

  run(): void {
    const { from, to } = this.#window;
    let at = from;
    let before = 0;
    if (this.#unseen !== null && this.#unseen.start > from) {
      at = Math.min(to, this.#unseen.start);
      this.#divide(from, at, [], 'idle', 'in a call that began before the capture', this.#unseen.num);
    }
    this.#mine.forEach((event, i) => {
      const start = Math.max(at, event.start);
      if (start > at) this.#own(at, Math.min(start, to), before || event.num);
      const end = Math.min(event.end, to);
      if (end > start) this.#call(event, i, start, end);
      at = Math.max(at, end);
      before = event.num;
    });
    if (at < to) this.#tail(at, to, before || this.#before);
  }

  /**
   * After its last event a thread computes, or is in a call that never returned. Calls that had not returned when the recording or
   * their process ended are events themselves: a thread whose end was seen, or that lived until then, and that has none computed.
   */
  #tail(start: number, end: number, num: number): void {
    if (this.#last === null || this.#last.end > start || this.#computesLast) this.#own(start, end, num);
    else this.#divide(start, end, this.#claimants.anything, 'wait', 'something that had not ended', num);
  }

  /** Between calls a thread computes, as far as waits were recorded; a resolver's computing is part of its lookup. */
  #own(start: number, end: number, num: number): void {
    if (!this.#sees) {
      this.#divide(start, end, this.#claimants.anything, 'wait', UNRECORDED, num);
      return;
    }
    this.#divide(start, end, [this.#claimants.dns], 'cpu', '', num);
  }

  #call(event: Ev, i: number, start: number, end: number): void {
    const fd = event.fd === 0 ? undefined : this.#analysis.dims.fds.get(event.fd);
    const kind = callKind(event.type);
    const use = fd === undefined ? 'other' : kind === 'connect' && isUnixPath(fd) ? 'client' : this.#analysis.unix.fdUse(fd);
    if (kind === 'sleep' || isTimer(event)) this.#divide(start, end, this.#claimants.anything, 'sleep', '', event.num);
    else if (kind === 'poll') this.#poll(event, i, start, end);
    else if (kind === 'futex') this.#divide(start, end, this.#claimants.anything, 'lock', '', event.num);
    else if (kind === 'join') this.#divide(start, end, [this.#claimants.children], 'wait', 'a child process', event.num);
    else if (kind === 'lock' || isLockWait(event.type, event.value ?? -1)) this.#divide(start, end, [], 'lock', fd?.name ?? '', event.num);
    else if (kind === 'accept') this.#divide(start, end, [], 'idle', '', event.num);
    else if (isFifoOpen(event, fd)) this.#divide(start, end, [], 'fifo', openedFifo(this.#analysis, event.num).path, event.num);
    else if (kind === 'sync' || (kind === 'file' && (fd === undefined || use === 'file')))
      this.#divide(start, end, [], kind, fd?.name ?? '', event.num);
    else if (kind === 'io' || kind === 'connect') this.#io(event, use, start, end);
    else this.#divide(start, end, [this.#claimants.dns], 'cpu', '', event.num);
  }

  #poll(event: Ev, i: number, start: number, end: number): void {
    const cause = this.#wokenBy(event, i);
    const fd = cause === null ? undefined : this.#analysis.dims.fds.get(cause);
    const use = fd === undefined ? 'inside' : this.#analysis.unix.fdUse(fd);
    const timedOut = event.res === (event.type.name === 'io_uring_enter' ? -ETIME : 0);
    if (use === 'dns') this.#divide(start, end, [this.#claimants.dns], 'dns', fd === undefined ? '' : remoteText(fd), event.num);
    else if (use === 'client') this.#divide(start, end, this.#claimants.ofSocket(cause!), timedOut ? 'poll' : 'idle', '', event.num);
    else if (use === 'server' || use === 'listen' || use === 'person' || use === 'timer')
      this.#divide(start, end, this.#claimants.anything, use === 'timer' ? 'sleep' : 'idle', '', event.num);
    else this.#divide(start, end, this.#claimants.anything, timedOut ? 'poll' : 'wait', '', event.num);
  }

  /** Row of the descriptor that a wait was for: its own, or the one that the thread turns to next. */
  #wokenBy(event: Ev, i: number): number | null {
    const own = event.fd === 0 ? undefined : this.#analysis.dims.fds.get(event.fd);
    if (own?.kind === 'io_uring') return lastEnded(this.#apart, event)?.fd ?? null;
    if (own !== undefined && own.kind !== 'eventpoll') return event.fd;
    for (const next of this.#mine.slice(i + 1, i + 1 + LOOK_AHEAD)) {
      if (callKind(next.type) === 'poll') return null;
      if (next.fd !== 0 && (next.type.io === 'read' || next.type.name === 'getsockopt' || callKind(next.type) === 'accept')) return next.fd;
    }
    return null;
  }

  #io(event: Ev, use: FdUse, start: number, end: number): void {
    const { num, fd } = event;
    const row = this.#analysis.dims.fds.get(fd);
    if (use === 'dns') this.#divide(start, end, [this.#claimants.dns], 'dns', row === undefined ? '' : remoteText(row), num);
    else if (use === 'timer') this.#divide(start, end, this.#claimants.anything, 'sleep', '', num);
    else if (event.type.io === 'write' && isHeldUp(event, use)) this.#heldUp(row, use, start, end, num);
    else if (use === 'client') this.#divide(start, end, this.#claimants.ofSocket(fd), event.type.io === 'read' ? 'idle' : 'cpu', '', num);
    else if (use === 'file') this.#divide(start, end, [], 'file', row?.name ?? '', num);
    else if (use === 'server' || use === 'listen' || use === 'person')
      this.#divide(start, end, [], event.type.io === 'read' ? 'idle' : 'cpu', '', num);
    else if (use === 'pipe') this.#divide(start, end, [this.#claimants.dns, this.#claimants.children], 'wait', 'a pipe', num);
    else if (use === 'inside') this.#divide(start, end, this.#claimants.anything, 'wait', '', num);
    else if (row !== undefined && TELLS.has(row.kind)) this.#divide(start, end, this.#claimants.anything, 'idle', '', num);
    else this.#divide(start, end, [this.#claimants.dns], 'cpu', '', num);
  }

  /** What it writes waits for the other side to read: no answer is owed for that. */
  #heldUp(row: FdRow | undefined, use: FdUse, start: number, end: number, num: number): void {
    const what = use === 'pipe' ? 'a pipe’s reader' : row === undefined ? '' : `${remoteText(row)} to read what it sends`;
    this.#divide(start, end, use === 'client' ? [...this.#claimants.ofSocket(row?.id ?? 0), this.#claimants.dns] : [], 'wait', what, num);
  }

  /** Gives [start, end] to those who claim it, the first of them before the others, and the rest to `kind`. */
  #divide(start: number, end: number, sources: readonly Claims[], kind: Kind, what: string, num: number): void {
    const claims = sources.flatMap((source) => source.touching(start, end));
    for (const { start: from, end: to, of } of assign(start, end, claims)) {
      if (of === null) this.phases.add(`${kind} ${what}`, { kind, what }, from, to, [num]);
      else if (of.by === 'dns') this.phases.addDns(of.lookup, of.attempt, from, to);
      else if (of.by === 'socket') this.phases.addSocket(of.wait, from, to);
      else if (of.by === 'retry') this.phases.addRetry(of.retry, from, to, num);
      else if (of.by === 'child') this.phases.addChild(of.lifetime.name, this.#pathOf(of.lifetime.name.pid, { from, to }));
      else this.phases.add(`${of.by} ${of.path}`, { kind: of.by, what: of.path }, from, to, [of.event.num]);
    }
  }

  #pathOf(child: number, window: Window): Phase[] {
    return criticalPath(this.#analysis, child, child, window, this.#depth + 1);
  }
}

/** Of events in the order of their ends the last that ended in a wait. */
function lastEnded(events: readonly Ev[], wait: Ev): Ev | undefined {
  const last = events[firstIndex(events.length, (i) => events[i]!.end > wait.end) - 1];
  return last !== undefined && last.end >= wait.start ? last : undefined;
}

/** A write that took as long as no copying takes was held up by a full buffer. */
function isHeldUp({ start, end }: Ev, use: FdUse): boolean {
  return end - start >= HELD_UP && (use === 'client' || use === 'server' || use === 'pipe');
}

/** ns */
const HELD_UP = 5e6;
/** Descriptors that are read to be told of something. */
const TELLS: ReadonlySet<FdRow['kind']> = new Set(['inotify', 'signalfd']);

/** select without descriptors sleeps. */
function isTimer({ type, value, res }: Ev): boolean {
  return (type.name === 'select' || type.name === 'pselect6') && value === 0 && res === 0;
}
