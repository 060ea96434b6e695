import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';

const NATIVE = join(packageRoot(), 'native');
const README = readFileSync(join(NATIVE, 'README.md'), 'utf8');
const SOURCE = readFileSync(join(NATIVE, 'feature.c'), 'utf8');
/** Id and effect of each row: the effect may be several literals. */
const ROWS = [...SOURCE.matchAll(/\[FEATURE_\w+\] = \{\s*"([\w.]+)",\s*(?:NULL|"\w+"),\s*((?:"[^"]*"\s*)+)/g)].map(
  ([, id, effect]) => [id!, [...effect!.matchAll(/"([^"]*)"/g)].map(([, part]) => part).join('')] as const,
);

describe('the probe’s README', () => {
  test('lists what a kernel may refuse, as the probe tells it', () => {
    expect(ROWS.length).toBeGreaterThan(10);
    const listed = [...README.matchAll(/^\| `([\w.]+)` \| (.*) \|$/gm)].map(([, id, effect]) => [id, effect]);
    expect(listed).toEqual(expect.arrayContaining(ROWS.map((row) => [...row])));
  });

  test('names files that exist', () => {
    const table = README.slice(README.indexOf('| file |'), README.indexOf('## What a kernel'));
    const names = [...table.matchAll(/`([\w./-]+\.(?:c|h|ts))`/g)].map(([, name]) => name!);
    const folders = ['', 'bpf', 'encode', 'transport', 'build'];
    expect(names.length).toBeGreaterThan(30);
    for (const name of names.filter((one) => dirname(one) !== 'build'))
      expect(
        folders.some((folder) => existsSync(join(NATIVE, folder, name))),
        name,
      ).toBe(true);
  });
});
