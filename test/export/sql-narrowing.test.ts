/** What a WHERE leaves out for certain gets no row: the answers are those of all rows. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { conditionsOf } from '../../src/sql/narrowing.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { EventsBuilder } from '../helpers/events.ts';
import { askedOf, Folder } from './made.ts';

const folder = new Folder();
let capture: CaptureReader;
beforeAll(() => {
  const made = new EventsBuilder();
  const thread = made.thread({ comm: 'curl' }).id;
  for (let i = 0; i < 3000; i++)
    made.event({
      type: ['read', 'write', 'openat'][i % 3]!,
      thread: i % 9 === 0 ? 0 : thread,
      fdnum: (i % 5) - 1,
      res: i % 11 === 0 ? null : ((i % 9) - 3) * 10 ** (i % 15),
      latency: i % 6 === 0 ? -1 : (i * 7919) % 5000,
      cpu: i % 2,
      time: i * 1_000_003,
    });
  capture = new CaptureReader(folder.capture('x.trowel', made));
});
afterAll(() => {
  capture.close();
  folder.remove();
});

const asked = (sql: string) => askedOf(capture, sql);

const column = fc.constantFrom('num', 'latency', 'res', 'cpu', 'fd', 'tid', 'bytes', 'time', 'fd_id');
const sign = fc.constantFrom('=', '==', '!=', '<>', '<', '<=', '>', '>=');
const literal = fc.constantFrom('0', '1', '-1', '100', '2500', '1e3', '99.5', '-3e6', '1500000000');
const condition = fc.tuple(column, sign, literal).map((parts) => parts.join(' '));
const other = fc.constantFrom(
  "type = 'read'",
  "comm != 'curl'",
  "comm = ''",
  'latency is null',
  '(cpu = 1 or fd = 2)',
  'latency + 5 > 1000',
  '5 < latency',
  'length(comm) > 2',
);

test('the same rows as with a condition that nothing is known of', () => {
  let narrowed = 0;
  const property = fc.property(fc.array(fc.oneof(condition, condition, other), { minLength: 1, maxLength: 3 }), (all) => {
    const where = all.join(' and ');
    const sql = `select num, type, latency from events where ${where} order by num`;
    if (conditionsOf(sql).length > 0) narrowed++;
    expect(asked(sql)).toEqual(asked(`select num, type, latency from events where (${where}) or 0 order by num`));
  });
  fc.assert(property, { numRuns: 15 });
  expect(narrowed).toBeGreaterThan(3);
});

test.each([
  ['select num from events where latency > 900 and res < -1', ['latency > 900', 'res < -1']],
  ['select e.num from events e where e.latency >= 1e3 order by 1 limit 3', ['latency >= 1000']],
  ["select num from events where type = 'read' and (cpu = 1) and num != 7", ['type = read', 'num != 7']],
  ["select num from events where comm <> 'it''s' and 'x' = comm and comm > 'a' and args = 'x' and type = 5", ["comm != it's"]],
  ['select num from events where latency > 900 or res < 0', []],
  ['select num from events where not latency > 900', []],
  ['select num from events where num between 1 and 5', []],
  ['select num, (select count(*) from events) from events where num > 5', []],
  ['with slow as (select num from events where num > 5) select * from slow', []],
  ['select num from events where latency > 900 union select num from events', []],
  ['select e.num from events e join threads t on t.id = e.thread_id where e.num > 5', []],
  ['select num from events where latency > 1 + 5', []],
  ['select num from events where wall > 5', []],
])('%s', (sql, conditions) => {
  expect(conditionsOf(sql).map(({ column, with: how, value }) => `${column} ${how} ${value}`)).toEqual(conditions);
});
