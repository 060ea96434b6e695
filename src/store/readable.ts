/** A damaged capture as SQLite opens it: itself where that is enough, else a copy that was completed. */
import Database from 'better-sqlite3';
import { CaptureDamage } from '../capture/error.ts';
import { replaceMeta, replaceSchema } from './fresh-head.ts';
import { copyWithLog } from './log-copy.ts';
import { CaptureReader } from './reader.ts';
import { APPLICATION_ID, SCHEMA_VERSION } from './schema.ts';
import { ofWholeLength, type Whole } from './whole-length.ts';

export interface Readable extends Whole {
  /** What was made anew, and is empty or was put together from what could be read. */
  readonly anew: readonly ('schema' | 'meta')[];
}

/** Throws CaptureError where nothing helps. */
export function readable(file: string): Readable {
  const whole = ofWholeLength(file);
  if (opens(whole.path)) return { ...whole, anew: [] };
  const copy = copyWithLog(whole.path);
  whole.discard();
  const anew: Readable['anew'][number][] = [];
  try {
    if (!hasSchema(copy.path)) {
      replaceSchema(copy.path, file);
      anew.push('schema');
    }
    if (!opens(copy.path)) {
      replaceMeta(copy.path);
      anew.push('meta');
    }
    return { ...copy, anew };
  } catch (error) {
    copy.discard();
    throw error;
  }
}

/** Throws what is no damage. */
function opens(path: string): boolean {
  try {
    new CaptureReader(path).close();
    return true;
  } catch (error) {
    if (error instanceof CaptureDamage) return false;
    throw error;
  }
}

const TABLES = "SELECT count(*) FROM sqlite_schema WHERE name IN ('meta', 'chunk', 'chunk_column', 'chunk_by_num', 'loss')";

function hasSchema(path: string): boolean {
  let db: Database.Database | null = null;
  try {
    db = new Database(path, { fileMustExist: true });
    const pragma = (name: string) => db!.pragma(name, { simple: true }) as number;
    return (
      pragma('application_id') === APPLICATION_ID && pragma('user_version') <= SCHEMA_VERSION && db.prepare(TABLES).pluck().get() === 5
    );
  } catch {
    return false;
  } finally {
    db?.close();
  }
}
