import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explain, list } from '../../src/explain/explain.ts';
import { MS } from '../../src/model/time.ts';
import { sentenceOf } from '../../src/output/sentences.ts';
import { nothingLines } from '../../src/output/story.ts';
import { CaptureReader } from '../../src/store/reader.ts';

const open = (name: string) => new CaptureReader(join('captures/scenes', `${name}.trowel`));
const all = { over: 100 * MS, pids: null };

describe('what may be asked of a recording in which a server was killed', () => {
  let capture: CaptureReader;
  let pidOf: (comm: string) => number;
  beforeAll(() => {
    capture = open('a-server-that-is-killed');
    pidOf = (comm) => [...capture.dims.processes.all()].find((row) => row.comm === comm)!.pid;
  });
  afterAll(() => capture.close());

  test('the end of a process comes first when it is asked for', () => {
    const { story } = explain(capture, { ...all, pid: pidOf('failing'), end: true });
    expect(story!.causes[0]!.id).toBe('program-killed');
    expect(sentenceOf(story!.causes[0]!)).toMatch(/^failing \(\d+\) was ended by SIGKILL, sent by /);
    expect(story!.signal).toBe(9);
  });

  test('who waited at a time', () => {
    const { story } = explain(capture, all);
    const middle = (story!.start + story!.end) / 2;
    expect(explain(capture, { ...all, at: middle }).story!.process.comm).toBe('curl');
    expect(explain(capture, { ...all, at: story!.end + 1e12 }).story).toBeNull();
  });

  test('the list has the longest wait first, and each process once', () => {
    const stories = list(capture, all, 10);
    expect(stories[0]!.causes[0]!.id).toBe('server-killed');
    const pids = stories.map(({ process }) => process.pid);
    expect(new Set(pids).size).toBe(pids.length);
    expect(list(capture, all, 1).length).toBe(1);
  });

  test('a process that is named is answered for, though it did not wait the longest', () => {
    const { story } = explain(capture, { ...all, pids: new Set([pidOf('failing')]) });
    expect(story!.process.comm).toBe('failing');
    expect(story!.causes[0]!.id).toBe('program-killed');
  });
});

test('where nothing is found, what failed is counted and what was looked at is told', () => {
  const capture = open('healthy-a-program-that-sleeps');
  const { story, looked, over } = explain(capture, all);
  expect(story).toBeNull();
  const [first, second] = nothingLines(over, looked);
  if (looked.failed.length > 0) expect(first).toMatch(/of \d+ failed calls none is known to have done harm/);
  else expect(first).toMatch(/nothing failed/);
  expect(second).toMatch(/^Looked at [\d,]+ events of \d+ processes/);
  capture.close();
  const none = { events: 5, processes: 1, failed: [], ended: 1, endedBadly: 0, survived: [], blind: [] };
  expect(nothingLines(over, none)).toEqual([
    'Nothing waited longer than 100 ms for what it had asked for, and nothing failed.',
    'Looked at 5 events of 1 processes, 1 of which ended, all with 0.',
  ]);
});

test('a program that only slept, often, is answered for when it is named: with the sum of its sleeps', () => {
  const capture = open('healthy-a-program-that-sleeps-again-and-again');
  const pid = [...capture.dims.processes.all()].find(({ comm }) => comm === 'failing')!.pid;
  const { story } = explain(capture, { ...all, pids: new Set([pid]) });
  expect(story!.causes[0]!.id).toBe('own-sleep');
  expect(sentenceOf(story!.causes[0]!)).toMatch(/^failing \(\d+\) slept by itself for 5\d\d ms, in 25 sleeps of 2\d\.\d ms on average\.$/);
  capture.close();
});

test.each([
  ['healthy-a-script-that-gets-over-a-failure', /^cat \(\d+\) ended with 1 \(“cat: \/mnt\/none: No such file or directory”\), but \S+ \(\d+\), which had started it, went on and ended with 0\.$/],
  ['healthy-a-file-that-is-there-when-it-is-tried-again', /^cat \(\d+\) ended with 1 .*, but \S+ \(\d+\), which had started it, tried the same again, and that succeeded\.$/],
] as const)('%s: it is told, and blamed on nobody', (scene, says) => {
  const capture = open(scene);
  const { story, looked, over } = explain(capture, all);
  expect(story).toBeNull();
  expect(nothingLines(over, looked)[1]).toMatch(says);
  expect(list(capture, all, 10)).toEqual([]);
  capture.close();
}); // biome-ignore format: a table

test('events that were lost make a cause less sure, and forbid to say that nothing came', () => {
  const capture = open('a-host-that-does-not-answer');
  const before = explain(capture, all).story!;
  const loss = { id: 1, reason: 'ring' as const, cpu: 0, family: 'net', count: 7, from: before.start, to: before.end };
  const losses = { ...capture.dims.losses, size: 1, version: 1, get: () => loss, all: () => [loss] };
  const lossy = Object.assign(Object.create(capture) as CaptureReader, {});
  Object.defineProperty(lossy, 'dims', { value: { ...capture.dims, losses } });
  for (const name of ['heads', 'passingChunk', 'chunk', 'timeOf', 'last', 'select'] as const)
    Object.defineProperty(lossy, name, { value: capture[name].bind(capture) });
  Object.defineProperty(lossy, 'meta', { value: capture.meta });
  const story = explain(lossy, all).story!;
  expect(story.confidence!.value).toBeLessThan(before.confidence!.value);
  expect(story.confidence!.because).toContain('7 events were lost in this time');
  expect(sentenceOf(before.causes[0]!)).toMatch(/nothing came back/);
  expect(sentenceOf(story.causes[0]!)).toMatch(/no answer was recorded, but events were lost/);
  capture.close();
});
