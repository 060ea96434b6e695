/** What a user types with a .scap file in place of a capture. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

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

describe.skipIf(!existsSync(FILE))('a sysdig capture (skipped where ../shared is absent)', () => {
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

  test.each([
    [['--count', 'fd.type=ipv4'], '1980\n'],
    [['-n', '2', '-p', '%evt.num', 'fd.type=ipv4 and proc.name=curl'], /^[0-9]+\n[0-9]+\n$/],
    [['--from', '8', '--to', '8.1', '--count'], /^[1-9][0-9]*\n$/],
  ])('read %j', (args, stdout) => {
    const found = trowel('read', FILE, ...args);
    expect(found.stdout).toMatch(stdout);
    expect(imports()).toEqual([]);
  });

  test('what only the whole file tells is asked of an import, which then serves all commands', () => {
    expect(lines(trowel('read', FILE, 'dns.rcode=NXDOMAIN').stdout).length).toBeGreaterThan(0);
    expect(imports()).toHaveLength(1);
    expect(trowel('info', FILE).stdout).toContain('critical-app.scap');
    expect(trowel('explain', FILE).stdout).toMatch(/^curl/);
    expect(imports()).toHaveLength(1);
  });

  test('a mistake in a filter shows before anything is read', () => {
    const { status, stderr } = trowel('read', FILE, 'proc.nam=curl');
    expect(status).toBe(2);
    expect(stderr).toContain('proc.name');
  });

  test('of a file that is cut, zipped or not, all that is there is read, and the cut is told', () => {
    const zipped = readFileSync(FILE);
    const plain = gunzipSync(zipped);
    writeFileSync(join(folder, 'zipped.scap'), zipped.subarray(0, 900_000));
    writeFileSync(join(folder, 'plain.scap'), plain.subarray(0, 6_000_001));
    const cut = trowel('read', join(folder, 'zipped.scap'), '--count');
    expect(cut.status).toBe(0);
    expect(Number(cut.stdout)).toBeGreaterThan(40_000);
    expect(cut.stderr).toMatch(/unexpected end of file; what comes before is read/);
    const plainCut = trowel('read', join(folder, 'plain.scap'), '--count');
    expect(Number(plainCut.stdout)).toBeGreaterThan(30_000);
    expect(plainCut.stderr).toMatch(/ends within a block, at byte [0-9]+; what comes before is read/);
  });
});
