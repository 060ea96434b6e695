import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LENSES } from '../src/lens/index.ts';
import { rendered } from '../src/output/print.ts';
import { fieldReport } from '../src/output/reports/fields.ts';
import { lensesReport } from '../src/output/reports/lens.ts';
import { MarkdownWriter } from '../src/output/writers/markdown.ts';

test('docs/fields.md lists the fields as they are (npm run docs)', () => {
  expect(readFileSync('docs/fields.md', 'utf8')).toBe(rendered(fieldReport(), new MarkdownWriter()));
});

test('docs/lenses.md lists the lenses as they are (npm run docs)', () => {
  expect(readFileSync('docs/lenses.md', 'utf8')).toBe(rendered(lensesReport(LENSES), new MarkdownWriter()));
});
