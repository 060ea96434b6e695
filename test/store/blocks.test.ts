import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packRows, unpackRows, type Values } from '../../src/store/blocks.ts';

const value = fc.oneof(fc.constant(null), fc.constant(0), fc.integer(), fc.integer({ min: -(2 ** 50), max: 2 ** 50 }));
const rows = fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 100 }) as fc.Arbitrary<Values[]>;

test('rows come back as they went in', () => {
  fc.assert(
    fc.property(rows, fc.constantFrom(0, 3), (values, level) => {
      const plain = values.map((row) => row.map((v) => (v === null ? null : v + 0)));
      expect(unpackRows(packRows(values, 3, { level, small: true }), values.length, 3)).toEqual(plain);
    }),
  );
});

test('columns that a block does not have read as null', () => {
  expect(unpackRows(packRows([[1, 2], [3, null]], 2, { level: 0 }), 2, 3)).toEqual([[1, 2, null], [3, null, null]]); // biome-ignore format: rows
});

test('columns that ascend take hardly more than their headers', () => {
  const ascending = Array.from({ length: 5000 }, (_, i): Values => [i + 1, 5_000_000_000 + i * 10]);
  expect(packRows(ascending, 2, { level: 0 }).length).toBe(2 * (4 + 24));
});

test('a block that is cut is refused', () => {
  const block = packRows(
    Array.from({ length: 50 }, (_, i): Values => [i, i * i]),
    2,
    { level: 0 },
  );
  for (const length of [2, 10, 27, 40, block.length - 1]) expect(() => unpackRows(block.subarray(0, length), 50, 2)).toThrow();
});
