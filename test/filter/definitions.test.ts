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
  [
    FALCO,
    {
      shells: '(bash, sh, zsh)',
      spawned: '(evt.type in (execve, execveat))',
      shell: 'proc.name in (shells) or proc.name=ksh',
      a_shell: 'spawned and shell',
    },
  ],
])('a file of definitions', (text, definitions) => {
  expect(Object.fromEntries(parseDefinitions(text, 'file'))).toEqual(definitions);
});

const LISTS = '- list: progs\n  items: [curl]\n- macro: mine\n  condition: proc.name in (progs)\n';

describe('Falco’s files', () => {
  test.each([
    ['a block of items with comments', '- list: progs\n  items:\n    - curl   # the client\n    - "wget"\n', '(curl, wget)'],
    ['indented', '  - list: progs\n    items: [curl, wget]\n', '(curl, wget)'],
    ['quoted names and items', '- list: "progs"\n  items: ["curl", \'wget\']\n', '(curl, wget)'],
    ['quotes that are the filter’s', `- list: progs\n  items: ['"10.0.0.0/8"', 'a b']\n`, '("10.0.0.0/8", "a b")'],
    ['folded', '- list: progs\n  items: >\n    [curl,\n     wget]\n', '(curl, wget)'],
    ['another key first', '- items: [curl, wget]\n  list: progs\n', '(curl, wget)'],
    ['none', '- list: progs\n  items: [] # yours\n', '()'],
    ['appended', `${LISTS}- list: progs\n  items: [wget]\n  append: true\n`, '(curl, wget)'],
    ['override: append', `${LISTS}- list: progs\n  items: [wget]\n  override:\n    items: append\n`, '(curl, wget)'],
    ['override: replace', `${LISTS}- list: progs\n  items: [wget]\n  override:\n    items: replace\n`, '(wget)'],
  ])('a list: %s', (_, text, body) => {
    expect(parseDefinitions(text, 'rules.yaml').get('progs')).toBe(body);
  });

  test('a condition is appended to as it is written', () => {
    const text = `${LISTS}- macro: mine\n  condition: or proc.name=wget\n  append: true\n`;
    expect(parseDefinitions(text, 'rules.yaml').get('mine')).toBe('proc.name in (progs) or proc.name=wget');
  });

  test('a second file appends to the first', () => {
    const first = parseDefinitions(LISTS, 'one.yaml');
    const second = parseDefinitions('- list: progs\n  items: [wget]\n  append: true\n', 'two.yaml', first);
    expect([...second]).toEqual([
      ['progs', '(curl, wget)'],
      ['mine', 'proc.name in (progs)'],
    ]);
  });

  test('what is appended to nothing is refused, never taken alone', () => {
    const text = '- list: progs\n  items: [wget]\n  append: true\n';
    expect(() => parseDefinitions(text, 'rules.yaml')).toThrow('rules.yaml: list progs is to be appended to, but was not defined before');
    expect(() => parseDefinitions('- macro: m\n', 'rules.yaml')).toThrow('rules.yaml: macro m has no condition');
    expect(() => parseDefinitions('- list: [a\n', 'rules.yaml')).toThrow(/^rules.yaml: /);
  });

  test('a rule is a filter, without what its exceptions name', () => {
    const rule = `- rule: A shell, started
  condition: |
    evt.type=execve
    and proc.name in (sh, bash)
  exceptions:
    - name: parents
      fields: [proc.pname, proc.cmdline]
      comps: [in, startswith]
      values: [[[sshd, login], "sh -c"]]
    - name: users
      fields: user.name
      values: [root]
    - name: none
      fields: [proc.name]
`;
    expect(parseDefinitions(rule, 'rules.yaml').get('a_shell_started')).toBe(
      '(evt.type=execve and proc.name in (sh, bash)) and not ((proc.pname in (sshd, login) and proc.cmdline startswith "sh -c") or user.name in (root))',
    );
  });

  test('a macro that is named like a value in it', () => {
    const definitions = parseDefinitions('- macro: dup\n  condition: (evt.type in (dup, dup2))\n', 'rules.yaml');
    const { context } = new EventsBuilder();
    expect(compileFilter('dup', { ...context, definitions }).step?.label).toBe(
      compileFilter('evt.type in (dup, dup2)', context).step?.label,
    );
    expect(expanded('dup', definitions)).toBe('((evt.type in (dup, dup2)))');
  });
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
