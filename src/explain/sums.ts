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

export class Sums {
  readonly #over: number;
  readonly #sums = new Map<number, Map<number, Sum>>();

  /** `over`: ns from which on a sum counts. */
  constructor(over: number) {
    this.#over = over;
  }

  add(chunk: Chunk, i: number): void {
    const thread = chunk.thread[i]!;
    const fd = chunk.fd[i]!;
    const latency = chunk.latency[i]!;
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

  /** Those that count; and those of many waits that took a good part of their process' lifetime, short as that was. */
  enough(lifetime: (thread: number) => number | null): Sum[] {
    const all = [...this.#sums.values()].flatMap((ofThread) => [...ofThread.values()]);
    return all.filter(({ spent, times, thread }) => {
      const lived = lifetime(thread);
      if (lived === null) return false;
      return spent >= this.#over || (times >= MANY && spent >= this.#over * LEAST && spent >= lived * SHARE);
    });
  }
}
