/** What may stand at a place in a filter that is being typed. */

import type { BoundField } from '../event/fields/field.ts';
import { FIELDS } from '../event/fields/index.ts';
import { LIST_OPERATORS, type Operator, type Span, TRANSFORMERS } from './ast.ts';
import { OPERATORS } from './check.ts';
import { FilterError } from './error.ts';
import { findField } from './find-field.ts';
import type { Occurring } from './occurring.ts';

export interface Candidate {
  /** What goes into the filter. */
  readonly text: string;
  /** What it is, for people. */
  readonly doc: string;
}

export interface Completion {
  /** The part of the filter that a candidate replaces; it ends at the cursor. */
  readonly span: Span;
  /** Best first. */
  readonly candidates: readonly Candidate[];
}

/** What the words before a place ask for: a field, its operator, a value of it, or how to go on. */
type Expected =
  | { readonly kind: 'field' | 'join' | 'nothing' }
  | { readonly kind: 'operator'; readonly field: BoundField }
  | { readonly kind: 'value'; readonly field: BoundField; readonly list: boolean };

const TOKEN = /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[<>!=]=?|[(),]|[^\s()"'=<>!,]+/g;

const OPERATOR_DOCS: Readonly<Partial<Record<Operator, string>>> = {
  exists: 'the event has one',
  in: 'one of: in (a, b)',
  pmatch: 'a path or one above it: pmatch (/etc, /usr)',
  contains: 'has this text in it',
  icontains: 'the same, small and large letters alike',
  startswith: 'begins with',
  endswith: 'ends with',
  glob: '* and ? stand for what is there',
  regex: 'the whole of it matches the expression',
  '=': 'equal',
  '!=': 'there, and not equal',
};

/** What values a field has in a capture; without one there are only those that are known anyway. */
export type ValuesOf = (field: BoundField) => readonly Occurring[];

/** The field that a token names, under any of its names; null for what is none. */
function fieldOf(token: string): BoundField | null {
  const [, name, arg] = /^([^[]*)(?:\[["']?([^\]"']*)["']?\])?$/.exec(token) ?? [];
  try {
    return name === undefined ? null : findField({ kind: 'field', name, arg: arg ?? null, start: 0, end: token.length }, token).bound;
  } catch (error) {
    if (error instanceof FilterError) return null;
    throw error;
  }
}

/** Candidates for the word that ends at the cursor; what stands behind the cursor does not matter. */
export function complete(text: string, cursor: number, valuesIn: ValuesOf = () => []): Completion {
  const tokens = [...text.slice(0, cursor).matchAll(TOKEN)];
  const last = tokens.at(-1);
  const touches = last !== undefined && last.index + last[0].length === cursor && !/^[(),<>!=]/.test(last[0]);
  const before = touches ? tokens.slice(0, -1) : tokens;
  const word = touches ? last[0] : '';
  const expected = expectedAfter(before.map(([token]) => token));
  const candidates = [...operatorsBehind(expected, word), ...matching(candidatesFor(expected, valuesIn), word)];
  return { span: { start: cursor - word.length, end: cursor }, candidates };
}

/** A field's name is complete as it stands: its operators may follow at once. */
function operatorsBehind(expected: Expected, word: string): readonly Candidate[] {
  const bound = expected.kind === 'field' ? fieldOf(word) : null;
  if (bound === null || bound.field.only === 'print') return [];
  return operatorsOf(bound).map(({ text, doc }) => ({
    text: word + (/^[a-z]/.test(text) ? ` ${text}` : text),
    doc,
  }));
}

function expectedAfter(tokens: readonly string[]): Expected {
  let expected: Expected = { kind: 'field' };
  for (const token of tokens) expected = next(expected, token);
  return expected;
}

/** One token on. Where a filter is wrong, completion offers nothing, or begins anew behind `and` and `or`. */
function next(expected: Expected, token: string): Expected {
  if (/^(and|or|&&|\|\|)$/.test(token)) return { kind: 'field' };
  switch (expected.kind) {
    case 'field': {
      const field = fieldOf(token);
      if (field !== null) return { kind: 'operator', field };
      return /^(not|!|\()$/.test(token) || (TRANSFORMERS as readonly string[]).includes(token) ? expected : { kind: 'nothing' };
    }
    case 'operator':
      if (token === 'exists') return { kind: 'join' };
      return { kind: 'value', field: expected.field, list: (LIST_OPERATORS as readonly string[]).includes(token) };
    case 'value':
      if (token === ')') return { kind: 'join' };
      return expected.list ? expected : { kind: 'join' };
    case 'join':
      return token === ')' ? expected : { kind: 'nothing' };
    case 'nothing':
      return expected;
  }
}

function candidatesFor(expected: Expected, valuesIn: ValuesOf): readonly Candidate[] {
  switch (expected.kind) {
    case 'field':
      return [
        ...FIELDS.filter(({ only }) => only !== 'print').map(({ name, type, doc }) => ({ text: name, doc: `${type}: ${doc}` })),
        { text: 'not', doc: 'the contrary of what follows' },
      ];
    case 'operator':
      return operatorsOf(expected.field);
    case 'value':
      return valuesOf(expected.field, valuesIn);
    case 'join':
      return [
        { text: 'and', doc: 'both' },
        { text: 'or', doc: 'either' },
      ];
    case 'nothing':
      return [];
  }
}

function operatorsOf({ field: { type } }: BoundField): readonly Candidate[] {
  return OPERATORS[type]
    .filter((operator) => operator !== '==' && operator !== 'intersects')
    .map((operator) => ({ text: operator, doc: OPERATOR_DOCS[operator] ?? '' }));
}

/** Those that occur, most frequent first; then others that a field may have. */
function valuesOf(bound: BoundField, valuesIn: ValuesOf): readonly Candidate[] {
  const { field } = bound;
  const occurring = valuesIn(bound).map(({ text, events, rounded }) => ({ text, doc: eventsText(events, rounded) }));
  const known = field.values ?? (field.type === 'bool' ? ['true', 'false'] : []);
  const there = new Set(occurring.map(({ text }) => text));
  return [...occurring, ...known.filter((text) => !there.has(text)).map((text) => ({ text, doc: '' }))];
}

function eventsText(events: number | null, rounded: boolean): string {
  if (events === null) return '';
  const number = rounded ? Number(events.toPrecision(2)) : events;
  return `${rounded ? '~' : ''}${String(number).replace(/\B(?=(\d{3})+$)/g, ',')} ${events === 1 ? 'event' : 'events'}`;
}

/** Those that begin with the word, then those that have it inside. */
function matching(candidates: readonly Candidate[], word: string): readonly Candidate[] {
  const small = word.toLowerCase();
  const begin = candidates.filter(({ text }) => text.toLowerCase().startsWith(small));
  const inside = small === '' ? [] : candidates.filter(({ text }) => text.toLowerCase().indexOf(small) > 0);
  const all = [...begin, ...inside];
  return all.filter(({ text }) => text !== word);
}
