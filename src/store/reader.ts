import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { type BlindSpot, blindSpots, type LossSummary, lossesOf } from '../capture/blind-spots.ts';
import type { Capture, Origin } from '../capture/capture.ts';
import { CaptureDamage, CaptureError } from '../capture/error.ts';
import type { Outcome, Question } from '../capture/event-stream.ts';
import type { CaptureMeta } from '../capture/meta.ts';
import { type Match, type Range, readSelected, selectChunks } from '../capture/select.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import type { Chunk, ChunkHead } from '../model/chunk.ts';
import type { NumberArray } from '../model/columns.ts';
import { DIMENSION_NAMES } from '../model/dimensions.ts';
import type { Dimensions, RowName } from '../model/rows.ts';
import { looksLikeOurs } from './headless.ts';
import { copyWithLog, needsCopy } from './log-copy.ts';
import { readOrigin } from './origins.ts';
import { APPLICATION_ID, COLUMN_NUMBER, COLUMN_SLOTS, SCHEMA_VERSION, type StoredColumn } from './schema.ts';
import { headOf, StoredChunk } from './stored-chunk.ts';
import { isCount, StoredChunks } from './stored-chunks.ts';
import { StoredRows, Texts } from './stored-rows.ts';
import { Checked, checkSum, sumOf } from './sum.ts';

/** A capture, opened for reading; it may still be growing. Columns are decoded when first asked for, rows likewise. */
export class CaptureReader implements Capture {
  readonly #db: Database.Database;
  readonly #column: Database.Statement;
  readonly #chunks: StoredChunks;
  readonly #checked = new Checked();
  readonly #scratch = new Map<string, NumberArray>();
  readonly dims: Dimensions;
  meta: Readonly<Partial<CaptureMeta>>;

  readonly path: string;
  readonly #file: string;

