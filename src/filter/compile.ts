/** A filter, ready to run on one capture: text → plan → steps. */

import type { Field } from '../event/fields/field.ts';
import { type CaptureContext, EventView } from '../event/view.ts';
import type { Definitions } from './definition.ts';
import { fieldsOf, type Plan } from './plan.ts';
import { planFilter } from './planner.ts';
import { type RunOptions, stepOf } from './run/index.ts';
import type { Step } from './step.ts';

export type { Definitions } from './definition.ts';

export interface CompiledFilter {
  readonly text: string;
  /** What it means, as data. Null: everything matches. */
  readonly plan: Plan | null;
  /** What runs it. Null: everything matches. */
  readonly step: Step | null;
  /** Words about foreign names and missing brackets. */
  readonly notes: readonly string[];
  /** Fields that it reads. */
  readonly fields: readonly Field[];
  /** The view that its steps move; `timeBefore` is to be set by who feeds chunks. */
  readonly view: EventView;
}

/** Compiles a filter for one capture. Throws FilterError. */
export function compileFilter(
  text: string,
  capture: CaptureContext,
  definitions: Definitions = capture.definitions ?? new Map(),
  options: RunOptions = {},
): CompiledFilter {
  const { plan, notes } = planFilter(text, definitions, typesOf(capture));
  return { ...compilePlan(plan, capture, options), text, notes };
}

/** The same from a plan that is there already: another's, or one that came as JSON. */
export function compilePlan(plan: Plan | null, capture: CaptureContext, options: RunOptions = {}): CompiledFilter {
  const view = new EventView(capture);
  if (plan === null) return { text: '', plan, step: null, notes: [], fields: [], view };
  return { text: '', plan, step: stepOf(plan, view, options), notes: [], fields: fieldsOf(plan), view };
}

/** Whether a capture has event types of a name. */
function typesOf({ dims, typeNames }: CaptureContext): (name: string) => boolean {
  let names: ReadonlySet<string> | undefined = typeNames;
  return (name) => {
    names ??= new Set(Array.from(dims.types.all(), (type) => type.name));
    return names.has(name);
  };
}
