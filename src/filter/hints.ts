/** What people from elsewhere, or in haste, probably meant: for the answers to wrong filters. Pure functions of the text. */
import { FIELDS } from '../event/fields/index.ts';
import type { Span } from './ast.ts';
import { quoted } from './literal.ts';

/** An answer to a place where the filter goes wrong. */
export interface Answer {
  readonly message: string;
  readonly span: Span;
  readonly hint: string;
  /** The whole filter as it probably was meant. */
  readonly fixed: string | null;
}

/** The text with a part of it replaced. */
export function replaced(text: string, { start, end }: Span, by: string): string {
  return text.slice(0, start) + by + text.slice(end);
}

const OPERATORS_ELSEWHERE: Readonly<Record<string, string>> = {
  eq: '=',
  is: '=',
  equals: '=',
  '===': '=',
  ':': '=',
  ne: '!=',
  isnt: '!=',
  '!==': '!=',
  '<>': '!=',
  gt: '>',
  ge: '>=',
  gte: '>=',
  '=>': '>=',
  lt: '<',
  le: '<=',
  lte: '<=',
  '=<': '<=',
  '~': 'regex',
  '~=': 'regex',
  '=~': 'regex',
  matches: 'regex',
  like: 'glob',
  has: 'contains',
  include: 'contains',
  includes: 'contains',
  begins: 'startswith',
  beginswith: 'startswith',
  starts: 'startswith',
  ends: 'endswith',
  any: 'in',
};

/** Our operator for what stands in the place of one, which runs up to `span.end`; null for what is no operator anywhere. */
export function operatorElsewhere(text: string, start: number): { operator: string; span: Span } | null {
  const found = /^(?:[=!<>~:]+|[A-Za-z]+)/.exec(text.slice(start));
  if (found === null) return null;
  const operator = OPERATORS_ELSEWHERE[found[0].toLowerCase()];
  return operator === undefined ? null : { operator, span: { start, end: start + found[0].length } };
}

/** What a filter that begins with a value may be about. */
export function conditionFor(value: string): string {
  if (/^[0-9]+(\.[0-9]+){3}$/.test(value)) return `fd.ip=${value}`;
  if (/^[0-9]+(\.[0-9]+){3}\/[0-9]+$/.test(value)) return `fd.net=${value}`;
  if (/^[0-9]+$/.test(value)) return `fd.port=${value} or proc.pid=${value}`;
  if (value.startsWith('/')) return `fd.name startswith ${value}`;
  const word = /^[\w-]+$/.test(value);
  return word ? `proc.name=${value} or evt.buffer contains ${value}` : `evt.buffer contains ${quoted(value)}`;
}

const JOINS: Readonly<Record<string, string>> = { and: ' and', or: ' or', '&': ' and', '|': ' or', ',': ' and', ';': ' and' };
const UNITS = /^(ns|us|µs|ms|s|m|h|[kmg]i?b?|b)$/i;

/** What stands behind a complete condition and is neither `and` nor `or`. */
export function unexpected(text: string, at: number): Answer {
  const rest = /^\S+/.exec(text.slice(at))?.[0] ?? '';
  const span = { start: at, end: at + Math.max(1, rest.length) };
  const answer = (message: string, hint: string, fixed: string | null, where: Span = span): Answer => ({
    message,
    span: where,
    hint,
    fixed,
  });
  const first = { start: at, end: at + 1 };
  if (rest.startsWith(')')) return answer(`')' closes nothing`, 'there is one bracket too many', replaced(text, first, ''), first);
  const join = JOINS[rest.toLowerCase()] ?? JOINS[rest[0] ?? ''];
  if (join !== undefined) {
    const hint =
      JOINS[rest.toLowerCase()] === undefined || rest.length === 1 ? `here that is${join}` : 'write and, or, not in small letters';
    return answer(`expected 'and' or 'or'`, hint, joined(text, at, rest, join));
  }
  const before = text.slice(0, at).trimEnd();
  if (UNITS.test(rest) && /[0-9]$/.test(before)) {
    return answer('a blank before the unit', 'a unit stands right behind its number', before + text.slice(at));
  }
  const order = /\s*=([<>])$/.exec(before);
  if (order !== null && /^[0-9]/.test(rest)) {
    const where = { start: before.length - 2, end: before.length };
    const fixed = `${before.slice(0, order.index)} ${order[1]}= ${text.slice(at)}`;
    return answer(`'=${order[1]}' is no operator`, `here that is ${order[1]}=`, fixed, where);
  }
  const glued = /^(and|or)(?=\w+\.)/.exec(rest);
  if (glued !== null) {
    const end = at + glued[0].length;
    return answer(`expected a blank after '${glued[0]}'`, '', `${text.slice(0, end)} ${text.slice(end)}`, { start: at, end });
  }
  if (startsCondition(text.slice(at))) {
    return answer(`expected 'and' or 'or'`, 'two conditions need one of them in between', `${before} and ${text.slice(at)}`);
  }
  return answer(`expected 'and' or 'or'`, 'a text with blanks goes in quotes: "like this"', quotedFrom(text, before, at));
}

function joined(text: string, at: number, rest: string, join: string): string {
  const behind = text.slice(at + (JOINS[rest.toLowerCase()] === undefined ? 1 : rest.length)).trimStart();
  return `${text.slice(0, at).trimEnd()}${join} ${behind}`;
}

function startsCondition(text: string): boolean {
  return /^(not\s+)?\(*[a-z][\w]*(\.[\w/-]+)+(\[[^\]]*\])?\s*([=!<>]|[a-z]+\s)/i.test(text);
}

/** `proc.name=my program` → `proc.name="my program"`: where a bare value ends right before, and words follow up to `and`, `or` or a bracket. */
function quotedFrom(text: string, before: string, at: number): string | null {
  const value = /(?:[=<>]|\s)([^\s="'(),<>]+)$/.exec(before)?.[1];
  const words = /^[^\s="'(),<>]+(?:\s+(?!and\b|or\b)[^\s="'(),<>]+)*/.exec(text.slice(at))?.[0];
  if (value === undefined || words === undefined || /[\\"]/.test(value + words)) return null;
  const start = before.length - value.length;
  return `${text.slice(0, start)}"${text.slice(start, at)}${words}"${text.slice(at + words.length)}`;
}

/** The filter with a text closed that was not: before the next `and` or `or`, else at the end. */
export function closedText(text: string, start: number, quote: string): string {
  const next = /\s+(and|or)\s/.exec(text.slice(start));
  const end = next === null ? text.length : start + next.index;
  return `${text.slice(0, end)}${quote}${text.slice(end)}`;
}

/** The filter with brackets around the values that begin at a place: up to `and`, `or`, `)` or the end. */
export function listed(text: string, start: number): string {
  const values = /^(?:(?!\s+(?:and|or)\b)[^()])*/.exec(text.slice(start))![0].trimEnd();
  return replaced(text, { start, end: start + values.length }, `(${values})`);
}

/** What to say of a single word in the place of a field, and the filter with the field. */
export function fieldFor(word: string, text: string, span: Span): [hint: string, fixed: string | null] {
  const small = word.toLowerCase();
  const field = FIELDS.find(({ short }) => short?.includes(small) === true)?.name;
  if (field === undefined) return ['fields have a dot in their names, such as proc.name; `trowel fields` lists them', null];
  return [`${field} is probably meant`, replaced(text, span, field)];
}
