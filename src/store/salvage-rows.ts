/** The rows of a damaged capture's table, as far as they can be read: one by one where they cannot be read in one go. */
import type Database from 'better-sqlite3';
import { DIMENSIONS, type TableSpec } from '../model/dimensions.ts';
import type { RowName, Table } from '../model/rows.ts';
import { rowsOfBlock } from './blocks.ts';
import { MOST_ROWS, Texts } from './stored-rows.ts';
import { BLOCK_COLUMN, decodeRow, selectFrom } from './tables.ts';

/** Ids that are tried one after the other before what follows is given up: more rows than a page has. */
const MOST_TRIED = 2 ** 12;

/** A table's stored rows: of a packed one, its blocks. */
interface Stored {
  readonly spec: TableSpec<never>;
  /** The rows with this id, undefined: there are none. Throws what SQLite and the codecs throw. */
  at(id: number): unknown[][] | undefined;
  /** The next id that is stored behind one; null: none. Throws likewise. */
  next(after: number): number | null;
}

/** Puts what can be read into the table. How many rows could not be read; 0: it is not known. Throws where there is no such table. */
export function salvageRows(db: Database.Database, name: RowName, table: Table<never>): number {
  const stored = storedRows(db, name);
  const texts = new Texts(db);
  let [lost, unread, failed] = [0, false, 0];
  for (let id = nextOf(stored, -1); id !== null && failed < MOST_TRIED; id = nextOf(stored, id)) {
    const rows = rowsAt(stored, id);
    failed = rows === null ? failed + 1 : 0;
    unread ||= rows === null;
    for (const values of rows ?? []) if (!put(stored.spec, values, table, texts)) lost++;
  }
  return unread ? 0 : lost;
}

function storedRows(db: Database.Database, name: RowName): Stored {
  const spec = DIMENSIONS[name] as unknown as TableSpec<never>;
  const columns = new Set(db.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(spec.name) as string[]);
  const select = db.prepare(selectFrom(spec, columns).replace('id > ?', 'id = ?')).raw();
  const next = db.prepare(`SELECT id FROM "${spec.name}" WHERE id > ? ORDER BY id LIMIT 1`).pluck();
  return {
    spec,
    at(id) {
      const row = select.get(id) as unknown[] | undefined;
      return row === undefined ? undefined : columns.has(BLOCK_COLUMN) ? rowsOfBlock(row, spec.columns.length) : [row];
    },
    next: (after) => (next.get(after) as number | undefined) ?? null,
  };
}

/** Where SQLite cannot say what comes next, it may be the next number. Ids ascend, whatever a damaged page says. */
function nextOf(stored: Stored, after: number): number | null {
  const next = said(stored, after);
  return next !== null && next > after && next <= MOST_ROWS ? next : null;
}

function said(stored: Stored, after: number): number | null {
  try {
    return stored.next(after);
  } catch {
    return after + 1;
  }
}

/** Null: they cannot be read. */
function rowsAt(stored: Stored, id: number): readonly (readonly unknown[])[] | null {
  try {
    return stored.at(id) ?? [];
  } catch {
    return null;
  }
}

function put(spec: TableSpec<never>, values: readonly unknown[], table: Table<never>, texts: Texts): boolean {
  try {
    table.put(decodeRow(spec, values, (id) => texts.get(id)));
    return true;
  } catch {
    return false;
  }
}
