/** Connects that fail, and that get through where they had failed before. */
import type { Chunk } from '../model/chunk.ts';
import { errnoName } from '../model/errno.ts';
import { isIpSocket } from '../model/fd-name.ts';
import type { Analysis } from './analysis.ts';
import { remoteText } from './descriptors.ts';
import type { Found } from './found.ts';

export const EINPROGRESS = -115;
/** Errors that say nothing of the other side: would block, interrupted, in progress, already connected or connecting. */
export const HARMLESS: ReadonlySet<number> = new Set([-11, -4, EINPROGRESS, -114, -106, -512, -513, -514, -516]);

export class Connects {
  readonly #analysis: Analysis;
  readonly #found: Found;
  readonly #begun: Uint8Array;
  readonly #over: number;
  /** By process and address: since when it could not connect there. */
  readonly #refused = new Map<string, number>();

  /** `begun`: by thread, 1 where its process began in the recording. `over`: ns from which on a wait counts. */
  constructor(analysis: Analysis, found: Found, begun: Uint8Array, over: number) {
    this.#analysis = analysis;
    this.#found = found;
    this.#begun = begun;
    this.#over = over;
  }

  failed(chunk: Chunk, i: number, errno: number): void {
    const fd = this.#analysis.dims.fds.get(chunk.fd[i]!);
    if (fd === undefined || !isIpSocket(fd)) return; // what programs look for on the machine itself is often not there
    const to = this.#key(chunk, i);
    if (this.#begun[chunk.thread[i]!] === 1 && !this.#refused.has(to)) this.#refused.set(to, chunk.time[i]!);
    this.#found.note(chunk, i, 'failure', chunk.time[i]! - Math.max(0, chunk.latency[i]!), errnoName(errno));
  }

  /** It got through to where it had failed before, and a long time went by between. */
  succeeded(chunk: Chunk, i: number): void {
    if (this.#refused.size === 0) return;
    const to = this.#key(chunk, i);
    const since = this.#refused.get(to);
    this.#refused.delete(to);
    if (since !== undefined && chunk.time[i]! - since >= this.#over) this.#found.note(chunk, i, 'retry', since);
  }

  #key(chunk: Chunk, i: number): string {
    return `${this.#analysis.pidOf(chunk.thread[i]!)} ${remoteText(this.#analysis.dims.fds.get(chunk.fd[i]!)!)}`;
  }
}
