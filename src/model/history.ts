import type { Rows } from './rows.ts';
import { firstIndex } from './search.ts';

/** A span of time that a lookup narrows: within it the answer would be the same. */
export interface Validity {
  from: number;
  until: number;
}

interface Dated {
  readonly from: number;
  readonly to: number | null;
}

/** Rows that follow each other under one key, found by time. Sees rows that are added later. */
export class History<Key, Row extends Dated & { readonly id: number }> {
  readonly #rows: Rows<Row>;
  readonly #keyOf: (row: Row) => Key;
  readonly #byKey = new Map<Key, Row[]>();
  #seen = 0;

  constructor(rows: Rows<Row>, keyOf: (row: Row) => Key) {
    this.#rows = rows;
    this.#keyOf = keyOf;
  }

  /** The row that held at `time`; null where none did. Narrows `validity` to the time for which this is so. */
  at(key: Key, time: number, validity: Validity): Row | null {
    const rows = this.#index().get(key);
    if (rows === undefined) return null;
    const next = firstAfter(rows, time);
    const row = rows[next - 1];
    const follower = rows[next];
    if (follower !== undefined) validity.until = Math.min(validity.until, follower.from);
    if (row === undefined) return null;
    if (row.to !== null && row.to <= time) {
      validity.from = Math.max(validity.from, row.to);
      return null;
    }
    validity.from = Math.max(validity.from, row.from);
    if (row.to !== null) validity.until = Math.min(validity.until, row.to);
    return row;
  }

  /** The same, but where none held, the one before, else the first: for names that never disappear. */
  nearest(key: Key, time: number, validity: Validity): Row | null {
    const rows = this.#index().get(key);
    if (rows === undefined) return null;
    const next = firstAfter(rows, time);
    const follower = rows[next];
    if (follower !== undefined) validity.until = Math.min(validity.until, follower.from);
    const row = rows[next - 1];
    if (row === undefined) return follower!;
    const ended = row.to !== null && row.to <= time;
    validity.from = Math.max(validity.from, ended ? row.to! : row.from);
    if (row.to !== null && !ended) validity.until = Math.min(validity.until, row.to);
    return row;
  }

  #index(): Map<Key, Row[]> {
    if (this.#seen < this.#rows.lastId) {
      for (const row of this.#rows.above(this.#seen)) this.#insert(row);
      this.#seen = this.#rows.lastId;
    }
    return this.#byKey;
  }

  #insert(row: Row): void {
    const key = this.#keyOf(row);
    const rows = this.#byKey.get(key);
    if (rows === undefined) this.#byKey.set(key, [row]);
    else rows.splice(firstAfter(rows, row.from), 0, row);
  }
}

/** Index of the first row that begins after `time`. */
export function firstAfter(rows: readonly Pick<Dated, 'from'>[], time: number): number {
  return firstIndex(rows.length, (i) => rows[i]!.from > time);
}
