import { describe, expect, test } from 'vitest';
import { compileFilter } from '../../src/filter/compile.ts';
import { expanded, parseDefinition, parseDefinitions } from '../../src/filter/definitions.ts';
import { EventsBuilder } from '../helpers/events.ts';

const FALCO = `
# rules of others
- required_engine_version: 0.31.0
- list: shells
  items: [bash, sh,
    zsh]
- macro: spawned
  condition: (evt.type in (execve, execveat))
- macro: shell
  condition: >
    proc.name in (shells)
    or proc.name=ksh
- rule: A shell
  desc: ignored
  condition: spawned and shell
  priority: INFO
`;

test.each([
  ['mine = proc.name=curl', { mine: 'proc.name=curl' }],
  ['# words\nmine = proc.name=curl\n  or proc.name=wget\nnames = (a, b)\n', { mine: 'proc.name=curl or proc.name=wget', names: '(a, b)' }],
  [FALCO, { shells: '(bash, sh, zsh)', spawned: '(evt.type in (execve, execveat))', shell: 'proc.name in (shells) or proc.name=ksh' }],
])('a file of definitions', (text, definitions) => {
  expect(Object.fromEntries(parseDefinitions(text, 'file'))).toEqual(definitions);
});

test.each([
  ['proc.name', /NAME=FILTER/],
  ['=x', /NAME=FILTER/],
])('--define %s is refused', (text, message) => {
  expect(() => parseDefinition(text)).toThrow(message);
});

test('a line that defines nothing is named', () => {
  expect(() => parseDefinitions('a = evt.num>1\n?\n', 'rules.txt')).toThrow('rules.txt, line 2: expected NAME = FILTER, found ?');
});

describe('a filter with names', () => {
  const definitions = parseDefinitions(FALCO, 'file');

  test('says the same written out', () => {
    expect(expanded('not shell and evt.num>1', definitions)).toBe('not (proc.name in (bash, sh, zsh) or proc.name=ksh) and evt.num>1');
    expect(expanded('unknown and shell', definitions)).toContain('unknown and (');
  });

  test('selects the same', () => {
    const events = new EventsBuilder();
    for (const comm of ['bash', 'ksh', 'curl']) events.event({ thread: events.thread({ comm }).id });
    const select = (text: string, named: boolean) => {
      const { step } = compileFilter(text, { ...events.context, ...(named ? { definitions } : {}) });
      const out = new Uint16Array(16);
      return [...out.subarray(0, step!.select(events.chunk, Uint16Array.of(0, 1, 2), 3, out))];
    };
    expect(select('shell', true)).toEqual([0, 1]);
    expect(select(expanded('shell', definitions), false)).toEqual([0, 1]);
    expect(select('not shell', true)).toEqual([2]);
  });
});
