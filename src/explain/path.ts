/** The critical path of one thread through a window of time: for each moment, what it was spent on. */
import type { Attempt, Lookup } from '../dns/lookup.ts';
import type { FdRow } from '../model/rows.ts';
import { firstIndex } from '../model/search.ts';
import type { Analysis, Lifetime } from './analysis.ts';
import { assign, Stretches } from './assign.ts';
import { callKind, isLockWait } from './calls.ts';
import { type FdUse, fdUse, isPath, isUnixPath, remoteText, socketKey } from './descriptors.ts';
import { isFifoOpen, openedFifo } from './fifo.ts';
import type { Ev, Window } from './process-events.ts';
import type { Retry } from './retries.ts';
import { seesWaits, UNRECORDED } from './sight.ts';
import type { SocketWait } from './sockets.ts';
import type { DnsPhase, Kind, Phase, ProcessName } from './story.ts';

/** A stretch of time that somebody else may have on the critical path of a waiting thread. */
type Claim =
  | { readonly start: number; readonly end: number; readonly by: 'dns'; readonly lookup: Lookup; readonly attempt: Attempt }
  | { readonly start: number; readonly end: number; readonly by: 'socket'; readonly wait: SocketWait }
  | { readonly start: number; readonly end: number; readonly by: 'file' | 'sync'; readonly event: Ev; readonly path: string }
  | { readonly start: number; readonly end: number; readonly by: 'retry'; readonly retry: Retry }
  | { readonly start: number; readonly end: number; readonly by: 'child'; readonly lifetime: Lifetime };

/** Where claims are asked for by time. */
type Claims = Pick<Stretches<Claim>, 'touching'>;

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
  const walk = new Walk(analysis, pid, tid, window, depth, asking);
  walk.run();
  return [...walk.phases.values()].sort((a, b) => a.start - b.start || a.first - b.first);
}

/** The longest pieces of a phase: its evidence, where it came and went a thousand times. */
class Longest {
  readonly #pieces: { readonly num: number; readonly duration: number }[] = [];
  #shortest = 0;

