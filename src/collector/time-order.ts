import { OpenChunk } from '../model/chunk.ts';
import { MS } from '../model/time.ts';

/** CPUs take their timestamps before they queue for the ring: events may arrive this much out of order. */
const WINDOW = 20 * MS;
const CAPACITY = 1 << 16;

/** Brings events that arrive nearly in the order of time into that order. What it gives holds until it is asked again. */
export class TimeOrder {
  #stage = new OpenChunk(CAPACITY, 1 << 20);
  #spare = new OpenChunk(CAPACITY, 1 << 20);
  /** So many of the staged events were looked at before, and are in order. */
  #inOrder = 0;
  readonly #onReady: (ordered: OpenChunk) => void;

  /** `onReady` takes events, in order, that are old enough that nothing earlier can come, or for which there was no room. */
  constructor(onReady: (ordered: OpenChunk) => void) {
    this.#onReady = onReady;
  }

  /** The chunk to append n events to. */
  room(n: number): OpenChunk {
    if (this.#stage.n + n > CAPACITY) this.drain();
    if (this.#stage.n + n > CAPACITY) this.drain(true);
    return this.#stage;
  }

  /** Hands over what is ready, or everything. */
  drain(everything = false): void {
    const stage = this.#stage;
    const { newest, sorted } = survey(stage, this.#inOrder);
    if (stage.n === 0) return;
    if (!sorted) this.#sort();
    const ordered = this.#stage;
    const rest = this.#spare;
    const count = everything ? ordered.n : countUpTo(ordered.time, ordered.n, newest - WINDOW);
    rest.clear();
    rest.takeRange(ordered, count, ordered.n);
    ordered.n = count;
    this.#inOrder = rest.n;
    this.#stage = rest;
    this.#spare = ordered;
    if (count > 0) this.#onReady(ordered);
  }

  #sort(): void {
    const order = ascending(this.#stage.time, this.#stage.n);
    this.#spare.clear();
    for (const i of order) this.#spare.take(this.#stage, i);
    [this.#stage, this.#spare] = [this.#spare, this.#stage];
  }
}

/** `from`: those before it are in order. */
function survey({ time, n }: OpenChunk, from: number): { newest: number; sorted: boolean } {
  let newest = from === 0 ? -Infinity : time[from - 1]!;
  let sorted = true;
  for (let i = from; i < n; i++) {
    if (time[i]! >= newest) newest = time[i]!;
    else sorted = false;
  }
  return { newest, sorted };
}

/** Moves of one event, in the mean, above which what is out of place is not little. */
const MOVES = 64;

/** The indices in the order of their times. Stable, and quick where little is out of place. */
function ascending(times: Float64Array, n: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  let moves = 0;
  for (let k = 1; k < n; k++) {
    const index = order[k]!;
    const time = times[index]!;
    let j = k - 1;
    while (j >= 0 && times[order[j]!]! > time) order[j + 1] = order[j--]!;
    order[j + 1] = index;
    moves += k - 1 - j;
    if (moves > MOVES * n) return order.sort((a, b) => times[a]! - times[b]! || a - b);
  }
  return order;
}

function countUpTo(times: Float64Array, n: number, limit: number): number {
  let count = n;
  while (count > 0 && times[count - 1]! > limit) count--;
  return count;
}
