/** What can still be read of a damaged capture, as a capture of its own: chunk by chunk, table by table. */
import { CaptureError } from '../capture/error.ts';
import { type Chunk, type ChunkHead, OpenChunk } from '../model/chunk.ts';
import { NUMBER_COLUMN_NAMES } from '../model/columns.ts';
import { type DimensionTables, newTables, type RowName, type RowTypes } from '../model/rows.ts';
import { CaptureReader } from './reader.ts';
import { CaptureWriter } from './writer.ts';

const LEVEL = 3;

export interface Salvage {
  readonly events: number;
  /** What could not be read, in words. */
  readonly missing: readonly string[];
}

/** Throws CaptureError where nothing can be read. */
export function repair(path: string, target: string): Salvage {
  const capture = new CaptureReader(path);
  try {
    return salvage(capture, target);
  } finally {
    capture.close();
  }
}

function salvage(capture: CaptureReader, target: string): Salvage {
  const missing: string[] = [];
  const tables = newTables();
  for (const name of Object.keys(tables) as RowName[]) copyRows(capture, tables, name, missing);
  const writer = new CaptureWriter(target, tables, { level: LEVEL, live: false });
  let events = 0;
  let lastTime = 0;
  for (const head of headsOf(capture, missing)) {
    const part = copied(capture, head, missing);
    if (part === null) continue;
    writer.append(part);
    events += part.n;
    lastTime = part.time[part.n - 1]!;
  }
  const { state: _, damage = '', ...meta } = capture.meta;
  const end = Number(meta.end ?? '0') > 0 ? meta.end! : String(lastTime);
  const told = [damage, ...missing].filter((text) => text !== '').join('; ');
  writer.meta({ ...meta, ...(told === '' ? {} : { damage: told }) });
  writer.close({ end, ...(missing.length === 0 && capture.meta.state === 'complete' ? {} : { state: 'broke off', broke: 'repaired' }) });
  return { events, missing };
}

function copyRows<Name extends RowName>(capture: CaptureReader, tables: DimensionTables, name: Name, missing: string[]): void {
  const target = tables[name] as { put(row: RowTypes[Name]): RowTypes[Name] };
  try {
    for (const row of capture.dims[name].all() as Iterable<RowTypes[Name]>) target.put(row);
  } catch (error) {
    missing.push(`the table ${name} (${reasonOf(error)})`);
  }
}

function* headsOf(capture: CaptureReader, missing: string[]): Generator<ChunkHead> {
  try {
    yield* capture.heads();
  } catch (error) {
    missing.push(`what comes after the last events (${reasonOf(error)})`);
  }
}

/** All columns of a chunk; null where one of them cannot be read. */
function copied(capture: CaptureReader, head: ChunkHead, missing: string[]): OpenChunk | null {
  try {
    const chunk = capture.passingChunk(head);
    checked(capture, chunk);
    const part = new OpenChunk(chunk.n, 1 << 12);
    part.takeRange(chunk, 0, chunk.n);
    return part;
  } catch (error) {
    missing.push(`events ${head.firstNum} to ${head.lastNum} (${reasonOf(error)})`);
    return null;
  }
}

/** Numbers ascend, and rows are such as a capture has. Throws CaptureError. */
function checked(capture: CaptureReader, chunk: Chunk): void {
  for (const name of NUMBER_COLUMN_NAMES) void chunk[name];
  for (let i = 1; i < chunk.n; i++)
    if (!(chunk.num[i]! > chunk.num[i - 1]!)) throw new CaptureError(capture.path, 'event numbers do not ascend');
  void chunk.argsEnd;
  void chunk.dataEnd;
}

const reasonOf = (error: unknown) => (error instanceof CaptureError ? error.problem : (error as Error).message);