  add(num: number, duration: number): void {
    if (this.#pieces.length >= EVIDENCE && duration <= this.#shortest) return;
    this.#pieces.push({ num, duration });
    this.#pieces.sort((a, b) => b.duration - a.duration);
    if (this.#pieces.length > EVIDENCE) this.#pieces.pop();
    this.#shortest = this.#pieces.at(-1)!.duration;
  }

  /** Numbers of those that are worth a look: some part of the whole. */
  nums(whole: number): number[] {
    return this.#pieces.filter(({ duration }) => duration >= whole * WORTH).map(({ num }) => num);
  }
}

/** Pieces of a phase that are kept as its evidence, and the part of it that one must be to count. */
const EVIDENCE = 8;
const WORTH = 0.02;

class Walk {
  readonly phases = new Map<string, Phase>();
  readonly #longest = new Map<string, Longest>();
  readonly #analysis: Analysis;
  readonly #window: Window;
  readonly #depth: number;
  readonly #process: ProcessName | null;
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
  readonly #dns: Stretches<Claim>;
  readonly #sockets: Stretches<Claim>;
  /** Those that any wait of the process may be for. On a Unix socket much is only told (logs, notices): of that no answer is awaited. */
  readonly #asked: Stretches<Claim>;
  readonly #files: Stretches<Claim>;
  readonly #children: Stretches<Claim>;
  readonly #retries: Stretches<Claim>;

  constructor(analysis: Analysis, pid: number, tid: number, window: Window, depth: number, asking: string) {
    this.#analysis = analysis;
    this.#window = window;
    this.#depth = depth;
    this.#sees = seesWaits(analysis.capture);
    this.#process = depth === 0 ? null : (analysis.lifetime(pid)?.name ?? null);
    const inside = analysis.events(pid).filter((event) => event.end > window.from && event.start < window.to);
    this.#mine = inside.filter((event) => event.tid === tid && !event.oneSided && !event.apart);
    this.#apart = inside.filter((event) => event.tid === tid && event.apart);
    this.#last = analysis.events(pid).findLast((event) => event.tid === tid && !event.oneSided && !event.apart) ?? null;
    this.#before = (analysis.events(pid).findLast(({ end }) => end <= window.from) ?? analysis.events(pid)[0])?.num ?? 0;
    this.#computesLast = analysis.tellsPending && (analysis.endOf(pid) !== null || analysis.lifetime(pid)?.end === null);
    const begun = analysis.lifetime(pid)?.begun === true;
    this.#unseen = begun ? null : (analysis.events(pid).find((event) => event.tid === tid) ?? null);
    this.#dns = new Stretches(analysis.lookups.filter((lookup) => lookup.pid === pid).flatMap(dnsClaims));
    const waits = analysis.socketWaits(pid).filter(({ socket }) => asking === '' || socket.local !== asking);
    const claims = waits.map((wait) => ({ start: wait.start, end: wait.end, by: 'socket' as const, wait }));
    this.#sockets = new Stretches<Claim>(claims);
    this.#asked = new Stretches<Claim>(claims.filter(({ wait }) => !isPath(wait.socket.remote) || isOver(wait)));
    this.#files = new Stretches(inside.filter((event) => event.tid !== tid || event.apart).flatMap((event) => fileClaims(event, analysis)));
    const loops = analysis.retries.filter((retry) => retry.pid === pid && retry.tid === tid);
    this.#retries = new Stretches<Claim>(loops.map((retry) => ({ start: retry.start, end: retry.end, by: 'retry', retry })));
    const children = depth < MAX_DEPTH ? analysis.children(pid, window.from, window.to) : [];
    this.#children = new Stretches<Claim>(
      children.map((lifetime) => ({ start: lifetime.start, end: lifetime.end ?? analysis.end, by: 'child', lifetime })),
    );
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
    for (const [key, longest] of this.#longest) this.#showLongest(this.phases.get(key)!, longest.nums(this.phases.get(key)!.duration));
  }

  #showLongest(phase: Phase, nums: readonly number[]): void {
    if (phase.dns !== null || phase.socket !== null || nums.length === 0) return;
    phase.first = Math.min(...nums);
    phase.last = Math.max(...nums);
  }

  /**
   * After its last event a thread computes, or is in a call that never returned. Calls that had not returned when the recording or
   * their process ended are events themselves: a thread whose end was seen, or that lived until then, and that has none computed.
   */
  #tail(start: number, end: number, num: number): void {
    if (this.#last === null || this.#last.end > start || this.#computesLast) this.#own(start, end, num);
    else this.#divide(start, end, this.#anything, 'wait', 'something that had not ended', num);
  }

  /** Between calls a thread computes, as far as waits were recorded; a resolver's computing is part of its lookup. */
  #own(start: number, end: number, num: number): void {
    if (!this.#sees) {
      this.#divide(start, end, this.#anything, 'wait', UNRECORDED, num);
      return;
    }
    this.#divide(start, end, [this.#dns], 'cpu', '', num);
  }