  /** `named`: what the user calls it, where that is not the file. Throws CaptureError. */
  constructor(file: string, named = file) {
    this.path = named;
    this.#file = file;
    this.#db = openReadOnly(file, named);
    this.meta = this.#readMeta();
    this.#column = this.#sound(() => prepareColumn(this.#db));
    this.#chunks = this.#sound(() => new StoredChunks(named, this.#db));
    const texts = this.#sound(() => new Texts(this.#db));
    const rowsOf = (name: RowName) => new StoredRows(named, this.#db, name, texts);
    this.dims = Object.fromEntries(DIMENSION_NAMES.map((name) => [name, this.#sound(() => rowsOf(name))])) as unknown as Dimensions;
  }

  /** Where it lies, whatever it was asked for by. */
  get file(): string {
    return this.#file;
  }

  /** ns since 1970 of time zero. */
  get epoch(): bigint {
    return BigInt(this.meta.epoch ?? '0');
  }

  get blindSpots(): readonly BlindSpot[] {
    return blindSpots(this);
  }

  get losses(): LossSummary {
    return lossesOf(this.dims);
  }

  get bytes(): number {
    return statSync(this.#file).size;
  }

  /** Version of the file's tables. */
  get schema(): number {
    return this.#db.pragma('user_version', { simple: true }) as number;
  }

  /** Time of an event; null where no event has that number. */
  timeOf(num: number): number | null {
    const head = this.heads(num - 1).next().value;
    if (head === undefined || head.firstNum > num) return null;
    const chunk = this.chunk(head);
    const i = chunk.num.indexOf(num);
    return i < 0 ? null : chunk.time[i]!;
  }

  origin(num: number): Origin | null {
    return this.#sound(() => readOrigin(this.#db, this.meta, num));
  }

  /** Heads of the chunks with events above number `after`, ascending; sees what is written meanwhile. */
  *heads(after = 0): Generator<ChunkHead> {
    for (let seen = after; ; ) {
      const row = this.#sound(() => this.#chunks.after(seen, this.meta));
      if (row === undefined) return this.#chunks.checkEnd(seen, this.meta);
      this.#chunks.check(row, seen);
      yield headOf(row);
      seen = row.last_num;
    }
  }

  /** The chunk that follows event `after` in a damaged file, though its head may be wrong: its columns say whether they are whole. */
  unsureHead(after: number): ChunkHead | null {
    const row = this.#sound(() => this.#chunks.after(after, this.meta));
    return row === undefined || !isCount(row.n) ? null : headOf(row);
  }

  /** A chunk, to be kept as long as one likes. */
  chunk(head: ChunkHead): Chunk {
    return new StoredChunk(this.path, head, (column) => this.#blob(head, column), null);
  }

  /** A chunk that holds until the next call of this: its number columns lie in the same memory as the last one's. */
  passingChunk(head: ChunkHead): Chunk {
    return new StoredChunk(this.path, head, (column) => this.#blob(head, column), this.#scratch);
  }

  select(filter: CompiledFilter, range: Range = {}): Iterable<Match> {
    return selectChunks(this, filter, range);
  }

  answers(): boolean {
    return true;
  }

  read(question: Question, onMatch: (match: Match) => boolean): Promise<Outcome> {
    return readSelected(this, question, onMatch);
  }

  /** Number and time of the last event; null for a capture without events. */
  last(): { num: number; time: number; count: number } | null {
    const extent = 'SELECT max(last_num) AS num, max(max_time) AS time, sum(n) AS count FROM chunk';
    const row = this.#sound(() => this.#db.prepare(extent).get() as { num: number | null; time: number; count: number });
    return row.num === null ? null : { num: row.num, time: row.time, count: row.count };
  }

  /** Changes when somebody else writes to the file. */
  get revision(): number {
    return this.#db.pragma('data_version', { simple: true }) as number;
  }

  /** Everything that `work` reads is of one moment, though the file may be growing. */
  snapshot<T>(work: () => T): T {
    return this.#db.transaction(work)();
  }

  /**
   * Lets what was added or changed since be seen: rows, and what the capture says of itself.
   * `recent`: of the rows that were there before only the last ones are read again, for those who look many times a second.
   */
  refresh(recent = false): void {
    this.meta = this.#readMeta();
    for (const rows of Object.values(this.dims)) (rows as unknown as StoredRows<RowName>).refresh(recent);
  }

  close(): void {
    this.#db.close();
  }

  /** What SQLite says of a page names no file, and nothing that helps. */
  #sound<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Database.SqliteError)) throw error;
      const { code, message } = error;
      if (!/^SQLITE_(CORRUPT|NOTADB|ERROR|MISMATCH)/.test(code)) throw new CaptureError(this.path, `cannot be read: ${message}`);
      throw new CaptureDamage(this.path, message);
    }
  }

  #readMeta(): Partial<CaptureMeta> {
    return this.#sound(() => Object.fromEntries(this.#db.prepare('SELECT key, value FROM meta').raw().all() as [string, string][]));
  }

  #blob({ id: chunk, firstNum }: ChunkHead, column: StoredColumn): Uint8Array {
    const number = COLUMN_NUMBER[column];
    const id = chunk * COLUMN_SLOTS + number;
    const row = this.#sound(() => this.#column.get(id) as [blob: Uint8Array, sum?: unknown] | undefined);
    if (row === undefined) throw new CaptureDamage(this.path, `chunk ${chunk} has no column ${column}`);
    const [blob, sum] = row;
    if (row.length === 1 || this.#checked.has(chunk, number)) return blob;
    try {
      checkSum(sum, sumOf([id], blob));
      this.#checked.add(chunk, number);
    } catch (error) {
      throw new CaptureDamage(this.path, `column ${column} of events from ${firstNum} on: ${(error as Error).message}`);
    }
    return blob;
  }
}

/** Gives a blob, and its checksum where the file has them. */
function prepareColumn(db: Database.Database): Database.Statement {
  const summed = db.prepare("SELECT 1 FROM pragma_table_info('chunk_column') WHERE name = 'sum'").get() !== undefined;
  return db.prepare(`SELECT data${summed ? ', sum' : ''} FROM chunk_column WHERE id = ?`).raw();
}

function openReadOnly(file: string, path: string): Database.Database {
  let db: Database.Database;
  try {
    db = openHere(file) ?? openCopy(file);
    const id = db.pragma('application_id', { simple: true });
    if (id !== APPLICATION_ID) throw notOurs(file, path);
  } catch (error) {
    if (error instanceof CaptureError) throw error;
    const { code, message } = error as { readonly code?: string; readonly message: string };
    if (/^SQLITE_(CORRUPT|NOTADB)/.test(code ?? '')) throw new CaptureDamage(path, message);
    throw new CaptureError(path, `cannot be opened: ${message}`);
  }
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > SCHEMA_VERSION) {
    throw new CaptureError(path, `was written by a newer Trowel (schema ${version}, this one knows ${SCHEMA_VERSION}): update Trowel`);
  }
  return db;
}

function notOurs(file: string, path: string): CaptureError {
  return looksLikeOurs(file)
    ? new CaptureDamage(path, 'its first page does not say what it is')
    : new CaptureError(path, 'is an SQLite file, but not a Trowel capture');
}

/** Null: only a copy of it can be read. */
function openHere(file: string): Database.Database | null {
  const db = new Database(file, { readonly: true, fileMustExist: true });
  try {
    readOnce(db);
    return db;
  } catch (error) {
    db.close();
    if (!UNREADABLE_LOG.test((error as { code?: string }).code ?? '') || !needsCopy(file)) throw error;
    return null;
  }
}

const UNREADABLE_LOG = /^SQLITE_(CANTOPEN|READONLY)/;

function openCopy(file: string): Database.Database {
  const { path, discard } = copyWithLog(file);
  try {
    const db = new Database(path, { fileMustExist: true });
    db.pragma('journal_mode = DELETE'); // what the log has is in the file then
    db.pragma('query_only = ON');
    readOnce(db);
    return db;
  } finally {
    discard();
  }
}

/** Opens what SQLite opens when first needed. */
function readOnce(db: Database.Database): void {
  db.prepare('SELECT count(*) FROM sqlite_schema').get();
}
