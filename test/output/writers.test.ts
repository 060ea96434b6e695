import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';
import { rendered } from '../../src/output/print.ts';
import { TableLayout } from '../../src/output/table.ts';
import { CsvWriter } from '../../src/output/writers/csv.ts';
import { type Format, WRITERS, writerOf } from '../../src/output/writers/index.ts';
import { JsonWriter } from '../../src/output/writers/json.ts';
import { MarkdownWriter } from '../../src/output/writers/markdown.ts';
import { TableWriter } from '../../src/output/writers/table.ts';
import { column, records } from '../../src/report/column.ts';
import type { Report } from '../../src/report/report.ts';

interface Item {
  readonly name: string;
  readonly time: number;
  readonly size: number | null;
  readonly parts: readonly number[];
}

const HOSTILE = 'a|b,"c"\n\u001b[31m`<x>`';
const ITEMS: readonly Item[] = [
  { name: HOSTILE, time: 1_500_000_000, size: 2048, parts: [1, 2] },
  { name: 'plain', time: 2 ** 60, size: null, parts: [] },
];

function report(items: readonly Item[] = ITEMS): Report<Item> {
  return {
    id: 'lens',
    epoch: 1_700_000_000_000_000_000n,
    items,
    columns: [
      column('name', 'text', '', (item) => item.name),
      column('at', 'time', '', (item) => item.time),
      column('took', 'ns', '', (item) => item.time),
      column('size', 'bytes', '', (item) => item.size, { nullable: true }),
      column('secret', 'text', '', () => 'x', { audience: 'programs' }),
      records('parts', '', [column<number>('n', 'count', '', (n) => n)], (item) => item.parts, { audience: 'programs' }),
    ],
    empty: 'nothing',
    notes: () => ['a note\u0007'],
  };
}

test('JSON: times since 1970 and numbers beyond 2^53 as digits, what is nested as objects', () => {
  const lines = rendered(report(), new JsonWriter()).split('\n');
  expect(lines[0]).not.toMatch(/\u001b/);
  expect(lines.slice(0, 2).map((line) => JSON.parse(line))).toEqual([
    { name: HOSTILE, at: '1700000001500000000', took: 1.5e9, size: 2048, secret: 'x', parts: [{ n: 1 }, { n: 2 }] },
    { name: 'plain', at: '2852921504606846976', took: '1152921504606846976', size: null, secret: 'x', parts: [] },
  ]);
});

test('CSV: a line of names, quotes where they are needed', () => {
  expect(rendered(report(), new CsvWriter()).split('\n')).toEqual([
    'name,at,took,size,secret,parts',
    '"a|b,""c""␊␛[31m`<x>`",1700000001500000000,1500000000,2048,x,"[{""n"":1},{""n"":2}]"',
    'plain,2852921504606846976,1152921504606846976,,x,[]',
    '',
  ]);
});

test('Markdown: what is captured means nothing', () => {
  const [titles, marks, first] = rendered(report(), new MarkdownWriter()).split('\n');
  expect(titles).toBe('| name | at | took | size |');
  expect(marks).toBe('|---|---|---:|---:|');
  expect(first).toContain('| a\\|b,"c"␊␛\\[31m\\`\\<x\\>\\` |');
});

