import { closeSync, constants, lstatSync, openSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { CaptureError } from '../capture/error.ts';
import type { CaptureMeta } from '../capture/meta.ts';
import { CHUNK_EVENTS, type Chunk, OpenChunk } from '../model/chunk.ts';
import { COLUMNS, NUMBER_COLUMN_NAMES, type NumberArray } from '../model/columns.ts';
import { DIMENSION_NAMES, DIMENSIONS, type TableSpec } from '../model/dimensions.ts';
import type { DimensionTables, RowName } from '../model/rows.ts';
import { packRows, type Values } from './blocks.ts';
import { packNumbers } from './codec.ts';
import { giveFile } from './owner.ts';
import { PresenceCollector } from './presence.ts';
import { COLUMN_NUMBER, COLUMN_SLOTS, createSchema, type StoredColumn } from './schema.ts';
import { sumOf } from './sum.ts';
import { BLOCK_ROWS, encodeRow, insertInto } from './tables.ts';
import { type Compression, packBytes } from './zip.ts';

export interface WriterOptions {
  /** zstd level of full chunks. */
  readonly level: number;
  /** False: no one reads before `close`, so nothing is written for readers or for a crash (imports). */
  readonly live: boolean;
  /** Also zips what most filters read: half the size, for some 5 ns an event more when a filter reads such a column. */
  readonly small?: boolean;
}

const UNZIPPED: Compression = { level: 0 };
/** Texts that rows may share, at most: one that comes again after so many others lies in the file twice. */
const MAX_TEXTS = 16_384;

/** All was written, and the capture is complete, but only with its log: that did not go into the file. */
export class LogLeft extends CaptureError {
  constructor(path: string, reason: string) {
    super(path, `all of it is there, but only with ${basename(path)}-wal beside it, which did not go into it: ${reason}`);
  }
}

/**
 * Writes one capture. Events are appended in the order of their numbers; `flush` makes all of them, and the rows they refer to,
 * visible to readers and safe from a crash of this process; a power cut leaves a capture that lacks only the newest of them.
 */
export class CaptureWriter {
  readonly #path: string;
  readonly #db: Database.Database;
  readonly #tables: DimensionTables;
  readonly #options: WriterOptions;
  readonly #open = new OpenChunk(CHUNK_EVENTS, 1 << 20);
  /** Of the file that was made: one that is removed or replaced is written on by nobody's wish. */
  readonly #inode: number;
  /** Where a piece is put together, again and again: memory that is made anew each time is collected late. */
  readonly #piece = new OpenChunk(CHUNK_EVENTS, 1 << 16);
  readonly #lengths = new Uint32Array(CHUNK_EVENTS);
  /** Events of the open chunk that pieces already hold. */
  #flushed = 0;
  #pieces: number[] = [];
  #nextChunk = 1;
  /** The last number that a chunk, or a full chunk, has; 0: none. */
  #last = 0;
  #lastSealed = 0;
  readonly #presence = { type: new PresenceCollector(), thread: new PresenceCollector(), fd: new PresenceCollector() };
  readonly #insertChunk: Database.Statement;
  readonly #insertColumn: Database.Statement;
  readonly #dropChunk: Database.Statement;
  readonly #dropColumns: Database.Statement;
  readonly #setMeta: Database.Statement;
  readonly #insertText: Database.Statement;
  /** Ids of the texts that rows share. */
  readonly #texts = new Map<string, number>();
  #lastText = 0;
  readonly #inserts: ReadonlyMap<RowName, Database.Statement>;

  constructor(path: string, tables: DimensionTables, options: WriterOptions) {
    this.#path = path;
    this.#tables = tables;
    this.#options = options;
    createFile(path);
    this.#db = openDatabase(path, options.live);
    this.#db.pragma('locking_mode = NORMAL');
    this.#inode = statSync(path).ino;
    this.#insertChunk = this.#db.prepare('INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#insertColumn = this.#db.prepare('INSERT INTO chunk_column VALUES (?, ?, ?)');
    this.#dropChunk = this.#db.prepare('DELETE FROM chunk WHERE id = ?');
    this.#dropColumns = this.#db.prepare('DELETE FROM chunk_column WHERE id >= ? AND id < ?');
    this.#setMeta = this.#db.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)');
    this.#insertText = this.#db.prepare('INSERT INTO text VALUES (?, ?)');
    this.#inserts = new Map(
      DIMENSION_NAMES.map((name) => [name, this.#db.prepare(insertInto(DIMENSIONS[name] as unknown as TableSpec<never>))]),
    );
  }

  /** Bytes of the file so far, with its write-ahead log. */
  get bytes(): number {
    const size = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    return size(this.#path) + size(`${this.#path}-wal`);
  }

  /** What a capture says of itself, also of the one that this is made of: but which event is the last, it says when closed. */
  meta({ last: _, ...values }: Partial<CaptureMeta>): void {
    for (const [key, value] of Object.entries(values)) this.#setMeta.run(key, value);
  }

  /** Appends events [from, to) of a chunk, which continue those before in number. */
  append(chunk: Chunk, from = 0, to = chunk.n): void {
    for (let next = from; next < to; ) {
      const end = Math.min(to, next + CHUNK_EVENTS - this.#open.n);
      this.#open.takeRange(chunk, next, end);
      next = end;
      if (this.#open.full) this.#seal();
    }
  }

  /** Makes everything appended so far visible to readers. Throws where the file is no longer there. */
  flush(): void {
    if (!this.#options.live) return;
    if (statSync(this.#path, { throwIfNoEntry: false })?.ino !== this.#inode)
      throw new Error(`${this.#path} was removed or replaced while it was written`);
    this.#transaction(() => this.#writePiece());
  }

  /** Writes the rest and leaves one plain file, `complete` unless `meta` says otherwise. The writer is of no use after. */
  close(meta: Partial<CaptureMeta>): void {
    this.#seal();
    this.#transaction(() => {
      this.#writeRows();
      this.meta({ state: 'complete', ...meta });
      this.#setMeta.run('last', String(this.#last));
    });
    try {
      if (this.#options.live) this.#leaveWal();
    } catch (error) {
      const { message, code } = error as Error & { code?: string };
      if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_WRITE') throw new LogLeft(this.#path, message);
      this.#sayBroken(message); // what the log has may never come to the disk
      throw error;
    } finally {
      this.#db.close();
    }
  }

  /** Closes without what is not yet written, where writing failed: what the log has goes into the file, which makes room to say why. */
  abandon(meta: Partial<CaptureMeta>): void {
    try {
      this.#db.pragma('wal_checkpoint(TRUNCATE)');
      this.meta(meta);
    } finally {
      this.#db.close();
    }
  }

  #sayBroken(broke: string): void {
    try {
      this.meta({ state: 'broke off', broke });
    } catch {
      // the disk does not take this either
    }
  }

  /** One plain file, unless somebody is reading: then the log stays beside it and is as good. */
  #leaveWal(): void {
    try {
      this.#db.pragma('journal_mode = DELETE');
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_BUSY') throw error;
      this.#db.pragma('wal_checkpoint(PASSIVE)');
    }
  }

  /** A full chunk takes the place of its pieces. */
  #seal(): void {
    if (this.#open.n === 0) return;
    this.#transaction(() => {
      for (const id of this.#pieces) this.#deleteChunk(id);
      this.#last = this.#lastSealed;
      this.#writeChunk(this.#open, true);
      this.#writeRows();
    });
    this.#lastSealed = this.#last;
    this.#pieces = [];
    this.#flushed = 0;
    this.#open.clear();
  }

  #writePiece(): void {
    this.#writeRows();
    if (this.#open.n === this.#flushed) return;
    this.#piece.clear();
    this.#piece.takeRange(this.#open, this.#flushed, this.#open.n);
    this.#pieces.push(this.#writeChunk(this.#piece, false));
    this.#flushed = this.#open.n;
  }

  #writeChunk(chunk: Chunk, sealed: boolean): number {
    const id = this.#nextChunk++;
    const { n } = chunk;
    const sets = (['type', 'thread', 'fd'] as const).map((column) =>
      sealed ? this.#presence[column].collect(chunk[column], n) : new Uint8Array(0),
    );
    const [minTime, maxTime] = extent(chunk.time, n);
    const [, maxLatency] = extent(chunk.latency, n);
    const numbers = [id, n, chunk.num[0]!, chunk.num[n - 1]!, minTime, maxTime, maxLatency, sealed ? 1 : 0];
    this.#insertChunk.run(...numbers, ...sets, this.#last, sumOf([...numbers, this.#last], ...sets));
    this.#last = chunk.num[n - 1]!;
    const { level, small = false } = this.#options;
    const compression = { level: sealed ? level : 0, small };
    const hot = small ? compression : UNZIPPED;
    for (const name of NUMBER_COLUMN_NAMES) {
      const column = COLUMNS[name];
      this.#writeNumbers(id, name, chunk[name], n, column.hot ? hot : compression, column.ascending);
    }
    this.#writeBytes(id, 'args', chunk.args, chunk.argsEnd, n, compression);
    this.#writeBytes(id, 'data', chunk.data, chunk.dataEnd, n, compression);
    return id;
  }

  #writeNumbers(chunk: number, name: StoredColumn, values: NumberArray, n: number, compression: Compression, ascending = false): void {
    this.#writeColumn(chunk, name, packNumbers(values, n, ascending, compression));
  }

  #writeColumn(chunk: number, name: StoredColumn, blob: Uint8Array): void {
    const id = chunk * COLUMN_SLOTS + COLUMN_NUMBER[name];
    this.#insertColumn.run(id, sumOf([id], blob), blob);
  }

  #writeBytes(chunk: number, name: 'args' | 'data', bytes: Uint8Array, ends: Uint32Array, n: number, compression: Compression): void {
    const lengths = this.#lengths;
    for (let i = 0; i < n; i++) lengths[i] = ends[i]! - (i === 0 ? 0 : ends[i - 1]!);
    this.#writeNumbers(chunk, `${name}Length`, lengths, n, compression);
    this.#writeColumn(chunk, name, packBytes(bytes.subarray(0, ends[n - 1] ?? 0), compression));
  }

  #deleteChunk(id: number): void {
    this.#dropChunk.run(id);
    this.#dropColumns.run(id * COLUMN_SLOTS, (id + 1) * COLUMN_SLOTS);
  }

  #writeRows(): void {
    for (const [name, insert] of this.#inserts) {
      const spec = DIMENSIONS[name] as unknown as TableSpec<unknown>;
      const rows = this.#tables[name].takeChanged().map((row) => encodeRow(spec, row, (text) => this.#share(text)));
      if (spec.packed) this.#writeBlocks(insert, rows as Values[], spec.columns.length);
      else for (const row of rows) insert.run(...row);
    }
  }

  #writeBlocks(insert: Database.Statement, rows: readonly Values[], columns: number): void {
    for (let from = 0; from < rows.length; from += BLOCK_ROWS) {
      const block = rows.slice(from, from + BLOCK_ROWS);
      const [id, packed] = [block[0]![0]!, packRows(block, columns, this.#options)];
      insert.run(id, block.length, packed, sumOf([id, block.length], packed));
    }
  }

  #share(text: string): number {
    let id = this.#texts.get(text);
    if (id === undefined) {
      id = ++this.#lastText;
      this.#texts.set(text, id);
      if (this.#texts.size > MAX_TEXTS) this.#texts.delete(this.#texts.keys().next().value!);
      this.#insertText.run(id, text);
    }
    return id;
  }

  #transaction(work: () => void): void {
    this.#db.transaction(work)();
  }
}