  #call(event: Ev, i: number, start: number, end: number): void {
    const fd = event.fd === 0 ? undefined : this.#analysis.dims.fds.get(event.fd);
    const kind = callKind(event.type);
    const use = fd === undefined ? 'other' : kind === 'connect' && isUnixPath(fd) ? 'client' : this.#analysis.unix.fdUse(fd);
    if (kind === 'sleep' || isTimer(event)) this.#divide(start, end, this.#anything, 'sleep', '', event.num);
    else if (kind === 'poll') this.#poll(event, i, start, end);
    else if (kind === 'futex') this.#divide(start, end, this.#anything, 'lock', '', event.num);
    else if (kind === 'join') this.#divide(start, end, [this.#children], 'wait', 'a child process', event.num);
    else if (kind === 'lock' || isLockWait(event.type, event.value ?? -1)) this.#divide(start, end, [], 'lock', fd?.name ?? '', event.num);
    else if (kind === 'accept') this.#divide(start, end, [], 'idle', '', event.num);
    else if (isFifoOpen(event, fd)) this.#divide(start, end, [], 'fifo', openedFifo(this.#analysis, event.num).path, event.num);
    else if (kind === 'sync' || (kind === 'file' && (fd === undefined || use === 'file')))
      this.#divide(start, end, [], kind, fd?.name ?? '', event.num);
    else if (kind === 'io' || kind === 'connect') this.#io(event, use, start, end);
    else this.#divide(start, end, [this.#dns], 'cpu', '', event.num);
  }

  #poll(event: Ev, i: number, start: number, end: number): void {
    const cause = this.#wokenBy(event, i);
    const fd = cause === null ? undefined : this.#analysis.dims.fds.get(cause);
    const use = fd === undefined ? 'inside' : this.#analysis.unix.fdUse(fd);
    const timedOut = event.res === (event.type.name === 'io_uring_enter' ? -ETIME : 0);
    if (use === 'dns') this.#divide(start, end, [this.#dns], 'dns', fd === undefined ? '' : remoteText(fd), event.num);
    else if (use === 'client') this.#divide(start, end, this.#claimsOf(cause!), timedOut ? 'poll' : 'idle', '', event.num);
    else if (use === 'server' || use === 'listen' || use === 'person' || use === 'timer')
      this.#divide(start, end, this.#anything, use === 'timer' ? 'sleep' : 'idle', '', event.num);
    else this.#divide(start, end, this.#anything, timedOut ? 'poll' : 'wait', '', event.num);
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
    if (use === 'dns') this.#divide(start, end, [this.#dns], 'dns', row === undefined ? '' : remoteText(row), num);
    else if (use === 'timer') this.#divide(start, end, this.#anything, 'sleep', '', num);
    else if (event.type.io === 'write' && isHeldUp(event, use)) this.#heldUp(row, use, start, end, num);
    else if (use === 'client') this.#divide(start, end, this.#claimsOf(fd), event.type.io === 'read' ? 'idle' : 'cpu', '', num);
    else if (use === 'file') this.#divide(start, end, [], 'file', row?.name ?? '', num);
    else if (use === 'server' || use === 'listen' || use === 'person')
      this.#divide(start, end, [], event.type.io === 'read' ? 'idle' : 'cpu', '', num);
    else if (use === 'pipe') this.#divide(start, end, [this.#dns, this.#children], 'wait', 'a pipe', num);
    else if (use === 'inside') this.#divide(start, end, this.#anything, 'wait', '', num);
    else if (row !== undefined && TELLS.has(row.kind)) this.#divide(start, end, this.#anything, 'idle', '', num);
    else this.#divide(start, end, [this.#dns], 'cpu', '', num);
  }

  /** What it writes waits for the other side to read: no answer is owed for that. */
  #heldUp(row: FdRow | undefined, use: FdUse, start: number, end: number, num: number): void {
    const what = use === 'pipe' ? 'a pipe’s reader' : row === undefined ? '' : `${remoteText(row)} to read what it sends`;
    this.#divide(start, end, use === 'client' ? [...this.#claimsOf(row?.id ?? 0), this.#dns] : [], 'wait', what, num);
  }

  /** Who waits for something of the process' own waits for whatever its other threads and children wait for. */
  get #anything(): readonly Claims[] {
    return [this.#dns, this.#retries, this.#asked, this.#files, this.#children];
  }

  /** What one socket was owed. */
  #claimsOf(fd: number): Claims[] {
    const row = this.#analysis.dims.fds.get(fd);
    const key = row === undefined ? '' : socketKey(row);
    const isItsOwn = (claim: Claim) => claim.by === 'socket' && (claim.wait.socket.key === key || claim.wait.socket.fds.has(fd));
    return [{ touching: (start, end) => this.#sockets.touching(start, end).filter(isItsOwn) }, this.#dns];
  }

  /** Gives [start, end] to those who claim it, the first of them before the others, and the rest to `kind`. */
  #divide(start: number, end: number, sources: readonly Claims[], kind: Kind, what: string, num: number): void {
    const claims = sources.flatMap((source) => source.touching(start, end));
    for (const { start: from, end: to, of } of assign(start, end, claims)) {
      if (of === null) this.#add(`${kind} ${what}`, { kind, what }, from, to, [num]);
      else if (of.by === 'dns') this.#addDns(of.lookup, of.attempt, from, to);
      else if (of.by === 'socket') this.#addSocket(of.wait, from, to);
      else if (of.by === 'retry') this.#addRetry(of.retry, from, to, num);
      else if (of.by === 'child') this.#addChild(of.lifetime, from, to);
      else this.#add(`${of.by} ${of.path}`, { kind: of.by, what: of.path }, from, to, [of.event.num]);
    }
  }

  #addDns(lookup: Lookup, attempt: Attempt, from: number, to: number): void {
    const key = `dns ${lookup.id} ${attempt.start}`;
    const nums = [...attempt.queries, ...attempt.answers].map(({ num }) => num);
    const known = this.phases.get(key);
    const dns = known?.dns ?? this.#dnsPhase(lookup, attempt);
    this.#add(key, { kind: 'dns', what: attempt.name, dns }, from, to, known === undefined ? nums : []);
  }

  #dnsPhase(lookup: Lookup, attempt: Attempt): DnsPhase {
    const type = attempt.queries[0]!.qtype;
    const starts = attempt.queries.filter(({ qtype }) => qtype === type).map(({ start }) => start);
    const tries = starts.map((start, i) => ({ start, duration: (starts[i + 1] ?? attempt.end) - start }));
    const hops = attempt.queries.flatMap((query) => {
      const hop = this.#analysis.chain.hop(query);
      return hop === null ? [] : [{ query, hop }];
    });
    return { lookup, attempt, tries, hops };
  }

  #addSocket(wait: SocketWait, from: number, to: number): void {
    const { socket, kind, error, outcome } = wait;
    const key = `${kind} ${socket.key}`;
    const known = this.phases.get(key)?.socket;
    const { local, remote } = socket;
    const { longest = wait, closed: wasClosed = false } = known ?? {};
    const isLonger = known === undefined || wait.end - wait.start > longest.end - longest.start;
    const longer = isLonger ? wait : longest;
    const closed = isLonger ? outcome === 'closed' : wasClosed;
    const detail = {
      fds: [...socket.fds],
      local,
      remote,
      error: error ?? known?.error ?? null,
      closed,
      outcome,
      longest: { start: longer.start, end: longer.end, rest: longer.rest },
      peer: null,
      trouble: [],
    };
    this.#add(key, { kind, what: remote, socket: detail }, from, to, [wait.first, wait.last]);
  }

  #addRetry({ lock, call, what }: Retry, from: number, to: number, num: number): void {
    if (lock) this.#add(`lock ${what}`, { kind: 'lock', what }, from, to, [num]);
    else this.#add(`retry ${call} ${what}`, { kind: 'retry', what: `${call}${what === '' ? '' : ` ${what}`}` }, from, to, [num]);
  }

  #addChild(lifetime: Lifetime, from: number, to: number): void {
    const inner = criticalPath(this.#analysis, lifetime.name.pid, lifetime.name.pid, { from, to }, this.#depth + 1);
    for (const phase of inner) {
      const key = `${lifetime.name.pid} ${phase.kind} ${phase.what} ${phase.dns?.attempt.start ?? ''}`;
      const known = this.phases.get(key);
      if (known === undefined) this.phases.set(key, { ...phase, process: phase.process ?? lifetime.name });
      else merge(known, phase);
    }
  }

  #add(key: string, fields: Pick<Phase, 'kind' | 'what'> & Partial<Phase>, start: number, end: number, nums: readonly number[]): void {
    const span = { start, end, duration: end - start, first: Math.min(...nums), last: Math.max(...nums), count: nums.length };
    const known = this.phases.get(key);
    let longest = this.#longest.get(key);
    if (longest === undefined) {
      longest = new Longest();
      this.#longest.set(key, longest);
    }
    if (nums.length > 0) longest.add(nums[0]!, end - start);
    if (known === undefined) this.phases.set(key, { process: this.#process, dns: null, socket: null, ...fields, ...span });
    else {
      merge(known, span);
      if (fields.socket !== undefined) this.phases.set(key, { ...known, socket: fields.socket });
    }
  }
}

