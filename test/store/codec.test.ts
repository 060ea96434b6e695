import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packNumbers, unpackNumbers } from '../../src/store/codec.ts';
import { packBytes, unpackBytes } from '../../src/store/zip.ts';

describe('number columns', () => {
  const wide = fc.integer({ min: -(2 ** 52), max: 2 ** 52 });
  const value = fc.oneof(fc.constant(7), fc.integer({ min: 0, max: 200 }), fc.integer({ min: -40_000, max: 40_000 }), wide);

  const runs = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 60 })), { maxLength: 40 })
    .map((pairs) => pairs.flatMap(([v, times]) => Array<number>(times).fill(v)));

  /** Most of them near each other, some far away, as latencies are. */
  const far = fc.array(fc.oneof({ weight: 12, arbitrary: fc.integer({ min: -3, max: 250 }) }, { weight: 1, arbitrary: wide }), {
    maxLength: 400,
  });

  test('come back as they went in, packed and compressed in any way, from any place in a Buffer', () => {
    const values = fc.oneof(fc.array(value, { maxLength: 400 }), runs, far);
    fc.assert(
      fc.property(values, fc.boolean(), fc.constantFrom(0, 1, 3), fc.boolean(), fc.nat(9), (numbers, differences, level, small, shift) => {
        const blob = packNumbers(Float64Array.from(numbers), numbers.length, differences, { level, small });
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

  test('a few far values do not make the others wide', () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => (i % 100 === 50 ? 2 ** 40 + i : (i * 37) % 200));
    const blob = packNumbers(values, 1000, false, { level: 0 });
    expect(blob.length).toBe(24 + 1000 + 10 * 10);
    const target = new Float64Array(1000);
    unpackNumbers(blob, 1000, target);
    expect(target).toEqual(values);
  });

  test('nor do they in runs', () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => (i >= 500 && i < 520 ? -1 + 2 ** 45 : Math.floor(i / 20)));
    const blob = packNumbers(values, 1000, false, { level: 0 });
    expect(blob.length).toBe(24 + 50 * 3 + 10);
    const target = new Float64Array(1000);
    unpackNumbers(blob, 1000, target);
    expect(target).toEqual(values);
  });

  test('damaged blobs are refused, or decode to something: never to more than was asked for, and in no other way', () => {
    const damage = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 6 });
    const outcomes = { refused: 0, decoded: 0 };
    fc.assert(
      fc.property(fc.oneof(fc.array(value, { maxLength: 300 }), runs, far), fc.constantFrom(0, 1), damage, (numbers, level, bytes) => {
        const blob = packNumbers(Float64Array.from(numbers), numbers.length, false, { level });
        for (const [at, byte] of bytes) if (at < blob.length) blob[at] = byte;
        const target = new Float64Array(numbers.length + 1).fill(12345);
        try {
          unpackNumbers(blob, numbers.length, target.subarray(0, numbers.length));
          outcomes.decoded++;
        } catch (error) {
          expect(String(error)).not.toMatch(/TypeError/);
          outcomes.refused++;
        }
        expect(target[numbers.length]).toBe(12345);
      }),
      { numRuns: 2000 },
    );
    expect(outcomes.refused).toBeGreaterThan(100);
    expect(outcomes.decoded).toBeGreaterThan(100);
  });

  test('a blob that unzips to more than it says is refused before it has', () => {
    const blob = packNumbers(
      Float64Array.from({ length: 5000 }, (_, i) => (i % 2) * 100_000),
      5000,
      false,
      { level: 1 },
    );
    new DataView(blob.buffer).setUint32(4, 4, true);
    expect(() => unpackNumbers(blob, 5000, new Float64Array(5000))).toThrow(/larger|too large/i);
  });

  test('a blob that is too short is refused', () => {
    const blob = packNumbers(Float64Array.of(1, 500, 2), 3, false, { level: 0 });
    expect(() => unpackNumbers(blob.subarray(0, 26), 3, new Float64Array(3))).toThrow(/bytes long/);
  });

  test('blobs that do not lie on a boundary are read all the same', () => {
    const blob = packNumbers(Float64Array.of(1, 70_000, 2), 3, false, { level: 0 });
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
      expect(Uint8Array.from(unpackBytes(packBytes(bytes, { level }), bytes.length))).toEqual(bytes);
    }),
  );
});

test('bytes of another length than they should have are refused', () => {
  for (const level of [0, 1]) {
    const blob = packBytes(new Uint8Array(1000), { level });
    expect(() => unpackBytes(blob, 1001)).toThrow(/1000 bytes, not 1001/);
    expect(() => unpackBytes(blob, 10)).toThrow();
  }
});
