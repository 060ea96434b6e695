/** Expression → plan: names are resolved, types checked, macros and lists written out, and what lives on one dimension is put together. */

import { PROTOCOLS } from '../event/fields/aliases.ts';
import { asIs, type ColumnField } from '../event/fields/field.ts';
import type { RowColumn } from '../model/chunk.ts';
import { type Check, type Expr, type Literal, type Operand, type Operator, takesList } from './ast.ts';
import { constantFor, requireComparable, requireOperator } from './check.ts';
import type { Definitions } from './definition.ts';
import { precedenceHint } from './diagnose.ts';
import { didYouMean, FilterError } from './error.ts';
import { isList, parseList } from './list.ts';
import { commonScope, type Readable, resolveOperand } from './operand.ts';
import { parseFilter } from './parse.ts';
import type { Bound, Comparison, Condition, DnsPlan, Plan, RowPlan } from './plan.ts';
import { valueNotes } from './values.ts';

export interface Planned {
  /** Null: everything matches. */
  readonly plan: Plan | null;
  /** Words about foreign names, values that cannot occur, and missing brackets. */
  readonly notes: readonly string[];
}

/** What a filter means. `isType`: whether a capture has event types of that name beside our own. Throws FilterError. */
export function planFilter(text: string, definitions: Definitions = new Map(), isType: (name: string) => boolean = () => false): Planned {
  const planner = new Planner(text, { definitions, isType }, []);
  const expr = parseFilter(text);
  const plan = expr === null ? null : planner.plan(expr);
  const hint = precedenceHint(expr);
  return { plan, notes: hint === '' ? planner.notes : [...planner.notes, hint] };
}

interface Known {
  readonly definitions: Definitions;
  readonly isType: (name: string) => boolean;
}

/** Lists in lists in lists. */
const MAX_LISTS = 20;

class Planner {
  readonly notes: string[] = [];

  constructor(
    readonly text: string,
    readonly known: Known,
    /** Macros that this text is in. */
    readonly expanding: readonly string[],
  ) {}

  plan(expr: Expr): Plan {
    switch (expr.kind) {
      case 'check':
        return this.#check(expr);
      case 'not':
        return negated(this.plan(expr.part));
      case 'and':
      case 'or':
        return joined(
          expr.kind,
          expr.parts.map((part) => this.plan(part)),
        );
      case 'macro':
        return this.#macro(expr);
    }
  }

  #check(written: Check): Plan {
    const left = resolveOperand(written.left, this.text, this.notes);
    const field = left.bound?.field;
    const check = field?.distance === true ? withinDistance(written) : written;
    requireOperator(check, left, this.text);
    if (check.right?.kind === 'operand') return this.#pair(check, left, check.right.operand);
    const values = this.#values(check);
    const context = { text: this.text, field, check };
    if (field !== undefined) this.notes.push(...valueNotes(check, field, values, this.known.isType));
    const condition: Comparison = {
      ...comparison(check, left),
      constants: values.map((literal) => constantFor(check.operator, left.type, literal, context)),
    };
    return placed(condition, left, this.text.slice(check.start, check.end));
  }

  /** A check of two things that an event says. */
  #pair(check: Check, left: Readable, operand: Operand): Plan {
    const right = resolveOperand(operand, this.text, this.notes);
    requireComparable(operand, left, right, this.text);
    const condition: Comparison = { ...comparison(check, left), right: right.term };
    return onRow(condition, { ...left, scope: commonScope([left, right]) }, this.text.slice(check.start, check.end));
  }

  #values({ right, operator, modifier }: Check): readonly Literal[] {
    if (right === null || right.kind === 'operand') return [];
    if (right.kind === 'values')
      return takesList(operator, modifier) ? right.values.flatMap((literal) => this.#listed(literal, 0)) : right.values;
    const { definitions } = this.known;
    const body = definitions.get(right.name);
    if (body === undefined) {
      const hint = didYouMean(right.name, definitions.keys()) || `values go between brackets: (${right.name})`;
      throw new FilterError(`no list is called ${right.name}`, this.text, right.span, hint);
    }
    if (!isList(body))
      throw new FilterError(`${right.name} is a condition, not a list`, this.text, right.span, 'it stands alone, as a condition does');
    return parseList(body, right.name).flatMap((literal) => this.#listed(literal, 0));
  }

  /** Between the brackets, too, the name of a list stands for its items, as in Falco. */
  #listed(literal: Literal, depth: number): readonly Literal[] {
    const list = literal.quoted ? undefined : this.known.definitions.get(literal.text);
    if (list === undefined || !isList(list) || depth > MAX_LISTS) return [literal];
    return parseList(list, literal.text).flatMap((item) => this.#listed(item, depth + 1));
  }

  #macro({ name, start, end }: Extract<Expr, { kind: 'macro' }>): Plan {
    const body = this.#macroBody(name, { start, end });
    const inner = new Planner(body, this.known, [...this.expanding, name]);
    const expr = parseFilter(body);
    if (expr === null) throw new FilterError(`macro ${name} is empty`, this.text, { start, end });
    const plan = inMacro(name, () => inner.plan(expr));
    this.notes.push(...inner.notes);
    return plan;
  }

  #macroBody(name: string, span: { readonly start: number; readonly end: number }): string {
    const { definitions } = this.known;
    const protocol = PROTOCOLS[name];
    const body = definitions.get(name) ?? protocol;
    if (body === undefined) {
      const hint =
        didYouMean(name, definitions.keys()) || `is it proc.name=${name}, fd.name contains ${name} or evt.buffer contains ${name}?`;
      throw new FilterError(`'${name}' is no condition, and no macro is called so`, this.text, span, hint);
    }
    if (body === protocol) this.notes.push(`${name} is ${protocol} here`);
    if (this.expanding.includes(name))
      throw new FilterError(`macro ${name} contains itself`, this.text, span, [...this.expanding, name].join(' → '));
    return body;
  }
}