describe('tables', () => {
  const long = (n: number) => ({ name: 'x'.repeat(n), time: 5, size: 1, parts: [] });

  test('are as wide as it takes where there is no terminal', () => {
    const [title, first] = rendered(report([long(300)]), new TableWriter()).split('\n');
    expect(title!.startsWith('NAME')).toBe(true);
    expect(first).toContain('x'.repeat(300));
  });

  test('fit a terminal, and say what they cut', () => {
    const lines = rendered(report([long(300), long(10)]), new TableWriter(60))
      .trimEnd()
      .split('\n');
    for (const line of lines.slice(0, 3)) expect(line.length).toBeLessThanOrEqual(60);
    expect(lines[1]).toMatch(/^x{10,}… /);
    expect(lines[2]).toMatch(/^x{10} /);
    expect(lines[3]).toBe('(cut to 60 columns: NAME; a pipe, --csv or --json has all)');
  });

  test('give up the beginnings of titles before cells, and times last', () => {
    const titles = ['PROC.DURATION', 'EXIT.CODE', 'A.NAME', 'B.NAME', 'EVT.TIME', 'COMMAND'];
    const columns = titles.map((title) => ({ title, ...(title === 'EVT.TIME' ? { whole: true as const } : {}) }));
    const rows = [['1 ms', '0', 'a', 'b', '19:55:09.651430787', 'c'.repeat(40)]];
    const fitted = (width: number) => {
      const layout = new TableLayout(columns, rows, width);
      return [layout.header(), layout.line(rows[0]!), layout.cutNote()];
    };
    expect(fitted(200)[0]).toMatch(/^PROC.DURATION {2}EXIT.CODE {2}A.NAME {2}B.NAME {2}EVT.TIME +COMMAND$/);
    expect(fitted(100)).toEqual([
      'DURATION  EXIT.CODE  A.NAME  B.NAME  EVT.TIME            COMMAND',
      `1 ms      0          a       b       19:55:09.651430787  ${'c'.repeat(40)}`,
      null,
    ]);
    expect(fitted(70)).toEqual([
      'DURATION  CODE  A.NAME  B.NAME  EVT.TIME            COMMAND',
      `1 ms      0     a       b       19:55:09.651430787  ${'c'.repeat(17)}…`,
      '(cut to 70 columns: COMMAND; a pipe, --csv or --json has all)',
    ]);
    expect(fitted(56)[1]).toBe('1 ms      0     a       b       19:55:09.6514…  ccccccc…');
  });

  test('are written as they come once their widths are known', () => {
    const text = rendered(report(Array.from({ length: 6000 }, () => long(3))), new TableWriter());
    expect(new Set(text.split('\n').slice(1, 6001)).size).toBe(1);
  });

  test('without rows say so, harmlessly', () => {
    expect(rendered(report([]), new TableWriter())).toBe('nothing\na note␇\n');
  });
});

test('a writer has a name, and makes something of any report', () => {
  for (const { name } of WRITERS.filter((one) => one.name !== 'line')) expect(rendered(report(), writerOf(name as Format))).not.toBe('');
});

describe('trowel prints', () => {
  const root = packageRoot();
  const CAPTURE = 'captures/critical-app.trowel';
  const trowel = (...args: string[]) => execFileSync(join(root, 'bin/trowel'), args, { cwd: root, encoding: 'utf8' });

  test('the fields of -p as JSON and CSV', () => {
    const format = ['-p', '%evt.num: %proc.name', '-n', '1'];
    expect(trowel('read', CAPTURE, ...format, '--json')).toBe('{"evt.num":185,"proc.name":"sh"}\n');
    expect(trowel('read', CAPTURE, ...format, '--csv')).toBe('evt.num,proc.name\n185,sh\n');
  });

  test.each([
    ['h', /^07:58:28\.942221641 /],
    ['a', /^1795247908\.942221641 /],
    ['r', /^0\.042609071 /],
    ['d', /^[0-9]\.[0-9]{9} /],
    ['D', /^0\.000000000 /],
  ])('-t %s', (form, expected) => {
    const env = { ...process.env, TZ: 'UTC' };
    const format = ['-p', '%evt.outputtime %evt.num', '-n', '1', '-t', form];
    expect(execFileSync(join(root, 'bin/trowel'), ['read', CAPTURE, ...format], { cwd: root, env, encoding: 'utf8' })).toMatch(expected);
  });

  test('until its reader has enough, and calls that success', () => {
    const { stdout, stderr } = spawnSync('bash', ['-c', `bin/trowel read ${CAPTURE} | head -1; echo "\${PIPESTATUS[0]}"`], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/^185 .*\n0\n$/);
    expect(stderr).toBe('');
  });

  test('all to a reader that is slow', () => {
    const slow = `bin/trowel read ${CAPTURE} -X | (sleep 0.5; cat) | cksum; bin/trowel read ${CAPTURE} -X | cksum`;
    const [one, two] = spawnSync('bash', ['-c', slow], { cwd: root, encoding: 'utf8' }).stdout.trim().split('\n');
    expect(one).toBe(two);
  });

  test('one format at a time', () => {
    const { status, stderr } = spawnSync(join(root, 'bin/trowel'), ['lens', 'calls', CAPTURE, '--json', '--csv'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([2, 'trowel: --json and --csv: one of them\n']);
  });
});
