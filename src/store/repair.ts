/** What can still be read of a damaged capture, chunk by chunk and row by row, as a capture of its own. */
import Database from 'better-sqlite3';
import { CaptureDamage } from '../capture/error.ts';
import type { CaptureMeta, Damage } from '../capture/meta.ts';
import { type ChunkHead, OpenChunk } from '../model/chunk.ts';
import { DIMENSION_NAMES, DIMENSIONS } from '../model/dimensions.ts';
import { newTables, type RowName, type Table } from '../model/rows.ts';
import { readable } from './readable.ts';
import { CaptureReader } from './reader.ts';
import { salvageRows } from './salvage-rows.ts';
import { ChunksGone } from './stored-chunks.ts';
import { CaptureWriter } from './writer.ts';

export interface Repaired {
  readonly events: number;
  /** Events of chunks that could not be read, by their numbers, both included; `to` is below `from` where it is not known. */
  readonly missing: readonly { readonly from: number; readonly to: number; readonly reason: string }[];
  /** Tables of which rows could not be read, and how many; 0: it is not known. */
  readonly rows: readonly { readonly table: string; readonly count: number }[];
  /** When it was recorded is not known. */
  readonly undated: boolean;
}

const LEVEL = 3;

/** Throws CaptureError where nothing can be read at all, or the new file cannot be written. */
export function repair(path: string, target: string): Repaired {
  const whole = readable(path);
  try {
    const lost = whole.anew.includes('meta') ? [{ table: 'meta', count: 0 }] : [];
    return salvage(new CaptureReader(whole.path, path), new Database(whole.path, { readonly: true }), target, lost);
  } finally {
    whole.discard();
  }
}

function salvage(reader: CaptureReader, db: Database.Database, target: string, lost: Repaired['rows']): Repaired {
  const tables = newTables();
  try {
    const rows = [...lost, ...DIMENSION_NAMES.flatMap((name) => tableOf(db, reader, name, tables[name] as Table<never>))];
    const undated = lost.length > 0 && reader.meta.epoch === undefined;
    const writer = new CaptureWriter(target, tables, { level: LEVEL, live: false, small: true });
    writer.meta(reader.meta);
    const { events, missing } = salvageChunks(db, reader, writer);
    const broke = reader.meta.state !== 'complete' || missing.some(isOpen);
    writer.close({
      end: reader.meta.end ?? String(safely(() => reader.last()?.time ?? 0) ?? 0),
      ...(broke ? { state: 'broke off', broke: 'what is here was salvaged from a damaged or unclosed capture' } : {}),
      ...damageOf(missing, rows, undated),
    });
    return { events, missing, rows, undated };
  } finally {
    db.close();
    reader.close();
  }
}

type Stretch = Repaired['missing'][number];

/** How far it goes is not known. */
const isOpen = ({ from, to }: Stretch): boolean => to < from;

export function stretchText(stretch: Stretch): string {
  return isOpen(stretch) ? `what follows event ${stretch.from - 1}` : `events ${stretch.from} to ${stretch.to}`;
}

export const UNDATED = 'when it was recorded, so its times count from 1 January 1970';

/** A line each: tables of which it is not known how many are one. */
export function rowsTexts(rows: Repaired['rows']): string[] {
  const some = rows.filter(({ count }) => count === 0).map(({ table }) => table);
  return [
    ...rows.filter(({ count }) => count > 0).map(({ table, count }) => `${count} ${count === 1 ? 'row' : 'rows'} of the table ${table}`),
    ...(some.length === 0 ? [] : [`rows of the ${some.length === 1 ? 'table' : 'tables'} ${some.join(', ')}`]),
  ];
}

/** What is missing, in the words that every command says of a damaged file. */
function damageOf(missing: Repaired['missing'], rows: Repaired['rows'], undated: boolean): Partial<CaptureMeta> {
  const parts = [
    ...missing.map((stretch) => `${stretchText(stretch)} (${stretch.reason})`),
    ...rowsTexts(rows),
    ...(undated ? [UNDATED] : []),
  ];
  if (parts.length === 0) return {};
  const damage: Damage = {
    reason: `${parts.join('; ')} could not be read`,
    kept: parts.length === 1 && missing.some(isOpen) ? 'before' : 'rest',
  };
  return { damage: JSON.stringify(damage) };
}

function tableOf(db: Database.Database, reader: CaptureReader, name: RowName, table: Table<never>): { table: string; count: number }[] {
  const all = safely(() => [...reader.dims[name].all()]);
  if (all === null) return [{ table: DIMENSIONS[name].name, count: safely(() => salvageRows(db, name, table)) ?? 0 }];
  for (const row of all) table.put(row as never);
  return [];
}

function salvageChunks(db: Database.Database, reader: CaptureReader, writer: CaptureWriter): Pick<Repaired, 'events' | 'missing'> {
  const missing: Stretch[] = [];
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
    const to = found instanceof ChunksGone ? found.to : (nextAfter(db, after) ?? safely(() => reader.unsureHead(after)?.lastNum ?? null));
    addStretch(missing, { from: after + 1, to: to ?? after, reason: found instanceof CaptureDamage ? found.detail : found.message });
    if (to === null || to <= after) return { events, missing };
    after = to;
  }
}

/** One after the other they are one stretch, for the first one's reason. */
function addStretch(missing: Stretch[], stretch: Stretch): void {
  const before = missing.at(-1);
  if (before !== undefined && before.to === stretch.from - 1 && !isOpen(stretch))
    missing[missing.length - 1] = { ...before, to: stretch.to };
  else missing.push(stretch);
}

/** The chunk behind an event, also where no more than its head is damaged; null: there is none. */
function nextChunk(reader: CaptureReader, after: number): OpenChunk | Error | null {
  try {
    const head = reader.heads(after).next().value;
    return head === undefined ? null : copied(reader, head);
  } catch (error) {
    return error instanceof ChunksGone ? error : (safely(() => unsureChunk(reader, after)) ?? (error as Error));
  }
}

/** Null: its columns are not those of the events that follow. */
function unsureChunk(reader: CaptureReader, after: number): OpenChunk | null {
  const head = reader.unsureHead(after);
  const chunk = head === null ? null : copied(reader, head);
  return chunk instanceof OpenChunk && chunk.num[0]! > after ? chunk : null;
}

function copied(reader: CaptureReader, head: ChunkHead): OpenChunk | Error {
  const copy = new OpenChunk(head.n, 1024);
  copy.takeRange(reader.chunk(head), 0, head.n);
  const last = copy.num[head.n - 1]!;
  return last === head.lastNum ? copy : new Error(`its last event is ${last}, not ${head.lastNum}`);
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
