/** A collector and those who speak to it: what they may not say, and what becomes of a recording that ends in the middle. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import Long from 'long';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { newPath } from '../../src/cli/collect.ts';
import { Recorder } from '../../src/collector/recorder.ts';
import { CollectorServer } from '../../src/collector/server.ts';
import { Session } from '../../src/collector/session.ts';
import { TimeOrder } from '../../src/collector/time-order.ts';
import { OpenChunk } from '../../src/model/chunk.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { batchOf, fdDef } from '../helpers/batches.ts';
import { BYE, batch, HELLO, READY, TestProbe } from '../helpers/probe.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-hostile-'));
const address = `unix:${join(folder, 'socket')}`;
let made = 0;
let path = '';
let over: PromiseWithResolvers<Error | null>;
const probes: TestProbe[] = [];
const server = new CollectorServer((control) => {
  path = join(folder, `${++made}.trowel`);
  over = Promise.withResolvers();
  const { resolve } = over;
  return new Session({ path, filter: '', config: {}, command: 'test', onEnd: (_, error) => resolve(error) }, control);
});

const probe = (...messages: object[]) => {
  const started = new TestProbe(address).say(...messages);
  probes.push(started);
  return started;
};

const intervals = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

beforeAll(() => server.listen(address));
afterEach(() => {
  for (const started of probes.splice(0)) started.close();
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const LONG = Buffer.alloc(257, 'a');
const ready = (fields: object) => ({ ready: { ...READY.ready, ...fields } });
const loss = (fields: object) => ({ batch: { losses: [{ count: '1', fromNs: 0, toNs: 1, family: 'file', ...fields }] } });

const thread = (fields: object) => ({ batch: { threads: [{ id: 3, ...fields }] } });
const COUNTERS = Array.from({ length: 65_537 }, (_, i) => ({ cpu: i >> 1, family: i % 2 === 0 ? 'file' : 'net' }));

describe('a probe that makes no sense is sent away, and what it said before is kept', () => {
  test.each<[string, object, RegExp]>([
    ['a loss that never ends', loss({ toNs: Infinity }), /a loss from 0 to Infinity ns/],
    ['a loss at no time', loss({ fromNs: NaN }), /a loss from NaN/],
    ['a loss of more than can be counted', loss({ count: '18446744073709551615' }), /a loss of 18446744073709551615/],
    ['a second Ready', READY, /Ready came twice/],
    ['a second Hello', HELLO, /Hello came twice/],
    ['an event at no time', batch(2, NaN), /event 0 of 2 is at NaN ns/],
    ['an event at the end of time', batch(1, 1e300), /is at 1e\+300 ns/],
    ['an endless event', batch(1, 0, { latency: Float64Array.of(Infinity) }), /took Infinity ns/],
    ['a result that is no number', batch(1, 0, { res: Float64Array.of(NaN) }), /gave NaN/],
    ['more events than its columns have', { batch: { n: 0xffff_fffe } }, /column time has 0 bytes/],
    ['a thread that was never named', batch(1, 0, { thread: Uint32Array.of(0xffff_fffe) }), /thread 4294967294 was never defined/],
    ['lengths below zero', batch(2, 0, { dataLen: Int32Array.of(-5, 5) }), /lengths add up to 4294967296/],
    ['a thread born at no time', { batch: { threads: [{ id: 3, fromNs: NaN }] } }, /thread 3 began at no time/],
    ['an end at no time', { bye: { endNs: Infinity } }, /an end at Infinity/],
    ['more definitions than a node has', { batch: { threads: Array(200_001).fill({}) } }, /200001 definitions, at most 200000/],
    ['more events than a batch has', batch(65_537), /65537 events in one batch/],
    ['a thread with an endless name', thread({ comm: LONG }), /thread 3 has a text of 257 bytes/],
    ['a thread in an endless path', thread({ cwd: Buffer.alloc(8193, '/') }), /thread 3 has a text of 8193 bytes/],
    ['a thread with endless arguments', thread({ args: Buffer.alloc(65_537) }), /thread 3 has a text of 65537 bytes/],
    ['a file with an endless name', { batch: { fds: [{ id: 9, name: Buffer.alloc(8193) }] } }, /descriptor 9 has a name of 8193 bytes/],
    ['a CPU that no machine has', loss({ cpu: 65_536 }), /a count of CPU 65536/],
    ['counters of CPUs without end', { batch: { counters: COUNTERS } }, /more than 65536 counters/],
    ['nothing', {}, /says nothing/],
  ])('%s', async (_, message, reason) => {
    const started = probe(HELLO, READY, batch(10), message, batch(10, 1e6));
    expect(await started.ended).toMatch(reason);
    expect((await over.promise)?.message).toMatch(reason);
    const capture = new CaptureReader(path);
    expect(capture.last()?.count).toBe(10);
    expect(capture.meta).toMatchObject({ state: 'broke off', broke: expect.stringMatching(reason) });
    capture.close();
  });

  test.each<[string, object[], RegExp]>([
    ['Batch before Ready', [HELLO, batch(1)], /Batch came before Ready/],
    ['Batch first of all', [batch(1)], /Batch came before Ready/],
    ['Ready first of all', [READY], /Ready came before Hello/],
    ['more users than a probe sends', [HELLO, ready({ users: Array(4097).fill({ uid: 1 }) })], /4097 users, at most 4096/],
    ['more groups than a probe sends', [HELLO, ready({ groups: Array(4097).fill({ gid: 1 }) })], /4097 groups, at most 4096/],
    ['a user whose name never ends', [HELLO, ready({ users: [{ uid: 5, name: LONG }] })], /user 5 has a text of 257 bytes/],
    ['a user whose home never ends', [HELLO, ready({ users: [{ uid: 5, home: LONG }] })], /user 5 has a text of 257 bytes/],
    ['a group whose name never ends', [HELLO, ready({ groups: [{ gid: 5, name: LONG }] })], /group 5 has a name of 257 bytes/],
    ['a host whose name never ends', [{ hello: { ...HELLO.hello, hostname: String(LONG) } }], /a host’s name of 257/],
    ['a clock far from the start', [HELLO, { ready: { startNs: '9000000000000000000' } }], /start is not near its clock/],
  ])('%s', async (_, messages, reason) => {
    expect(await probe(...messages).ended).toMatch(reason);
  });

  test('no timer of theirs stays', async () => {
    const before = intervals();
    for (let i = 0; i < 5; i++) await probe(HELLO, READY, READY).ended;
    expect(intervals()).toBeLessThanOrEqual(before);
  });
});

describe('others that record meanwhile', () => {
  const limits = { probes: 3, helloMs: 1500, readyMs: 1500 }; // a busy machine takes 150 ms for a Ready
  const own = `unix:${join(folder, 'limited')}`;
  const paths: string[] = [];
  const ends: Promise<unknown>[] = [];
  const limited = new CollectorServer((control) => {
    const file = join(folder, `limited-${paths.length}.trowel`);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    paths.push(file);
    ends.push(promise);
    return new Session({ path: file, filter: '', config: {}, command: 'test', onEnd: resolve }, control);
  }, limits);
  const connect = (...messages: object[]) => {
    const started = new TestProbe(own).say(...messages);
    probes.push(started);
    return started;
  };
  beforeAll(() => limited.listen(own));
  afterAll(() => limited.close());

  test('lose nothing by floods, silence, and more probes than there is room for', async () => {
    const good = connect(HELLO, READY, batch(10));
    while (paths.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    const flood = connect(HELLO, READY, { batch: { threads: Array(200_001).fill({}) } });
    expect(await flood.ended).toMatch(/200001 definitions/);
    const silent = connect({ hello: HELLO.hello });
    const mute = connect();
    const [late, never] = await Promise.all([silent.ended, mute.ended]);
    expect([late, never]).toEqual([
      expect.stringMatching(/no Ready came within 1.5 s/),
      expect.stringMatching(/no Hello came|takes 3 probes/),
    ]);
    const more = [connect(HELLO, READY), connect(HELLO, READY), connect(HELLO, READY)];
    expect(await Promise.race(more.map(({ ended }) => ended))).toBe('this collector takes 3 probes at a time');
    good.say(batch(10, 1e6), BYE).end();
    expect(await good.ended).toBe('');
    await ends[0];
    const capture = new CaptureReader(paths[0]!);
    expect([capture.last()?.count, capture.meta.state]).toEqual([20, 'complete']);
    capture.close();
  });
});

describe('a flood that is no nonsense', () => {
  const recorder = () => new Recorder({ path: join(folder, `flood-${++made}.trowel`), filter: '', epoch: 0n, meta: {} });

  test('of descriptors is stored, and can leave memory, before the timer comes', () => {
    const flooded = recorder();
    const nothing = batchOf(new OpenChunk(0, 0), 0, 0);
    const define = (from: number) => Array.from({ length: 8192 }, (_, i) => fdDef({ id: from + i, ino: Long.fromNumber(from + i) }));
    for (const from of [1, 8193, 16_385]) flooded.add({ ...nothing, fds: define(from) });
    const capture = new CaptureReader(join(folder, `flood-${made}.trowel`));
    expect(capture.dims.fds.size).toBe(16_384);
    capture.close();
    flooded.finish(1e9);
  });

  test('of losses is counted to the last one', () => {
    const flooded = recorder();
    const losses = Array.from({ length: 12_000 }, (_, i) => ({
      reason: 0,
      cpu: i % 2,
      family: 'file',
      count: Long.ONE,
      fromNs: i,
      toNs: i + 1,
    }));
    for (let from = 0; from < losses.length; from += 1000)
      flooded.add({ ...batchOf(new OpenChunk(0, 0), 0, 0), losses: losses.slice(from, from + 1000) });
    const rows = [...flooded.tables.losses.all()];
    expect(rows).toHaveLength(10_000);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(12_000);
    expect(Math.max(...rows.map(({ to }) => to))).toBe(12_000);
    flooded.finish(1e9);
  });
});

test.each([
  ['../../etc/cron.d/x', /^_.._etc_cron.d_x-/],
  ['..', /^node-/],
  ['/etc/passwd', /^_etc_passwd-/],
  ['a\0b\nc', /^a_b_c-/],
  ['x'.repeat(256), /^x{180}-/],
  ['', /^node-/],
])('a node that calls itself %j gets a file in the folder', (name, file) => {
  const path = newPath(folder, name);
  expect([dirname(path), basename(path)]).toEqual([folder, expect.stringMatching(file)]);
});

describe('a recording that ends', () => {
  const meta = async () => {
    await over.promise;
    const capture = new CaptureReader(path);
    const { state, broke } = capture.meta;
    capture.close();
    return { state, broke };
  };

  test('with a goodbye is complete', async () => {
    const started = probe(HELLO, READY, batch(10), BYE);
    started.end();
    expect(await started.ended).toBe('');
    expect(await meta()).toEqual({ state: 'complete', broke: undefined });
  });

  test('with a goodbye has ended well for its probe, too, when the collector closes at once', async () => {
    const own = `unix:${join(folder, 'closing')}`;
    const closing = new CollectorServer((control) => {
      const onEnd = () => void closing.close();
      return new Session({ path: join(folder, 'closing.trowel'), filter: '', config: {}, command: 'test', onEnd }, control);
    });
    await closing.listen(own);
    const started = new TestProbe(own).say(HELLO, READY, batch(10), BYE);
    started.end();
    expect(await started.ended).toBe('');
    started.close();
  });

  test('without one broke off', async () => {
    const started = probe(HELLO, READY, batch(10));
    started.end();
    await started.ended;
    expect(await meta()).toEqual({ state: 'broke off', broke: 'the probe ended without a goodbye' });
  });
});

test('events in the wrong order are sorted without going through all pairs', () => {
  const times: number[] = [];
  const order = new TimeOrder((ordered) => times.push(...ordered.time.subarray(0, ordered.n)));
  const n = 65_536;
  const chunk = order.room(n);
  for (let i = 0; i < n; i++) chunk.time[i] = n - i;
  chunk.n = n;
  const { user } = process.cpuUsage();
  order.drain(true);
  expect((process.cpuUsage().user - user) / 1e6).toBeLessThan(0.5);
  expect(times).toEqual(Array.from({ length: n }, (_, i) => i + 1));
});
