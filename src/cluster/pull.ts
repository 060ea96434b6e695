/** The store → captures: the rows of a recording, and its events in the order of their numbers. */
import { rmSync } from 'node:fs';
import type { CaptureMeta } from '../capture/meta.ts';
import { CHUNK_EVENTS, OpenChunk } from '../model/chunk.ts';
import { DIMENSION_NAMES, DIMENSIONS, type TableSpec } from '../model/dimensions.ts';
import { type DimensionTables, newTables, type RowName, type RowTypes } from '../model/rows.ts';
import { decodeRow } from '../store/tables.ts';
import { CaptureWriter } from '../store/writer.ts';
import type { StoreClient } from './client.ts';
import { EventRows, SELECTED } from './event-rows.ts';
import type { Recording } from './recording.ts';
import { rowTable } from './schema.ts';
import { integer, recording } from './sql.ts';

const LEVEL = 3;

/** ns since 1970, both included; null: no bound. */
export interface WallRange {
  readonly from: bigint | null;
  readonly to: bigint | null;
}

/** Always. */
export const ALL_TIMES: WallRange = { from: null, to: null };

/** All rows that a recording's events in a range may refer to, and the DNS messages in it. */
export async function tablesOf(client: StoreClient, of: Recording, range: WallRange = ALL_TIMES): Promise<DimensionTables> {
  return (await tablesOfAll(client, [of], range))[0]!;
}

/** The same of several, in their order: each table is asked once. The other tables stay empty. */
export async function tablesOfAll(
  client: StoreClient,
  of: readonly Recording[],
  range: WallRange,
  names: readonly RowName[] = DIMENSION_NAMES,
): Promise<DimensionTables[]> {
  const tables = of.map(() => newTables());
  const byRec = new Map(of.map(({ rec }, k) => [rec, tables[k]!]));
  await Promise.all(names.map((name) => readTable(client, of, byRec, name, range)));
  return tables;
}

async function readTable<Name extends RowName>(
  client: StoreClient,
  of: readonly Recording[],
  tables: ReadonlyMap<string, DimensionTables>,
  name: Name,
  range: WallRange,
): Promise<void> {
  const spec: TableSpec<RowTypes[Name]> = DIMENSIONS[name];
  const columns = spec.columns.map(({ field }) => `\`${field}\``).join(', ');
  const where = of.map((one) => `(rec = ${recording(one.rec)}${name === 'dns' ? sentWithin(one, range) : ''})`).join(' OR ');
  const rows = await client.lists(
    `SELECT rec AS of_rec, ${columns} FROM ${client.database}.${rowTable(name)} WHERE ${where} ORDER BY of_rec, id, v`,
  );
  for (const [rec, ...values] of rows) tables.get(String(rec))![name].put(decodeRow(spec, valuesOf(spec, values), () => null));
}

/** A message is there where its event is. */
function sentWithin({ epoch }: Recording, { from, to }: WallRange): string {
  const low = from === null ? '' : ` AND time >= ${integer(from - epoch)}`;
  const high = to === null ? '' : ` AND time <= ${integer(to - epoch)}`;
  return `${low}${high}`;
}

/** JSON has numbers of 64 bits as text. */
function valuesOf<Row>({ columns }: TableSpec<Row>, values: readonly unknown[]): unknown[] {
  return values.map((value, k) => (columns[k]!.kind === 'integer' && value !== null ? Number(value) : value));
}

/** The condition that a recording's events in a range fulfil. */
export function within({ rec }: Recording, { from, to }: WallRange): string {
  const low = from === null ? '' : ` AND time >= ${integer(from)}`;
  const high = to === null ? '' : ` AND time <= ${integer(to)}`;
  return `rec = ${recording(rec)}${low}${high}`;
}

/** What is asked of a recording's events. */
export interface Asking {
  readonly where: string;
  /** Events that are asked for before all others: a server gives nothing of an answer before it has all of it. Absent: none. */
  readonly first?: number;
  readonly signal?: AbortSignal;
}

/** Chunks of the events that fulfil a condition, in their order; each holds until the next is asked for. */
export async function* chunksOf(client: StoreClient, of: Recording, { where, first, signal }: Asking): AsyncGenerator<OpenChunk> {
  const rows = new EventRows(of.epoch);
  const out = new OpenChunk(CHUNK_EVENTS, 1 << 20);
  const found = `SELECT ${SELECTED} FROM ${client.database}.event WHERE ${where}`;
  for (const most of first === undefined ? [Infinity] : [first, Infinity]) {
    const limit = most === Infinity ? '' : ` LIMIT ${integer(most)}`;
    for await (const piece of client.binary(`${found} AND num > ${integer(rows.last)} ORDER BY num${limit}`, signal)) {
      rows.push(piece);
      while (rows.takeInto(out)) {
        if (!out.full) continue;
        yield out;
        out.clear();
      }
    }
    rows.end();
    if (out.n > 0) yield out;
    out.clear();
    if (rows.taken < most) return;
  }
}

/** Hears how much of the asked time is there, 0 to 1. */
export type OnPulled = (share: number) => void;

/** Writes a recording, or a stretch of it, to a new capture. Gives the number of events. */
export async function pull(
  client: StoreClient,
  of: Recording,
  range: WallRange,
  path: string,
  onPulled: OnPulled = () => {},
): Promise<number> {
  const tables = await tablesOf(client, of, range);
  const writer = new CaptureWriter(path, tables, { level: LEVEL, live: false });
  try {
    return await write(client, of, range, writer, onPulled);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

async function write(client: StoreClient, of: Recording, range: WallRange, writer: CaptureWriter, onPulled: OnPulled): Promise<number> {
  const [first, last] = boundsOf(of, range);
  const { state, end, ...meta } = of.meta;
  let events = 0;
  for await (const chunk of chunksOf(client, of, { where: within(of, range) })) {
    writer.append(chunk);
    events += chunk.n;
    onPulled(Math.min(1, (chunk.time[chunk.n - 1]! - first) / Math.max(1, last - first)));
  }
  writer.meta({ ...meta, ...bounds(of, range) });
  writer.close({ end: range.to === null ? (end ?? String(of.end)) : relative(of, range.to), ...(state === undefined ? {} : { state }) });
  return events;
}

/** ns since the recording's start. */
function boundsOf({ epoch, begin, end }: Recording, { from, to }: WallRange): [first: number, last: number] {
  const own = (wall: bigint | null, other: number) => (wall === null ? other : Number(wall - epoch));
  return [Math.max(begin, own(from, begin)), Math.min(end, own(to, end))];
}

const relative = ({ epoch, end }: Recording, wall: bigint): string => String(Math.min(end, Number(wall - epoch)));

function bounds({ epoch, begin }: Recording, { from }: WallRange): Partial<CaptureMeta> {
  return from === null || from <= epoch + BigInt(begin) ? {} : { begin: String(from - epoch) };
}
