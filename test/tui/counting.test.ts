/** What is counted beside is what is counted here, whatever was asked in between. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EventView } from '../../src/event/view.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { Counter } from '../../src/tui/data/counter.ts';
import { type Counting, type CountJob, type CountNews, LANES, Tally } from '../../src/tui/data/counting.ts';
import { Finder } from '../../src/tui/data/finder.ts';
import { Hits, type TextOf } from '../../src/tui/data/hits.ts';
import { Matches } from '../../src/tui/data/matches.ts';
import { rowOf, rowText } from '../../src/tui/screens/events/rows.ts';
import { repeated, stalledLookup, writeCapture } from './scene.ts';

const TOTAL = 40_000;
const FILTERS = ['', 'proc.name=curl', 'evt.num in (1, 16384, 16385, 39000)', 'proc.name=nobody'];
const TEXTS = ['servfail', 'hello', 'nosuchtext'];

let folder: string;
let capture: CaptureReader;
let textOf: TextOf;
const context = () => ({ dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trowel-counting-'));
  const path = join(folder, 'some.trowel');
  const events = stalledLookup();
  const tables = stalledLookup();
  tables.chunk.clear();
  const writer = writeCapture(path, tables, true);
  for (const chunk of repeated(events, TOTAL, 20_000)) writer.append(chunk);
  writer.close({});
  capture = new CaptureReader(path);
  const view = new EventView(context());
  textOf = ({ chunk, i }) => rowText(rowOf(view.at(chunk, i)));
});
afterAll(() => {
  for (const counter of counters) for (const lane of LANES) counter.stop(lane);
  capture.close();
  rmSync(folder, { recursive: true, force: true });
});

const counters: Counter[] = [];

/** A counter of this thread in the place of another thread's. */
function beside(): Counting & { readonly jobs: CountJob[]; readonly news: CountNews[] } {
  const counter = new Counter(capture, context(), (one) => {
    made.news.push(one);
    made.hear(one);
  });
  counters.push(counter);
  const made = {
    jobs: [] as CountJob[],
    news: [] as CountNews[],
    hear: (_: CountNews) => {},
    count: (job: CountJob) => {
      made.jobs.push(job);
      counter.count(job);
    },
    stop: (lane: CountJob['lane']) => counter.stop(lane),
    close() {},
  };
  return made;
}

const matchesOf = (filter: string) => new Matches(capture, compileFilter(filter, context()), false);
const always = () => true;
const never = () => false;
const turn = () => new Promise((done) => setImmediate(done));

/** Gives the counting away at the first chance, and waits for what comes back. */
async function countedBeside(tally: Tally, counting: ReturnType<typeof beside>): Promise<void> {
  counting.hear = (news) => tally.told(news);
  while (!tally.isAway) tally.step(always);
  while (!counting.news.some(({ done }) => done)) await turn();
}

describe.each(FILTERS)('of "%s"', (filter) => {
  test.each([0, 20_000, TOTAL])('matches counted beside from event %d on are those counted here', async (from) => {
    const [here, there, counting] = [matchesOf(filter), matchesOf(filter), beside()];
    while (here.countOne());
    await countedBeside(new Tally(there, { lane: 'filter', filter, text: null, from, direction: 1 }, counting), counting);
    expect([there.total, there.progress]).toEqual([here.total, 1]);
  });

  test.each(TEXTS)('rows with "%s" counted beside are those counted here, and each has its place', async (text) => {
    const [here, there, counting] = [matchesOf(filter), matchesOf(filter), beside()];
    const hits = new Hits(here, text, textOf, context());
    while (hits.countOne());
    const told = new Hits(there, text, textOf, context());
    await countedBeside(new Tally(told, { lane: 'find', filter, text, from: 20_000, direction: -1 }, counting), counting);
    expect([told.total, told.isComplete]).toEqual([hits.total, true]);
    const nums = [...told.walk(0, 1)].flatMap((match) => (match === null ? [] : [match.num]));
    expect(nums).toHaveLength(hits.total);
    fc.assert(
      fc.property(fc.nat(Math.max(0, nums.length - 1)), (k) => nums.length === 0 || told.placeOf(nums[k]!) === k + 1),
      { numRuns: 20 },
    );
  });
});

