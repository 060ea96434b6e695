/** ORDER BY … LIMIT: only events that can be among the first get a row, and the answers are those of all rows. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { topPlan } from '../../src/sql/top-plan.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { CaptureWriter } from '../../src/store/writer.ts';
import { EventsBuilder } from '../helpers/events.ts';
import { askedOf, Folder } from './made.ts';

const folder = new Folder();
let capture: CaptureReader;

/** Three chunks of numbers of all sizes and none, with many alike. */
beforeAll(() => {
  const made = new EventsBuilder();
  const threads = ['curl', 'größe', ''].map((comm) => made.thread({ comm }).id);
  for (let i = 0; i < 600; i++)
    made.event({
      type: ['read', 'write', 'openat'][i % 3]!,
      thread: i % 9 === 0 ? 0 : threads[(i * 5) % 3]!,
      fdnum: (i % 5) - 1,
      res: i % 11 === 0 ? null : ((i % 9) - 3) * 10 ** (i % 15),
      latency: i % 6 === 0 ? -1 : (i * 7919) % 83,
      cpu: i % 2,
      time: i * 1_000_003,
    });
  const path = folder.file('x.trowel');
  const writer = new CaptureWriter(path, made.tables, { level: 1, live: false });
  writer.meta({ epoch: '1700000000000000000', hostname: 'node-1' });
  for (const from of [0, 150, 300]) writer.append(made.chunk, from, from === 300 ? 600 : from + 150);
  writer.close({ end: '0' });
  capture = new CaptureReader(path);
});
afterAll(() => {
  capture.close();
  folder.remove();
});

const asked = (sql: string) => askedOf(capture, sql);

const column = fc.constantFrom('num', 'latency', 'res', 'cpu', 'fd', 'tid', 'bytes', 'time', 'wall', 'fd_id', '2', 'how_long');
const direction = fc.constantFrom('', '', ' asc', ' desc', ' desc', ' nulls last', ' desc nulls first');
const key = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(column, direction).map((parts) => parts.join('')) },
  fc.constantFrom('comm', 'type desc', 'length(comm)', 'latency / 10 desc', '- res'),
);
const condition = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constantFrom('latency', 'res', 'num', 'fd'), fc.constantFrom('=', '!=', '<', '>='), fc.constantFrom('0', '2', '40', '-100', '99.5')).map((parts) => parts.join(' ')) },
  fc.constantFrom("type = 'read'", "comm != 'curl'", "comm = 'größe'", "comm = ''"),
  fc.constantFrom('latency is null', 'latency + 5 > 40', "type like 'r%'"),
); // biome-ignore format: a table
const limit = fc.constantFrom('1', '3', '10', '7 offset 2', '2, 5', '150', '1000');
const query = fc.record({
  keys: fc.array(key, { minLength: 0, maxLength: 3 }),
  where: fc.array(condition, { minLength: 0, maxLength: 2 }),
  limit,
});

test('the same rows in the same order, also of events that tie', () => {
  let found = 0;
  const property = fc.property(query, ({ keys, where, limit }) => {
    const rest = `${keys.length === 0 ? '' : `order by ${keys.join(', ')} `}limit ${limit}`;
    const select = 'select num, res, type, latency as how_long, length(comm) from events';
    const sql = `${select} ${where.length === 0 ? '' : `where ${where.join(' and ')} `}${rest}`;
    if (topPlan(sql) !== null) found++;
    const plain = `${select} where (${where.length === 0 ? '1' : where.join(' and ')}) or 0 ${rest}`;
    expect(topPlan(plain)).toBe(null);
    expect(asked(sql), sql).toEqual(asked(plain));
  });
  fc.assert(property, { numRuns: Number(process.env.RUNS ?? 150) });
  expect(found).toBeGreaterThan(15);
});

test.each([
  ['select num from events order by latency desc limit 10', 10, 'latency desc, num'],
  ['select e.num from events e where e.cpu = 1 order by e.latency desc, e.res limit 3 offset 2', 5, 'latency desc, res, num'],
  ["select num from events where type = 'read' and latency > 5 order by num desc limit 2, 5", 7, 'num desc'],
  ['select * from events limit 5', 5, 'num'],
  ['select num, latency as l from events order by 2 desc nulls first, l limit 5', 5, 'latency desc nulls first, latency, num'],
  ['select wall, cast(latency as text) from events order by 1 limit 5', 5, 'time, num'],
  ['select num from events order by latency desc, comm limit 10', 10, 'latency desc'],
])('%s', (sql, most, keys) => {
  const plan = topPlan(sql)!;
  expect(plan.most).toBe(most);
  const written = plan.keys.map(
    ({ column, isDescending, nullsFirst }) =>
      `${column}${isDescending ? ' desc' : ''}${nullsFirst === isDescending ? ` nulls ${nullsFirst ? 'first' : 'last'}` : ''}`,
  );
  expect(written.join(', ')).toBe(keys);
});

test.each([
  ['select num from events order by latency', 'all are wanted'],
  ['select num from events order by latency limit 20000', 'so many are wanted'],
  ['select num from events order by latency limit -1', 'all are wanted'],
  ['select num from events order by latency limit 2 + 3', 'it is not known how many'],
  ['select num from events order by comm limit 5', 'of texts'],
  ['select num from events order by latency collate nocase limit 5', 'of what is compared otherwise'],
  ['select num, -latency as latency from events order by latency limit 5', 'it has another meaning'],
  ['select res as latency, num from events e order by e.latency limit 5', 'it has another meaning'],
  ["select num from events where type like 'r%' order by latency limit 5", 'which of them are wanted is not known'],
  ['select num from events where latency > 5 or cpu = 1 order by latency limit 5', 'which of them are wanted is not known'],
  ['select distinct cpu from events order by cpu limit 5', 'rows are not events'],
  ['select max(latency), num from events order by latency limit 5', 'added up'],
  ['select group_concat(num) from events order by latency limit 5', 'added up'],
  ['select cpu, count(*) from events group by cpu order by cpu limit 5', 'added up'],
  ['select num from events order by latency, count(*) limit 5', 'added up'],
  ['select num, row_number() over (order by num) from events order by latency limit 5', 'numbered'],
  ['select num, (select count(*) from events) from events order by latency limit 5', 'all are asked about'],
  ['select num in events from events order by num limit 5', 'all are asked about'],
  ['select num from events union select id from threads order by 1 limit 5', 'other tables'],
  ['select e.num from events e join threads t on t.id = e.thread_id order by e.latency limit 5', 'other tables'],
])('%s: %s', (sql) => {
  expect(topPlan(sql)).toBe(null);
});
