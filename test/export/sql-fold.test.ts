/** Queries that add events up are answered without a row for each: with the same answers. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { query, queryEvents, SqlError } from '../../src/sql/database.ts';
import { foldedAnswer } from '../../src/sql/fold.ts';
import { foldPlan } from '../../src/sql/fold-plan.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { EventsBuilder } from '../helpers/events.ts';
import { Folder } from './made.ts';

const folder = new Folder();
const opened: CaptureReader[] = [];
const source = (made: EventsBuilder, name: string) => {
  const capture = new CaptureReader(folder.capture(`${name}.trowel`, made));
  opened.push(capture);
  return { capture, context: { dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false } };
};
let mixed: ReturnType<typeof source>;

/** Numbers of all sizes and none, names alike and missing. */
function mixedEvents(): EventsBuilder {
  const made = new EventsBuilder();
  const threads = ['curl', 'Curl', 'größe', '%_', '12', ''].map((comm) => made.thread({ comm }).id);
  const fds = ['/etc/hosts', '/tmp/a', '/tmp/b'].map((name) => made.fd({ name }).id);
  for (let i = 0; i < 700; i++)
    made.event({
      type: ['read', 'write', 'openat', 'poll'][(i * 7) % 4]!,
      thread: i % 9 === 0 ? 0 : threads[(i * 5) % threads.length]!,
      ...(i % 4 === 0 ? {} : { fd: fds[i % 3]! }),
      fdnum: (i % 5) - 1,
      res: i % 11 === 0 ? null : ((i % 9) - 3) * 10 ** (i % 15),
      latency: i % 6 === 0 ? -1 : (i * 7919) % 5000,
      cpu: i % 2,
      time: i * 1_000_003,
    });
  return made;
}

beforeAll(() => {
  mixed = source(mixedEvents(), 'mixed');
});
afterAll(() => {
  for (const capture of opened) capture.close();
  folder.remove();
});

const numbers = fc.constantFrom('latency', 'res', 'cpu', 'fd', 'tid', 'bytes', 'time', 'e.latency', 'fd_id');
const texts = fc.constantFrom('type', 'comm', 'fd_name', 'error', 'io', 'e.type');
const small = fc.constantFrom(
  'cpu',
  'fd',
  'type',
  'comm',
  'time / 100000000',
  'latency / 1000',
  'res is null',
  'bytes > 100',
  'length(comm)',
);
const literal = fc.constantFrom('0', '1', '-1', '100', '2500', '1e3', '99.5', "'1'", 'null');
const compared = fc.constantFrom('=', '==', '<>', '!=', '<', '<=', '>', '>=', 'is', 'is not');
const { condition, value } = fc.letrec<{ condition: string; value: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 2 },
    fc.tuple(numbers, compared, literal).map((parts) => parts.join(' ')),
    fc.tuple(texts, fc.constantFrom("= 'read'", "like 'C%'", 'is null', 'is not null', "in ('curl', 'write', '12')", "> 'a'", '= 12')).map((parts) => parts.join(' ')),
    fc.constantFrom('latency between 10 and 2000', 'latency between 5 and 100 and cpu = 1', 'not latency > 5', 'latency + 5 > 1000', '5 < latency', 'cpu'),
    fc.tuple(tie('condition'), fc.constantFrom('and', 'or'), tie('condition')).map((parts) => parts.join(' ')),
    tie('condition').map((inner) => `not (${inner})`),
    tie('condition').map((inner) => `(${inner}) = '1'`),
  ),
  value: fc.oneof(
    { maxDepth: 1 },
    numbers,
    texts,
    small,
    tie('condition'),
    tie('condition').map((inner) => `case when ${inner} then 2 else 0 end`),
    fc.constantFrom('1', "coalesce(error, 'none')", 'cpu * 2', '- time / 100000000 * 3', 'cpu / 2.0', 'upper(substr(comm, 1, 2))', 'max(cpu, fd)', 'cast(latency / 1000 as text)'),
  ),
})); // biome-ignore format: long words
const aggregate = fc
  .tuple(
    fc.oneof(
      fc.constantFrom('count(*)', 'count(distinct comm)', 'count(distinct cpu + fd)'),
      fc
        .tuple(fc.constantFrom('count', 'sum', 'avg', 'total', 'min', 'max'), fc.oneof(numbers, value))
        .map(([name, of]) => `${name}(${of})`),
    ),
    fc.oneof(
      fc.constant(''),
      fc.constant(''),
      condition.map((inner) => ` filter (where ${inner})`),
    ),
    fc.constantFrom('', '', ' / 1e9', ' * 2', ' + count(*)'),
  )
  .map((parts) => parts.join(''));
const clause = (word: string, of: fc.Arbitrary<string>) =>
  fc.option(of, { nil: null }).map((text) => (text === null ? '' : ` ${word} ${text}`));
const filtered = clause('where', condition);
const adding = fc
  .tuple(fc.array(small, { maxLength: 2 }), fc.array(aggregate, { minLength: 1, maxLength: 3 }), filtered, clause('having', aggregate), fc.boolean(), fc.boolean())
  .map(([by, sums, where, having, named, ordered]) => {
    const keys = by.map((key, i) => (named ? `${key} as k${i}` : key));
    const groups = by.map((key, i) => (named ? `k${i}` : i === 1 ? '2' : key));
    const select = [...keys, ...sums.map((sum, i) => `${sum} as s${i}`)].join(', ');
    const tail = `${by.length > 0 ? ` group by ${groups.join(', ')}${having}` : ''}${ordered ? ' order by s0 desc limit 7' : ''}`;
    return `select ${select} from events e${where}${tail}`;
  }); // biome-ignore format: a query
