/** A capture as SQL tables. */
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { typeId } from '../../src/model/event-type.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { EventsBuilder } from '../helpers/events.ts';
import { CAPTURE, Folder, trowel } from './made.ts';
import { sqlDocs } from './sql-docs.ts';
import { EXAMPLES } from './sql-examples.ts';

const folder = new Folder();
afterAll(() => folder.remove());

function rows(capture: string, ...args: string[]): Record<string, unknown>[] {
  const { status, stdout, stderr } = trowel('sql', capture, ...args, '--json');
  expect([status, stderr]).toEqual([0, '']);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('docs/sql.md has twenty examples, and what they answer (node --experimental-transform-types test/export/sql-docs.ts)', () => {
  expect(EXAMPLES).toHaveLength(20);
  const found = sqlDocs((sql) => {
    const { status, stdout } = trowel('sql', CAPTURE, sql);
    expect([sql, status]).toEqual([sql, 0]);
    expect(stdout.split('\n').length, sql).toBeGreaterThan(2);
    return stdout;
  });
  expect(readFileSync(join(packageRoot(), 'docs/sql.md'), 'utf8')).toBe(found);
}, 60_000);

test('events say what read prints of them', () => {
  const fields = 'evt.num,evt.latency,evt.type,evt.rawres,evt.rawtime,proc.name,proc.pid,fd.num,fd.name,evt.args';
  const printed = trowel('read', CAPTURE, '--json', '--fields', fields)
    .stdout.split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const selected = rows(CAPTURE, 'select num, latency, type, res, wall, comm, pid, fd, fd_name, args from events order by num');
  expect(selected.map((row) => Object.values(row).map((value) => value ?? null))).toEqual(
    printed.map((line) => Object.values(line).map((value) => value ?? null)),
  );
});

/** Of all sizes, above and below 0: those of a block of rows have one width. */
const result = (i: number) => ((i % 7) - 3) * 10 ** Math.floor(i / 900) - 5;

describe('the pages that are written', () => {
  const made = new EventsBuilder();
  const thread = made.thread({ comm: 'x'.repeat(40) }).id;
  for (let i = 0; i < 12_000; i++)
    made.event({
      type: 'write',
      thread,
      res: result(i),
      data: i % 100 === 0 ? 'p'.repeat(9000) : 'q',
      latency: i % 3 === 0 ? -1 : i,
    });
  const capture = folder.capture('pages.trowel', made);

  test('are what SQLite itself finds right, on two levels', () => {
    expect(rows(capture, 'select * from pragma_integrity_check, (select count(*) as n from events)')).toEqual([
      { integrity_check: 'ok', n: 12_000 },
    ]);
  });

  test('hold every value', () => {
    const found = rows(capture, 'select num, res, latency, comm, length(data) as length from events order by num');
    expect(found).toHaveLength(12_000);
    found.forEach((row, k) => {
      const i = k;
      expect(row).toEqual({
        num: i + 1,
        res: result(i),
        latency: i % 3 === 0 ? null : i,
        comm: 'x'.repeat(40),
        length: i % 100 === 0 ? 8000 : 1,
      });
    });
  });

  test('are found by number', () => {
    expect(rows(capture, 'select num from events where num in (1, 5999, 12000, 12001)')).toEqual([
      { num: 1 },
      { num: 5999 },
      { num: 12_000 },
    ]);
  });
});

test('rows of the longest texts fill a page each', () => {
  const made = new EventsBuilder();
  const long = (letter: string) => letter.repeat(9000);
  const uid = '11111111-2222-3333-4444-555555555555';
  made.tables.objects.add({
    kind: 'Pod', uid, namespace: long('n'), name: long('p'), node: '', ips: [], containers: ['c0ffee000000'], labels: {}, annotations: null, selector: null,
    expressions: null, ports: [], owners: [], status: null, source: 'api', from: 0, to: null,
  }); // biome-ignore format: a row
  const type = { ...made.tables.types.get(typeId('openat'))!, name: long('t') };
  made.tables.types.put(type);
  const process = made.process({ exepath: long('e'), container: 'c0ffee000000', cgroups: [`=/kubepods/pod${uid}/c0ffee000000`] });
  const thread = made.thread({ of: process, comm: long('c') }).id;
  const args = [-100, Buffer.from(long('a'))];
  for (let i = 0; i < 200; i++) made.event({ type: 'openat', thread, fd: made.fd({ name: long('f') }).id, res: i, args, data: long('d') });
  const found = rows(folder.capture('long.trowel', made), 'select * from events');
  expect(found.map(({ res }) => res)).toEqual(Array.from({ length: 200 }, (_, i) => i));
  const [{ type: name, comm, exe, namespace, pod, fd_name }] = found as [Record<string, string>];
  const texts = [name, comm, exe, namespace, pod, fd_name].map((text) => `${text![0]} ${text!.length}`);
  expect(texts).toEqual(['t 4096', 'c 4096', 'e 4096', 'n 4096', 'p 4096', 'f 4096']);
});

test('a filter restricts the events before', () => {
  expect(rows(CAPTURE, 'select distinct comm from events', '--filter', 'proc.name=curl')).toEqual([{ comm: 'curl' }]);
});

describe('only reads', () => {
  test.each([
    ['delete from events', /only reads/],
    ["attach 'x' as y", /only reads/],
    ['select nosuch from events', /no such column: nosuch \(trowel sql FILE lists all\)/],
    ['select latncy from events', /no such column: latncy; is it latency\?/],
    ['select 1 from lookup', /no such table: lookup; there are events, meta, threads, /],
    ['select 1; select 2', /more than one statement/],
    ["select load_extension('x')", /not authorized|no such function/],
    ['with a as (select 1) insert into events(num) select 9 from a', /readonly|only reads/],
  ])('%s', (sql, said) => {
    const { status, stderr } = trowel('sql', CAPTURE, sql);
    expect(status).toBe(2);
    expect(stderr).toMatch(said);
  });

  test('leaves nothing behind', () => {
    const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('trowel-sql-')).length;
    const before = left();
    trowel('sql', CAPTURE, 'select count(*) from events');
    trowel('sql', CAPTURE, 'select nosuch from events');
    expect(left()).toBeLessThanOrEqual(before);
  });
});
