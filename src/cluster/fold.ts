/** Counts and sums that a store makes of a recording's events, where its SQL decides the filter. */
import type { EventSums, SumKey, SumName } from '../capture/event-sums.ts';
import type { Range } from '../capture/select.ts';
import type { CaptureContext } from '../event/view.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import type { NumberColumn } from '../model/columns.ts';
import type { StoreClient } from './client.ts';
import { type ColumnValues, columnsOf, exactly, HAS_RESULT, MOST_VALUES } from './exact.ts';
import { type WallRange, within } from './pull.ts';
import { type Recording, recordings } from './recording.ts';
import { integer, recording as recordingOf } from './sql.ts';
import { COLUMNS } from './where.ts';

/** What is asked of one recording. */
export interface Fold {
  readonly recording: Recording;
  readonly range: WallRange;
  readonly filter: CompiledFilter;
}

/** Groups of one answer; with more, the events themselves are as good. */
const MOST_GROUPS = 500_000;

/** In the order of EventSums; MOVES: the event read or wrote. An alias may not be the name of a column: it would take its place in the condition. */
const SUMS = {
  events: 'count()',
  bytes: `sum(if(${HAS_RESULT} AND res > 0 AND MOVES, res, 0))`,
  spent: 'sum(if(latency > 0, latency, 0))',
  errors: `countIf(${HAS_RESULT} AND res < 0)`,
  measured: 'countIf(latency >= 0)',
  shortest: 'minIf(latency, latency >= 0)',
  longest: 'maxIf(latency, latency >= 0)',
  first: 'argMin(time, num)',
  last: 'argMax(time, num)',
  earliest: 'min(time)',
  latest: 'max(time)',
} as const satisfies { readonly [Name in SumName]: string };
const TIMES: ReadonlySet<string> = new Set(['first', 'last', 'earliest', 'latest']);

/** The condition that decides a filter on a recording; null: the store cannot. */
export async function conditionOf(
  client: StoreClient,
  { recording, range, filter: { plan } }: Fold,
  context: CaptureContext,
): Promise<string | null> {
  if (plan === null) return within(recording, range);
  const decided = exactly(plan, context, await valuesOf(client, recording, columnsOf(plan)));
  return decided === null ? null : `${within(recording, range)} AND ${decided}`;
}

/** Of columns that a filter asks: what `exactly` needs to know. */
export async function valuesOf(client: StoreClient, { rec }: Recording, columns: ReadonlySet<NumberColumn>): Promise<ColumnValues> {
  const found = new Map<NumberColumn, readonly number[]>();
  for (const column of columns) {
    if (SCATTERED.has(column)) continue;
    const rows = await client.rows<{ v: string }>(
      `SELECT DISTINCT ${column} AS v FROM ${client.database}.event WHERE rec = ${recordingOf(rec)} LIMIT ${MOST_VALUES + 1}`,
    );
    if (rows.length <= MOST_VALUES)
      found.set(
        column,
        rows.map(({ v }) => Number(v)),
      );
  }
  return found;
}

/** Nearly each event has another number in these, or they are asked by other ways. */
const SCATTERED: ReadonlySet<string> = new Set(['num', 'time', 'latency', 'type', 'thread', 'fd']);

async function certainCondition(client: StoreClient, fold: Fold, context: CaptureContext): Promise<string | null> {
  const range = await certain(client, fold);
  return range === null ? null : conditionOf(client, { ...fold, range }, context);
}

/** How many events match; null: that has to be decided here. */
export async function countOf(client: StoreClient, fold: Fold, context: CaptureContext): Promise<number | null> {
  const where = await certainCondition(client, fold, context);
  if (where === null) return null;
  const [row] = await client.rows<{ n: string }>(`SELECT count() AS n FROM ${client.database}.event WHERE ${where}`);
  return Number(row!.n);
}

/** Which sums are wanted, and what the events of one have in common. */
export interface Wanted {
  readonly sums: ReadonlySet<SumName>;
  readonly by: ReadonlySet<SumKey>;
}

