/**
 * How a compiled filter runs: steps that narrow a selection (ascending indices into a chunk). Cheap steps come first;
 * a step sees only what the ones before it left.
 */

import type { EventView } from '../event/view.ts';
import { CHUNK_EVENTS, type Chunk, type ChunkHead, EventFlag, type NumberColumn, type RowColumn } from '../model/chunk.ts';

/** Indices of events in a chunk, ascending. */
export type Selection = Uint16Array;

export interface Step {
  /** Rough ns per event, for the order. */
  readonly cost: number;
  /** The part of the filter that it does, for people. */
  readonly label: string;
  /** Where it runs, for people. */
  readonly where: string;
  /** Writes those of the first n indices that match to `out`, which may be `selection` itself; returns how many. */
  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number;
  /** False: surely nothing in such a chunk matches. */
  mayMatch(head: ChunkHead): boolean;
  readonly parts: readonly Step[];
}

/** What is remembered of a row. The answers are the numbers that a count grows by. */
const NO = 0;
const YES = 1;
const UNKNOWN = 2;
const BY_TIME = 3;

/** A test of one row, looked at once per row and remembered. */
export class RowStep implements Step {
  readonly cost = 2;
  readonly parts: readonly Step[] = [];
  readonly where: string;
  #memo = new Uint8Array(1024).fill(UNKNOWN);
  /** For rows whose answer depends on the time: the last answer and for how long it holds. */
  readonly #byTime = new Map<number, { from: number; until: number; version: number; answer: boolean }>();

  constructor(
    readonly column: RowColumn,
    readonly label: string,
    private readonly test: (view: EventView) => boolean,
    private readonly view: EventView,
  ) {
    this.where = `${column}s`;
  }

  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number {
    const ids = chunk[this.column];
    let memo = this.#memo;
    let count = 0;
    for (let k = 0; k < n; k++) {
      const i = selection[k]!;
      const id = ids[i]!;
      let known = id < memo.length ? memo[id]! : UNKNOWN;
      if (known > YES) {
        known = this.#answer(id, chunk.time[i]!) ? YES : NO;
        memo = this.#memo;
      }
      out[count] = i; // kept if the count moves on: no branch that the CPU would have to guess
      count += known;
    }
    return count;
  }