test('what is stopped is told no more, and a newer job ends the one before', async () => {
  const counting = beside();
  const tally = (text: string) =>
    new Tally(new Hits(matchesOf(''), text, textOf, context()), { lane: 'find', filter: '', text, from: 0, direction: 1 }, counting);
  const [first, second, third] = [tally('curl'), tally('servfail'), tally('hello')];
  for (const one of [first, second, third]) while (!one.isAway) one.step(always);
  third.stop();
  for (let k = 0; k < 20; k++) await turn();
  expect(counting.jobs).toHaveLength(3);
  expect(counting.news).toEqual([]);
});

test('a walk waits for what is counted elsewhere, and goes on when that is told', async () => {
  const counting = beside();
  const finder = new Finder(matchesOf(''), '', textOf, context(), counting);
  finder.seek({ to: 'text', text: 'nosuchtext', direction: 1 }, 0);
  while (counting.jobs.length === 0) finder.stepHits(always);
  expect(finder.step(never)).toMatchObject({ at: expect.any(Number) });
  expect(finder.isIdle).toBe(true);
  counting.hear = (news) => finder.told(news);
  while (!counting.news.some(({ done }) => done)) await turn();
  expect(finder.step(never)).toMatchObject({ found: null });
});

test('a thread that fails leaves the counting to who asked', () => {
  const counting = beside();
  const matches = matchesOf('proc.name=curl');
  const tally = new Tally(matches, { lane: 'filter', filter: 'proc.name=curl', text: null, from: 0, direction: 1 }, counting);
  while (!tally.isAway) tally.step(always);
  tally.told({ lane: 'filter', id: counting.jobs[0]!.id, chunks: [], counts: [], done: true });
  expect(tally.isAway).toBe(false);
  expect(tally.step(never)).toBe(true);
  expect(matches.progress).toBe(1);
});

describe.each([1, -1] as const)('a gap looked for in direction %d', (direction) => {
  const filter = 'evt.num<=30000 or evt.num>=36000'; // 20 µs each: 120 ms, and many slices from either end
  const wanted = 36_000;
  const goal = { to: 'gap', direction } as const;
  const from = direction === 1 ? 1 : TOTAL;

  /** What a finder finds, its slices as short as they can be. */
  async function found(counting: ReturnType<typeof beside> | null): Promise<number | null | undefined> {
    const finder = new Finder(matchesOf(filter), filter, textOf, context(), counting);
    if (counting !== null) counting.hear = (news) => finder.told(news);
    finder.seek(goal, from);
    for (;;) {
      const sought = finder.step(always);
      if (sought === undefined || 'found' in sought) return sought?.found;
      if (finder.isIdle) await turn();
    }
  }

  test('is the same elsewhere and here', async () => {
    const counting = beside();
    expect(await found(null)).toBe(wanted);
    expect(await found(counting)).toBe(wanted);
    expect(counting.jobs).toMatchObject([{ lane: 'gap', from, direction }]);
  });

  test('is looked for here where the thread has failed, and nowhere when it is stopped', async () => {
    const counting = {
      ...beside(),
      count: (job: CountJob) => void queueMicrotask(() => counting.hear({ ...job, chunks: [], counts: [], done: true })),
    };
    expect(await found(counting)).toBe(wanted);
    const stopped = beside();
    const finder = new Finder(matchesOf(filter), filter, textOf, context(), stopped);
    finder.seek(goal, from);
    for (let k = 0; k < 10; k++) finder.step(always);
    expect(stopped.jobs).toHaveLength(1);
    finder.stop();
    for (let k = 0; k < 20; k++) await turn();
    expect([finder.step(always), finder.isIdle, stopped.news]).toEqual([undefined, true, []]);
  });
});
