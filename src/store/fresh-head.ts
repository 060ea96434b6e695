/**
 * What SQLite has to read before anything else, the schema and the table `meta`, made anew in a copy of a damaged capture. Each capture begins
 * with the same statements on an empty file, so its schema's pages and the roots of all tables are where those of a new file are.
 */
import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { CaptureError } from '../capture/error.ts';
import { PAGE_BYTES } from './headless.ts';
import { createSchema } from './schema.ts';

const PAGES_AT = 28;
const FREE_LIST_AT = 32;
const VERSIONS_AT = 18;
const WITH_LOG = 2;
interface Fresh {
  readonly bytes: Buffer;
  /** Numbers of pages, from 1 on. */
  readonly schema: readonly number[];
}

let made: Fresh | null = null;

/** A capture that has a schema and nothing else. */
function freshPages(): Fresh {
  if (made !== null) return made;
  const db = new Database(':memory:');
  try {
    db.pragma(`page_size = ${PAGE_BYTES}`);
    createSchema(db);
    const schema = db.prepare("SELECT pageno FROM dbstat WHERE name = 'sqlite_schema'").pluck().all() as number[];
    made = { bytes: db.serialize(), schema };
    return made;
  } finally {
    db.close();
  }
}

/** Puts a new schema in the place of the copy's own. Throws CaptureError where the tables are not those that this version makes. */
export function replaceSchema(copy: string, named: string): void {
  const fresh = freshPages();
  const head = Buffer.from(fresh.bytes.subarray(0, PAGE_BYTES));
  head.writeUInt32BE(Math.floor(statSync(copy).size / PAGE_BYTES), PAGES_AT);
  head.fill(0, FREE_LIST_AT, FREE_LIST_AT + 8);
  if (statSync(`${copy}-wal`, { throwIfNoEntry: false }) !== undefined) head.fill(WITH_LOG, VERSIONS_AT, VERSIONS_AT + 2);
  const pages = new Map(fresh.schema.map((page) => [page, page === 1 ? head : pageOf(fresh.bytes, page)]));
  writePages(copy, pages);
  if (!hasOurTables(copy))
    throw new CaptureError(
      named,
      'is damaged where it says what its tables are, and they are not those of this version: try trowel repair of the version that wrote it',
    );
}

/** What the first row of a table must hold, as SQLite names its types. */
const FIRST_ROWS = [
  ['SELECT typeof(n) || typeof(types) || typeof(sum) FROM chunk LIMIT 1', 'integerblobinteger'],
  ['SELECT typeof(sum) || typeof(data) FROM chunk_column LIMIT 1', 'integerblob'],
  ['SELECT typeof(name) || typeof(args) FROM event_type LIMIT 1', 'texttext'],
] as const;

/** Rows of another version would be misread. Some of the pages may be damaged, too. */
function hasOurTables(copy: string): boolean {
  return open(copy, (db) => {
    const found = FIRST_ROWS.map(([query, types]) => safely(() => db.prepare(query).pluck().get() === types));
    return found.includes(true) && !found.includes(false);
  });
}

/** Puts an empty table `meta` in the place of the copy's own, and there what can still be read of that. */
export function replaceMeta(copy: string): void {
  const kept = open(copy, readableMeta);
  const fresh = freshPages();
  const root = open(copy, (db) => db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'meta'").pluck().get() as number);
  writePages(copy, new Map([[root, pageOf(fresh.bytes, META_ROOT)]]));
  open(copy, (db) => {
    const insert = db.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)');
    for (const [key, value] of kept) insert.run(key, value);
  });
}

/** The first table that is made, behind the schema. */
const META_ROOT = 2;

const pageOf = (bytes: Buffer, page: number): Buffer => bytes.subarray((page - 1) * PAGE_BYTES, page * PAGE_BYTES);

function writePages(path: string, pages: ReadonlyMap<number, Uint8Array>): void {
  const file = openSync(path, 'r+');
  try {
    for (const [page, bytes] of pages) writeSync(file, bytes, 0, PAGE_BYTES, (page - 1) * PAGE_BYTES);
  } finally {
    closeSync(file);
  }
}

function open<T>(path: string, work: (db: Database.Database) => T): T {
  const db = new Database(path, { fileMustExist: true });
  try {
    return work(db);
  } finally {
    db.close();
  }
}

function safely<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}

/** From both ends up to the page that cannot be read. */
function readableMeta(db: Database.Database): Map<string, string> {
  const found = new Map<string, string>();
  for (const [than, order, from] of [
    ['>', 'ASC', ''],
    ['<', 'DESC', '\u{10ffff}'],
  ]) {
    const next = safely(() => db.prepare(`SELECT key FROM meta WHERE key ${than} ? ORDER BY key ${order} LIMIT 1`).pluck());
    const after = (key: unknown) => safely(() => next?.get(key));
    for (let key = after(from); typeof key === 'string' && !found.has(key); key = after(key)) take(db, key, found);
  }
  return found;
}

/** A value may lie on pages of its own. */
function take(db: Database.Database, key: string, into: Map<string, string>): void {
  const value = safely(() => db.prepare('SELECT value FROM meta WHERE key = ?').pluck().get(key));
  if (typeof value === 'string') into.set(key, value);
}
