/** Expr → Step: names are resolved, types checked, and what lives on one dimension is put together into one test per row. */

import { PROTOCOLS } from '../event/fields/aliases.ts';
import { asIs, type ColumnField, type Field, type FieldType } from '../event/fields/field.ts';
import { type CaptureContext, EventView } from '../event/view.ts';
import type { RowColumn } from '../model/chunk.ts';
import type { Check, Expr, Literal, Operator } from './ast.ts';
import { compareReadings, compileCheck, type ReadingTest, requireOperator } from './check.ts';
import { parseConstant } from './constant.ts';
import type { Definitions } from './definition.ts';
import { didYouMean, FilterError } from './error.ts';
import { isList, parseList } from './list.ts';
import { commonScope, type Readable, resolveOperand } from './operand.ts';
import { literalBytes, parseFilter, precedenceHint } from './parse.ts';
import { AndStep, ColumnStep, DnsStep, EventStep, NotStep, OrStep, PayloadStep, RangeStep, RowStep, type Step } from './step.ts';
import { valueNotes } from './values.ts';

export type { Definitions } from './definition.ts';

/** A part of a filter that one row of a dimension decides, not yet a step: neighbours on the same dimension join it. */
interface RowPart {
  readonly column: RowColumn | 'dns';
  readonly label: string;
  readonly test: (view: EventView) => boolean;
}

type Part = RowPart | { readonly step: Step };

export interface CompiledFilter {
  readonly text: string;
  /** Null: everything matches. */
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
): CompiledFilter {
  const compiler = new Compiler(text, new EventView(capture), definitions, []);
  const expr = parseFilter(text);
  const step = expr === null ? null : compiler.toStep(compiler.compile(expr));
  const hint = precedenceHint(expr);
  const { fields, view } = compiler;
  return { text, step, notes: hint === '' ? compiler.notes : [...compiler.notes, hint], fields, view };
}

/** Lists in lists in lists. */
const MAX_LISTS = 20;

class Compiler {
  readonly notes: string[] = [];
  readonly fields: Field[] = [];
  #types: ReadonlySet<string> | undefined;

  constructor(
    readonly text: string,
    readonly view: EventView,
    readonly definitions: Definitions,
    readonly expanding: readonly string[],
  ) {}

