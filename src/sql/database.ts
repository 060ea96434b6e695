/** A capture as SQL tables: a temporary database that holds what one query names, and is gone when it is closed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { EventView } from '../event/view.ts';
import { compileFilter } from '../filter/compile.ts';
import { EVENT_COLUMNS } from './events.ts';
import { PAGE, TableFiller } from './pages.ts';
import { RowEncoder } from './row-encoder.ts';
import { type Source, SQL_TABLES, type SqlValue } from './tables.ts';

/** A query that is wrong, or that does more than read. */
export class SqlError extends Error {
  override readonly name = 'SqlError';
}

export type Answer = string | number | bigint | Uint8Array | null;

export interface SqlResult {
  readonly columns: readonly string[];
  readonly rows: Iterable<readonly Answer[]>;
}

/** Every table there is, for those who ask what they can ask for. */
export function tableDocs(): { readonly table: string; readonly column: string; readonly type: string; readonly doc: string }[] {
  const events = [
    { table: 'events', column: 'num', type: 'INTEGER PRIMARY KEY', doc: 'events: what happened; its number' },
    ...EVENT_COLUMNS.map(({ name, type, doc }) => ({ table: 'events', column: name, type, doc })),
  ];
  const others = SQL_TABLES.flatMap(({ name, columns, doc }) =>
    columns.map((column, i) => {
      const [called, ...type] = column.split(' ');
      return { table: name, column: called!, type: type.join(' '), doc: i === 0 ? doc : '' };
    }),
  );
  return [...events, ...others];
}

/** Answers one query; `filter` restricts the events. Rows are to be taken before `done` returns. Throws SqlError, FilterError. */
export function query<T>(source: Source, sql: string, filter: string, done: (result: SqlResult) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'trowel-sql-'));
  try {
    const path = join(folder, 'tables');
    fill(path, source, sql, filter);
    const db = new Database(path, { readonly: true });
    db.pragma(`mmap_size = ${2 ** 40}`);
    try {
      return done(answer(db, sql));
    } finally {
      db.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function answer(db: Database.Database, sql: string): SqlResult {
  try {
    const statement = db.prepare(sql);
    if (!statement.reader || !statement.readonly) throw new SqlError('sql only reads: SELECT …, WITH … SELECT');
    const columns = statement.columns().map(({ name }) => name);
    return { columns, rows: iterated(statement.safeIntegers().raw()) };
  } catch (error) {
    throw new SqlError((error as Error).message);
  }
}

/** Integers are numbers where a double holds them. */
function* iterated(statement: Database.Statement): Generator<readonly Answer[]> {
  try {
    for (const row of statement.iterate() as Iterable<Answer[]>) {
      yield row.map((value) => (typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value));
    }
  } catch (error) {
    throw error instanceof Database.SqliteError ? new SqlError(error.message) : error;
  }
}

/** Words of a query, which may name tables and columns. */
const wordsOf = (sql: string): ReadonlySet<string> => new Set(sql.toLowerCase().match(/[a-z_][a-z0-9_]*/g) ?? []);

/** All columns may be meant, though not all are named. */
const wantsAll = (sql: string): boolean => /\bnatural\b/i.test(sql) || sql.replace(/count\s*\(\s*\*\s*\)/gi, '').includes('*');

function fill(path: string, source: Source, sql: string, filter: string): void {
  const words = wordsOf(sql);
  const columns = EVENT_COLUMNS.filter(({ name }) => wantsAll(sql) || words.has(name));
  const db = new Database(path);
  db.pragma(`page_size = ${PAGE}`);
  db.pragma('journal_mode = OFF');
  db.pragma('synchronous = OFF');
  db.exec(`CREATE TABLE events (${['num INTEGER PRIMARY KEY', ...columns.map(({ name, type }) => `${name} ${type}`)].join(', ')})`);
  for (const table of SQL_TABLES) {
    db.exec(`CREATE TABLE ${table.name} (${table.columns.join(', ')})`);
    if (words.has(table.name)) insert(db, table.name, table.columns.length, table.rows(source));
  }
  const root = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'events'").pluck().get() as number;
  db.close();
  if (words.has('events')) fillEvents(path, root, source, columns, filter);
}

function insert(db: Database.Database, table: string, columns: number, rows: Iterable<readonly SqlValue[]>): void {
  const statement = db.prepare(`INSERT OR REPLACE INTO ${table} VALUES (${Array(columns).fill('?').join(', ')})`);
  db.transaction(() => {
    for (const row of rows) statement.run(...row.map(stored));
  })();
}

/** Whole numbers as such: what a driver is given as a double becomes one. */
const stored = (value: SqlValue): SqlValue => (typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value);

function fillEvents(path: string, root: number, { capture, context }: Source, columns: typeof EVENT_COLUMNS, text: string): void {
  const filter = compileFilter(text, context);
  const view = new EventView(context);
  const table = new TableFiller(path, root);
  const encoder = new RowEncoder(columns, view, table);
  for (const { chunk, selection, n } of capture.select(filter)) encoder.add(chunk, selection, n);
  table.finish();
}
