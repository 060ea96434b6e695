/** A query of the one shape that can be folded: SELECT … FROM events, with what may follow, and no other query in it. */
import { partsOf, type Token, textOf } from './tokens.ts';

type Tokens = readonly Token[];

export interface Item {
  readonly tokens: Tokens;
  readonly alias: string | null;
}

export interface Clauses {
  readonly distinct: boolean;
  readonly items: readonly Item[];
  readonly where: Tokens;
  readonly groupBy: readonly Tokens[];
  readonly having: Tokens;
  readonly orderBy: readonly Tokens[];
  readonly limit: Tokens;
}

/** In the order in which they come; what has two words, by the first. */
const HEADS = ['select', 'from', 'where', 'group', 'having', 'order', 'limit'] as const;
type Head = (typeof HEADS)[number];

/** Null: another shape. */
export function clausesOf(tokens: Tokens): Clauses | null {
  const found = split(tokens);
  const qualifier = found === null ? null : tableName(found.get('from') ?? []);
  if (found === null || qualifier === null) return null;
  const clause = (head: Head) => unqualified(found.get(head) ?? [], qualifier);
  const select = clause('select');
  const distinct = select[0]?.text === 'distinct';
  const [groupBy, orderBy] = [afterBy(clause('group')), afterBy(clause('order'))];
  if (groupBy === null || orderBy === null) return null;
  const items = partsOf(distinct ? select.slice(1) : select).map(itemOf);
  return { distinct, items, where: clause('where'), groupBy, having: clause('having'), orderBy, limit: clause('limit') };
}

function split(tokens: Tokens): Map<Head, Token[]> | null {
  const found = new Map<Head, Token[]>();
  let [depth, last] = [0, -1];
  for (const token of tokens) {
    if (token.text === '(') depth++;
    if (token.text === ')') depth--;
    const head = token.kind === 'word' && depth === 0 ? HEADS.indexOf(token.text as Head) : -1;
    if (head >= 0 && head <= last) return null;
    if (head < 0 && last < 0) return null;
    if (head < 0) found.get(HEADS[last]!)!.push(token);
    else {
      found.set(HEADS[head]!, []);
      last = head;
    }
  }
  return found;
}

/** What columns may be qualified with; null: they are not of the events, or not of them alone. */
function tableName(from: Tokens): string | null {
  const words = from.map(({ text }) => text);
  if (words[0] !== 'events' || from.some(({ kind }) => kind !== 'word')) return null;
  if (words.length === 1) return 'events';
  const alias = words.length === 2 ? words[1]! : words.length === 3 && words[1] === 'as' ? words[2]! : null;
  return alias;
}

function unqualified(tokens: Tokens, qualifier: string): Tokens {
  const isDot = (i: number) => tokens[i]?.text === '.';
  return tokens.filter((token, i) => !(isDot(i) && tokens[i - 1]!.text === qualifier) && !(isDot(i + 1) && token.text === qualifier));
}

/** GROUP and ORDER want a BY. */
function afterBy(tokens: Tokens): readonly Tokens[] | null {
  if (tokens.length === 0) return [];
  return tokens[0]!.text === 'by' ? partsOf(tokens.slice(1)) : null;
}

/** Words after which a name is none that was given to what stands before. */
const OPERATORS: ReadonlySet<string> = new Set(['is', 'not', 'and', 'or', 'like', 'glob', 'in', 'between', 'case', 'when', 'then', 'else']);

function itemOf(tokens: Tokens): Item {
  const [before, last] = [tokens.at(-2), tokens.at(-1)];
  if (before === undefined || last?.kind !== 'word') return { tokens, alias: null };
  if (before.text === 'as') return { tokens: tokens.slice(0, -2), alias: last.text };
  const isOperand = before.kind !== 'sign' ? !OPERATORS.has(before.text) : before.text === ')';
  return isOperand && last.text !== 'end' ? { tokens: tokens.slice(0, -1), alias: last.text } : { tokens, alias: null };
}

/** Without its direction. */
export function sortedBy(term: Tokens): string {
  return textOf(term)
    .replace(/ nulls (first|last)$/, '')
    .replace(/ (asc|desc)$/, '');
}
