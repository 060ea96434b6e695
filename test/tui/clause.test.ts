import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { literalBytes, written } from '../../src/filter/literal.ts';
import { parseFilter } from '../../src/filter/parse.ts';
import { type Clause, type ClauseUse, withClause } from '../../src/tui/data/clause.ts';
import { EventsBuilder } from '../helpers/events.ts';

const CURL: Clause = { field: 'proc.name', operator: '=', value: 'curl' };

describe('a filter from a cell', () => {
  test.each<[string, ClauseUse, string]>([
    ['', 'keep', 'proc.name=curl'],
    ['', 'drop', 'not proc.name=curl'],
    ['fd.num=3', 'keep', 'fd.num=3 and proc.name=curl'],
    ['fd.num=3', 'drop', 'fd.num=3 and not proc.name=curl'],
    ['fd.num=3', 'add', 'fd.num=3 or proc.name=curl'],
    ['fd.num=3 or fd.num=4', 'keep', '(fd.num=3 or fd.num=4) and proc.name=curl'],
    ['fd.num=3 and evt.cpu=0', 'add', '(fd.num=3 and evt.cpu=0) or proc.name=curl'],
    ['fd.num=3 and evt.cpu=0', 'keep', 'fd.num=3 and evt.cpu=0 and proc.name=curl'],
    ['(fd.num=3 or fd.num=4)', 'keep', '(fd.num=3 or fd.num=4) and proc.name=curl'],
    ['fd.num=3 and proc.name=curl', 'keep', 'fd.num=3 and proc.name=curl'],
    ['fd.num=3 and not proc.name=curl', 'drop', 'fd.num=3 and not proc.name=curl'],
  ])('%s, %s → %s', (filter, use, expected) => {
    expect(withClause(filter, CURL, use)).toBe(expected);
  });

  test.each([
    ['/etc/hosts', '/etc/hosts'],
    ['two words', '"two words"'],
    ['say "hi"', '"say \\"hi\\""'],
    ['a\\x41', '"a\\\\x41"'],
    ['\x1b[2J', '"\\x1b[2J"'],
    ['10.0.0.1:53->10.0.0.2:80', '10.0.0.1:53->10.0.0.2:80'],
  ])('the value %j is written %s', (value, text) => {
    expect(written(value)).toBe(text);
  });

  test('any value comes back from the grammar as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (value) => {
        fc.pre(!/[\ud800-\udfff]/u.test(value));
        const expr = parseFilter(`proc.name=${written(value)}`);
        const read = expr?.kind === 'check' && expr.right?.kind === 'values' ? expr.right.values.map(({ text }) => literalBytes(text)) : [];
        expect(read.map((bytes) => Buffer.from(bytes).toString())).toEqual([value]);
      }),
    );
  });

  test('keeps what is alike, drops it, and adds it', () => {
    const events = new EventsBuilder();
    const [curl, nginx] = ['curl', 'nginx'].map((comm) => events.thread({ of: events.process({ comm }) }).id);
    for (const thread of [curl, nginx, curl, nginx]) events.event({ thread: thread!, fdnum: events.chunk.n % 4 });
    const before = 'fd.num=0 or fd.num=1';
    expect(events.select(before)).toEqual([1, 2]);
    expect(events.select(withClause(before, CURL, 'keep'))).toEqual([1]);
    expect(events.select(withClause(before, CURL, 'drop'))).toEqual([2]);
    expect(events.select(withClause(before, CURL, 'add'))).toEqual([1, 2, 3]);
  });
});