  compile(expr: Expr): Part {
    switch (expr.kind) {
      case 'check':
        return this.#check(expr);
      case 'not':
        return this.#not(this.compile(expr.part));
      case 'and':
      case 'or':
        return this.#join(
          expr.kind,
          expr.parts.map((part) => this.compile(part)),
        );
      case 'macro':
        return this.#macro(expr);
    }
  }

  toStep(part: Part): Step {
    if ('step' in part) return part.step;
    if (part.column === 'dns') return new DnsStep(part.label, part.test, this.view);
    return new RowStep(part.column, part.label, part.test, this.view);
  }

  /** An event without a DNS message has no row to ask, so `not` of that is not a question to rows. */
  #not(part: Part): Part {
    if ('step' in part || part.column === 'dns') return { step: new NotStep(this.toStep(part)) };
    return { column: part.column, label: `not (${part.label})`, test: (view) => !part.test(view) };
  }

  #join(kind: 'and' | 'or', parts: readonly Part[]): Part {
    const joined = new Map<string, RowPart>();
    const steps: Step[] = [];
    for (const part of parts) {
      if ('step' in part) {
        steps.push(part.step);
        continue;
      }
      const before = joined.get(part.column);
      joined.set(part.column, before === undefined ? part : joinRows(kind, before, part));
    }
    const rows = [...joined.values()];
    if (steps.length === 0 && rows.length === 1) return rows[0]!;
    const all = [...rows.map((row) => this.toStep(row)), ...steps];
    return { step: kind === 'and' ? new AndStep(all) : new OrStep(all) };
  }

  #check(written: Check): Part {
    const left = resolveOperand(written.left, this.text, this.notes);
    this.fields.push(...left.fields);
    const check = left.bound?.field.distance === true ? withinDistance(written) : written;
    requireOperator(check, left.type, left.label, this.text);
    if (check.right?.kind === 'operand') return this.#comparison(check, left);
    const values = this.#values(check);
    const context = { text: this.text, epoch: this.view.capture.epoch, field: left.bound?.field.name, check };
    if (left.bound !== null) this.notes.push(...valueNotes(check, left.bound.field.name, values, this.#typeNames()));
    const test = compileCheck(check, left.type, left.bound?.field.ends === true, values, context);
    const label = this.text.slice(check.start, check.end);
    if (left.bound?.field.scope === 'column') return { step: this.#columnStep(left.bound.field, check, values, test, label) };
    if (left.bound?.field.name === 'evt.buffer' && /^b?contains$/.test(check.operator) && check.modifier === null) {
      return { step: this.#payloadStep(check, values[0]!, label) };
    }
    return this.#partOf(left, label, (view) => test(left.read(view)));
  }

  /** Names of event types that the capture has beside our own. */
  #typeNames(): ReadonlySet<string> {
    const { dims, typeNames } = this.view.capture;
    this.#types ??= typeNames ?? new Set(Array.from(dims.types.all(), ({ name }) => name));
    return this.#types;
  }

  #comparison(check: Check, left: Readable): Part {
    if (check.right?.kind !== 'operand') throw new Error('not a comparison of fields');
    const right = resolveOperand(check.right.operand, this.text, this.notes);
    this.fields.push(...right.fields);
    requireComparable(check, left, right, this.text);
    const scope = commonScope([left, right]);
    const both = { ...left, scope };
    const ends = left.bound?.field.ends === true;
    return this.#partOf(both, this.text.slice(check.start, check.end), (view) =>
      compareReadings(check.operator, ends, left.read(view), right.read(view)),
    );
  }

  #partOf({ scope }: Readable, label: string, test: (view: EventView) => boolean): Part {
    if (scope === 'event' || scope === 'column') return { step: new EventStep(label, test, this.view) };
    return { column: scope, label, test };
  }

  #columnStep(field: ColumnField, check: Check, values: readonly Literal[], test: ReadingTest, label: string): Step {
    if (field.value === asIs && check.modifier === null && check.operator in RANGES) {
      const constant = Number(parseConstant(field.type, values[0]!, { text: this.text, epoch: this.view.capture.epoch }));
      const [low, high] = RANGES[check.operator as keyof typeof RANGES](constant);
      return new RangeStep(field.column, label, low, high);
    }
    return new ColumnStep(field.column, label, (value) => test(field.value(value)));
  }

  #payloadStep(check: Check, value: Literal, label: string): Step {
    const needle = check.operator === 'contains' ? literalBytes(value.text) : Buffer.from(value.text, 'hex');
    if (needle.length > 0) return new PayloadStep(label, needle);
    return new EventStep(label, (view) => view.payload.length > 0, this.view);
  }

  #values({ right }: Check): readonly Literal[] {
    if (right === null || right.kind === 'operand') return [];
    if (right.kind === 'values') return right.values.flatMap((literal) => this.#listed(literal, 0));
    const list = this.definitions.get(right.name);
    if (list === undefined) {
      const hint = didYouMean(right.name, this.definitions.keys()) || `values go between brackets: (${right.name})`;
      throw new FilterError(`no list is called ${right.name}`, this.text, right.span, hint);
    }
    if (!isList(list))
      throw new FilterError(`${right.name} is a condition, not a list`, this.text, right.span, 'it stands alone, as a condition does');
    return parseList(list, right.name).flatMap((literal) => this.#listed(literal, 0));
  }

  /** Between the brackets, too, the name of a list stands for its items, as in Falco. */
  #listed(literal: Literal, depth: number): readonly Literal[] {
    const list = literal.quoted ? undefined : this.definitions.get(literal.text);
    if (list === undefined || !isList(list) || depth > MAX_LISTS) return [literal];
    return parseList(list, literal.text).flatMap((item) => this.#listed(item, depth + 1));
  }

  #macro({ name, start, end }: Extract<Expr, { kind: 'macro' }>): Part {
    const protocol = PROTOCOLS[name];
    const body = this.definitions.get(name) ?? protocol;
    if (body === protocol && protocol !== undefined) this.notes.push(`${name} is ${protocol} here`);
    if (body === undefined) {
      const hint =
        didYouMean(name, this.definitions.keys()) || `is it proc.name=${name}, fd.name contains ${name} or evt.buffer contains ${name}?`;
      throw new FilterError(`'${name}' is no condition, and no macro is called so`, this.text, { start, end }, hint);
    }
    if (this.expanding.includes(name)) {
      throw new FilterError(`macro ${name} contains itself`, this.text, { start, end }, [...this.expanding, name].join(' → '));
    }
    const inner = new Compiler(body, this.view, this.definitions, [...this.expanding, name]);
    const expr = parseFilter(body);
    if (expr === null) throw new FilterError(`macro ${name} is empty`, this.text, { start, end });
    const part = inMacro(name, () => inner.compile(expr));
    this.notes.push(...inner.notes);
    this.fields.push(...inner.fields);
    return part;
  }
}

/** Which values an order operator lets pass, both bounds included. Columns hold integers. */
const RANGES = {
  '<': (constant: number) => [-Infinity, Math.ceil(constant) - 1],
  '<=': (constant: number) => [-Infinity, Math.floor(constant)],
  '>': (constant: number) => [Math.floor(constant) + 1, Infinity],
  '>=': (constant: number) => [Math.ceil(constant), Infinity],
  '=': (constant: number) => [constant, constant],
  '==': (constant: number) => [constant, constant],
} as const satisfies Partial<Record<Operator, (constant: number) => readonly [number, number]>>;

/** An error inside a macro says in which. */
function inMacro<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new FilterError(`in macro ${name}: ${error.message}`, error.text, error.span, error.hint, error.fixed);
  }
}

const KINDS: Readonly<Record<FieldType, string>> = {
  text: 'text',
  bytes: 'text',
  number: 'number',
  span: 'number',
  size: 'number',
  port: 'number',
  walltime: 'time',
  bool: 'bool',
  ip: 'address',
  net: 'address',
};

/** Refuses to compare what can never be equal. */
function requireComparable(check: Check, left: Readable, right: Readable, text: string): void {
  if (KINDS[left.type] === KINDS[right.type] || check.right?.kind !== 'operand') return;
  const message = `${left.label} (${left.type}) and ${right.label} (${right.type}) cannot be compared`;
  throw new FilterError(message, text, check.right.operand, `${left.label} is compared with what is ${KINDS[left.type]}, too`);
}

/** A distance is equal when it is at most so long. */
function withinDistance(check: Check): Check {
  if (check.operator === '!=') return { ...check, operator: '>' };
  return check.operator === '=' || check.operator === '==' ? { ...check, operator: '<=' } : check;
}

function joinRows(kind: 'and' | 'or', a: RowPart, b: RowPart): RowPart {
  const test = kind === 'and' ? (view: EventView) => a.test(view) && b.test(view) : (view: EventView) => a.test(view) || b.test(view);
  return { column: a.column, label: `${a.label} ${kind} ${b.label}`, test };
}
