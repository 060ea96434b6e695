/**
 * Events that a query’s WHERE leaves out for certain need no row: numbers are compared in the columns, and SQLite decides the rest.
 * Only what all events have to fulfil is taken: comparisons with a number, or with a text for equality, between the ANDs of a query of
 * the events alone.
 */
import type { EventView } from '../event/view.ts';
import type { Chunk } from '../model/chunk.ts';
import { clausesOf } from './clauses.ts';
import { BLOCK } from './coder.ts';
import { EVENT_COLUMNS } from './events.ts';
import { compared, numbersFor } from './fold-keys.ts';
import { COMPARISONS, type Comparison } from './fold-plan.ts';
import { type Fill, numbersOf } from './integers.ts';
import { LONGEST_NAME } from './texts.ts';
import { partsOf, type Token, tokensOf } from './tokens.ts';

/** What SQL says of a column, exactly: an event fulfils it here if and only if it does there. */
export interface Condition {
  readonly column: string;
  readonly with: Comparison;
  readonly value: number | string;
}

/** Columns whose numbers a double holds. */
export const NUMBERS: ReadonlySet<string> = new Set([
  'num',
  ...EVENT_COLUMNS.filter(({ name, type }) => type === 'INTEGER' && name !== 'wall').map(({ name }) => name),
]);
const TEXTS: ReadonlySet<string> = new Set(
  EVENT_COLUMNS.filter(({ type, values }) => type === 'TEXT' && values.kind === 'row').map(({ name }) => name),
);
/** With these, what stands between two ANDs may be something else than a condition of its own. */
const ENTANGLED: ReadonlySet<string> = new Set(['or', 'not', 'between', 'case']);

/** None: nothing is known for certain. */
export function conditionsOf(sql: string): readonly Condition[] {
  const tokens = tokensOf(sql);
  if (tokens === null || tokens.filter(({ text }) => text === 'select').length !== 1) return [];
  const where = clausesOf(tokens)?.where ?? [];
  if (where.some(({ kind, text }) => kind === 'word' && ENTANGLED.has(text))) return [];
  return partsOf(where, 'and').flatMap(conditionIn);
}

function conditionIn(part: readonly Token[]): Condition[] {
  const [column, sign, ...rest] = part;
  const comparison = COMPARISONS[sign?.text ?? ''];
  const [literal, ...more] = rest[0]?.text === '-' ? rest.slice(1) : rest;
  if (comparison === undefined || more.length > 0) return [];
  if (TEXTS.has(column!.text)) return sameText(column!.text, comparison, rest);
  if (!NUMBERS.has(column!.text) || literal?.kind !== 'number') return [];
  const value = Number(literal.text);
  if (value > Number.MAX_SAFE_INTEGER) return [];
  return [{ column: column!.text, with: comparison, value: rest.length > 1 ? -value : value }];
}

/** Texts are equal byte by byte, or not. */
function sameText(column: string, comparison: Comparison, [literal, ...more]: readonly Token[]): Condition[] {
  if ((comparison !== '=' && comparison !== '!=') || literal?.kind !== 'string' || more.length > 0) return [];
  const value = literal.text.slice(1, -1).replaceAll("''", "'");
  return value.isWellFormed() ? [{ column, with: comparison, value }] : [];
}

interface Check {
  readonly fill: Fill;
  readonly holds: (number: number) => number;
}

function checkOf({ column, with: how, value }: Condition, view: EventView): Check {
  return typeof value === 'number'
    ? { fill: numbersFor(column, view), holds: compared(how, value) }
    : { fill: equality(column, Buffer.from(value), view), holds: compared(how, 1) };
}

/** 1: the column has this text, 0: another; NaN: none. */
function equality(column: string, text: Uint8Array, view: EventView): Fill {
  const { values } = EVENT_COLUMNS.find(({ name }) => name === column)!;
  if (values.kind !== 'row') throw new Error(`${column} is no name`);
  const read = (at: EventView) => {
    const name = values.read(at);
    return name === null ? null : Buffer.from(String(name)).subarray(0, LONGEST_NAME).equals(text) ? 1 : 0;
  };
  return numbersOf({ ...values, read }, view);
}

export class Narrowing {
  readonly #checks: readonly Check[];
  readonly #numbers = new Float64Array(BLOCK);
  #kept = new Uint16Array(0);

  constructor(conditions: readonly Condition[], view: EventView) {
    this.#checks = conditions.map((one) => checkOf(one, view));
  }

  /** Those of the first n selected events that fulfil all conditions: the selection holds until the next call. */
  of(chunk: Chunk, selection: Uint16Array, n: number): { readonly selection: Uint16Array; readonly n: number } {
    let left = { selection, n };
    for (const check of this.#checks) left = this.#checked(chunk, left.selection, left.n, check);
    return left;
  }

  #checked(chunk: Chunk, selection: Uint16Array, n: number, { fill, holds }: Check): { selection: Uint16Array; n: number } {
    if (this.#kept.length < n) this.#kept = new Uint16Array(n);
    const [kept, numbers] = [this.#kept, this.#numbers];
    let found = 0;
    for (let from = 0; from < n; from += BLOCK) {
      const rows = Math.min(BLOCK, n - from);
      fill({ chunk, selection, from, rows }, numbers);
      // In its own place, where the selection is what a check before this one kept: never ahead of what is read.
      for (let k = 0; k < rows; k++) if (holds(numbers[k]!) === 1) kept[found++] = selection[from + k]!;
    }
    return { selection: kept, n: found };
  }
}
