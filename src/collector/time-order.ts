import { type Chunk, OpenChunk } from '../model/chunk.ts';
import { MS } from '../model/time.ts';

/** CPUs take their timestamps before they queue for the ring: events may arrive this much out of order. */
const WINDOW = 20 * MS;
const CAPACITY = 1 << 16;

/** Brings events that arrive nearly in the order of time into that order. */
export class TimeOrder {
  #stage = new OpenChunk(CAPACITY, 1 << 20);
  #newest = -Infinity;

  /** Events that wait. */
  get waiting(): number {
    return this.#stage.n;
  }

  /** Adds a batch. Gives events that had to be let go because there was no room. */
  add(chunk: Chunk): Chunk | null {
    const overflow = this.#stage.n + chunk.n > CAPACITY ? this.drain(true) : null;
    this.#stage.takeRange(chunk, 0, chunk.n);
    for (let i = 0; i < chunk.n; i++) if (chunk.time[i]! > this.#newest) this.#newest = chunk.time[i]!;
    return overflow;
  }

  /** Takes out, in the order of time, what is old enough that nothing earlier can come; or everything. */
  drain(everything = false): Chunk {
    const stage = this.#stage;
    const limit = everything ? Infinity : this.#newest - WINDOW;
    const order = ascending(stage.time, stage.n);
    const ready = order === null ? countUpTo(stage.time, stage.n, limit) : order.findIndex((i) => stage.time[i]! > limit);
    const count = ready < 0 ? stage.n : ready;
    const ordered = new OpenChunk(Math.max(1, count), 1024);
    const rest = new OpenChunk(CAPACITY, 1 << 20);
    if (order === null) {
      ordered.takeRange(stage, 0, count);
      rest.takeRange(stage, count, stage.n);
    } else {
      for (let k = 0; k < stage.n; k++) (k < count ? ordered : rest).take(stage, order[k]!);
    }
    this.#stage = rest;
    return ordered;
  }
}

/** The indices in the order of their times; null when they are in order already. Stable. */
function ascending(times: Float64Array, n: number): Uint32Array | null {
  let sorted = true;
  for (let i = 1; i < n && sorted; i++) sorted = times[i - 1]! <= times[i]!;
  if (sorted) return null;
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let k = 1; k < n; k++) {
    const index = order[k]!;
    const time = times[index]!;
    let j = k - 1;
    while (j >= 0 && times[order[j]!]! > time) order[j + 1] = order[j--]!;
    order[j + 1] = index;
  }
  return order;
}

function countUpTo(times: Float64Array, n: number, limit: number): number {
  let count = n;
  while (count > 0 && times[count - 1]! > limit) count--;
  return count;
}
