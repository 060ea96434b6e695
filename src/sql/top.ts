/** Of the events in an order, those that can be among the first so many: a chunk at a time. */
import type { EventView } from '../event/view.ts';
import type { Chunk } from '../model/chunk.ts';
import { BLOCK } from './coder.ts';
import { numbersFor } from './fold-keys.ts';
import type { Fill } from './integers.ts';
import type { SortKey, TopPlan } from './top-plan.ts';

/** Some of a chunk's events, ascending: the first n. */
export interface Selected {
  readonly selection: Uint16Array;
  readonly n: number;
}

export class Top {
  readonly #plan: TopPlan;
  readonly #ranks: readonly Fill[];
  /** By key, of the events at hand: the less, the sooner the event comes. */
  #rows: readonly Float64Array[];
  #kept = new Uint16Array(0);
  /** Of the first so many until now: a heap of which the first comes last. Each has a number for each key. */
  readonly #heap: Float64Array;
  #size = 0;

  constructor(plan: TopPlan, view: EventView) {
    this.#plan = plan;
    this.#ranks = plan.keys.map((key) => ranksOf(key, view));
    this.#rows = plan.keys.map(() => new Float64Array(0));
    this.#heap = new Float64Array(plan.most * plan.keys.length);
  }

  /** No later event can be one of them. */
  get isDone(): boolean {
    const [first] = this.#plan.keys;
    return first!.column === 'num' && !first!.isDescending && this.#size === this.#plan.most;
  }

  /** Those of the first n selected events that can be wanted, after all that were asked about before: until the next call. */
  of(chunk: Chunk, selection: Uint16Array, n: number): Selected {
    this.#rank(chunk, selection, n);
    for (let k = 0; k < n; k++) this.#take(k);
    const kept = this.#kept;
    let found = 0;
    // In its own place, where the selection is the one that was kept: never ahead of what is read.
    for (let k = 0; k < n; k++) if (this.#size < this.#plan.most || this.#compare(k, 0) <= 0) kept[found++] = selection[k]!;
    return { selection: kept, n: found };
  }

  #rank(chunk: Chunk, selection: Uint16Array, n: number): void {
    if (this.#kept.length < n) {
      this.#kept = new Uint16Array(n);
      this.#rows = this.#rows.map(() => new Float64Array(n));
    }
    for (let from = 0; from < n; from += BLOCK) {
      const block = { chunk, selection, from, rows: Math.min(BLOCK, n - from) };
      this.#ranks.forEach((fill, key) => {
        fill(block, this.#rows[key]!.subarray(from, from + block.rows));
      });
    }
  }

  #take(k: number): void {
    if (this.#size < this.#plan.most) this.#rise(this.#size++, k);
    else if (this.#compare(k, 0) < 0) this.#sink(k);
  }

  /** Event k against the heap's entry: negative where it comes sooner. */
  #compare(k: number, entry: number): number {
    const [rows, heap] = [this.#rows, this.#heap];
    const width = rows.length;
    for (let key = 0; key < width; key++) {
      const [a, b] = [rows[key]![k]!, heap[entry * width + key]!];
      if (a !== b) return a < b ? -1 : 1;
    }
    return 0;
  }

  /** Puts event k into a free place, or above it. */
  #rise(free: number, k: number): void {
    let place = free;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (this.#compare(k, above) <= 0) break;
      this.#move(above, place);
      place = above;
    }
    this.#put(k, place);
  }

  /** Puts event k in the place of the one that comes last, or below it. */
  #sink(k: number): void {
    let place = 0;
    for (;;) {
      const last = this.#later(2 * place + 1);
      if (last >= this.#size || this.#compare(k, last) >= 0) break;
      this.#move(last, place);
      place = last;
    }
    this.#put(k, place);
  }

  /** Of two entries beside each other, the one that comes later. */
  #later(left: number): number {
    const [heap, width] = [this.#heap, this.#rows.length];
    if (left + 1 >= this.#size) return left;
    for (let key = 0; key < width; key++) {
      const [a, b] = [heap[left * width + key]!, heap[(left + 1) * width + key]!];
      if (a !== b) return a < b ? left + 1 : left;
    }
    return left;
  }

  #move(from: number, to: number): void {
    const width = this.#rows.length;
    this.#heap.copyWithin(to * width, from * width, (from + 1) * width);
  }

  #put(k: number, place: number): void {
    const [rows, heap] = [this.#rows, this.#heap];
    for (let key = 0; key < rows.length; key++) heap[place * rows.length + key] = rows[key]![k]!;
  }
}

/** A key’s numbers, turned so that the least comes first. */
function ranksOf({ column, isDescending, nullsFirst }: SortKey, view: EventView): Fill {
  const numbers = numbersFor(column, view);
  const none = nullsFirst ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return (block, into) => {
    numbers(block, into);
    for (let k = 0; k < block.rows; k++) {
      const number = into[k]!;
      into[k] = Number.isNaN(number) ? none : isDescending ? -number : number;
    }
  };
}