function comparison({ operator, modifier }: Check, left: Readable): Comparison {
  return { kind: 'check', left: left.term, operator, modifier, constants: [], right: null };
}

/** Where a comparison with constants runs. */
function placed(condition: Comparison, left: Readable, label: string): Plan {
  const field = left.bound?.field;
  if (field?.scope === 'column') return inColumn(condition, field, label);
  const hex = field?.bytes === undefined ? '' : needleOf(condition);
  if (field?.bytes !== undefined && hex !== '') return { kind: 'payload', column: field.bytes, hex, label, condition };
  return onRow(condition, left, label);
}

function onRow(condition: Comparison, { scope }: Readable, label: string): Plan {
  if (scope === 'event' || scope === 'column') return { kind: 'event', label, condition };
  return scope === 'dns' ? { kind: 'dns', label, condition } : { kind: 'row', column: scope, label, condition };
}

function inColumn(condition: Comparison, { column, value }: ColumnField, label: string): Plan {
  const bounds = value === asIs && condition.modifier === null ? RANGES[condition.operator] : undefined;
  const [constant] = condition.constants;
  if (bounds === undefined || (typeof constant !== 'number' && !isWallTime(constant))) return { kind: 'column', column, label, condition };
  const [low, high] = bounds(constant);
  return { kind: 'range', column, low, high, label, condition };
}

function isWallTime(constant: unknown): constant is { readonly wallNs: string } {
  return typeof constant === 'object' && constant !== null && 'wallNs' in constant;
}

/** Which values an operator lets pass, both bounds included; null: no bound. Columns hold integers. */
const RANGES: Readonly<Partial<Record<Operator, (constant: Bound) => readonly [low: Bound | null, high: Bound | null]>>> = {
  '<': (constant) => [null, before(constant)],
  '<=': (constant) => [null, typeof constant === 'number' ? Math.floor(constant) : constant],
  '>': (constant) => [after(constant), null],
  '>=': (constant) => [typeof constant === 'number' ? Math.ceil(constant) : constant, null],
  '=': (constant) => [constant, constant],
  '==': (constant) => [constant, constant],
};

function before(bound: Bound): Bound {
  return typeof bound === 'number' ? Math.ceil(bound) - 1 : { wallNs: (BigInt(bound.wallNs) - 1n).toString() };
}

function after(bound: Bound): Bound {
  return typeof bound === 'number' ? Math.floor(bound) + 1 : { wallNs: (BigInt(bound.wallNs) + 1n).toString() };
}

/** The bytes that a search wants, in hex; empty: it is no search for some. */
function needleOf({ operator, modifier, constants }: Comparison): string {
  const [constant] = constants;
  const search = (operator === 'contains' || operator === 'bcontains') && modifier === null;
  return search && typeof constant === 'object' && 'hex' in constant ? constant.hex : '';
}

/** A part that one row decides: its neighbours on the same dimension join it. */
type Joinable = RowPlan | DnsPlan;

const isJoinable = (plan: Plan): plan is Joinable => plan.kind === 'row' || plan.kind === 'dns';

/** An event without a DNS message has no row to ask, so `not` of that is not a question to rows. */
function negated(part: Plan): Plan {
  if (part.kind !== 'row') return { kind: 'not', part };
  return { ...part, label: `not (${part.label})`, condition: { kind: 'not', part: part.condition } };
}

function joined(kind: 'and' | 'or', parts: readonly Plan[]): Plan {
  const rows = new Map<RowColumn | 'dns', Joinable>();
  const others: Plan[] = [];
  for (const part of parts) {
    if (!isJoinable(part)) {
      others.push(part);
      continue;
    }
    const key = part.kind === 'row' ? part.column : 'dns';
    const before = rows.get(key);
    rows.set(key, before === undefined ? part : joinRows(kind, before, part));
  }
  const all = [...rows.values(), ...others];
  return all.length === 1 ? all[0]! : { kind, parts: all };
}

function joinRows(kind: 'and' | 'or', a: Joinable, b: Joinable): Joinable {
  const condition: Condition = { kind, parts: [a.condition, b.condition] };
  return { ...a, label: `${a.label} ${kind} ${b.label}`, condition };
}

/** An error inside a macro says in which. */
function inMacro<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new FilterError(`in macro ${name}: ${error.message}`, error.text, error.span, error.hint, error.fixed);
  }
}

/** A distance is equal when it is at most so long. */
function withinDistance(check: Check): Check {
  if (check.operator === '!=') return { ...check, operator: '>' };
  return check.operator === '=' || check.operator === '==' ? { ...check, operator: '<=' } : check;
}
