/** What processes wrote last to their standard error: what they complained of. */

import { numberArg } from '../event/args.ts';
import { type Chunk, payload } from '../model/chunk.ts';
import type { EventType } from '../model/event-type.ts';
import type { Analysis } from './analysis.ts';

const STDOUT = 1;
const STDERR = 2;
/** Bytes that are kept of each process: the last ones. */
const KEPT = 1000;

export class Stderr {
  readonly #analysis: Analysis;
  readonly #words = new Map<number, string>();
  /** Rows of descriptors that are copies of somebody's standard error. */
  readonly #copies = new Set<number>();
  /** Processes whose standard output goes to their standard error, as that of a shell's `echo … >&2`. */
  readonly #redirected = new Set<number>();

  constructor(analysis: Analysis) {
    this.#analysis = analysis;
  }

  /** What a process wrote last; empty: nothing. */
  words(pid: number): string {
    return this.#words.get(pid) ?? '';
  }

  /** A descriptor was copied (dup): perror writes to a copy of the standard error. */
  copied(chunk: Chunk, i: number, type: EventType): void {
    const ofStderr = numberArg(chunk, i, type, 'oldfd') === STDERR;
    const number = chunk.fdnum[i]!;
    if (ofStderr && number > STDERR) this.#copies.add(chunk.fd[i]!);
    if (number !== STDOUT) return;
    const pid = this.#analysis.pidOf(chunk.thread[i]!);
    if (ofStderr) this.#redirected.add(pid);
    else this.#redirected.delete(pid);
  }

  /** A process wrote something, wherever to. */
  wrote(chunk: Chunk, i: number): void {
    if (chunk.fdnum[i]! <= 0 || chunk.res[i]! <= 0 || !this.#isStderr(chunk, i)) return;
    const pid = this.#analysis.pidOf(chunk.thread[i]!);
    const text = Buffer.from(payload(chunk, i)).toString();
    this.#words.set(pid, `${this.words(pid)}${text}`.slice(-KEPT));
  }

  #isStderr(chunk: Chunk, i: number): boolean {
    const number = chunk.fdnum[i]!;
    if (number === STDOUT) return this.#redirected.size > 0 && this.#redirected.has(this.#analysis.pidOf(chunk.thread[i]!));
    return number === STDERR || (number > STDERR && this.#copies.has(chunk.fd[i]!));
  }
}
