/**
 * A filter as SQL that decides it: neither more nor less than matches. Rows of dimensions, and the different numbers of a column, are asked
 * here, by the evaluator; the store gets those that match, rows with times where an answer changes. What only a single event tells (DNS fields,
 * arguments) has no such SQL.
 */
import { type CaptureContext, EventView } from '../event/view.ts';
import { compilePlan } from '../filter/compile.ts';
import type { ColumnPlan, Plan, RangePlan, RowPlan } from '../filter/plan.ts';
import { viewTest } from '../filter/run/condition.ts';
import { absenceOf, EventFlag, type NumberColumn, OpenChunk } from '../model/chunk.ts';
import { NAMES, wordOf } from './event-block.ts';
import { bytes, integer, text } from './sql.ts';
import { boundOf, COLUMNS, idsOf, MOST_IDS } from './where.ts';

/** That an event has a result. */
export const HAS_RESULT = `(bitAnd(flags, ${EventFlag.HAS_RES}) != 0)`;
/** Different numbers of a column, at most: a selection has no room for more. */
export const MOST_VALUES = 20_000;
/** Stretches of time in which a row matches, of all rows together, at most. */
const MOST_STRETCHES = 1000;

/** The different numbers that columns have in a recording. */
export type ColumnValues = ReadonlyMap<NumberColumn, readonly number[]>;

/** Columns of which a plan asks more than bounds; never those that nearly each event has another number in. */
export function columnsOf(plan: Plan): ReadonlySet<NumberColumn> {
  if (plan.kind === 'and' || plan.kind === 'or') return plan.parts.map(columnsOf).reduce((a, b) => a.union(b), new Set<NumberColumn>());
  return plan.kind === 'not' ? columnsOf(plan.part) : new Set(plan.kind === 'column' ? [plan.column] : []);
}

/** Null: the store cannot decide it. `values`: of columnsOf; of a column that is not among them there are too many. */
export function exactly(plan: Plan, context: CaptureContext, values: ColumnValues): string | null {
  switch (plan.kind) {
    case 'not': {
      const part = exactly(plan.part, context, values);
      return part === null ? null : `NOT ${part}`;
    }
    case 'and':
    case 'or': {
      const parts = plan.parts.map((part) => exactly(part, context, values));
      return parts.includes(null) ? null : `(${parts.join(plan.kind === 'and' ? ' AND ' : ' OR ')})`;
    }
    case 'row':
      return rows(plan, context);
    case 'column':
      return column(plan, context, values.get(plan.column));
    case 'range':
      return range(plan, context.epoch);
    case 'payload':
      return plan.hex === '' ? null : `(position(${plan.column}, ${bytes(plan.hex)}) > 0)`;
    default:
      return null;
  }
}

/** When a row matches: from a time, until before another. */
interface Stretch {
  readonly from: number;
  readonly until: number;
}

function rows({ column, condition }: RowPlan, context: CaptureContext): string | null {
  const view = new EventView(context);
  const test = viewTest(condition, context.epoch);
  const always: number[] = [];
  const never: number[] = [];
  const sometimes: string[] = [];
  for (const id of idsOf(context, column)) {
    const stretches = stretchesOf(view, column, id, test);
    if (stretches === null) return null;
    if (stretches.length === 0) never.push(id);
    for (const stretch of stretches) {
      if (stretch.from === -Infinity && stretch.until === Infinity) always.push(id);
      else sometimes.push(during(COLUMNS[column], id, stretch, context.epoch));
    }
    if (sometimes.length > MOST_STRETCHES) return null;
  }
  const kinds = column === 'fd' && sometimes.length === 0 ? kindsOf(always, never, context) : null;
  return kinds ?? listed(COLUMNS[column], always, sometimes);
}

/** Null: too many. */
function listed(column: string, always: readonly number[], sometimes: readonly string[]): string | null {
  if (always.length > MOST_IDS) return null;
  const parts = [...(always.length === 0 ? [] : [`${column} IN (${always.map(integer).join(', ')})`]), ...sometimes];
  return parts.length === 0 ? '(0 = 1)' : `(${parts.join(' OR ')})`;
}

