/** What a user types with a .scap file that was made here: compressed, from stdin, damaged. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
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

describe('a .scap file in place of a capture', () => {
  const imports = () => (existsSync(join(folder, 'trowel/imports')) ? readdirSync(join(folder, 'trowel/imports')) : []);
  const lines = (text: string) => text.split('\n').filter((line) => line !== '');

  test('is read as it is, nothing is written, and an import says the same', () => {
    const asked = ['-pk', '-A', 'fd.type in (ipv4, ipv6)'];
    const streamed = trowel(['-r', file, '-N', ...asked]);
    expect(streamed).toMatchObject({ status: 0, stderr: '' });
    expect(imports()).toEqual([]);
    expect(trowel(['import', file, '-w', join(folder, 'y.trowel')]).status).toBe(0);
    expect(trowel(['-r', join(folder, 'y.trowel'), ...asked]).stdout).toBe(streamed.stdout);
    expect(lines(streamed.stdout).length).toBeGreaterThan(facts.filter(({ fd }) => fd?.kind === 'ipv6').length);
  });

  test.each([
    [['--count', 'evt.type=read'], `${reads}\n`],
    [['-n', '2', '-p', '%evt.num', 'proc.name=web'], /^[0-9]+\n[0-9]+\n$/],
    [['--from', '0.05', '--to', '0.1', '--count'], /^[1-9]\n$/],
  ])('read %j', (args, stdout) => {
    expect(trowel(['read', file, ...args]).stdout).toMatch(stdout);
    expect(imports()).toEqual([]);
  });

  test('what only the whole file tells is asked of an import, which then serves all commands', () => {
    expect(lines(trowel(['read', file, 'dns.rcode=NXDOMAIN']).stdout).length).toBeGreaterThan(0);
    expect(imports()).toHaveLength(1);
    expect(trowel(['info', file]).stdout).toMatch(/^file .*x\.scap/);
    expect(trowel(['dns', file]).stdout).toContain('web.default.local');
    expect(imports()).toHaveLength(1);
  });

  test('a mistake in a filter shows before anything is read', () => {
    const { status, stderr } = trowel(['read', file, 'proc.nam=curl']);
    expect(status).toBe(2);
    expect(stderr).toContain('proc.name');
  });

  test('zipped and cut: all that is there is read, and the cut is told', () => {
    const zipped = gzipSync(Buffer.concat([bytes, randomBytes(100_000)]));
    writeFileSync(file, zipped.subarray(0, -1000));
    const { status, stdout, stderr } = trowel(['read', file, '--count', 'evt.type=read']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${reads}\n` });
    expect(stderr).toMatch(/what comes before is read/);
  });
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
