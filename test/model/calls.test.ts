import { expect, test } from 'vitest';
import { CALLS } from '../../src/model/calls.ts';

test('each call has one row', () => {
  const twice = (values: readonly (number | string)[]) => values.filter((value, i) => values.indexOf(value) !== i);
  expect(twice(CALLS.map(({ name }) => name))).toEqual([]);
  expect(twice(CALLS.map(({ id }) => id))).toEqual([]);
});