/**
 * A new file. Its name must be free, also of a link that leads nowhere, and only its owner may read it: it holds what others'
 * programs said. SQLite gives the log and the index beside it the same owner and mode. Throws CaptureError.
 */
function createFile(path: string): void {
  try {
    for (const beside of ['-wal', '-shm', '-journal']) {
      if (lstatSync(path + beside, { throwIfNoEntry: false }) !== undefined) throw new Error(`${path}${beside} exists already`);
    }
    const fd = openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_RDWR, 0o600);
    giveFile(fd);
    closeSync(fd);
  } catch (error) {
    throw new CaptureError(path, `cannot be written: ${(error as Error).message}`);
  }
}

/** Root may read a user's file as soon as it is there: the log's index is then root's for an instant, before SQLite gives it away. */
const NOT_YET_OURS = /^SQLITE_(CANTOPEN|READONLY)/;
const OPEN_TRIES = 50;
const OPEN_PAUSE_MS = 10;
const PAUSING = new Int32Array(new SharedArrayBuffer(4));

function openDatabase(path: string, live: boolean): Database.Database {
  for (let left = OPEN_TRIES; ; left--) {
    const db = new Database(resolve(path), { timeout: 1000, fileMustExist: true }); // resolved, no name means more to SQLite than a file
    try {
      db.pragma('page_size = 4096');
      db.pragma(`journal_mode = ${live ? 'WAL' : 'OFF'}`);
      // NORMAL: a power cut costs what the log had not yet given to the file, not the file. Nobody waits for an import to survive one.
      db.pragma(`synchronous = ${live ? 'NORMAL' : 'OFF'}`);
      createSchema(db);
      return db;
    } catch (error) {
      db.close();
      if (left === 0 || !NOT_YET_OURS.test((error as { code?: string }).code ?? '')) throw error;
      Atomics.wait(PAUSING, 0, 0, OPEN_PAUSE_MS);
    }
  }
}

function extent(values: Float64Array, n: number): [min: number, max: number] {
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < n; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
}
