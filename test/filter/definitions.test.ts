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

  const RULE = `- rule: A shell
  condition: evt.type=execve or evt.type=execveat
  exceptions:
    - name: users
      fields: user.name
      values: [root]
    - name: none
      fields: [proc.name]
`;
  const BASE = 'evt.type=execve or evt.type=execveat';

  test.each([
    ['more values', 'exceptions: [{name: users, values: [adm]}]\n  append: true', `(${BASE}) and not (user.name in (root, adm))`],
    [
      'more values, by override',
      'exceptions: [{name: users, values: [adm]}]\n  override: {exceptions: append}',
      `(${BASE}) and not (user.name in (root, adm))`,
    ],
    [
      'values for one that had none',
      'exceptions: [{name: none, values: [[sh]]}]\n  append: true',
      `(${BASE}) and not (user.name in (root) or (proc.name = sh))`,
    ],
    [
      'another',
      'exceptions: [{name: ttys, fields: [proc.tty], comps: [">"], values: [[0]]}]\n  append: true',
      `(${BASE}) and not (user.name in (root) or (proc.tty > 0))`,
    ],
    [
      'others in their place',
      'exceptions: [{name: users, fields: user.name, values: [adm]}]\n  override: {exceptions: replace}',
      `(${BASE}) and not (user.name in (adm))`,
    ],
    [
      'a longer condition',
      'condition: and proc.tty=0\n  override: {condition: append}',
      `(${BASE} and proc.tty=0) and not (user.name in (root))`,
    ],
    [
      'another condition, with the exceptions as they were',
      'condition: evt.type=clone\n  override: {condition: replace}',
      '(evt.type=clone) and not (user.name in (root))',
    ],
    [
      'switched off: it is a filter all the same',
      'enabled: false\n  override: {enabled: replace}',
      `(${BASE}) and not (user.name in (root))`,
    ],
    ['defined again', 'condition: evt.type=clone', 'evt.type=clone'],
  ])('a rule gets %s', (_, change, text) => {
    const first = parseDefinitions(RULE, 'one.yaml');
    expect(parseDefinitions(`- rule: A shell\n  ${change}\n`, 'two.yaml', first).get('a_shell')).toBe(text);
    expect(parseDefinitions(`${RULE}- rule: A shell\n  ${change}\n`, 'one.yaml').get('a_shell')).toBe(text);
  });

  test.each([
    ['exceptions: [{name: new, values: [a]}]\n  append: true', 'two.yaml: exception new has no fields, and none before it has that name'],
    ['condition: x\n  override: {condition: prepend}', 'two.yaml: rule A shell: override of condition is append or replace, not prepend'],
  ])('what makes no sense in a change is refused: %s', (change, message) => {
    expect(() => parseDefinitions(`- rule: A shell\n  ${change}\n`, 'two.yaml', parseDefinitions(RULE, 'one.yaml'))).toThrow(message);
  });

  test('a change of a rule that is not there is refused', () => {
    const change = '- rule: B\n  exceptions: [{name: a, fields: [proc.name]}]\n  override: {exceptions: replace}\n';
    expect(() => parseDefinitions(change, 'two.yaml')).toThrow('two.yaml: rule B is to be changed, but was not defined before');
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
