import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fieldsMarkdown } from '../src/cli/fields.ts';

test('docs/fields.md lists the fields as they are (trowel fields --markdown)', () => {
  expect(readFileSync('docs/fields.md', 'utf8')).toContain(fieldsMarkdown().join('\n'));
});
