/**
 * The capture file: one SQLite database.
 *
 *   meta          key, value: what the capture is (see CaptureMeta)
 *   chunk         one row per run of at most CHUNK_EVENTS events, ascending in event number
 *   chunk_column  one row per chunk and column, id = chunk * 32 + the column's number; blobs as codec.ts says
 *   text          what many rows of dimensions have in common, as JSON
 *   all others    the dimensions that events refer to (tables.ts), one row each, or in blocks of rows (blocks.ts)
 *
 * While recording, the newest events lie in small chunks ("pieces") which one full chunk replaces later, in one transaction.
 */
import type { Database } from 'better-sqlite3';
import { type BYTE_COLUMN_NAMES, NUMBER_COLUMN_NAMES } from '../model/chunk.ts';
import { createTable, TABLES, type TableSpec } from './tables.ts';

/** `TROW`, so that file(1) and we know our own. */
export const APPLICATION_ID = 0x54524f57;
/**
 * Raised when what was written before cannot be told from what is written now, or an older Trowel would misread it.
 * 1: all process rows with texts of their own, thread_stat one row each, no far values in columns. Reads as it did.
 */
export const SCHEMA_VERSION = 2;

/** Places for columns in an id of chunk_column. */
export const COLUMN_SLOTS = 32;
export type StoredColumn = (typeof NUMBER_COLUMN_NAMES)[number] | (typeof BYTE_COLUMN_NAMES)[number] | 'argsLength' | 'dataLength';
const STORED: readonly StoredColumn[] = [...NUMBER_COLUMN_NAMES, 'argsLength', 'args', 'dataLength', 'data'];
/** The number of each stored column: part of the file format, so only ever append. */
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
  fds BLOB NOT NULL
);
CREATE INDEX chunk_by_num ON chunk (last_num);
CREATE TABLE text (id INTEGER PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE chunk_column (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
`;

/** Makes an empty database a capture. */
export function createSchema(db: Database): void {
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.pragma(`user_version = ${SCHEMA_VERSION}`);
  db.exec(CHUNK_TABLES);
  for (const spec of Object.values(TABLES)) db.exec(createTable(spec as unknown as TableSpec<never>));
}

/** What a capture says of itself. Numbers above 2^53 are decimal text. */
export interface CaptureMeta {
  /** ns since 1970 at which its time is zero. */
  readonly epoch: string;
  /** trowel or scap. */
  readonly source: string;
  readonly version: string;
  readonly hostname: string;
  readonly kernel: string;
  readonly machine: string;
  readonly cpus: string;
  readonly snaplen: string;
  /** What was asked for at recording; empty: everything. */
  readonly filter: string;
  /** `recording` until it was closed well. */
  readonly state: 'recording' | 'complete';
  /** ns: the capture's end, where known. */
  readonly end: string;
  /** How it was made. */
  readonly command: string;
  /** Which kernel hook the probe used. */
  readonly hook: string;
  /** The effects of what was missing, a line each. */
  readonly notes: string;
  /** What the probe could not see, as JSON: [{ id, effect, reason, errno }]; native/feature.c has the ids. */
  readonly missing: string;
  /** What was wrong with where names of pods came from; absent: nothing. */
  readonly names: string;
}
