/** A collector and those who speak to it: what they may not say, and what becomes of a recording that ends in the middle. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CollectorServer } from '../../src/collector/server.ts';
import { Session } from '../../src/collector/session.ts';
import { TimeOrder } from '../../src/collector/time-order.ts';
import { CaptureReader } from '../../src/store/reader.ts';
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
