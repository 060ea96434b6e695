/** Rows of a capture's dimension tables, read when they are first asked for. */
import type Database from 'better-sqlite3';
import { CaptureDamage } from '../capture/error.ts';
import { DIMENSIONS, type TableSpec } from '../model/dimensions.ts';
import type { RowName, Rows, RowTypes } from '../model/rows.ts';
import { firstIndex } from '../model/search.ts';
import { rowsOfBlock } from './blocks.ts';
import { BLOCK_COLUMN, decodeRow, selectFrom } from './tables.ts';

/** How far back rows are likely to change: processes that end, queries that are answered. */
const RECENT_ROWS = 500;

/** Ids up to here: more rows fit into no memory, and who goes through them by id does not go on for ever. */
export const MOST_ROWS = 2 ** 24;

/** Rows that are loaded when first asked for. */
export class StoredRows<Name extends RowName> implements Rows<RowTypes[Name]> {
  readonly #path: string;
  readonly #spec: TableSpec<RowTypes[Name]>;
  readonly #texts: Texts;
  readonly #packed: boolean;
  readonly #select: Database.Statement;
  readonly #rows: (RowTypes[Name] | undefined)[] = [];
  /** The same in the order of their ids, without the gaps. */
  readonly #list: RowTypes[Name][] = [];
  #loaded = false;
  /** Rows above this id are to be read. */
  #after = -1;
  #size = 0;
  version = 0;

  constructor(path: string, db: Database.Database, name: Name, texts: Texts) {
    this.#path = path;
    this.#texts = texts;
    this.#spec = DIMENSIONS[name] as unknown as TableSpec<RowTypes[Name]>;
    const columns = new Set(db.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(this.#spec.name) as string[]);
    this.#packed = columns.has(BLOCK_COLUMN);
    this.#select = db.prepare(selectFrom(this.#spec as unknown as TableSpec<never>, columns)).raw();
  }

  get size(): number {
    this.#load();
    return this.#size;
  }

  get lastId(): number {
    this.#load();
    return Math.max(0, this.#rows.length - 1);
  }

  get(id: number): RowTypes[Name] | undefined {
    if (!this.#loaded) this.#load();
    return this.#rows[id];
  }

  *all(): Iterable<RowTypes[Name]> {
    this.#load();
    yield* this.#list;
  }

  *above(id: number): Iterable<RowTypes[Name]> {
    this.#load();
    const list = this.#list;
    for (let i = firstIndex(list.length, (k) => list[k]!.id > id); i < list.length; i++) yield list[i]!;
  }

  /** Reads again; rows keep their identity, so that who holds one sees its new fields. */
  refresh(recent: boolean): void {
    const from = recent ? this.#rows.length - RECENT_ROWS : -1;
    this.#after = this.#loaded ? from : Math.min(this.#after, from);
    this.#loaded = false;
  }

  #load(): void {
    if (this.#loaded) return;
    try {
      for (const values of this.#stored()) this.#take(decodeRow(this.#spec, values, (id) => this.#texts.get(id)));
    } catch (error) {
      throw new CaptureDamage(this.#path, `table ${this.#spec.name}: ${(error as Error).message}`);
    }
    this.#loaded = true;
    this.version++;
  }

  *#stored(): Iterable<readonly unknown[]> {
    for (const values of this.#select.iterate(this.#after) as Iterable<unknown[]>) {
      if (!this.#packed) yield values;
      else yield* rowsOfBlock(values, this.#spec.columns.length);
    }
  }

  #take(row: RowTypes[Name]): void {
    const { id } = row as { id: number };
    if (!Number.isInteger(id) || id < 0 || id > MOST_ROWS) throw new Error(`row ${id} is none that a capture has`);
    const known = this.#rows[id];
    if (known !== undefined) Object.assign(known, row);
    else {
      this.#rows[id] = row;
      this.#size++;
      this.#list.push(row);
      if (this.#list.length > 1 && this.#list.at(-2)!.id > id) this.#list.sort((a, b) => a.id - b.id);
    }
  }
}

/** What rows share, each text read once. A file of schema 1 has none. */
export class Texts {
  readonly #select: Database.Statement | null;
  readonly #known = new Map<number, unknown>();

  constructor(db: Database.Database) {
    const exists = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'text'").get() !== undefined;
    this.#select = exists ? db.prepare('SELECT value FROM text WHERE id = ?').pluck() : null;
  }

  get(id: number): unknown {
    let value = this.#known.get(id);
    if (value === undefined) {
      const text = this.#select?.get(id) as string | undefined;
      if (text === undefined) throw new Error(`there is no text ${id}`);
      value = JSON.parse(text);
      this.#known.set(id, value);
    }
    return value;
  }
}
