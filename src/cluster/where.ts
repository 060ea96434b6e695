/**
 * The part of a filter that the store decides, as SQL: never less than matches. What is asked of a row (a thread, a descriptor, a type) is
 * asked here, by the evaluator that decides in the end too; the store gets the numbers of the rows that may match. So it need not
 * know what fields mean, and no word of a filter becomes SQL but as numbers and hexadecimal digits.
 */
import { type CaptureContext, EventView } from '../event/view.ts';
import type { Bound, Plan, RangePlan, RowPlan } from '../filter/plan.ts';
import { viewTest } from '../filter/run/condition.ts';
import { bytes, integer } from './sql.ts';

/** A longer list costs more than the events that it spares. */
export const MOST_IDS = 20_000;
/** A row whose answer changes with time more often than this may match. */
const MOST_STRETCHES = 1000;
export const COLUMNS = { type: 'type_id', thread: 'thread', fd: 'fd' } as const;
const TABLES = { type: 'types', thread: 'threads', fd: 'fds' } as const;

/** Null: all may match. */
export const mayMatch = (plan: Plan, context: CaptureContext): string | null => superset(plan, true, context);

/** What may make `plan` come out as `wanted`. */
function superset(plan: Plan, wanted: boolean, context: CaptureContext): string | null {
  switch (plan.kind) {
    case 'not':
      return superset(plan.part, !wanted, context);
    case 'and':
    case 'or': {
      const parts = plan.parts.map((part) => superset(part, wanted, context));
      return (plan.kind === 'and') === wanted ? allOf(parts) : anyOf(parts);
    }
    case 'row':
      return rows(plan, wanted, context);
    case 'range':
      return wanted ? range(plan, context.epoch) : null;
    case 'payload':
      return plan.hex === '' ? null : `position(${plan.column}, ${bytes(plan.hex)}) ${wanted ? '>' : '='} 0`;
    default:
      return null;
  }
}

function allOf(parts: readonly (string | null)[]): string | null {
  const known = parts.filter((part) => part !== null);
  return known.length === 0 ? null : `(${known.join(' AND ')})`;
}

function anyOf(parts: readonly (string | null)[]): string | null {
  return parts.includes(null) ? null : `(${parts.join(' OR ')})`;
}

/** Rows that the recording does not have may match as well. */
function rows({ column, condition }: RowPlan, wanted: boolean, context: CaptureContext): string | null {
  const table = context.dims[TABLES[column]];
  const view = new EventView(context);
  const test = viewTest(condition, context.epoch);
  const ids: number[] = [];
  let others = 0;
  for (const id of idsOf(context, column)) {
    if (mayBe(view, column, id, test, wanted)) ids.push(id);
    else others++;
    if (ids.length > MOST_IDS) return null;
  }
  if (others === 0) return null;
  const name = COLUMNS[column];
  const listed = ids.length === 0 ? '' : `${name} IN (${ids.map(integer).join(', ')}) OR `;
  return `(${listed}${name} > ${integer(table.lastId)})`;
}

/** Whether a row is at any time as wanted. */
function mayBe(view: EventView, column: RowPlan['column'], id: number, test: (view: EventView) => boolean, wanted: boolean): boolean {
  let time = Number.MIN_SAFE_INTEGER;
  for (let k = 0; k < MOST_STRETCHES; k++) {
    view.onRow(column, id, time);
    if (test(view) === wanted) return true;
    if (!view.askedHistory || view.until === Infinity) return false;
    time = Math.max(view.until, time + 1);
  }
  return true;
}

function range({ column, low, high }: RangePlan, epoch: bigint): string | null {
  const name = column === 'type' ? 'type_id' : column;
  const of = (bound: Bound | null, round: (value: number) => number) => (bound === null ? null : boundOf(bound, round, column, epoch));
  const [from, to] = [of(low, Math.floor), of(high, Math.ceil)];
  return allOf([from === null ? null : `${name} >= ${from}`, to === null ? null : `${name} <= ${to}`]);
}

/** Null: a bound that no number of 64 bits has. */
export function boundOf(bound: Bound, round: (value: number) => number, column: string, epoch: bigint): string | null {
  if (typeof bound === 'object') return /^\d{1,18}$|^[1-8]\d{18}$/.test(bound.wallNs) ? bound.wallNs : null;
  const value = round(bound);
  if (!Number.isSafeInteger(value)) return null;
  return integer(column === 'time' ? epoch + BigInt(value) : value);
}

/** Rows that an event may refer to; 0: to none. */
export function* idsOf({ dims }: CaptureContext, column: RowPlan['column']): Generator<number> {
  yield 0;
  for (const { id } of dims[TABLES[column]].all()) if (id !== 0) yield id;
}