  mayMatch(head: ChunkHead): boolean {
    const ids = head.presence(this.column);
    return (
      ids === null || ids.some((id) => (this.#memo[id] ?? UNKNOWN) !== NO && (this.#answer(id, head.minTime) || this.#memo[id] === BY_TIME))
    );
  }

  #answer(id: number, time: number): boolean {
    if (id >= this.#memo.length) this.#grow(id);
    const version = this.view.capture.growing ? this.view.version : 0;
    const last = this.#byTime.get(id);
    if (last !== undefined && last.version === version && time >= last.from && time < last.until) return last.answer;
    this.view.onRow(this.column, id, time);
    const answer = this.test(this.view);
    const { from, until, askedHistory } = this.view;
    if (askedHistory && (this.view.capture.growing || from > -Infinity || until < Infinity)) {
      this.#memo[id] = BY_TIME;
      this.#byTime.set(id, { from, until, version, answer });
    } else this.#memo[id] = answer ? YES : NO;
    return answer;
  }

  #grow(id: number): void {
    const memo = new Uint8Array(Math.max(id + 1, this.#memo.length * 2)).fill(UNKNOWN);
    memo.set(this.#memo);
    this.#memo = memo;
  }
}

/** A test of one number of each event. */
export class ColumnStep implements Step {
  readonly cost = 4;
  readonly where = 'columns';
  readonly parts: readonly Step[] = [];

  constructor(
    readonly column: NumberColumn,
    readonly label: string,
    private readonly test: (value: number | null) => boolean,
  ) {}

  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number {
    const values = chunk[this.column];
    const { test } = this;
    const absentBelowZero = this.column === 'latency' || this.column === 'fdnum';
    const flags = this.column === 'res' ? chunk.flags : null;
    let count = 0;
    for (let k = 0; k < n; k++) {
      const i = selection[k]!;
      const value = values[i]!;
      const absent = flags === null ? absentBelowZero && value < 0 : (flags[i]! & EventFlag.HAS_RES) === 0;
      if (test(absent ? null : value)) out[count++] = i;
    }
    return count;
  }

  mayMatch(): boolean {
    return true;
  }
}

/** `<`, `<=`, `>`, `>=`, `=` on a column as it is: the common case, without a call per event. */
export class RangeStep implements Step {
  readonly cost = 1;
  readonly where = 'columns';
  readonly parts: readonly Step[] = [];

  /** Matches low <= value <= high. */
  constructor(
    readonly column: NumberColumn,
    readonly label: string,
    private readonly low: number,
    private readonly high: number,
  ) {}

  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number {
    const values = chunk[this.column];
    const low = this.column === 'latency' || this.column === 'fdnum' ? Math.max(0, this.low) : this.low;
    const { high } = this;
    let count = 0;
    for (let k = 0; k < n; k++) {
      const i = selection[k]!;
      const value = values[i]!;
      out[count] = i;
      count += Number(value >= low) & Number(value <= high);
    }
    return this.column === 'res' && count > 0 ? withResult(chunk, out, count) : count;
  }

  mayMatch(head: ChunkHead): boolean {
    if (this.column === 'num') return head.lastNum >= this.low && head.firstNum <= this.high;
    if (this.column === 'time') return head.maxTime >= this.low && head.minTime <= this.high;
    if (this.column === 'latency') return head.maxLatency >= this.low;
    return true;
  }
}

/** A test of DNS messages: few rows, which know the numbers of their events. */
export class DnsStep implements Step {
  readonly cost = 0.5;
  readonly where = 'DNS messages';
  readonly parts: readonly Step[] = [];

  constructor(
    readonly label: string,
    private readonly test: (view: EventView) => boolean,
    private readonly view: EventView,
  ) {}

  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number {
    if (n === 0) return 0;
    const { num } = chunk;
    const rows = this.view.dnsBetween(num[selection[0]!]!, num[selection[n - 1]!]!);
    let count = 0;
    let k = 0;
    for (const row of rows) {
      while (k < n && num[selection[k]!]! < row.num) k++;
      if (k === n || num[selection[k]!] !== row.num) continue;
      this.view.onRow('dns', row.id, row.time);
      if (this.test(this.view)) out[count++] = selection[k++]!;
    }
    return count;
  }

  mayMatch(head: ChunkHead): boolean {
    return this.view.dnsBetween(head.firstNum, head.lastNum).length > 0;
  }
}

/** Of the first n selected events those that have a result. */
function withResult({ flags }: Chunk, selection: Selection, n: number): number {
  let count = 0;
  for (let k = 0; k < n; k++) if (flags[selection[k]!]! & EventFlag.HAS_RES) selection[count++] = selection[k]!;
  return count;
}

/** A search for bytes in the payloads: in all of a chunk at once where most of it is selected. */
export class PayloadStep implements Step {
  readonly cost = 30;
  readonly where = 'payloads';
  readonly parts: readonly Step[] = [];
  readonly #needle: Buffer;

  constructor(
    readonly label: string,
    needle: Uint8Array,
  ) {
    this.#needle = Buffer.from(needle);
  }

  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number {
    const ends = chunk.dataEnd;
    const used = ends[chunk.n - 1] ?? 0;
    const bytes = Buffer.from(chunk.data.buffer, chunk.data.byteOffset, used);
    return n * 4 > chunk.n ? this.#searchAll(bytes, ends, selection, n, out) : this.#searchEach(bytes, ends, selection, n, out);
  }

  mayMatch(): boolean {
    return true;
  }

  #searchAll(bytes: Buffer, ends: Uint32Array, selection: Selection, n: number, out: Selection): number {
    let count = 0;
    let k = 0;
    let at = bytes.indexOf(this.#needle);
    while (at >= 0 && k < n) {
      while (k < n && ends[selection[k]!]! <= at) k++;
      if (k === n) break;
      const i = selection[k]!;
      const start = i === 0 ? 0 : ends[i - 1]!;
      const inside = at >= start && at + this.#needle.length <= ends[i]!;
      if (inside) {
        out[count++] = i;
        k++;
      }
      at = bytes.indexOf(this.#needle, inside ? ends[i]! : Math.max(at + 1, start));
    }
    return count;
  }

  #searchEach(bytes: Buffer, ends: Uint32Array, selection: Selection, n: number, out: Selection): number {
    let count = 0;
    for (let k = 0; k < n; k++) {
      const i = selection[k]!;
      const start = i === 0 ? 0 : ends[i - 1]!;
      if (ends[i]! - start >= this.#needle.length && bytes.subarray(start, ends[i]).includes(this.#needle)) out[count++] = i;
    }
    return count;
  }
}

/** Anything else: each event is looked at. */
export class EventStep implements Step {
  readonly cost = 200;
  readonly where = 'events, one by one';
  readonly parts: readonly Step[] = [];

  constructor(
    readonly label: string,
    private readonly test: (view: EventView) => boolean,
    private readonly view: EventView,
  ) {}

  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number {
    let count = 0;
    for (let k = 0; k < n; k++) {
      const i = selection[k]!;
      if (this.test(this.view.at(chunk, i))) out[count++] = i;
    }
    return count;
  }

  mayMatch(): boolean {
    return true;
  }
}

export class AndStep implements Step {
  readonly where = 'and';
  readonly label = '';
  readonly cost: number;
  readonly parts: readonly Step[];

  constructor(parts: readonly Step[]) {
    this.parts = [...parts].sort((a, b) => a.cost - b.cost);
    this.cost = this.parts[0]!.cost;
  }

  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number {
    let count = n;
    let from = selection;
    for (const part of this.parts) {
      if (count === 0) return 0;
      count = part.select(chunk, from, count, out);
      from = out;
    }
    return count;
  }

  mayMatch(head: ChunkHead): boolean {
    return this.parts.every((part) => part.mayMatch(head));
  }
}

export class OrStep implements Step {
  readonly where = 'or';
  readonly label = '';
  readonly cost: number;
  readonly parts: readonly Step[];
  readonly #rest = new Uint16Array(CHUNK_EVENTS);
  readonly #found = new Uint16Array(CHUNK_EVENTS);
  readonly #merged = new Uint16Array(CHUNK_EVENTS);

  constructor(parts: readonly Step[]) {
    this.parts = [...parts].sort((a, b) => a.cost - b.cost);
    this.cost = this.parts.reduce((sum, part) => sum + part.cost, 0);
  }

  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number {
    this.#rest.set(n === selection.length ? selection : selection.subarray(0, n));
    let rest = n;
    let merged = 0;
    for (const part of this.parts) {
      const found = part.select(chunk, this.#rest, rest, this.#found);
      if (found === 0) continue;
      merged = merge(this.#merged, merged, this.#found, found, out);
      this.#merged.set(out.subarray(0, merged));
      rest = without(this.#rest, rest, this.#found, found, this.#rest);
      if (rest === 0) break;
    }
    out.set(this.#merged.subarray(0, merged));
    return merged;
  }

  mayMatch(head: ChunkHead): boolean {
    return this.parts.some((part) => part.mayMatch(head));
  }
}

export class NotStep implements Step {
  readonly where = 'not';
  readonly label = '';
  readonly cost: number;
  readonly parts: readonly Step[];
  readonly #found = new Uint16Array(CHUNK_EVENTS);

  constructor(part: Step) {
    this.parts = [part];
    this.cost = part.cost + 1;
  }

  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number {
    const found = this.parts[0]!.select(chunk, selection, n, this.#found);
    return without(selection, n, this.#found, found, out);
  }

  mayMatch(): boolean {
    return true;
  }
}

/** Union of two disjoint ascending lists. */
function merge(a: Selection, na: number, b: Selection, nb: number, out: Selection): number {
  let i = 0;
  let j = 0;
  let n = 0;
  while (i < na && j < nb) out[n++] = a[i]! < b[j]! ? a[i++]! : b[j++]!;
  while (i < na) out[n++] = a[i++]!;
  while (j < nb) out[n++] = b[j++]!;
  return n;
}

/** a without b, where b is part of a; `out` may be a. */
function without(a: Selection, na: number, b: Selection, nb: number, out: Selection): number {
  let j = 0;
  let n = 0;
  for (let i = 0; i < na; i++) {
    const value = a[i]!;
    if (j < nb && b[j] === value) j++;
    else out[n++] = value;
  }
  return n;
}
