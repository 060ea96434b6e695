import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packBytes, packNumbers, unpackBytes, unpackNumbers } from '../../src/store/codec.ts';

describe('number columns', () => {
  const wide = fc.integer({ min: -(2 ** 52), max: 2 ** 52 });
  const value = fc.oneof(fc.constant(7), fc.integer({ min: 0, max: 200 }), fc.integer({ min: -40_000, max: 40_000 }), wide);

  const runs = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 60 })), { maxLength: 40 })
    .map((pairs) => pairs.flatMap(([v, times]) => Array<number>(times).fill(v)));

  test('come back as they went in, packed and compressed in any way, from any place in a Buffer', () => {
    const values = fc.oneof(fc.array(value, { maxLength: 400 }), runs);
    fc.assert(
      fc.property(values, fc.boolean(), fc.constantFrom(0, 1, 3), fc.nat(9), (numbers, differences, level, shift) => {
        const blob = packNumbers(numbers, numbers.length, differences, { level });
        const inBuffer = Buffer.alloc(blob.length + shift).subarray(shift);
        inBuffer.set(blob);
        const target = new Float64Array(numbers.length);
        unpackNumbers(inBuffer, numbers.length, target);
        expect(Array.from(target)).toEqual(numbers.map((v) => v + 0));
      }),
      { numRuns: 1000 },
    );
  });

  test('equal values take no bytes beyond the header', () => {
    expect(packNumbers(new Float64Array(8192).fill(3), 8192, false, { level: 0 }).length).toBe(24);
  });

  test('an ascending column of even steps takes none either', () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => 5 + i);
    expect(packNumbers(values, 1000, true, { level: 0 }).length).toBe(24);
  });

  test('a blob that is too short is refused', () => {
    const blob = packNumbers([1, 500, 2], 3, false, { level: 0 });
    expect(() => unpackNumbers(blob.subarray(0, 26), 3, new Float64Array(3))).toThrow(/bytes long/);
  });

  test('blobs that do not lie on a boundary are read all the same', () => {
    const blob = packNumbers([1, 70_000, 2], 3, false, { level: 0 });
    const shifted = new Uint8Array(blob.length + 3);
    shifted.set(blob, 3);
    const target = new Float64Array(3);
    unpackNumbers(shifted.subarray(3), 3, target);
    expect(Array.from(target)).toEqual([1, 70_000, 2]);
  });
});

test('bytes come back as they went in', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.constantFrom(0, 1), (bytes, level) => {
      expect(Uint8Array.from(unpackBytes(packBytes(bytes, { level })))).toEqual(bytes);
    }),
  );
});
