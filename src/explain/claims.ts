/** Who may have the time in which a thread waits: what goes on in its process, and below it, meanwhile. */
import type { Attempt, Lookup } from '../dns/lookup.ts';
import type { Analysis, Lifetime } from './analysis.ts';
import { Stretches } from './assign.ts';
import { callKind } from './calls.ts';
import { fdUse, isPath, socketKey } from './descriptors.ts';
import type { Ev, Window } from './process-events.ts';
import type { Retry } from './retries.ts';
import type { SocketWait } from './sockets.ts';

/** A stretch of time that somebody else may have on the critical path of a waiting thread. */
export type Claim =
  | { readonly start: number; readonly end: number; readonly by: 'dns'; readonly lookup: Lookup; readonly attempt: Attempt }
  | { readonly start: number; readonly end: number; readonly by: 'socket'; readonly wait: SocketWait }
  | { readonly start: number; readonly end: number; readonly by: 'file' | 'sync'; readonly event: Ev; readonly path: string }
  | { readonly start: number; readonly end: number; readonly by: 'retry'; readonly retry: Retry }
  | { readonly start: number; readonly end: number; readonly by: 'child'; readonly lifetime: Lifetime };

/** Where claims are asked for by time. */
export type Claims = Pick<Stretches<Claim>, 'touching'>;

/** Whose waits are divided. `asking`: the client's end of the connection that it serves; empty: none. */
export interface Waiter {
  readonly pid: number;
  readonly tid: number;
  readonly window: Window;
  readonly asking: string;
}

export class Claimants {
  readonly dns: Stretches<Claim>;
  readonly children: Stretches<Claim>;
  readonly #analysis: Analysis;
  readonly #sockets: Stretches<Claim>;
  /** Those that any wait of the process may be for. On a Unix socket much is only told (logs, notices): of that no answer is awaited. */
  readonly #asked: Stretches<Claim>;
  readonly #files: Stretches<Claim>;
  readonly #retries: Stretches<Claim>;

  /** `inside`: the process' events in the window; `children`: those whose time counts. */
  constructor(analysis: Analysis, { pid, tid, asking }: Waiter, inside: readonly Ev[], children: readonly Lifetime[]) {
    this.#analysis = analysis;
    this.dns = new Stretches(analysis.lookups.filter((lookup) => lookup.pid === pid).flatMap(dnsClaims));
    // A client in the same process is not what the serving of its request waits for.
    const waits = analysis.socketWaits(pid).filter(({ socket }) => asking === '' || socket.local !== asking);
    const claims = waits.map((wait) => ({ start: wait.start, end: wait.end, by: 'socket' as const, wait }));
    this.#sockets = new Stretches<Claim>(claims);
    this.#asked = new Stretches<Claim>(claims.filter(({ wait }) => !isPath(wait.socket.remote) || isOver(wait)));
    this.#files = new Stretches(inside.filter((event) => event.tid !== tid || event.apart).flatMap((event) => fileClaims(event, analysis)));
    const loops = analysis.retries.filter((retry) => retry.pid === pid && retry.tid === tid);
    this.#retries = new Stretches<Claim>(loops.map((retry) => ({ start: retry.start, end: retry.end, by: 'retry', retry })));
    this.children = new Stretches<Claim>(
      children.map((lifetime) => ({ start: lifetime.start, end: lifetime.end ?? analysis.end, by: 'child', lifetime })),
    );
  }

  /** Who waits for something of the process' own waits for whatever its other threads and children wait for. */
  get anything(): readonly Claims[] {
    return [this.dns, this.#retries, this.#asked, this.#files, this.children];
  }

  /** What one socket was owed. */
  ofSocket(fd: number): Claims[] {
    const row = this.#analysis.dims.fds.get(fd);
    const key = row === undefined ? '' : socketKey(row);
    const isItsOwn = (claim: Claim) => claim.by === 'socket' && (claim.wait.socket.key === key || claim.wait.socket.fds.has(fd));
    return [{ touching: (start, end) => this.#sockets.touching(start, end).filter(isItsOwn) }, this.dns];
  }
}

function isOver({ outcome }: SocketWait): boolean {
  return outcome !== 'given up' && outcome !== 'open';
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
