/**
 * A query that adds events up needs no row for each: events that are alike in all that it asks for are one row with a count, and with
 * sums of the numbers that are only added up. What such rows are, and the query over them, is found here; SQLite answers it, so every
 * expression means what it means there. What is not understood for certain is no such query.
 */
import { type Clauses, clausesOf, type Item, sortedBy } from './clauses.ts';
import { EVENT_COLUMNS } from './events.ts';
import { closing, partsOf, type Token, textOf, tokensOf } from './tokens.ts';

type Tokens = readonly Token[];

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'is null' | 'is not null';

/** What of an event makes it like others. */
export type Key =
  | { readonly kind: 'column'; readonly column: string }
  | { readonly kind: 'compare'; readonly column: string; readonly with: Comparison; readonly value: number }
  | { readonly kind: 'divide'; readonly column: string; readonly by: number };

export type Stat = 'sum' | 'count' | 'min' | 'max';

export interface FoldPlan {
  /** Over a table `events` with a column for each key, one for each stat (`statName`), and `trowel_n`: how many events a row is. */
  readonly sql: string;
  readonly keys: ReadonlyMap<string, Key>;
  /** By column. */
  readonly stats: ReadonlyMap<string, ReadonlySet<Stat>>;
}

export const statName = (column: string, stat: Stat): string => `trowel_${stat}_${column}`;
/** A function that ends the query: it has to be asked of the events themselves. */
export const ASK_EVENTS = 'trowel_ask_events';

const TEXTS = new Set(EVENT_COLUMNS.filter(({ type }) => type === 'TEXT').map(({ name }) => name));
const NUMBERS = new Set(['num', ...EVENT_COLUMNS.filter(({ type }) => type === 'INTEGER').map(({ name }) => name)]);
/** Of one row of a dimension: few values. */
const OF_ROWS = new Set(EVENT_COLUMNS.filter(({ values }) => values.kind === 'row').map(({ name }) => name));
/** Hardly two events have the same, or more than a double holds. */
const NO_KEYS = new Set(['num', 'wall', 'args', 'data']);
export const isColumn = (word: string): boolean => TEXTS.has(word) || NUMBERS.has(word) || NO_KEYS.has(word);

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));
const KEYWORDS = words(
  'and or not is null isnull notnull in like glob escape between case when then else end cast as integer text real true false asc desc nulls first last',
);
/** Functions of one row's values, but for the least and the largest of a single one. */
export const SCALARS = words(
  'abs coalesce ifnull nullif iif substr substring lower upper length instr replace trim ltrim rtrim round floor ceil log log10 log2 ln sign char hex min max like glob typeof',
);
const AGGREGATES = words('count sum total avg min max');
/** What a comparison may stand between: nothing that binds tighter than it does. */
const BEFORE = words('where and or not ( , when then else');
const AFTER = words('and or ) , then else end asc desc');
/** Bind tighter than a division, or as tight on its left. */
const TIGHTER = words('* / % || -> ->> ~ -');
export const COMPARISONS: Readonly<Record<string, Comparison>> = {
  '=': '=', '==': '=', '!=': '!=', '<>': '!=', '<': '<', '<=': '<=', '>': '>', '>=': '>=',
}; // biome-ignore format: a table

/** Null: the query is another kind of query. */
export function foldPlan(sql: string): FoldPlan | null {
  if (/trowel_/i.test(sql)) return null;
  const tokens = tokensOf(sql);
  const clauses = tokens === null ? null : clausesOf(tokens);
  if (clauses === null) return null;
  try {
    return new Rewriter(clauses).plan();
  } catch (error) {
    if (error instanceof NotFolded) return null;
    throw error;
  }
}

/** The query is not one that can be folded. */
class NotFolded extends Error {}

/** Columns that are asked for of single events, outside aggregates; null: it does not matter. */
type Bare = Set<string> | null;

class Rewriter {
  readonly #clauses: Clauses;
  readonly #aliases: ReadonlySet<string>;
  readonly #hasBetween: boolean;
  readonly #keys = new Map<string, Key>();
  readonly #stats = new Map<string, Set<Stat>>();
  #adds = false;

  constructor(clauses: Clauses) {
    this.#clauses = clauses;
    this.#aliases = new Set(clauses.items.map(({ alias }) => alias ?? ''));
    const all = [...clauses.items.map(({ tokens }) => tokens), clauses.where, clauses.having, ...clauses.groupBy, ...clauses.orderBy];
    this.#hasBetween = all.some((tokens) => tokens.some(({ text }) => text === 'between'));
    for (const { alias, tokens } of clauses.items) if (alias !== null && isColumn(alias) && textOf(tokens) !== alias) throw new NotFolded();
  }

