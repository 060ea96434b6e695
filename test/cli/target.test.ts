/** Where captures are written, as whom, and where not. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureWriter } from '../../src/store/writer.ts';
import { EventsBuilder } from '../helpers/events.ts';
import { knownFile } from '../scap/known-answers.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-target-'));
const small = join(folder, 'small.trowel');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => {
  const events = new EventsBuilder();
  const thread = events.thread().id;
  for (let i = 0; i < 10; i++) events.event({ thread });
  const writer = new CaptureWriter(small, events.tables, { level: 1, live: false });
  writer.append(events.chunk);
  writer.close({});
});

function trowel(words: readonly string[], environment: Record<string, string> = {}) {
  const env = { ...process.env, ...environment };
  return spawnSync(process.execPath, [join(packageRoot(), 'dist/trowel.js'), ...words], { encoding: 'utf8', cwd: folder, env });
}

describe('-w', () => {
  test.each(['', '-', ':memory:', 'file:x.trowel?mode=memory', 'small.trowel', 'dangling', 'beside.trowel', 'nosuch/x.trowel'])(
    'refuses %j',
    (name) => {
      writeFileSync(join(folder, 'beside.trowel-wal'), '');
      if (!readdirSync(folder).includes('dangling')) symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
      const before = readdirSync(folder);
      for (const command of [['record'], ['import', small]]) {
        const { status, stderr } = trowel([...command, '-w', name, ...(command[0] === 'record' ? ['--', 'true'] : [])]);
        expect([status, stderr]).toEqual([2, expect.stringMatching(/^trowel: .*(-w|exists already)/)]);
      }
      expect(readdirSync(folder)).toEqual(before);
    },
  );

  test('is written for its owner alone', () => {
    expect(trowel(['import', small, '-w', 'part.trowel']).status).toBe(0);
    expect(statSync(join(folder, 'part.trowel')).mode & 0o777).toBe(0o600);
  });
});

describe('the writer', () => {
  const write = (path: string) => new CaptureWriter(path, new EventsBuilder().tables, { level: 1, live: true });

  test('makes its log and index as private as the capture', () => {
    const path = join(folder, 'live.trowel');
    const writer = write(path);
    writer.flush();
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(path + suffix).mode & 0o777).toBe(0o600);
    writer.close({});
  });

  test.each(['taken', 'link', 'log'])('does not write to what is there: %s', (kind) => {
    const path = join(folder, `${kind}.trowel`);
    if (kind === 'taken') writeFileSync(path, '');
    else symlinkSync(join(folder, 'aim'), kind === 'link' ? path : `${path}-wal`);
    expect(() => write(path)).toThrow(/cannot be written: .*exists/i);
    expect(existsSync(join(folder, 'aim'))).toBe(false);
  });
});

describe('imports', () => {
  const file = join(folder, 'made.scap');
  writeFileSync(file, knownFile('two events a call').bytes);
  const cache = join(folder, 'cache');
  const imports = join(cache, 'trowel/imports');
  const run = () => trowel(['info', file], { XDG_CACHE_HOME: cache }).status;

  test('are kept in a folder of our own, private, and read from no other', () => {
    expect(run()).toBe(0);
    const [name] = readdirSync(imports);
    expect(statSync(imports).mode & 0o777).toBe(0o700);
    expect(statSync(join(imports, name!)).mode & 0o777).toBe(0o600);
    writeFileSync(join(imports, name!), 'planted');
    chmodSync(imports, 0o777);
    expect(run()).toBe(0);
  });

  test('go through no link', () => {
    rmSync(cache, { recursive: true, force: true });
    mkdirSync(join(folder, 'theirs'));
    mkdirSync(join(cache, 'trowel'), { recursive: true });
    symlinkSync(join(folder, 'theirs'), imports);
    expect(run()).toBe(0);
    expect(readdirSync(join(folder, 'theirs'))).toEqual([]);
  });
});
