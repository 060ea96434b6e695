/** Loops that try again and again: a thread's same call that fails each time, with sleeps between. */

import { numberArg } from '../event/args.ts';
import type { Chunk } from '../model/chunk.ts';
import type { EventType } from '../model/event-type.ts';
import type { Analysis } from './analysis.ts';
import { targetOf } from './target.ts';

/** The same call failing again and again, with sleeps between. */
export interface Retry {
  readonly pid: number;
  readonly tid: number;
  readonly start: number;
  end: number;
  readonly call: string;
  readonly error: string;
  readonly what: string;
  readonly lock: boolean;
  /** Which lock is tried for, shared or exclusive, as the call's argument has it; 0: it is none. */
  readonly wanted: number;
  tries: number;
  slept: number;
  /** Other calls that succeeded since the last try. */
  others: number;
  readonly first: number;
  last: number;
}

/** So many other calls between two tries, and they are no loop. */
const MOST_OTHERS = 32;
/** Fewer tries are no loop. */
const FEWEST_TRIES = 3;

export class Retries {
  /** Loops that ended, in the order of their ends. */
  readonly found: Retry[] = [];
  readonly #analysis: Analysis;
  /** By thread: its last failed call, while nothing but sleep came after it. */
  readonly #loops = new Map<number, Retry>();

  constructor(analysis: Analysis) {
    this.#analysis = analysis;
  }

  /** A try failed: the first of a loop, or another of the thread's. */
  failed(chunk: Chunk, i: number, type: EventType, about: Pick<Retry, 'error' | 'what' | 'lock'>): void {
    const thread = chunk.thread[i]!;
    const loop = this.#loops.get(thread);
    if (loop !== undefined && loop.call === type.name && loop.error === about.error && loop.what === about.what) {
      loop.others = 0;
      if (loop.last !== chunk.num[i]!) loop.tries++;
      extend(loop, chunk, i);
      return;
    }
    if (loop !== undefined) this.#end(thread, loop);
    this.#loops.set(thread, this.#begin(chunk, i, type, about));
  }

  #begin(chunk: Chunk, i: number, type: EventType, about: Pick<Retry, 'error' | 'what' | 'lock'>): Retry {
    const thread = chunk.thread[i]!;
    const pid = this.#analysis.pidOf(thread);
    const tid = this.#analysis.dims.threads.get(thread)?.tid ?? pid;
    const [time, num] = [chunk.time[i]!, chunk.num[i]!];
    const wanted = about.lock ? wantedLock(chunk, i, type) : 0;
    return { pid, tid, start: time, end: time, call: type.name, ...about, wanted, tries: 1, slept: 0, others: 0, first: num, last: num };
  }

  /** A thread slept, or waited for a time. */
  slept(chunk: Chunk, i: number): void {
    const loop = this.#loops.get(chunk.thread[i]!);
    if (loop === undefined) return;
    loop.slept += Math.max(0, chunk.latency[i]!);
    extend(loop, chunk, i);
  }

  /** A call succeeded: the loop's own, which ends it, or another. True: so many others did that the thread has gone on to something else. */
  succeeded(chunk: Chunk, i: number, type: EventType): boolean {
    const thread = chunk.thread[i]!;
    const loop = this.#loops.get(thread);
    if (loop === undefined) return false;
    if (this.#isTry(loop, chunk, i, type)) {
      extend(loop, chunk, i);
      this.#end(thread, loop);
      return false;
    }
    if (++loop.others <= MOST_OTHERS) return false;
    this.#end(thread, loop);
    return true;
  }

  #isTry({ call, what, wanted }: Retry, chunk: Chunk, i: number, type: EventType): boolean {
    if (call !== type.name || what !== targetOf(chunk, i, type, this.#analysis.dims)) return false;
    return wanted === 0 || wanted === wantedLock(chunk, i, type);
  }

  /** What is still going on when the events end. */
  finish(): void {
    for (const [thread, loop] of this.#loops) this.#end(thread, loop);
  }

  #end(thread: number, loop: Retry): void {
    this.#loops.delete(thread);
    if (loop.tries >= FEWEST_TRIES && loop.slept > 0) this.found.push(loop);
  }
}

function extend(loop: Retry, chunk: Chunk, i: number): void {
  loop.end = chunk.time[i]!;
  loop.last = chunk.num[i]!;
}

/** SQLite takes other locks of the same file between two tries: only a success for the same kind of lock ends the trying. */
function wantedLock(chunk: Chunk, i: number, type: EventType): number {
  return numberArg(chunk, i, type, 'type');
}
