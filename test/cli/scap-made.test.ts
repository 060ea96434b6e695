/** What a user types with a .scap file that was made here: compressed, from stdin, damaged. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { knownFile } from '../scap/known-answers.ts';

const COMPRESSED = join(import.meta.dirname, '../scap/compressed');
const { bytes, facts } = knownFile('two events a call');
const reads = facts.filter(({ type }) => type === 'read').length;

let folder: string;
let file: string;

function trowel(args: readonly string[], input?: Uint8Array): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, XDG_CACHE_HOME: folder, TMPDIR: folder };
  const { status, stdout, stderr } = spawnSync('bin/trowel', args, { env, ...(input === undefined ? {} : { input }) });
  return { status, stdout: stdout.toString(), stderr: stderr.toString() };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trowel-made-'));
  file = join(folder, 'x.scap');
  writeFileSync(file, bytes);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test.each(readdirSync(COMPRESSED).filter((name) => name.startsWith('reads.')))('read %s', (name) => {
  expect(trowel(['read', join(COMPRESSED, name), '--count', 'evt.type=read']).stdout).toBe('1000\n');
});

describe('stdin', () => {
  test.each([
    ['as it is', bytes],
    ['compressed', zstdCompressSync(bytes)],
  ])('%s, for every command that takes a file, and nothing of it is left', (_, input) => {
    expect(trowel(['read', '-', '--count', 'evt.type=read'], input).stdout).toBe(`${reads}\n`);
    expect(trowel(['-r', '-', '-p', '%evt.num', 'evt.type=close'], input).stdout).toBe(
      `${facts.find(({ type }) => type === 'close')!.num}\n`,
    );
    expect(trowel(['info', '-'], input).stdout).toMatch(/^file +- /);
    expect(trowel(['lens', 'topprocs_file', '-'], input).stdout).toContain('web');
    expect(trowel(['import', '-', '-w', join(folder, 'y.trowel')], input).status).toBe(0);
    expect(trowel(['read', join(folder, 'y.trowel'), '--count', 'evt.type=read']).stdout).toBe(`${reads}\n`);
    expect(readdirSync(folder).filter((name) => name.startsWith('trowel-stdin'))).toEqual([]);
  });

  test('an import of it needs a name', () => {
    const { status, stderr } = trowel(['import', '-'], bytes);
    expect({ status, stderr }).toEqual({ status: 2, stderr: 'trowel: import - needs -w FILE\n' });
  });
});

describe('a damaged file', () => {
  const DAMAGE = /: the file ends within a block, at byte [0-9]+; what comes before is read\n/;
  beforeEach(() => writeFileSync(file, bytes.subarray(0, -200)));

  test('is told of each time that it is read, from the import cache, too', () => {
    for (let times = 0; times < 2; times++) {
      expect(trowel(['read', file, '--count']).stderr).toMatch(DAMAGE);
      expect(trowel(['dns', file]).stderr).toMatch(DAMAGE);
      expect(trowel(['info', file]).stderr).toMatch(DAMAGE);
    }
  });

  test('info says what is missing, of a copy and of a part of it as well', () => {
    const copy = join(folder, 'copy.trowel');
    const part = join(folder, 'part.trowel');
    expect(trowel(['import', file, '-w', copy]).stderr).toMatch(DAMAGE);
    trowel(['import', copy, 'evt.type=read', '-w', part]);
    for (const path of [file, copy, part]) {
      const { stdout } = trowel(['info', path]);
      expect(stdout).toMatch(/^file .*a part of a damaged file$/m);
      expect(stdout).toMatch(/^damaged +the file ends within a block, at byte [0-9]+; what comes before is here$/m);
      const json = JSON.parse(trowel(['info', path, '--json']).stdout) as Record<string, unknown>;
      expect(json).toMatchObject({ damage: expect.stringMatching(/ends within a block/) as unknown, leftOut: [] });
    }
  });
});

test('a whole file is not told of', () => {
  expect(trowel(['info', file])).toMatchObject({ status: 0, stderr: '' });
  expect(trowel(['info', file]).stdout).not.toMatch(/damaged|left out/);
});
