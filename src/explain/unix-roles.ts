/**
 * Who asks and who is asked on Unix sockets. Both ends have the same name, and no row says which is which: the calls that made them do.
 * A connection that was there before the recording has no role, so what is asked on it nobody knows.
 */

import type { Dimensions, FdRow } from '../model/rows.ts';
import { type FdUse, fdUse, isUnixPath } from './descriptors.ts';

/** In files of other programs both ends may be one row: then nobody knows which of them a call is on. */
const ENDS: ReadonlySet<FdUse> = new Set(['client', 'server']);

interface Made {
  readonly id: number;
  readonly path: string;
  readonly time: number;
}

export class UnixRoles {
  readonly #dims: Dimensions;
  readonly #roles = new Map<number, FdUse>();
  readonly #connects: Made[] = [];
  readonly #accepts: Made[] = [];
  #pairs: Map<number, number> | null = null;

  constructor(dims: Dimensions) {
    this.#dims = dims;
  }

  /** `connect` on a row succeeded. */
  connected(id: number, time: number): void {
    this.#made(id, time, 'client', this.#connects);
  }

  /** `accept` gave this row. */
  accepted(id: number, time: number): void {
    this.#made(id, time, 'server', this.#accepts);
  }

  /** As fdUse, with what is known of Unix sockets. */
  fdUse(fd: FdRow): FdUse {
    return this.#roles.get(fd.id) ?? fdUse(fd);
  }

  /** The accepted end of a connection, by the row that connected; null: nobody accepted it in the recording. */
  serverOf(id: number): number | null {
    this.#pairs ??= paired(this.#connects, this.#accepts);
    return this.#pairs.get(id) ?? null;
  }

  #made(id: number, time: number, role: FdUse, into: Made[]): void {
    const fd = this.#dims.fds.get(id);
    if (fd === undefined || !isUnixPath(fd)) return;
    const known = this.fdUse(fd);
    if (known === role && this.#roles.has(id)) return;
    this.#roles.set(id, ENDS.has(known) && known !== role ? 'other' : role);
    into.push({ id, path: fd.name, time });
    this.#pairs = null;
  }
}

/** A queue gives out what came first: each connection is the first accepted after it that no earlier one had. Times are those of the calls' ends. */
function paired(connects: readonly Made[], accepts: readonly Made[]): Map<number, number> {
  const byTime = (all: readonly Made[]) => [...all].sort((a, b) => a.time - b.time);
  const waiting = Map.groupBy(byTime(accepts), ({ path }) => path);
  const pairs = new Map<number, number>();
  for (const { id, path, time } of byTime(connects)) {
    const queue = waiting.get(path) ?? [];
    while (queue.length > 0 && queue[0]!.time < time - SLACK) queue.shift();
    const accept = queue.shift();
    if (accept !== undefined) pairs.set(id, accept.id);
  }
  return pairs;
}

/** ns: a server that waits may return from accept before its client does from connect. */
const SLACK = 5e6;
