import { lstatSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { type BlindSpot, blindSpots, type LossSummary, lossesOf } from '../capture/blind-spots.ts';
import type { Capture } from '../capture/capture.ts';
import { CaptureError } from '../capture/error.ts';
import { ALL_READ, type Outcome, type Question } from '../capture/event-stream.ts';
import type { CaptureMeta } from '../capture/meta.ts';
import { type Match, type Range, selectChunks } from '../capture/select.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { CHUNK_EVENTS, type Chunk, type ChunkHead } from '../model/chunk.ts';
import { type ByteColumn, COLUMNS, LazyColumns, type NumberArray, type NumberColumn } from '../model/columns.ts';
import { DIMENSION_NAMES, DIMENSIONS, type TableSpec } from '../model/dimensions.ts';
import type { Dimensions, RowName, Rows, RowTypes } from '../model/rows.ts';
import { unpackRows } from './blocks.ts';
import { unpackBytes, unpackNumbers } from './codec.ts';
import { decodePresence } from './presence.ts';
import { APPLICATION_ID, COLUMN_NUMBER, COLUMN_SLOTS, SCHEMA_VERSION, type StoredColumn } from './schema.ts';
import { BLOCK_COLUMN, BLOCK_ROWS, decodeRow, selectFrom } from './tables.ts';

interface ChunkRow {
  id: number;
  n: number;
  first_num: number;
  last_num: number;
  min_time: number;
  max_time: number;
  max_latency: number;
  types: Uint8Array;
  threads: Uint8Array;
  fds: Uint8Array;
}

const PRESENCE_FIELD = { type: 'types', thread: 'threads', fd: 'fds' } as const;

/** A capture, opened for reading; it may still be growing. Columns are decoded when first asked for, rows likewise. */
export class CaptureReader implements Capture {
  readonly #db: Database.Database;
  readonly #column: Database.Statement;
  readonly #next: Database.Statement;
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
    this.#column = this.#db.prepare('SELECT data FROM chunk_column WHERE id = ?').pluck();
    this.#next = this.#db.prepare('SELECT * FROM chunk WHERE last_num > ? ORDER BY last_num LIMIT 1');
    const texts = new Texts(this.#db);
    const rowsOf = (name: RowName) => new StoredRows(named, this.#db, name, texts);
    this.dims = Object.fromEntries(DIMENSION_NAMES.map((name) => [name, rowsOf(name)])) as unknown as Dimensions;
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

  /** Heads of the chunks with events above number `after`, ascending; sees what is written meanwhile. */
  *heads(after = 0): Generator<ChunkHead> {
    let seen = after;
    for (;;) {
      const row = this.#next.get(seen) as ChunkRow | undefined;
      if (row === undefined) return;
      if (!Number.isInteger(row.n) || row.n < 1 || row.n > CHUNK_EVENTS)
        throw new CaptureError(this.path, `is damaged: chunk ${row.id} has ${row.n} events`);
      yield headOf(row);
      seen = row.last_num;
    }
  }

  /** A chunk, to be kept as long as one likes. */
  chunk(head: ChunkHead): Chunk {
    return new StoredChunk(this.path, head, (column) => this.#blob(head.id, column), null);
  }

  /** A chunk that holds until the next call of this: its number columns lie in the same memory as the last one's. */
  passingChunk(head: ChunkHead): Chunk {
    return new StoredChunk(this.path, head, (column) => this.#blob(head.id, column), this.#scratch);
  }

  select(filter: CompiledFilter, range: Range = {}): Iterable<Match> {
    return selectChunks(this, filter, range);
  }

  answers(): boolean {
    return true;
  }

  async read({ filter, range }: Question, onMatch: (match: Match) => boolean): Promise<Outcome> {
    for (const match of this.select(filter, range)) if (!onMatch(match)) break;
    return ALL_READ;
  }

  /** Number and time of the last event; null for a capture without events. */
  last(): { num: number; time: number; count: number } | null {
    const row = this.#db.prepare('SELECT max(last_num) AS num, max(max_time) AS time, sum(n) AS count FROM chunk').get() as {
      num: number | null;
      time: number;
      count: number;
    };
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

  #readMeta(): Partial<CaptureMeta> {
    return Object.fromEntries(this.#db.prepare('SELECT key, value FROM meta').raw().all() as [string, string][]);
  }

  #blob(chunk: number, column: StoredColumn): Uint8Array {
    const blob = this.#column.get(chunk * COLUMN_SLOTS + COLUMN_NUMBER[column]) as Uint8Array | undefined;
    if (blob === undefined) throw new CaptureError(this.path, `chunk ${chunk} has no column ${column}`);
    return blob;
  }
}

/** How far back rows are likely to change: processes that end, queries that are answered. */
const RECENT_ROWS = 500;

/** Ids up to here: more rows fit into no memory, and who goes through them by id does not go on for ever. */
const MOST_ROWS = 2 ** 24;

/** Rows that are loaded when first asked for. */
class StoredRows<Name extends RowName> implements Rows<RowTypes[Name]> {
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
    let [low, high] = [0, this.#list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#list[middle]!.id <= id) low = middle + 1;
      else high = middle;
    }
    for (; low < this.#list.length; low++) yield this.#list[low]!;
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
      throw new CaptureError(this.#path, `is damaged: table ${this.#spec.name}: ${(error as Error).message}`);
    }
    this.#loaded = true;
    this.version++;
  }

  *#stored(): Iterable<readonly unknown[]> {
    for (const values of this.#select.iterate(this.#after) as Iterable<unknown[]>) {
      if (!this.#packed) yield values;
      else yield* unpackRows(values[1] as Uint8Array, Math.min(values[0] as number, BLOCK_ROWS), this.#spec.columns.length);
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
class Texts {
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

/** A chunk whose columns are decoded on first use. */
class StoredChunk extends LazyColumns implements Chunk {
  readonly #numbers = new Map<NumberColumn | 'argsLength' | 'dataLength', NumberArray>();
  readonly #bytes = new Map<ByteColumn, Uint8Array>();
  readonly n: number;
  #argsEnd: Uint32Array | null = null;
  #dataEnd: Uint32Array | null = null;

  constructor(
    readonly path: string,
    readonly head: ChunkHead,
    readonly blob: (column: StoredColumn) => Uint8Array,
    readonly scratch: Map<string, NumberArray> | null,
  ) {
    super();
    this.n = head.n;
  }

  get args(): Uint8Array {
    return this.#byte('args');
  }
  get data(): Uint8Array {
    return this.#byte('data');
  }
  get argsEnd(): Uint32Array {
    this.#argsEnd ??= this.#ends('argsLength');
    return this.#argsEnd;
  }
  get dataEnd(): Uint32Array {
    this.#dataEnd ??= this.#ends('dataLength');
    return this.#dataEnd;
  }

  /** What the getters of the columns ask. */
  override number(name: NumberColumn): NumberArray {
    let column = this.#numbers.get(name);
    if (column === undefined) {
      column = this.#memory<NumberArray>(name, COLUMNS[name].array);
      this.#unpack(name, column);
      this.#numbers.set(name, column);
    }
    return column;
  }

  #memory<T extends NumberArray>(name: string, type: { new (length: number): T }): T {
    const kept = this.scratch?.get(name) as T | undefined;
    if (kept !== undefined && kept.length >= this.n) return kept;
    const made = new type(this.scratch === null ? this.n : Math.max(this.n, CHUNK_EVENTS));
    this.scratch?.set(name, made);
    return made;
  }

  #byte(name: ByteColumn): Uint8Array {
    let bytes = this.#bytes.get(name);
    if (bytes === undefined) {
      bytes = this.#decoded(name, (blob) => unpackBytes(blob, this.#length(name)));
      this.#bytes.set(name, bytes);
    }
    return bytes;
  }

  /** Bytes of all events together. */
  #length(name: ByteColumn): number {
    const ends = name === 'args' ? this.argsEnd : this.dataEnd;
    return this.n === 0 ? 0 : ends[this.n - 1]!;
  }

  #unpack(name: StoredColumn, target: NumberArray): void {
    this.#decoded(name, (blob) => unpackNumbers(blob, this.n, target));
  }

  #decoded<T>(name: StoredColumn, decode: (blob: Uint8Array) => T): T {
    const blob = this.blob(name);
    try {
      return decode(blob);
    } catch (error) {
      throw new CaptureError(this.path, `is damaged: column ${name} of events from ${this.head.firstNum} on: ${(error as Error).message}`);
    }
  }

  #ends(name: 'argsLength' | 'dataLength'): Uint32Array {
    const ends = this.#memory(name, Uint32Array);
    this.#unpack(name, ends);
    for (let i = 1; i < this.n; i++) ends[i]! += ends[i - 1]!;
    return ends;
  }
}

function headOf(row: ChunkRow): ChunkHead {
  return {
    id: row.id,
    n: row.n,
    firstNum: row.first_num,
    lastNum: row.last_num,
    minTime: row.min_time,
    maxTime: row.max_time,
    maxLatency: row.max_latency,
    presence: (column) => decodePresence(row[PRESENCE_FIELD[column]]),
  };
}

/** SQLite reads a log only through an index beside it, which it has to write. */
const UNREAD_LOG =
  '; its recorder was killed and left a log (-wal) beside it, which is read only where the folder can be written to: copy both files to such a folder';

function openReadOnly(file: string, path: string): Database.Database {
  let db: Database.Database;
  try {
    db = new Database(file, { readonly: true, fileMustExist: true });
    const id = db.pragma('application_id', { simple: true });
    if (id !== APPLICATION_ID) throw new CaptureError(path, 'is an SQLite file, but not a Trowel capture');
  } catch (error) {
    if (error instanceof CaptureError) throw error;
    const why = lstatSync(`${path}-wal`, { throwIfNoEntry: false }) === undefined ? '' : UNREAD_LOG;
    throw new CaptureError(path, `cannot be opened: ${(error as Error).message}${why}`);
  }
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > SCHEMA_VERSION) {
    throw new CaptureError(path, `was written by a newer Trowel (schema ${version}, this one knows ${SCHEMA_VERSION}): update Trowel`);
  }
  return db;
}