  plan(): FoldPlan {
    const { distinct, items, where, groupBy, having, orderBy, limit } = this.#clauses;
    const bare = new Set<string>();
    const groups = new Set(groupBy.map(textOf));
    const isGroup = ({ tokens, alias }: Item, i: number) =>
      groups.has(textOf(tokens)) || groups.has(alias ?? '') || groups.has(String(i + 1));
    const selected = items.map((item, i) => this.#item(item, isGroup(item, i) ? null : bare));
    const parts = [`SELECT ${distinct ? 'DISTINCT ' : ''}${selected.join(', ')} FROM events`];
    if (where.length > 0) parts.push(`WHERE ${this.#rewrite(where, null, false)}`);
    if (groupBy.length > 0) parts.push(`GROUP BY ${groupBy.map((term) => this.#rewrite(term, null, false)).join(', ')}`);
    if (having.length > 0) parts.push(`HAVING ${this.#rewrite(having, bare, true)}`);
    if (orderBy.length > 0)
      parts.push(`ORDER BY ${orderBy.map((term) => this.#rewrite(term, groups.has(sortedBy(term)) ? null : bare, true)).join(', ')}`);
    if (limit.length > 0) parts.push(`LIMIT ${limitOf(limit)}`);
    this.#check(bare);
    return { sql: parts.join(' '), keys: this.#keys, stats: this.#stats };
  }

  /** Which event a column is taken from must not matter. */
  #check(bare: ReadonlySet<string>): void {
    const { distinct, items, groupBy, orderBy } = this.#clauses;
    const columns = new Set(groupBy.filter((term) => term.length === 1).map(textOf));
    if (groupBy.length > 0 || this.#adds) {
      if (![...bare].every((column) => columns.has(column))) throw new NotFolded();
      return;
    }
    const shown = new Set(items.flatMap(({ tokens, alias }, i) => [textOf(tokens), alias ?? '', String(i + 1)]));
    if (!distinct || !orderBy.every((term) => shown.has(sortedBy(term)))) throw new NotFolded();
  }

  #item({ tokens, alias }: Item, bare: Bare): string {
    return this.#rewrite(tokens, bare, true) + (alias === null ? '' : ` AS ${alias}`);
  }

