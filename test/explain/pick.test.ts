/** Waits of a long-lived process: which of them are one piece of work, and which are requests of their own. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Analysis } from '../../src/explain/analysis.ts';
import type { Candidate } from '../../src/explain/found.ts';
import { tasksOf } from '../../src/explain/pick.ts';
import { MS } from '../../src/model/time.ts';
import { CaptureReader } from '../../src/store/reader.ts';

let capture: CaptureReader;
let analysis: Analysis;
beforeAll(() => {
  capture = new CaptureReader('captures/scenes/healthy-a-program-that-sleeps.trowel');
  analysis = new Analysis(capture);
});
afterAll(() => capture.close());

/** Of a process of which nothing else is known, as of one that was there before the recording. Times in ms. */
function wait(fd: number, start: number, end: number, kind: Candidate['kind'] = 'server'): Candidate {
  return { pid: 999_999, tid: 999_999, start: start * MS, end: end * MS, num: 1, kind, fd, error: '' };
}

// biome-ignore format: a table
const CASES: readonly (readonly [title: string, waits: readonly Candidate[], tasks: readonly (readonly [from: number, to: number])[]])[] = [
  ['requests of an event loop that overlap stay apart, the longest first', [wait(1, 0, 300), wait(2, 100, 250)], [[0, 300], [100, 250]]],
  ['three that begin together do, too', [wait(1, 0, 300), wait(2, 0, 200), wait(3, 0, 100)], [[0, 300], [0, 200], [0, 100]]],
  ['what follows at once is the same piece of work', [wait(1, 0, 100), wait(2, 102, 300)], [[0, 300]]],
  ['what follows later is another', [wait(1, 0, 100), wait(1, 200, 400)], [[200, 400], [0, 100]]],
  ['waits on one connection are one', [wait(1, 0, 200), wait(1, 150, 300)], [[0, 300]]],
  ['each of two that overlap goes on by itself', [wait(1, 0, 300), wait(2, 100, 350), wait(1, 301, 400)], [[0, 400], [100, 350]]],
];

test.each(CASES)('%s', (_, waits, tasks) => {
  expect(tasksOf(analysis, waits).map(({ from, to }) => [from / MS, to / MS])).toEqual(tasks);
});

test('what failed beside waits is no task of its own in a long-lived process', () => {
  expect(tasksOf(analysis, [wait(1, 0, 300), wait(2, 10, 11, 'failure')]).length).toBe(1);
});
