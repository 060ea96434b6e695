/** Filters that Falco's own tests compile, or refuse to: so do we, but for differences that have a reason. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { TEXT_OPERATORS } from '../../src/filter/ast.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { FilterError } from '../../src/filter/error.ts';
import { EventsBuilder } from '../helpers/events.ts';
import { laboratory } from '../helpers/laboratory.ts';
import { TYPES } from './kinds.ts';

const CASES = new URL('../../../shared/scap/filter-cases.json', import.meta.url);

interface Case {
  readonly filter: string;
  readonly valid: boolean;
  readonly source: string;
}

/** Fields that exist in those tests alone, and macros that they do not define. */
const OF_THEIR_TESTS = /\b(sample|c)\.\w+|\bevt\.plugin/;

/** Why we refuse what they accept. The first that fits counts. */
const REFUSED: readonly { readonly filter: RegExp; readonly reason: string }[] = [
  { filter: /^syscall\.type = val\(evt\.is_wait\)/, reason: 'a text is never equal to true or false' },
  { filter: /b(contains|startswith) (2g|"\\x00")$/, reason: 'what is not hexadecimal cannot be found' },
  { filter: /^fd\.name </, reason: 'only numbers have an order' },
  { filter: /^thread\.cpu/, reason: 'CPU time is not sampled' },
  { filter: /fd\.types/, reason: 'a poll’s descriptors are known by number alone' },
];

function compiles(filter: string): boolean {
  try {
    compileFilter(filter, new EventsBuilder().context);
    return true;
  } catch (error) {
    if (error instanceof FilterError) return false;
    throw error;
  }
}

/** Where the filter is none, the message shows where. */
function expectPlace(filter: string): void {
  try {
    compileFilter(filter, new EventsBuilder().context);
  } catch (error) {
    expect(error, filter).toBeInstanceOf(FilterError);
    expect((error as FilterError).render(), filter).toContain('^');
  }
}

laboratory('the compiler agrees with Falco’s', existsSync(CASES) ? null : '../shared is absent', () => {
  const all = JSON.parse(readFileSync(CASES, 'utf8')) as Case[];
  // parse.test.ts has those of the parser, whose fields are made up.
  const cases = all.filter(({ filter, source }) => !source.includes('filter_parser') && !OF_THEIR_TESTS.test(filter));

  test('filters compile or not as there', () => {
    expect(cases.length).toBeGreaterThan(300);
    const wrong = cases.filter(({ filter, valid }) => compiles(filter) !== valid && !REFUSED.some((row) => row.filter.test(filter)));
    expect(wrong.map(({ filter }) => filter)).toEqual([]);
  });

  test('what is listed as refused is accepted there and refused here', () => {
    for (const { filter, reason } of REFUSED) {
      const found = cases.filter((one) => one.valid && filter.test(one.filter));
      expect(found.length, reason).toBeGreaterThan(0);
      for (const one of found) expect(compiles(one.filter), one.filter).toBe(false);
    }
  });

  test('whatever is wrong with a filter is said with a place', () => {
    for (const { filter } of all) expectPlace(filter);
  });
});

describe('each type takes its operators and no others', () => {
  const all = ['<', '<=', '>', '>=', ...TEXT_OPERATORS];

  test.each(TYPES)('$field', ({ field, value, takes }) => {
    const written = (operator: string) => `${field} ${operator} ${value}`;
    const lists = ['in', 'intersects', 'pmatch'].filter((operator) => compiles(`${field} ${operator} (${value})`));
    expect(lists).toEqual(['in', 'intersects', ...(takes.includes('pmatch') ? ['pmatch'] : [])]);
    expect(compiles(`${field} exists`)).toBe(true);
    expect(all.filter((operator) => compiles(written(operator))).sort()).toEqual(takes.filter((one) => one !== 'pmatch').sort());
    for (const operator of all) expectPlace(written(operator));
  });
});
