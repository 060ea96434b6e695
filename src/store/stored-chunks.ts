/** The chunks of a capture in their order, found by the index or, where that is damaged, without it. */
import Database from 'better-sqlite3';
import { CaptureDamage } from '../capture/error.ts';
import type { CaptureMeta } from '../capture/meta.ts';
import { CHUNK_EVENTS } from '../model/chunk.ts';
import { type ChunkRow, checkHead } from './stored-chunk.ts';

/** Chunks that must have been there are not. */
export class ChunksGone extends CaptureDamage {
  /** Both are numbers of events. */
  constructor(
    path: string,
    after: number,
    readonly to: number,
  ) {
    super(path, `events up to ${to} are no longer there behind event ${after}`);
  }
}

/** Whether a chunk may have so many events. */
export const isCount = (n: unknown): boolean => Number.isInteger(n) && (n as number) >= 1 && (n as number) <= CHUNK_EVENTS;

export class StoredChunks {
  readonly #path: string;
  readonly #next: Database.Statement;
  readonly #scan: Database.Statement;
  readonly #newest: Database.Statement;

  /** `path`: what the user calls it. */
  constructor(path: string, db: Database.Database) {
    this.#path = path;
    this.#next = db.prepare('SELECT * FROM chunk WHERE last_num > ? ORDER BY last_num LIMIT 1');
    this.#scan = db.prepare('SELECT * FROM chunk NOT INDEXED WHERE last_num > ? ORDER BY id LIMIT 1');
    this.#newest = db.prepare('SELECT last_num FROM chunk ORDER BY id DESC LIMIT 1').pluck();
  }

  /** The chunk that follows event `num`; undefined: none. Throws what SQLite throws where that cannot be known. */
  after(num: number, { last = 'Infinity' }: Partial<CaptureMeta>): ChunkRow | undefined {
    const row = this.#indexed(num);
    if (!(row instanceof Error) && (row === undefined ? this.#last() : (row.after ?? 0)) <= Math.max(0, num)) return row;
    const found = this.#scan.get(num) as ChunkRow | undefined;
    if (found !== undefined) return found;
    if (row instanceof Error && num < Number(last)) throw row;
    return row instanceof Error ? undefined : row;
  }

  /** Throws CaptureDamage where a chunk, the one that was found behind event `seen`, is not what was stored, or not the next. */
  check(row: ChunkRow, seen: number): void {
    if (!isCount(row.n)) throw new CaptureDamage(this.#path, `chunk ${row.id} has ${row.n} events`);
    try {
      checkHead(row);
    } catch (error) {
      throw new CaptureDamage(this.#path, `chunk ${row.id}: ${(error as Error).message}`);
    }
    if ((row.after ?? 0) > Math.max(0, seen)) throw new ChunksGone(this.#path, seen, row.after!);
  }

  /** Chunks that are gone from the end leave no trace in the others. */
  checkEnd(seen: number, { last = '0' }: Partial<CaptureMeta>): void {
    if (Number(last) > Math.max(0, seen)) throw new ChunksGone(this.#path, seen, Number(last));
  }

  /** An error: the index is damaged, or what it leads to. */
  #indexed(num: number): ChunkRow | undefined | Error {
    try {
      return this.#next.get(num) as ChunkRow | undefined;
    } catch (error) {
      if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_CORRUPT')) return error;
      throw error;
    }
  }

  /** The last event's number as the table has it. */
  #last(): number {
    return (this.#newest.get() as number | undefined) ?? 0;
  }
}
