/** Rows of a dimension: what a reader sees of them, and the table in memory that grows while a capture is made. */
import { Sparse } from './sparse.ts';

/** Rows by id, from 1. */
export interface Rows<Row> {
  readonly size: number;
  /** The largest id; ids may have gaps. */
  readonly lastId: number;
  /** Changes whenever a row is added or changed. */
  readonly version: number;
  get(id: number): Row | undefined;
  /** In the order of their ids. */
  all(): Iterable<Row>;
  /** Those with ids above one, in the same order: what was added since. Gaps cost nothing. */
  above(id: number): Iterable<Row>;
}

/** Rows in memory, which also remembers what the store has not seen yet. */
export class Table<Row extends { readonly id: number }> implements Rows<Row> {
  readonly #rows = new Sparse<Row>();
  #size = 0;
  #version = 0;
  readonly #keys = new Map<string, number>();
  #changed = new Set<Row>();

  get size(): number {
    return this.#size;
  }

  get lastId(): number {
    return Math.max(0, this.#rows.end - 1);
  }

  get version(): number {
    return this.#version;
  }

  get(id: number): Row | undefined {
    return this.#rows.get(id);
  }

  all(): Iterable<Row> {
    return this.#rows.above(-1);
  }

  above(id: number): Iterable<Row> {
    return this.#rows.above(id);
  }

  /** Adds a row under the next free id. */
  add(fields: Omit<Row, 'id'>): Row {
    const row = { id: this.lastId + 1, ...fields } as Row;
    return this.put(row);
  }

  /** Adds a row under its own id. */
  put(row: Row): Row {
    if (this.#rows.get(row.id) === undefined) this.#size++;
    this.#rows.set(row.id, row);
    this.touch(row);
    return row;
  }

  /** Forgets a row that nothing will refer to any more; what the store has not seen of it, it still gets. */
  delete(id: number): void {
    if (this.#rows.delete(id)) this.#size--;
  }

  /** Lets the store see all rows again: it begins another file. */
  touchAll(): void {
    for (const row of this.all()) this.touch(row);
  }

  /** Adds a row under a key of the caller's, in the place of the one that was there. */
  putUnder(key: string, fields: Omit<Row, 'id'>): Row {
    const id = this.#keys.get(key) ?? this.lastId + 1;
    this.#keys.set(key, id);
    return this.put({ id, ...fields } as Row);
  }

  /** The row that was put under a key. */
  under(key: string): Row | undefined {
    const id = this.#keys.get(key);
    return id === undefined ? undefined : this.#rows.get(id);
  }

  /** Says that a row's fields changed. */
  touch(row: Row): void {
    this.#version++;
    this.#changed.add(row);
  }

  /** What was added or touched since the last call. */
  takeChanged(): Row[] {
    const changed = [...this.#changed];
    this.#changed = new Set();
    return changed;
  }
}
