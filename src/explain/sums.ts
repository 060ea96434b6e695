/** Many short waits for one file: each is nothing, together they may be all the time there is. */
import type { Chunk } from '../model/chunk.ts';

export interface Sum {
  readonly thread: number;
  readonly fd: number;
  readonly start: number;
  end: number;
  readonly num: number;
  /** ns that all of them took. */
  spent: number;
  times: number;
}

/** So many short waits, for that part of a process' life and of what counts, are worth a word. */
const MANY = 30;
const SHARE = 0.1;
const LEAST = 0.2;
/** So many answers, for that part of its life, are what a process waited for. */
const SEVERAL = 10;
const MOST = 0.5;

export class Sums {
  readonly #over: number;
  readonly #sums = new Map<number, Map<number, Sum>>();

  /** `over`: ns from which on a sum counts. */
  constructor(over: number) {
    this.#over = over;
  }

  /** `latency`: ns of this one. */
  add(chunk: Chunk, i: number, latency = chunk.latency[i]!): void {
    const thread = chunk.thread[i]!;
    const fd = chunk.fd[i]!;
    let ofThread = this.#sums.get(thread);
    if (ofThread === undefined) {
      ofThread = new Map();
      this.#sums.set(thread, ofThread);
    }
    const sum = ofThread.get(fd);
    if (sum === undefined)
      ofThread.set(fd, { thread, fd, start: chunk.time[i]! - latency, end: chunk.time[i]!, num: chunk.num[i]!, spent: latency, times: 1 });
    else {
      sum.spent += latency;
      sum.times++;
      sum.end = chunk.time[i]!;
    }
  }

  /** Those that were what their process mostly waited for in its lifetime. */
  mostly(lifetime: (thread: number) => number | null): Sum[] {
    return this.#all().filter(({ spent, times, thread }) => {
      const lived = lifetime(thread);
      return lived !== null && times >= SEVERAL && spent >= this.#over && spent >= lived * MOST;
    });
  }

  #all(): Sum[] {
    return [...this.#sums.values()].flatMap((ofThread) => [...ofThread.values()]);
  }

  /** Those that count; and those of many waits that took a good part of their process' lifetime, short as that was. */
  enough(lifetime: (thread: number) => number | null): Sum[] {
    return this.#all().filter(({ spent, times, thread }) => {
      const lived = lifetime(thread);
      if (lived === null) return false;
      return spent >= this.#over || (times >= MANY && spent >= this.#over * LEAST && spent >= lived * SHARE);
    });
  }
}
