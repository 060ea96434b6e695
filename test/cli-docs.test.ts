import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fieldsMarkdown } from '../src/cli/fields.ts';

test('docs/fields.md lists the fields as they are (npm run docs)', () => {
  expect(readFileSync('docs/fields.md', 'utf8')).toBe(`${fieldsMarkdown().join('\n')}\n`);
});
