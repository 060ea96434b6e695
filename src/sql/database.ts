/** A capture as SQL tables: a temporary database that holds what one query names, and is gone when it is closed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { EventView } from '../event/view.ts';
import { compileFilter } from '../filter/compile.ts';
import { nearest } from '../filter/error.ts';
import { EVENT_COLUMNS } from './events.ts';
import { foldedAnswer } from './fold.ts';
import { conditionsOf, Narrowing } from './narrowing.ts';
import { PAGE, TableFiller } from './pages.ts';
import { RowEncoder } from './row-encoder.ts';
import { type Source, SQL_TABLES, type SqlValue } from './tables.ts';
import { Top } from './top.ts';
import { topPlan } from './top-plan.ts';

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
  const columns = columnsOf(sql);
  const folded = foldedAnswer(source, sql, filter);
  return folded === null ? queryEvents(source, sql, filter, done) : done({ columns, rows: numbered(folded) });
}

/** The same, of a row for each event. */
export function queryEvents<T>(source: Source, sql: string, filter: string, done: (result: SqlResult) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'trowel-sql-'));
  try {
    const path = join(folder, 'tables');
    fill(path, source, sql, filter);
    const db = new Database(path, { readonly: true });
    db.pragma(`mmap_size = ${2 ** 40}`);
    try {
      const statement = prepared(db, sql);
      return done({ columns: namesOf(statement), rows: numbered(iterated(statement)) });
    } finally {
      db.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the answer's columns are called; before anything is read, what is wrong with a query is said. */
function columnsOf(sql: string): readonly string[] {
  const db = new Database(':memory:');
  try {
    createTables(db, EVENT_COLUMNS);
    return namesOf(prepared(db, sql));
  } finally {
    db.close();
  }
}

const namesOf = (statement: Database.Statement): readonly string[] => statement.columns().map(({ name }) => name);

function prepared(db: Database.Database, sql: string): Database.Statement {
  try {
    const statement = db.prepare(sql);
    if (!statement.reader || !statement.readonly) throw new SqlError('sql only reads: SELECT …, WITH … SELECT');
    return statement.safeIntegers().raw();
  } catch (error) {
    throw new SqlError(withHint((error as Error).message));
  }
}

/** What there is in the place of a table or a column that is not. */
function withHint(message: string): string {
  const [, kind, name] = /^no such (table|column): (?:\w+\.)?(\w+)$/.exec(message) ?? [];
  if (name === undefined) return message;
  const docs = tableDocs();
  const meant = nearest(name, new Set(docs.map((doc) => (kind === 'table' ? doc.table : doc.column))));
  if (kind === 'column') return `${message}${meant.length > 0 ? `; is it ${meant.join(' or ')}?` : ''} (trowel sql FILE lists all)`;
  return `${message}; there are ${[...new Set(docs.map(({ table }) => table))].join(', ')}`;
}

function* iterated(statement: Database.Statement): Generator<readonly Answer[]> {
  try {
    yield* statement.iterate() as Iterable<readonly Answer[]>;
  } catch (error) {
    throw error instanceof Database.SqliteError ? new SqlError(error.message) : error;
  }
}

/** Integers are numbers where a double holds them. */
function* numbered(rows: Iterable<readonly Answer[]>): Generator<readonly Answer[]> {
  for (const row of rows) {
    yield row.map((value) => (typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value));
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
  createTables(db, columns);
  for (const { name, columns, rows } of SQL_TABLES) if (words.has(name)) insert(db, name, columns.length, rows(source));
  const root = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'events'").pluck().get() as number;
  db.close();
  if (words.has('events')) fillEvents(path, root, source, columns, filter, sql);
}

function createTables(db: Database.Database, ofEvents: typeof EVENT_COLUMNS): void {
  const columns = ['num INTEGER PRIMARY KEY', ...ofEvents.map(({ name, type }) => `${name} ${type}`)];
  const tables = [{ name: 'events', columns }, ...SQL_TABLES];
  db.exec(`BEGIN; ${tables.map((table) => `CREATE TABLE ${table.name} (${table.columns.join(', ')})`).join('; ')}; COMMIT`);
}

function insert(db: Database.Database, table: string, columns: number, rows: Iterable<readonly SqlValue[]>): void {
  const statement = db.prepare(`INSERT OR REPLACE INTO ${table} VALUES (${Array(columns).fill('?').join(', ')})`);
  db.transaction(() => {
    for (const row of rows) statement.run(...row.map(stored));
  })();
}

/** Whole numbers as such: what a driver is given as a double becomes one. */
const stored = (value: SqlValue): SqlValue => (typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value);

function fillEvents(
  path: string,
  root: number,
  { capture, context }: Source,
  columns: typeof EVENT_COLUMNS,
  text: string,
  sql: string,
): void {
  const filter = compileFilter(text, context);
  const view = new EventView(context);
  const table = new TableFiller(path, root);
  const encoder = new RowEncoder(columns, view, table);
  const narrowing = new Narrowing(conditionsOf(sql), view);
  const plan = topPlan(sql);
  const top = plan === null ? null : new Top(plan, view);
  for (const { chunk, selection, n } of capture.select(filter)) {
    const fulfilling = narrowing.of(chunk, selection, n);
    const left = top?.of(chunk, fulfilling.selection, fulfilling.n) ?? fulfilling;
    encoder.add(chunk, left.selection, left.n);
    if (top?.isDone === true) break;
  }
  table.finish();
}
