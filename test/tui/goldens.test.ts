import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { keysPage } from './keys-text.ts';
import { COMPARED, goldenPath, SHOWN, SIZES, shot } from './pictures.ts';
import { endAll, noPty } from './pty.ts';

afterEach(endAll);

describe.skipIf(noPty !== null).each(COMPARED)('the screen $name', (picture) => {
  test.each(SIZES)('looks as it did at %d×%d (npm run screens makes it anew)', async (columns, rows) => {
    const pty = await shot(picture, columns, rows);
    const golden = readFileSync(goldenPath(picture.name, columns, rows), 'utf8');
    await pty.until((screen) => `${screen}\n` === golden);
  });
});

test('docs/screen-keys.md has the keys as they are (npm run screens)', () => {
  expect(readFileSync('docs/screen-keys.md', 'utf8')).toBe(keysPage());
});

test('every picture has its place in the documents', () => {
  const page = readFileSync('docs/screens.md', 'utf8');
  for (const { name, text } of SHOWN) expect(page).toContain(`${text}\n\n![${name}](screens/${name}.svg)`);
});
