/** bin/trowel: which code cache and how much memory it gives Node. What lies in a code cache is run. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { RECORDER_FLAGS } from '../../src/cli/memory.ts';
import { packageRoot } from '../../src/model/package-root.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-launcher-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An installed package whose Node says which cache it was given, and its first option. */
mkdirSync(join(folder, 'bin'));
mkdirSync(join(folder, '.node/bin'), { recursive: true });
copyFileSync(join(packageRoot(), 'bin/trowel'), join(folder, 'bin/trowel'));
writeFileSync(join(folder, '.node/bin/node'), '#!/bin/sh\nprintenv NODE_COMPILE_CACHE || echo none\necho "$1"\n', { mode: 0o755 });

const home = join(folder, 'home');
const cache = join(home, '.cache/trowel/code');

function givenTo(words: readonly string[], environment: Record<string, string>): string[] {
  const env = { PATH: process.env.PATH ?? '', ...environment };
  return spawnSync(join(folder, 'bin/trowel'), words, { encoding: 'utf8', env }).stdout.split('\n');
}

const cacheOf = (environment: Record<string, string>): string => givenTo([], environment)[0]!;

describe('the code cache', () => {
  beforeEach(() => {
    rmSync(home, { recursive: true, force: true });
    mkdirSync(home);
  });

  test('is a folder of our own, closed to others', () => {
    expect(cacheOf({ HOME: home })).toBe(cache);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    expect(cacheOf({ XDG_CACHE_HOME: join(home, 'elsewhere') })).toBe(join(home, 'elsewhere/trowel/code'));
  });

  test.each<[string, Record<string, string>]>([
    ['no home is known', {}],
    ['the home is empty', { HOME: '' }],
    ['the caches’ folder is relative', { XDG_CACHE_HOME: 'cache' }],
  ])('there is none where %s', (_, environment) => {
    expect(cacheOf(environment)).toBe('none');
  });

  test.each<[string, () => void]>([
    ['others can write to it', () => chmodSync(cache, 0o777)],
    ['its group can write above it', () => chmodSync(join(home, '.cache/trowel'), 0o775)],
    ['anybody can write to the caches', () => chmodSync(join(home, '.cache'), 0o1777)],
  ])('there is none where %s', (_, change) => {
    mkdirSync(cache, { recursive: true });
    change();
    expect(cacheOf({ HOME: home })).toBe('none');
  });

  test('there is none where it is a link', () => {
    mkdirSync(join(home, '.cache/trowel'), { recursive: true });
    mkdirSync(join(home, 'planted'));
    symlinkSync(join(home, 'planted'), cache);
    expect(cacheOf({ HOME: home })).toBe('none');
  });

  test.skipIf(process.getuid?.() !== 0)('there is none where it is another’s (only root can give a folder away)', () => {
    mkdirSync(cache, { recursive: true });
    chownSync(join(home, '.cache/trowel'), 65_534, 65_534);
    expect(cacheOf({ HOME: home })).toBe('none');
  });

  test('what the user names himself is left to him', () => {
    expect(cacheOf({ NODE_COMPILE_CACHE: '/somewhere' })).toBe('/somewhere');
  });
});

test.each<[string[], string]>([
  [[], '--min-semi-space-size=16'],
  [['read', 'record'], '--min-semi-space-size=16'],
  [['record', '--ring', '3m'], RECORDER_FLAGS[0]],
  [['collect'], RECORDER_FLAGS[0]],
])('of memory for what is new, %j is given %s', (words, option) => {
  expect(givenTo(words, {})[1]).toBe(option);
});
