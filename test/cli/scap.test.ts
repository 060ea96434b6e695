/** What a user types with the article's .scap file in place of a capture; scap-made.test.ts has more, of files made here. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { laboratory } from '../helpers/laboratory.ts';

const FILE = '../shared/scap/critical-app.scap';
const ARTICLE = 'fd.type in (ipv4, ipv6) and (k8s.ns.name=critical-app or proc.name=skydns)';

let folder: string;

function trowel(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('bin/trowel', args, { encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, XDG_CACHE_HOME: folder } });
}

const lines = (text: string) => text.split('\n').filter((line) => line !== '');
const imports = () => (existsSync(join(folder, 'trowel/imports')) ? readdirSync(join(folder, 'trowel/imports')) : []);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trowel-scap-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

laboratory('a sysdig capture', existsSync(FILE) ? null : '../shared is absent', () => {
  test('the article’s command line reads it as it is: no file is written, and an import says the same', () => {
    const streamed = trowel('-r', FILE, '-pk', '-NA', ARTICLE);
    expect(streamed.status).toBe(0);
    expect(imports()).toEqual([]);
    expect(lines(streamed.stdout).filter((line) => /^10691 .*skydns .*< connect/.test(line))).toHaveLength(1);
    const target = join(folder, 'x.trowel');
    expect(trowel('import', FILE, '-w', target).status).toBe(0);
    const numbers = (text: string) =>
      lines(text)
        .flatMap((line) => /^([0-9]+) [0-9]+:[0-9]+/.exec(line)?.[1] ?? [])
        .sort();
    expect(numbers(streamed.stdout)).toEqual(numbers(trowel('read', target, '-p', 'k', '-A', ARTICLE).stdout));
  });

  test('of a part, of one process, of a time', () => {
    expect(trowel('read', FILE, '--count', 'fd.type=ipv4').stdout).toBe('1980\n');
    expect(trowel('read', FILE, '-n', '2', '-p', '%evt.num', 'fd.type=ipv4 and proc.name=curl').stdout).toMatch(/^[0-9]+\n[0-9]+\n$/);
    expect(trowel('read', FILE, '--from', '8', '--to', '8.1', '--count').stdout).toMatch(/^[1-9][0-9]*\n$/);
    expect(imports()).toEqual([]);
    expect(trowel('explain', FILE).stdout).toMatch(/^curl/);
    expect(imports()).toHaveLength(1);
  });
});
