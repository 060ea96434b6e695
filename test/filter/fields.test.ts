import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FIELDS } from '../../src/event/fields/index.ts';
import { type CompiledFilter, compileFilter } from '../../src/filter/compile.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureReader } from '../../src/store/reader.ts';

const CAPTURE = join(packageRoot(), 'captures/critical-app.trowel');

test('there are many, each named once and described', () => {
  expect(FIELDS.length).toBeGreaterThanOrEqual(150);
  expect(new Set(FIELDS.map(({ name }) => name)).size).toBe(FIELDS.length);
  for (const { name, doc, example, only } of FIELDS) {
    expect(doc, name).not.toBe('');
    expect(example === '', `${name} has an example unless it is only printed`).toBe(only === 'print');
    if (only !== 'print') expect(example, name).toContain(name);
  }
});

describe('the example of each field runs', () => {
  const capture = new CaptureReader(CAPTURE);
  const context = { dims: capture.dims, epoch: capture.epoch, hostname: 'node', growing: false };
  const numbers = (filter: CompiledFilter) =>
    [...capture.select(filter)].flatMap(({ chunk, selection, n }) => Array.from(selection.subarray(0, n), (i) => chunk.num[i]!));
  const all = numbers(compileFilter('', context));
  const examples = FIELDS.filter(({ only }) => only !== 'print').map(({ example }) => example);
  test.each(examples)('%s', (example) => {
    const filter = compileFilter(example, context);
    expect(filter.notes).toEqual([]);
    // Each event matches it or its negation, and none matches both.
    const found = [example, `not (${example})`].map((text) => numbers(compileFilter(text, context)));
    expect(found.flat().sort((a, b) => a - b)).toEqual(all);
  });
});