  #rewrite(tokens: Tokens, bare: Bare, mayAdd: boolean): string {
    const made: string[] = [];
    for (let i = 0; i < tokens.length; ) {
      const { kind, text } = tokens[i]!;
      if (text === '.' || (text === '*' && (i === 0 || tokens[i - 1]!.text === '('))) throw new NotFolded();
      const taken = kind === 'word' ? this.#word(tokens, i, made, bare, mayAdd) : 0;
      if (taken === 0) made.push(text);
      i += Math.max(1, taken);
    }
    return made.join(' ');
  }

  /** How many tokens were rewritten; 0: the word stays as it is. */
  #word(tokens: Tokens, i: number, made: string[], bare: Bare, mayAdd: boolean): number {
    const word = tokens[i]!.text;
    if (tokens[i + 1]?.text === '(' && !KEYWORDS.has(word)) {
      const isOfMany = (word === 'min' || word === 'max') && partsOf(tokens.slice(i + 2, closing(tokens, i + 1))).length > 1;
      if (AGGREGATES.has(word) && !isOfMany) return this.#aggregate(tokens, i, made, mayAdd);
      if (!SCALARS.has(word)) throw new NotFolded();
      return 0;
    }
    if (KEYWORDS.has(word)) return 0;
    if (isColumn(word)) {
      bare?.add(word);
      return this.#column(tokens, i, made);
    }
    if (!this.#aliases.has(word)) throw new NotFolded();
    return 0;
  }

  #column(tokens: Tokens, i: number, made: string[]): number {
    const column = tokens[i]!.text;
    if (NUMBERS.has(column) && !OF_ROWS.has(column) && column !== 'wall') {
      const taken = this.#comparison(tokens, i, made) || this.#division(tokens, i, made);
      if (taken > 0) return taken;
    }
    if (NO_KEYS.has(column)) throw new NotFolded();
    this.#keys.set(column, { kind: 'column', column });
    made.push(column);
    return 1;
  }

  /** `latency > 1000`, `latency is null` */
  #comparison(tokens: Tokens, i: number, made: string[]): number {
    const [column, sign, next] = [tokens[i]!.text, tokens[i + 1]?.text ?? '', tokens[i + 2]];
    if (this.#hasBetween || (i > 0 && !BEFORE.has(tokens[i - 1]!.text))) return 0;
    const isNegative = next?.text === '-';
    const literal = tokens[i + (isNegative ? 3 : 2)];
    let [key, taken]: [Key | null, number] = [null, 0];
    if (sign === 'is' && next?.text === 'null') [key, taken] = [{ kind: 'compare', column, with: 'is null', value: 0 }, 3];
    else if (sign === 'is' && next?.text === 'not' && tokens[i + 3]?.text === 'null')
      [key, taken] = [{ kind: 'compare', column, with: 'is not null', value: 0 }, 4];
    else if (sign in COMPARISONS && literal?.kind === 'number')
      [key, taken] = [{ kind: 'compare', column, with: COMPARISONS[sign]!, value: numberOf(literal, isNegative) }, isNegative ? 4 : 3];
    if (key === null || (i + taken < tokens.length && !AFTER.has(tokens[i + taken]!.text))) return 0;
    made.push(this.#keyName(key));
    return taken;
  }

  /** `time / 1000000000` */
  #division(tokens: Tokens, i: number, made: string[]): number {
    const [sign, by, after] = [tokens[i + 1]?.text, tokens[i + 2], tokens[i + 3]?.text ?? ''];
    if (sign !== '/' || by?.kind !== 'number' || !/^[1-9]\d*$/.test(by.text)) return 0;
    if (TIGHTER.has(tokens[i - 1]?.text ?? '') || after === '||' || after.startsWith('->')) return 0;
    made.push(this.#keyName({ kind: 'divide', column: tokens[i]!.text, by: numberOf(by, false) }));
    return 3;
  }

  #keyName(key: Key): string {
    for (const [name, known] of this.#keys) if (JSON.stringify(known) === JSON.stringify(key)) return name;
    const name = `trowel_key_${this.#keys.size}`;
    this.#keys.set(name, key);
    return name;
  }

  #aggregate(tokens: Tokens, i: number, made: string[], mayAdd: boolean): number {
    const close = closing(tokens, i + 1);
    if (!mayAdd || close < 0) throw new NotFolded();
    this.#adds = true;
    const hasFilter = tokens[close + 1]?.text === 'filter' && tokens[close + 3]?.text === 'where';
    const end = hasFilter ? closing(tokens, close + 2) : close;
    if (end < 0) throw new NotFolded();
    const filter = hasFilter ? ` FILTER (WHERE ${this.#rewrite(tokens.slice(close + 4, end), null, false)})` : '';
    made.push(this.#added(tokens[i]!.text, tokens.slice(i + 2, close), filter));
    return end + 1 - i;
  }

  /** An aggregate over events as one over rows that are several each. */
  #added(aggregate: string, args: Tokens, filter: string): string {
    const text = textOf(args);
    if (text === '*' || text === '') return `coalesce(sum(trowel_n)${filter}, 0)`;
    if (args[0]!.text === 'distinct') {
      if (aggregate !== 'count') throw new NotFolded();
      return `count(DISTINCT ${this.#rewrite(args.slice(1), null, false)})${filter}`;
    }
    if (partsOf(args).length > 1) throw new NotFolded();
    const { sum, count, min, max } = NUMBERS.has(text) && text !== 'wall' ? this.#ofColumn(text) : this.#ofExpression(args);
    if (aggregate === 'min') return `min(${min()})${filter}`;
    if (aggregate === 'max') return `max(${max()})${filter}`;
    if (aggregate === 'count') return `coalesce(sum(${count()})${filter}, 0)`;
    if (aggregate === 'sum') return `sum(${sum()})${filter}`;
    if (aggregate === 'total') return `coalesce(CAST(sum(${sum()})${filter} AS REAL), 0.0)`;
    return `(CAST(sum(${sum()})${filter} AS REAL) / nullif(sum(${count()})${filter}, 0))`;
  }

  #ofColumn(column: string): Readonly<Record<Stat, () => string>> {
    const stat = (one: Stat) => () => {
      this.#stats.set(column, (this.#stats.get(column) ?? new Set()).add(one));
      return statName(column, one);
    };
    return { sum: stat('sum'), count: stat('count'), min: stat('min'), max: stat('max') };
  }

  #ofExpression(args: Tokens): Readonly<Record<Stat, () => string>> {
    const of = `(${this.#rewrite(args, null, false)})`;
    const isWhole = `typeof(${of}) = 'integer' AND typeof(${of} * trowel_n) = 'integer'`;
    return {
      sum: () => `CASE WHEN ${isWhole} THEN ${of} * trowel_n WHEN ${of} IS NOT NULL THEN ${ASK_EVENTS}() END`,
      count: () => `trowel_n * (${of} IS NOT NULL)`,
      min: () => of,
      max: () => of,
    };
  }
}

function numberOf({ text }: Token, isNegative: boolean): number {
  const value = Number(text);
  if (value > Number.MAX_SAFE_INTEGER) throw new NotFolded();
  return isNegative ? -value : value;
}

function limitOf(tokens: Tokens): string {
  if (!tokens.every(({ kind, text }) => kind === 'number' || text === 'offset' || text === ',')) throw new NotFolded();
  return textOf(tokens);
}
