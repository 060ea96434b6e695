/**
 * A filter as plain data: what is compared with what, and where each part runs. It survives JSON, and it knows nothing of a capture,
 * so that it can be sent, shown, and turned into the kernel's settings as well as into steps.
 */

import type { Field } from '../event/fields/field.ts';
import { fieldCalled } from '../event/fields/index.ts';
import type { ByteColumn, NumberColumn, RowColumn } from '../model/chunk.ts';
import type { Modifier, Operator, Transformer } from './ast.ts';

/** What a field is compared with. Spans are ns, sizes bytes; a time is ns since 1970 in digits, since a double could not hold it. */
export type Constant =
  | string
  | number
  | boolean
  | { readonly hex: string }
  | { readonly net: string; readonly bits: number }
  | { readonly wallNs: string };

/** What yields a value of an event. `text`: the same of every event. */
export type Term =
  | { readonly kind: 'field'; readonly field: string; readonly arg: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly Term[] }
  | { readonly kind: 'call'; readonly transformer: Transformer; readonly args: readonly Term[]; readonly option: string };

/** One check. Either `constants` are compared with, or `right`; `exists` takes neither. */
export interface Comparison {
  readonly kind: 'check';
  readonly left: Term;
  readonly operator: Operator;
  readonly modifier: Modifier | null;
  readonly constants: readonly Constant[];
  readonly right: Term | null;
}

/** What one row or one event satisfies or not. */
export type Condition =
  | Comparison
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition };

/** A part that is decided in one place. `label`: the filter's own words. */
interface Placed {
  readonly label: string;
  readonly condition: Condition;
}

/** Asked once per row of a dimension. */
export interface RowPlan extends Placed {
  readonly kind: 'row';
  readonly column: RowColumn;
}

/** Asked once per DNS message. */
export interface DnsPlan extends Placed {
  readonly kind: 'dns';
}

/** Asked of each event that is left. */
export interface EventPlan extends Placed {
  readonly kind: 'event';
}

/** Asked of one number of each event. */
export interface ColumnPlan extends Placed {
  readonly kind: 'column';
  readonly column: NumberColumn;
  readonly condition: Comparison;
}

/** A number column between two bounds, both included; null: no bound. */
export interface RangePlan extends Placed {
  readonly kind: 'range';
  readonly column: NumberColumn;
  readonly low: Bound | null;
  readonly high: Bound | null;
}

export type Bound = number | { readonly wallNs: string };

/** Bytes searched for in a whole column of them. */
export interface PayloadPlan extends Placed {
  readonly kind: 'payload';
  readonly column: ByteColumn;
  readonly hex: string;
}

export type LeafPlan = RowPlan | DnsPlan | EventPlan | ColumnPlan | RangePlan | PayloadPlan;

export type Plan =
  | LeafPlan
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Plan[] }
  | { readonly kind: 'not'; readonly part: Plan };

/** What a plan asks, without where. */
export function conditionOf(plan: Plan): Condition {
  switch (plan.kind) {
    case 'and':
    case 'or':
      return { kind: plan.kind, parts: plan.parts.map(conditionOf) };
    case 'not':
      return { kind: 'not', part: conditionOf(plan.part) };
    default:
      return plan.condition;
  }
}

/** The fields that a plan reads, each once. Throws for a plan of another version that has fields which do not exist here. */
export function fieldsOf(plan: Plan): readonly Field[] {
  return [...new Set([...fieldNames(conditionOf(plan))].map(knownField))];
}

/** The field of a plan. Throws where there is none of that name. */
export function knownField(name: string): Field {
  const field = fieldCalled(name);
  if (field === undefined) throw new Error(`the plan has a field that does not exist: ${name}`);
  return field;
}

function* fieldNames(condition: Condition): Generator<string> {
  if (condition.kind === 'not') yield* fieldNames(condition.part);
  else if (condition.kind !== 'check') for (const part of condition.parts) yield* fieldNames(part);
  else {
    yield* namesIn(condition.left);
    if (condition.right !== null) yield* namesIn(condition.right);
  }
}

function* namesIn(term: Term): Generator<string> {
  if (term.kind === 'field') yield term.field;
  else if (term.kind === 'list') for (const item of term.items) yield* namesIn(item);
  else if (term.kind === 'call') for (const arg of term.args) yield* namesIn(arg);
}
