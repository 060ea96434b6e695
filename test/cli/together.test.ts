/** Which words of a command line are captures that are asked as one. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { LIST } from '../../src/capture/opener.ts';
import { together } from '../../src/cli/several.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-together-'));
afterAll(() => rmSync(folder, { recursive: true }));
for (const name of ['captures', 'other']) mkdirSync(join(folder, name));
for (const name of ['a.trowel', 'b.scap', 'notes', 'captures/c.trowel']) writeFileSync(join(folder, name), '');

test.each([
  ['two files', 'read a.trowel b.scap proc.name=curl', 'read a.trowel+b.scap proc.name=curl'],
  ['a folder of captures and a file', 'explain captures a.trowel', 'explain captures+a.trowel'],
  ['one file', 'read a.trowel notes', 'read a.trowel notes'],
  ['the folder that a question is about', 'lens file other a.trowel', 'lens file other a.trowel'],
])('%s', (_, words, wanted) => {
  const inFolder = (text: string) => text.split(' ').map((word) => word.replace(/(?:a|b|c)\.\w+|captures|other|notes/g, (name) => join(folder, name)));
  expect(together(inFolder(words))).toEqual(inFolder(wanted).map((word) => word.replaceAll('+', LIST)));
}); // biome-ignore format: one line