/**
 * Where all descriptors of a kind match or none: a word of few costs a third of thousands of numbers. A descriptor's kind never changes. Not
 * by IN, for which the server makes a text for each event; what is equal it looks up in the column's dictionary: a third again.
 */
function kindsOf(matching: readonly number[], others: readonly number[], context: CaptureContext): string | null {
  const view = new EventView(context);
  const kind = (id: number) => wordOf(NAMES.fd.kind, view.onRow('fd', id, 0));
  const kinds = new Set(matching.map(kind));
  if (kinds.size === 0 || others.some((id) => kinds.has(kind(id)))) return null;
  return `(${[...kinds].map((kind) => `kind = ${text(kind)}`).join(' OR ')})`;
}

/** Null: too many. */
function stretchesOf(view: EventView, column: RowPlan['column'], id: number, test: (view: EventView) => boolean): Stretch[] | null {
  const found: Stretch[] = [];
  let from = -Infinity;
  for (let k = 0; k < MOST_STRETCHES; k++) {
    view.onRow(column, id, from === -Infinity ? Number.MIN_SAFE_INTEGER : from);
    const matches = test(view);
    const until = view.askedHistory ? view.until : Infinity;
    const last = found.at(-1);
    if (matches && last?.until === from) found[found.length - 1] = { from: last.from, until };
    else if (matches) found.push({ from, until });
    if (until === Infinity) return found;
    from = Math.max(until, (from === -Infinity ? Number.MIN_SAFE_INTEGER : from) + 1);
  }
  return null;
}

/** Times of events are whole ns. */
function during(column: string, id: number, { from, until }: Stretch, epoch: bigint): string {
  const wall = (time: number) => integer(epoch + BigInt(Math.ceil(time)));
  const low = from === -Infinity ? '' : ` AND time >= ${wall(from)}`;
  const high = until === Infinity ? '' : ` AND time < ${wall(until)}`;
  return `(${column} = ${integer(id)}${low}${high})`;
}

/** Each number is asked once, by the step that would be asked of events. */
function column(plan: ColumnPlan, context: CaptureContext, values: readonly number[] | undefined): string | null {
  if (values === undefined) return null;
  const { step } = compilePlan(plan, context);
  const hasFlag = absenceOf(plan.column) === 'flag';
  const chunk = chunkOf(plan.column, hasFlag ? [...values, 0] : values);
  if (hasFlag) chunk.flags[values.length] = 0; // an event without a result
  const all = Uint16Array.from({ length: chunk.n }, (_, i) => i);
  const matching = [...all.slice(0, step!.select(chunk, all, chunk.n, all))];
  const listed = matching.filter((i) => i < values.length).map((i) => integer(values[i]!));
  const isIn = listed.length === 0 ? '0 = 1' : `${plan.column} IN (${listed.join(', ')})`;
  if (!hasFlag) return `(${isIn})`;
  return matching.includes(values.length) ? `(${isIn} OR NOT ${HAS_RESULT})` : `(${isIn} AND ${HAS_RESULT})`;
}

function chunkOf(name: NumberColumn, values: readonly number[]): OpenChunk {
  const chunk = new OpenChunk(values.length, 0);
  values.forEach((value, i) => {
    chunk.flags[i] = EventFlag.HAS_RES;
    chunk[name][i] = value;
  });
  chunk.n = values.length;
  return chunk;
}

function range({ column, low, high }: RangePlan, epoch: bigint): string | null {
  const absence = absenceOf(column);
  const from = low === null ? '' : boundOf(low, Math.ceil, column, epoch);
  const to = high === null ? '' : boundOf(high, Math.floor, column, epoch);
  if (from === null || to === null) return null;
  const name = column === 'type' ? COLUMNS.type : column;
  const parts = [
    ...(absence === 'negative' ? [`${name} >= 0`] : absence === 'flag' ? [HAS_RESULT] : []),
    ...(from === '' ? [] : [`${name} >= ${from}`]),
    ...(to === '' ? [] : [`${name} <= ${to}`]),
  ];
  return parts.length === 0 ? null : `(${parts.join(' AND ')})`;
}
