import { expect, test } from 'vitest';
import { TimeOrder } from '../../src/collector/time-order.ts';
import { MS } from '../../src/model/time.ts';

/** Feeds batches of times, drains after each, and at last hands over everything. */
function ordered(batches: readonly (readonly number[])[]): { times: number[]; drains: number[][] } {
  const drains: number[][] = [];
  const order = new TimeOrder((chunk) => drains.push([...chunk.time.subarray(0, chunk.n)]));
  for (const batch of batches) {
    const room = order.room(batch.length);
    for (const time of batch) room.time[room.n++] = time;
    order.drain();
  }
  order.drain(true);
  return { times: drains.flat(), drains };
}

test.each<[string, number[][], number[][]]>([
  ['nothing', [[]], []],
  ['what is young waits', [[1, 2, 3]], [[1, 2, 3]]],
  ['what is older than the window goes', [[1, 2, 30 * MS]], [[1, 2], [30 * MS]]],
  ['a batch that belongs before what waits', [[5, 9], [3, 7], [30 * MS]], [[3, 5, 7, 9], [30 * MS]]],
  [
    'a batch out of order after one that waits in order',
    [[1 * MS, 2 * MS], [4 * MS, 3 * MS], [30 * MS]],
    [[1 * MS, 2 * MS, 3 * MS, 4 * MS], [30 * MS]],
  ],
  ['an empty batch between', [[5], [], [4], [40 * MS]], [[4, 5], [40 * MS]]],
])('%s', (_, batches, wanted) => {
  expect(ordered(batches).drains).toEqual(wanted);
});

test('whatever is within the window comes in order, and all of it', () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  for (let round = 0; round < 10; round++) {
    const step = random() * MS;
    const jitter = random() < 0.3 ? 0 : random() * 15 * MS;
    const sizes = Array.from({ length: 40 }, () => Math.floor(random() * 60));
    let n = 0;
    const batches = sizes.map((size) => Array.from({ length: size }, () => step * n++ - random() * jitter));
    const { times } = ordered(batches);
    expect(times).toEqual(batches.flat().sort((a, b) => a - b));
  }
});
