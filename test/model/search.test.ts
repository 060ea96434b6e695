import { expect, test } from 'vitest';
import { firstIndex } from '../../src/model/search.ts';

const CASES: readonly (readonly [sorted: readonly number[], wanted: number, first: number])[] = [
  [[], 5, 0],
  [[5], 4, 0],
  [[5], 5, 0],
  [[5], 6, 1],
  [[1, 3, 5, 7], 0, 0],
  [[1, 3, 5, 7], 3, 1],
  [[1, 3, 5, 7], 4, 2],
  [[1, 3, 5, 7], 7, 3],
  [[1, 3, 5, 7], 8, 4],
  [[2, 2, 2], 2, 0],
  [[1, 2, 2, 2, 3], 2, 1],
  [[1, 2, 2, 2, 3], 2.5, 4],
  [[-3, -1, 0, 4, 9], -1, 1],
  [[1, 2, Number.POSITIVE_INFINITY], Number.POSITIVE_INFINITY, 2],
];

test.each(CASES)('in %j the first that is at least %d has index %d', (sorted, wanted, first) => {
  expect(firstIndex(sorted.length, (i) => sorted[i]! >= wanted)).toBe(first);
});

test('it finds what a walk finds, and asks few', () => {
  for (let n = 0; n < 130; n++) {
    for (let first = 0; first <= n; first++) {
      let asked = 0;
      const found = firstIndex(n, (i) => {
        asked++;
        return i >= first;
      });
      expect([n, found]).toEqual([n, first]);
      expect(asked).toBeLessThanOrEqual(n === 0 ? 0 : Math.floor(Math.log2(n)) + 1);
    }
  }
});