const distinct = fc.tuple(small, value, filtered).map(([one, other, where]) => `select distinct ${one}, ${other} from events as e${where}`);
const others = fc.constantFrom(
  'select comm, max(latency) from events group by cpu',
  'select comm, type from events where latency > 4000 order by latency',
  'select count(*) from events e join threads t on t.id = e.thread_id',
  'select sum(latency) over (order by num) from events',
  'select group_concat(type) from events where latency > 4900',
  'select type as comm, count(*) from events group by comm',
  'select max(num), min(num), count(num) from events where num > 30',
  'select sum(wall) from events',
  'select count(*) from events where wall > 5 group by cpu',
  'select sum(distinct cpu) from events',
  'select count(*), "comm" from events group by "comm"',
  'select count(*) from (select distinct comm from events)',
  'select comm collate nocase as c, count(*) from events group by c',
  'SELECT COUNT(*) FROM Events -- all\n;',
);

const rowsOf = (sql: string, ask: typeof query) => {
  try {
    return ask(mixed, sql, '', ({ columns, rows }) => ({ columns, rows: [...rows] }));
  } catch (error) {
    if (error instanceof SqlError) return error.message;
    throw error;
  }
};

test('every query has the answer that a row for each event gives', () => {
  let folded = 0;
  const property = fc.property(fc.oneof({ weight: 8, arbitrary: adding }, { weight: 1, arbitrary: distinct }, { weight: 2, arbitrary: others }), (sql) => {
    const wanted = rowsOf(sql, queryEvents);
    expect(rowsOf(sql, query)).toEqual(wanted);
    if (typeof wanted !== 'string' && foldedAnswer(mixed, sql, '') !== null) folded++;
  }); // biome-ignore format: one line
  fc.assert(property, { numRuns: 60 });
  expect(folded).toBeGreaterThan(10);
});

describe('what is folded', () => {
  test.each([
    ['select count(*), sum(latency), max(res), max(tid), sum(cpu), max(fd) from events'],
    ["select count(*), sum(latency), sum(type = 'read'), sum(comm = 'worker-1') from events"],
    ['select type, error, count(*) as times from events where error is not null group by type, error order by times desc, type limit 6'],
    ["select fd_name, sum(bytes) filter (where io = 'read') as got from events where fd_type = 'ipv4' group by fd_name order by got desc"],
    ['select time / 1000000000 as second, count(*) as events from events group by second order by second'],
    ['select comm, count(*) from events where latency > 1000000 and res < 0 group by 1 having count(*) > 3'],
  ])('%s', (sql) => {
    expect(foldPlan(sql)).not.toBeNull();
  });

  test.each([
    ['a column of any of the events', 'select comm, count(*) from events group by type'],
    ['what is in no group', 'select max(latency), comm from events'],
    ['each event', 'select num, latency from events'],
    ['a window', 'select sum(cpu) over () from events'],
    ['two queries', 'select count(*) from events where cpu in (select cpu from events)'],
    ['a list of texts', 'select group_concat(comm) from events'],
    ['a name of ours', 'select trowel_n from events'],
  ])('not %s', (_, sql) => {
    expect(foldPlan(sql)).toBeNull();
  });
});

test('sums beyond what a double holds are exact', () => {
  const made = new EventsBuilder();
  for (let i = 0; i < 1000; i++) made.event({ res: 2 ** 52 - i, latency: 2 ** 53 - 1 - 2 * i });
  const [row] = query(source(made, 'large'), 'select sum(res), sum(latency), avg(res) from events', '', ({ rows }) => [...rows]);
  expect(row!.slice(0, 2)).toEqual([1000n * 2n ** 52n - 499_500n, 1000n * (2n ** 53n - 1n) - 999_000n]);
});

test('a sum that is too large for SQLite is the error that SQLite has', () => {
  const made = new EventsBuilder();
  for (let i = 0; i < 2000; i++) made.event({ res: 2 ** 53 });
  expect(() => query(source(made, 'overflow'), 'select sum(res), cpu from events group by cpu', '', ({ rows }) => [...rows])).toThrow('integer overflow');
}); // biome-ignore format: one line

test('a name that a row for each event would cut is cut', () => {
  const made = new EventsBuilder();
  made.event({ thread: made.thread({ comm: 'ü'.repeat(3000) }).id });
  const sql = 'select length(comm), count(*) from events group by comm';
  const long = source(made, 'long-name');
  expect(query(long, sql, '', ({ rows }) => [...rows])).toEqual(queryEvents(long, sql, '', ({ rows }) => [...rows]));
});

test('groups that are as many as the events are left to SQLite', () => {
  const made = new EventsBuilder();
  for (let i = 0; i < 700; i++) made.event({ res: i });
  expect(foldedAnswer(source(made, 'many'), 'select res, count(*) from events group by res', '')).toHaveLength(700);
});

test('a filter restricts what is added up', () => {
  const asked = (ask: typeof query) => ask(mixed, 'select count(*), sum(res) from events', 'evt.type=write', ({ rows }) => [...rows]);
  expect(asked(query)).toEqual(asked(queryEvents));
});