/** Of events in the order of their ends the last that ended in a wait. */
function lastEnded(events: readonly Ev[], wait: Ev): Ev | undefined {
  const last = events[firstIndex(events.length, (i) => events[i]!.end > wait.end) - 1];
  return last !== undefined && last.end >= wait.start ? last : undefined;
}

function isOver({ outcome }: SocketWait): boolean {
  return outcome !== 'given up' && outcome !== 'open';
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

function merge(known: Phase, more: Pick<Phase, 'start' | 'end' | 'duration' | 'first' | 'last' | 'count'>): void {
  known.start = Math.min(known.start, more.start);
  known.end = Math.max(known.end, more.end);
  known.duration += more.duration;
  known.first = Math.min(known.first, more.first);
  known.last = Math.max(known.last, more.last);
  known.count += more.count;
}

function dnsClaims(lookup: Lookup): Claim[] {
  return lookup.attempts.map((attempt) => ({ start: attempt.start, end: attempt.end, by: 'dns', lookup, attempt }));
}

function fileClaims(event: Ev, analysis: Analysis): Claim[] {
  const kind = callKind(event.type);
  const row = analysis.dims.fds.get(event.fd);
  const onFile = kind === 'sync' || (kind === 'io' && row !== undefined && fdUse(row) === 'file');
  if (!onFile || event.end <= event.start) return [];
  return [{ start: event.start, end: event.end, by: kind === 'sync' ? 'sync' : 'file', event, path: row?.name ?? '' }];
}