/** Sums that are not wanted are 0. Null: that has to be made here. */
export async function sumsOf(client: StoreClient, fold: Fold, context: CaptureContext, wanted: Wanted): Promise<EventSums[] | null> {
  const where = await certainCondition(client, fold, context);
  if (where === null) return null;
  const names = Object.keys(SUMS).filter((name): name is SumName => wanted.sums.has(name as SumName));
  const keys = [...wanted.by].map((key) => COLUMNS[key]);
  const selected = [...keys, ...names.map((name) => `${SUMS[name].replace('MOVES', () => movesOf(context))} AS of_${name}`)].join(', ');
  const grouped = keys.length === 0 ? '' : ` GROUP BY ${keys.join(', ')}`;
  const rows = await client.rows<Readonly<Record<string, string>>>(
    `SELECT ${selected} FROM ${client.database}.event WHERE ${where}${grouped} LIMIT ${MOST_GROUPS + 1}`,
  );
  return rows.length > MOST_GROUPS ? null : rows.map((row) => read(row, fold.recording.epoch));
}

/** What other calls return are no bytes. */
function movesOf({ dims }: CaptureContext): string {
  const types = [...dims.types.all()].filter(({ io }) => io !== null).map(({ id }) => integer(id));
  return types.length === 0 ? '0' : `${COLUMNS.type} IN (${types.join(', ')})`;
}

function read(row: Readonly<Record<string, string>>, epoch: bigint): EventSums {
  const value = (name: string) => {
    const text = row[`of_${name}`];
    return text === undefined ? 0 : TIMES.has(name) ? Number(BigInt(text) - epoch) : Number(text);
  };
  const sums = Object.fromEntries(Object.keys(SUMS).map((name) => [name, value(name)])) as Record<SumName, number>;
  const key = (name: SumKey) => Number(row[COLUMNS[name]] ?? 0);
  return { type: key('type'), thread: key('thread'), fd: key('fd'), ...sums };
}

/**
 * The range in which sums are right: each event lies there once, and none that a push is sending; those come after the recording's end. The
 * rows of those that the recording speaks of were there before it did, and hence when the condition was made. Null: there is no such range.
 */
async function certain(client: StoreClient, { recording, range }: Fold): Promise<WallRange | null> {
  const whole = isWhole.get(client) ?? allAsSaid(client);
  isWhole.set(client, whole);
  if (await whole) return range;
  const end = recording.epoch + BigInt(recording.end);
  const until = within(recording, { from: null, to: end });
  const [row] = await client.rows<{ n: string }>(`SELECT count() AS n FROM ${client.database}.event WHERE ${until}`);
  return Number(row!.n) === recording.events ? { from: range.from, to: earlier(range.to, end) } : null;
}

/** Whether a store holds as many events as its recordings say, asked once: then nothing is on its way. */
const isWhole = new WeakMap<StoreClient, Promise<boolean>>();

async function allAsSaid(client: StoreClient): Promise<boolean> {
  const said = await recordings(client, []);
  const [total] = await client.rows<{ n: string }>(`SELECT count() AS n FROM ${client.database}.event`);
  return said.reduce((sum, { events }) => sum + events, 0) === Number(total!.n);
}

/** A range of times of a recording as one of the clock. */
export function wallOf({ epoch }: Recording, range: WallRange, { fromTime, toTime }: Range): WallRange {
  const wall = (time: number) => epoch + BigInt(Math.ceil(time));
  const from = fromTime === undefined ? null : wall(fromTime);
  const to = toTime === undefined || toTime === Infinity ? null : epoch + BigInt(Math.floor(toTime));
  return { from: later(range.from, from), to: earlier(range.to, to) };
}

const later = (a: bigint | null, b: bigint | null): bigint | null => (a === null ? b : b === null || a > b ? a : b);
const earlier = (a: bigint | null, b: bigint | null): bigint | null => (a === null ? b : b === null || a < b ? a : b);
