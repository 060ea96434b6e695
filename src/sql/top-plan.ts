/**
 * A query of single events in an order, of which it wants only the first: `ORDER BY latency DESC LIMIT 10`. Which events these can be is
 * found before any gets a row; SQLite answers it over those. What is not understood for certain is no such query.
 */
import { type Clauses, clausesOf, sortedBy } from './clauses.ts';
import { isColumn, SCALARS } from './fold-plan.ts';
import { conditionsOf, NUMBERS } from './narrowing.ts';
import { partsOf, type Token, textOf, tokensOf } from './tokens.ts';

type Tokens = readonly Token[];

/** What an event comes before others by. */
export interface SortKey {
  readonly column: string;
  readonly isDescending: boolean;
  readonly nullsFirst: boolean;
}

export interface TopPlan {
  /** The last is the event's number, which no two share, unless the order has more that is not known here: then all that tie are wanted. */
  readonly keys: readonly SortKey[];
  readonly most: number;
}

/** With more, most events of a chunk may be among them. */
const MOST = 16_384;
const BY_NUM: SortKey = { column: 'num', isDescending: false, nullsFirst: true };

/** Null: the query is another kind of query. */
export function topPlan(sql: string): TopPlan | null {
  const tokens = tokensOf(sql);
  const clauses = tokens === null ? null : clausesOf(tokens);
  if (clauses === null || !asksEvents(tokens!, clauses) || !knowsWhere(sql, clauses)) return null;
  const most = mostOf(clauses.limit);
  const keys = keysOf(clauses);
  return most === null || keys.length === 0 ? null : { keys, most };
}

/** Rows of the answer are events, each as it is: nothing is added up, numbered, or asked of other rows. */
function asksEvents(tokens: Tokens, { distinct, items, groupBy, having }: Clauses): boolean {
  if (distinct || groupBy.length > 0 || having.length > 0) return false;
  if (items.some(({ alias, tokens }) => alias !== null && isColumn(alias) && textOf(tokens) !== alias)) return false;
  return tokens.every((token, i) => {
    const isBefore = tokens[i + 1]?.text === '(';
    return !(token.text === 'select' && i > 0) && !(token.text === 'in' && !isBefore) && !(isBefore && isOfMany(token));
  });
}

/** A function that may ask for more than one row. */
const isOfMany = ({ kind, text }: Token) => kind === 'word' && !KEYWORDS.has(text) && !SINGLE.has(text);
/** Functions of one row; the least and the largest may be of all. */
const SINGLE: ReadonlySet<string> = new Set([...SCALARS].filter((name) => name !== 'min' && name !== 'max'));
/** What may stand before a bracket without being called. */
const KEYWORDS: ReadonlySet<string> = new Set('and or not in like glob case when then else by where cast'.split(' '));

/** Only of events that are certainly wanted can others be said to come after them. */
function knowsWhere(sql: string, { where }: Clauses): boolean {
  return where.length === 0 || conditionsOf(sql).length === partsOf(where, 'and').length;
}

/** `10`, `10 OFFSET 5`, `5, 10`; null: none, or none that is known. */
function mostOf(limit: Tokens): number | null {
  const found = /^(\d+)(?: (?:offset|,) (\d+))?$/.exec(textOf(limit));
  const most = found === null ? 0 : Number(found[1]) + Number(found[2] ?? 0);
  return most > 0 && most <= MOST ? most : null;
}

function keysOf(clauses: Clauses): readonly SortKey[] {
  const keys: SortKey[] = [];
  for (const term of clauses.orderBy) {
    const key = keyOf(term, clauses);
    if (key === null) return keys;
    keys.push(key);
    if (key.column === 'num') return keys;
  }
  return [...keys, BY_NUM];
}

/** Null: not by a number of the event’s. */
function keyOf(term: Tokens, { items }: Clauses): SortKey | null {
  const direction = textOf(term).slice(sortedBy(term).length);
  const isDescending = / desc\b/.test(direction);
  const nullsFirst = direction.includes('nulls') ? direction.endsWith('first') : !isDescending;
  const column = columnOf(sortedBy(term), items);
  return column === null ? null : { column, isDescending, nullsFirst };
}

/** A column by itself, by the name that it was given, or by its place. */
function columnOf(by: string, items: Clauses['items']): string | null {
  const isPlace = /^\d+$/.test(by);
  if (isPlace && items.some(({ tokens }) => tokens.at(-1)?.text === '*')) return null;
  const item = isPlace ? items[Number(by) - 1] : items.find(({ alias }) => alias === by);
  const column = item === undefined ? by : textOf(item.tokens);
  return column === 'wall' ? 'time' : NUMBERS.has(column) ? column : null;
}
