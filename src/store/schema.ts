/**
 * The capture file: one SQLite database.
 *
 *   meta          key, value: what the capture is (see CaptureMeta)
 *   chunk         one row per run of at most CHUNK_EVENTS events, ascending in event number
 *   chunk_column  one row per chunk and column, id = chunk * 32 + the column's number; blobs as codec.ts says
 *                 `sum`, here and elsewhere: as sum.ts says; captures of older versions have none
 *   text          what many rows of dimensions have in common, as JSON
 *   all others    the dimensions that events refer to (tables.ts), one row each, or in blocks of rows (blocks.ts)
 *
 * While recording, the newest events lie in small chunks ("pieces") which one full chunk replaces later, in one transaction.
 */
import type { Database } from 'better-sqlite3';
import { BYTE_COLUMN_NAMES, type ByteColumn, NUMBER_COLUMN_NAMES, type NumberColumn } from '../model/columns.ts';
import { DIMENSIONS, type TableSpec } from '../model/dimensions.ts';
import { createTable } from './tables.ts';

/** `TROW`, so that file(1) and we know our own. */
export const APPLICATION_ID = 0x54524f57;
/**
 * Raised when what was written before cannot be told from what is written now, or an older Trowel would misread it.
 * 1: all process rows with texts of their own, thread_stat one row each, no far values in columns. Reads as it did.
 */
export const SCHEMA_VERSION = 2;

/** Places for columns in an id of chunk_column. */
export const COLUMN_SLOTS = 32;
export type StoredColumn = NumberColumn | ByteColumn | `${ByteColumn}Length`;
/** Number columns that came later have their numbers behind those of the byte columns. */
const FIRST_NUMBERS = 10;
const STORED: readonly StoredColumn[] = [
  ...NUMBER_COLUMN_NAMES.slice(0, FIRST_NUMBERS),
  ...BYTE_COLUMN_NAMES.flatMap((name): StoredColumn[] => [`${name}Length`, name]),
  ...NUMBER_COLUMN_NAMES.slice(FIRST_NUMBERS),
];
/** The number of each stored column: part of the file format. */
export const COLUMN_NUMBER = Object.fromEntries(STORED.map((name, i) => [name, i])) as Record<StoredColumn, number>;

const CHUNK_TABLES = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE chunk (
  id INTEGER PRIMARY KEY,
  n INTEGER NOT NULL,
  first_num INTEGER NOT NULL,
  last_num INTEGER NOT NULL,
  min_time REAL NOT NULL,      -- ns since the capture's start
  max_time REAL NOT NULL,
  max_latency REAL NOT NULL,
  sealed INTEGER NOT NULL,     -- 0: a piece that a full chunk will replace
  types BLOB NOT NULL,         -- which rows occur: presence.ts
  threads BLOB NOT NULL,
  fds BLOB NOT NULL,
  after INTEGER NOT NULL,      -- the last number of the chunk before; 0: none
  sum INTEGER NOT NULL         -- of all the others
);
CREATE INDEX chunk_by_num ON chunk (last_num);
CREATE TABLE text (id INTEGER PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE chunk_column (id INTEGER PRIMARY KEY, sum INTEGER NOT NULL, data BLOB NOT NULL);
`;

/** Makes an empty database a capture. */
export function createSchema(db: Database): void {
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.pragma(`user_version = ${SCHEMA_VERSION}`);
  db.exec(CHUNK_TABLES);
  for (const spec of Object.values(DIMENSIONS)) db.exec(createTable(spec as unknown as TableSpec<never>));
}
