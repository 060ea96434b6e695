import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ArgStorage, type ArgValue, ArgWriter, decodeArgs } from '../../src/model/args.ts';

function encode(values: readonly ArgValue[]): Uint8Array {
  const writer = new ArgWriter();
  for (const value of values) typeof value === 'number' ? writer.number(value) : writer.blob(value);
  return Uint8Array.from(writer.bytes());
}

test('numbers and bytes come back as they went in', () => {
  const value = fc.oneof(
    fc.maxSafeInteger().map((n) => Math.trunc(n / 2) + 0), // + 0: no minus zero
    fc.uint8Array({ maxLength: 300 }),
    fc.constant(null),
  );
  fc.assert(
    fc.property(fc.array(value, { maxLength: 8 }), (values) => {
      const storage = values.map((v): ArgStorage => (typeof v === 'number' ? 'number' : 'bytes'));
      expect(decodeArgs(encode(values), storage)).toEqual(values);
    }),
  );
});

test('arguments missing at the end are null, columns take no bytes', () => {
  expect(decodeArgs(encode([7]), ['column', 'number', 'bytes'])).toEqual([null, 7, null]);
});

test('any bytes decode without reading out of bounds', () => {
  const storage = fc.array(fc.constantFrom<ArgStorage>('number', 'bytes', 'column'), { maxLength: 12 });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), storage, (bytes, kinds) => decodeArgs(bytes, kinds).length === kinds.length));
});
