/** What can still be read of a damaged capture, chunk by chunk and row by row, as a capture of its own. */
import Database from 'better-sqlite3';
import type { CaptureMeta } from '../capture/meta.ts';
import { OpenChunk } from '../model/chunk.ts';
import { DIMENSION_NAMES, DIMENSIONS, type TableSpec } from '../model/dimensions.ts';
import { newTables, type RowName, type Table } from '../model/rows.ts';
import { CaptureReader } from './reader.ts';
import { columnName, decodeRow } from './tables.ts';
import { CaptureWriter } from './writer.ts';

export interface Repaired {
  readonly events: number;
  /** Events of chunks that could not be read, by their numbers, both included. */
  readonly missing: readonly { readonly from: number; readonly to: number; readonly reason: string }[];
  /** Tables of which rows could not be read, and how many of them, as far as is known. */
  readonly rows: readonly { readonly table: string; readonly count: number }[];
}

const LEVEL = 3;
/** Ids that are tried one by one where a table cannot be read in one go. */
const MOST_TRIED = 2 ** 22;

/** Throws CaptureError where nothing can be read at all, or the new file cannot be written. */
export function repair(path: string, target: string): Repaired {
  const reader = new CaptureReader(path);
  const db = new Database(path, { readonly: true });
  const tables = newTables();
  try {
    const rows = DIMENSION_NAMES.flatMap((name) => salvageRows(db, reader, name, tables[name] as Table<never>));
    const writer = new CaptureWriter(target, tables, { level: LEVEL, live: false, small: true });
    writer.meta(reader.meta);
    const { events, missing } = salvageChunks(db, reader, writer);
    const damaged = missing.length > 0 || rows.length > 0 || reader.meta.state !== 'complete';
    const end: Partial<CaptureMeta> = damaged
      ? { state: 'broke off', broke: 'what is here was salvaged from a damaged or unclosed capture', ...damageOf(missing, rows) }
      : {};
    writer.close({ end: reader.meta.end ?? String(safely(() => reader.last()?.time ?? 0) ?? 0), ...end });
    return { events, missing, rows };
  } finally {
    db.close();
    reader.close();
  }
}

/** What is missing, in the words that every command says of a damaged file. */
function damageOf(missing: Repaired['missing'], rows: Repaired['rows']): Partial<CaptureMeta> {
  const parts = [
    ...missing.map(({ from, to, reason }) => `events ${from} to ${to} (${reason})`),
    ...rows.map(({ table, count }) => `${count === 0 ? 'some' : count} rows of the table ${table}`),
  ];
  return parts.length === 0 ? {} : { damage: JSON.stringify({ reason: `${parts.join('; ')} could not be read` }) };
}

function salvageRows(db: Database.Database, reader: CaptureReader, name: RowName, table: Table<never>): { table: string; count: number }[] {
  const all = safely(() => [...reader.dims[name].all()]);
  if (all !== null) {
    for (const row of all) table.put(row as never);
    return [];
  }
  const spec = DIMENSIONS[name] as unknown as TableSpec<never>;
  const last = safely(() => db.prepare(`SELECT max(id) FROM "${spec.name}"`).pluck().get() as number | null) ?? 0;
  const columns = spec.columns.map(({ field }) => `"${columnName(field)}"`).join(', ');
  const select = safely(() => db.prepare(`SELECT ${columns} FROM "${spec.name}" WHERE id = ?`).raw());
  const text = safely(() => db.prepare('SELECT value FROM text WHERE id = ?').pluck());
  let count = 0;
  for (let id = 0; id <= Math.min(last, MOST_TRIED); id++) {
    try {
      const values = select?.get(id) as unknown[] | undefined;
      if (values !== undefined) table.put(decodeRow(spec, values, (shared) => JSON.parse(text?.get(shared) as string)));
    } catch {
      count++;
    }
  }
  return [{ table: spec.name, count }];
}

function salvageChunks(db: Database.Database, reader: CaptureReader, writer: CaptureWriter): Pick<Repaired, 'events' | 'missing'> {
  const missing: { from: number; to: number; reason: string }[] = [];
  let events = 0;
  let after = 0;
  for (;;) {
    const found = nextChunk(reader, after);
    if (found === null) return { events, missing };
    if (found instanceof OpenChunk) {
      writer.append(found);
      events += found.n;
      after = found.num[found.n - 1]!;
      continue;
    }
    const to = nextAfter(db, after);
    missing.push({ from: after + 1, to: to ?? after, reason: found.message });
    if (to === null || to <= after) return { events, missing };
    after = to;
  }
}

/** The chunk behind an event; null: there is none. */
function nextChunk(reader: CaptureReader, after: number): OpenChunk | Error | null {
  try {
    const head = reader.heads(after).next().value;
    if (head === undefined) return null;
    const copy = new OpenChunk(head.n, 1024);
    copy.takeRange(reader.chunk(head), 0, head.n);
    const last = copy.num[head.n - 1]!;
    return last === head.lastNum ? copy : new Error(`its last event is ${last}, not ${head.lastNum}`);
  } catch (error) {
    return error as Error;
  }
}

/** The last number of the chunk behind an event; null: not to be read. */
function nextAfter(db: Database.Database, after: number): number | null {
  return safely(() => db.prepare('SELECT min(last_num) FROM chunk WHERE last_num > ?').pluck().get(after) as number | null);
}

function safely<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}
