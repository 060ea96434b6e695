/** A plan → the steps that run it on one capture. */
import type { EventView } from '../../event/view.ts';
import { type ColumnPlan, knownField, type Plan, type RangePlan } from '../plan.ts';
import type { Step } from '../step.ts';
import { AndStep } from './and.ts';
import { ColumnStep } from './column.ts';
import { boundOf, readingTest } from './compare.ts';
import { viewTest } from './condition.ts';
import { DnsStep } from './dns.ts';
import { EventStep } from './event.ts';
import { NotStep } from './not.ts';
import { OrStep } from './or.ts';
import { PayloadStep } from './payload.ts';
import { RangeStep } from './range.ts';
import { RowStep } from './row.ts';

export interface RunOptions {
  /** false: no chunk is passed by for what its head says. The answers are the same; tests compare them. */
  readonly prune?: boolean;
}

/** The steps of a plan. They move the view, whose capture they are for. */
export function stepOf(plan: Plan, view: EventView, { prune = true }: RunOptions = {}): Step {
  const step = build(plan, view);
  return prune ? step : unpruned(step);
}

function build(plan: Plan, view: EventView): Step {
  const { epoch } = view.capture;
  switch (plan.kind) {
    case 'and':
      return new AndStep(plan.parts.map((part) => build(part, view)));
    case 'or':
      return new OrStep(plan.parts.map((part) => build(part, view)));
    case 'not':
      return new NotStep(build(plan.part, view));
    case 'row':
      return new RowStep(plan.column, plan.label, viewTest(plan.condition, epoch), view);
    case 'dns':
      return new DnsStep(plan.label, viewTest(plan.condition, epoch), view);
    case 'event':
      return new EventStep(plan.label, viewTest(plan.condition, epoch), view);
    case 'column':
      return columnStep(plan, epoch);
    case 'range':
      return rangeStep(plan, epoch);
    case 'payload':
      return new PayloadStep(plan.column, plan.label, Buffer.from(plan.hex, 'hex'));
  }
}

function columnStep({ column, label, condition }: ColumnPlan, epoch: bigint): Step {
  const field = condition.left.kind === 'field' ? knownField(condition.left.field) : null;
  if (field?.scope !== 'column') throw new Error(`the plan has ${label} in a column, where it is not`);
  const test = readingTest(condition, epoch);
  return new ColumnStep(column, label, (value) => test(field.value(value)));
}

function rangeStep({ column, label, low, high }: RangePlan, epoch: bigint): Step {
  return new RangeStep(column, label, low === null ? -Infinity : boundOf(low, epoch), high === null ? Infinity : boundOf(high, epoch));
}

function unpruned(step: Step): Step {
  const { cost, label, where, parts } = step;
  return { cost, label, where, parts, select: (chunk, selection, n, out) => step.select(chunk, selection, n, out), mayMatch: () => true };
}
