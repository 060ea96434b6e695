import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { precedenceHint } from '../../src/filter/diagnose.ts';
import { FilterError } from '../../src/filter/error.ts';
import { literalBytes } from '../../src/filter/literal.ts';
import { parseFilter } from '../../src/filter/parse.ts';
import { GRAMMATICAL, UNGRAMMATICAL } from './kinds.ts';

const CASES = new URL('../../../shared/scap/filter-cases.json', import.meta.url);

interface Case {
  readonly filter: string;
  readonly valid: boolean;
  readonly note: string;
  readonly source: string;
}

/** Where we differ from Falco's parser, and why. */
const DIFFERENT: ReadonlyMap<string, string> = new Map([
  ["test.str = 'multiple escape single quote \\' \\\\''", 'a doubled backslash is a backslash, also before the closing quote'],
  ["c.singlequote = 'hello \\\\'quoted\\\\''", 'the same'],
]);

function parses(filter: string): boolean {
  try {
    parseFilter(filter);
    return true;
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    expect(error.render()).toContain('^');
    return false;
  }
}

test.each(GRAMMATICAL)('%j parses', (filter) => expect(parses(filter)).toBe(true));
test.each(UNGRAMMATICAL)('%j does not parse', (filter) => expect(parses(filter)).toBe(false));

describe.skipIf(!existsSync(CASES))('the grammar agrees with Falco’s own test cases (skipped where ../shared is absent)', () => {
  const cases = existsSync(CASES) ? (JSON.parse(readFileSync(CASES, 'utf8')) as Case[]) : [];
  // Invalid cases of the compiler are about types, not about grammar; compile.test.ts has those.
  const grammar = cases.filter(({ valid, source }) => valid || source.includes('filter_parser'));

  test('filters are valid or not as there, but for the listed differences, which are real', () => {
    expect(grammar.length).toBeGreaterThan(500);
    const wrong = grammar.filter(({ filter, valid }) => parses(filter) !== valid && !DIFFERENT.has(filter));
    expect(wrong.map(({ filter }) => filter)).toEqual([]);
    for (const filter of DIFFERENT.keys()) {
      const found = cases.find((candidate) => candidate.filter === filter);
      expect(found?.valid, filter).toBe(!parses(filter));
    }
  });
});

test.each([
  ['a.b=1 && c.d=2', 'a.b=1 and c.d=2'],
  ['a.b=1 || c.d=2', 'a.b=1 or c.d=2'],
  ['!a.b=1', 'not a.b=1'],
  ['!(a.b=1)', 'not (a.b=1)'],
  ['a.b   =   1', 'a.b=1'],
  ['  a.b=1\n', 'a.b=1'],
])('%j means %j', (written, meant) => {
  const strip = (text: string) =>
    JSON.stringify(parseFilter(text), (key, value) => (/^(start|end|operatorSpan|brackets)$/.test(key) ? undefined : value));
  expect(strip(written)).toBe(strip(meant));
});

test('`and` binds tighter, and a mix without brackets gets a hint', () => {
  const expr = parseFilter('a.b=1 or c.d=2 and e.f=3');
  expect(expr).toMatchObject({ kind: 'or', parts: [{ kind: 'check' }, { kind: 'and' }] });
  expect(precedenceHint(expr)).toMatch(/tighter/);
  expect(precedenceHint(parseFilter('a.b=1 or (c.d=2 and e.f=3)'))).toBe('');
});

test('escapes stand for bytes', () => {
  const value = (filter: string) => {
    const expr = parseFilter(filter);
    if (expr?.kind !== 'check' || expr.right?.kind !== 'values') throw new Error('no value');
    return [...literalBytes(expr.right.values[0]!.text)];
  };
  expect(value('evt.buffer contains \\x03svc')).toEqual([3, 115, 118, 99]);
  expect(value('evt.buffer contains "\\xff\\n"')).toEqual([255, 10]);
  expect(value('evt.buffer contains "é"')).toEqual([0xc3, 0xa9]);
});

test('brackets nest 100 deep and no deeper', () => {
  const nested = (depth: number) => `${'('.repeat(depth)}a.b=1${')'.repeat(depth)}`;
  expect(parses(nested(99))).toBe(true);
  expect(() => parseFilter(nested(101))).toThrow(/nest 100 deep/);
  expect(() => parseFilter(nested(100_000))).toThrow(/nest 100 deep/);
  expect(() => parseFilter('not '.repeat(50_000))).toThrow(/nest 100 deep/);
});
