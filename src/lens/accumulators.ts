/** What adds up the events of groups: many events at once, columns of numbers by group. */
import { type Chunk, EventFlag } from '../model/chunk.ts';
import type { Cell } from '../report/report.ts';
import type { Events } from './groups.ts';
import { Histogram } from './histogram.ts';

/** Events with the number of each one's group; -1: it has none. */
export interface Batch extends Events {
  readonly groups: Int32Array;
  /** Groups have smaller numbers. */
  readonly size: number;
}

/** Takes the events of many groups; `at` numbers the group. */
export interface Accumulator {
  add(batch: Batch): void;
  value(at: number): Cell;
}

/** Gives the number of an event of this chunk; NaN: it has none. */
export type NumberOf = (chunk: Chunk) => (i: number) => number;

export const NONE = Number.NaN;

export const resultOf: NumberOf =
  ({ flags, res }) =>
  (i) =>
    (flags[i]! & EventFlag.HAS_RES) === 0 ? 0 : res[i]!;

/** A column that grows with the groups. */
function roomFor(column: Float64Array<ArrayBuffer>, size: number, empty: number): Float64Array<ArrayBuffer> {
  if (size <= column.length) return column;
  const larger = new Float64Array(Math.max(size, 2 * column.length)).fill(empty, column.length);
  larger.set(column);
  return larger;
}

export class Count implements Accumulator {
  #counts = new Float64Array(64);

  add({ groups, n, size }: Batch): void {
    this.#counts = roomFor(this.#counts, size, 0);
    const counts = this.#counts;
    for (let k = 0; k < n; k++) if (groups[k]! >= 0) counts[groups[k]!]!++;
  }

  value(at: number): number {
    return this.#counts[at] ?? 0;
  }
}

export class Sum implements Accumulator {
  #sums = new Float64Array(64);
  readonly #number: NumberOf;

  /** What adds nothing is 0. */
  constructor(number: NumberOf) {
    this.#number = number;
  }

  add({ chunk, selection, groups, n, size }: Batch): void {
    this.#sums = roomFor(this.#sums, size, 0);
    const sums = this.#sums;
    const number = this.#number(chunk);
    for (let k = 0; k < n; k++) if (groups[k]! >= 0) sums[groups[k]!]! += number(selection[k]!);
  }

  value(at: number): number {
    return this.#sums[at] ?? 0;
  }
}

/** Whether the later of two numbers takes the place of the one before. */
export type Keep = (before: number, now: number) => boolean;

/** One number a group: the first, the least … */
export class Kept implements Accumulator {
  #values = new Float64Array(64).fill(NONE);
  readonly #number: NumberOf;
  readonly #keep: Keep;

  constructor(number: NumberOf, keep: Keep) {
    this.#number = number;
    this.#keep = keep;
  }

  add({ chunk, selection, groups, n, size }: Batch): void {
    this.#values = roomFor(this.#values, size, NONE);
    const [values, keep] = [this.#values, this.#keep];
    const number = this.#number(chunk);
    for (let k = 0; k < n; k++) {
      if (groups[k]! < 0) continue;
      const now = number(selection[k]!);
      const before = values[groups[k]!]!;
      if (!Number.isNaN(now) && (Number.isNaN(before) || keep(before, now))) values[groups[k]!] = now;
    }
  }

  value(at: number): number | null {
    return orNull(this.#values[at] ?? NONE);
  }
}

const orNull = (value: number) => (Number.isNaN(value) ? null : value);

export class Mean implements Accumulator {
  #sums = new Float64Array(64);
  #counts = new Float64Array(64);
  readonly #number: NumberOf;

  constructor(number: NumberOf) {
    this.#number = number;
  }

  add({ chunk, selection, groups, n, size }: Batch): void {
    this.#sums = roomFor(this.#sums, size, 0);
    this.#counts = roomFor(this.#counts, size, 0);
    const number = this.#number(chunk);
    for (let k = 0; k < n; k++) {
      const now = groups[k]! < 0 ? NONE : number(selection[k]!);
      if (Number.isNaN(now)) continue;
      this.#sums[groups[k]!]! += now;
      this.#counts[groups[k]!]!++;
    }
  }

  value(at: number): number | null {
    return orNull(this.#sums[at]! / this.#counts[at]!);
  }
}

/** A quantile to some 3 %. */
export class Quantile implements Accumulator {
  readonly #groups: Histogram[] = [];
  readonly #number: NumberOf;
  readonly #share: number;

  constructor(number: NumberOf, share: number) {
    this.#number = number;
    this.#share = share;
  }

  add({ chunk, selection, groups, n }: Batch): void {
    const number = this.#number(chunk);
    for (let k = 0; k < n; k++) {
      const now = groups[k]! < 0 ? NONE : number(selection[k]!);
      if (Number.isNaN(now)) continue;
      this.#groups[groups[k]!] ??= new Histogram();
      this.#groups[groups[k]!]!.add(now);
    }
  }

  value(at: number): number | null {
    return this.#groups[at]?.quantile(this.#share) ?? null;
  }
}

/** How many different values. */
export class Distinct implements Accumulator {
  readonly #groups: Set<string>[] = [];
  readonly #text: (chunk: Chunk, i: number) => string;

  constructor(text: (chunk: Chunk, i: number) => string) {
    this.#text = text;
  }

  add({ chunk, selection, groups, n }: Batch): void {
    for (let k = 0; k < n; k++) {
      const at = groups[k]!;
      const text = at < 0 ? '' : this.#text(chunk, selection[k]!);
      if (text === '') continue;
      this.#groups[at] ??= new Set();
      this.#groups[at].add(text);
    }
  }

  value(at: number): number {
    return this.#groups[at]?.size ?? 0;
  }
}
