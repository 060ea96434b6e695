/** Each command of docs/guides.md is run, on a capture that has what it asks for. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'trowel-guides-'));

/** What most do not have. */
const OTHERS: Readonly<Record<string, string>> = {
  'net FILE cni': 'kube-daemonset',
  'net FILE log': 'dns-hang',
  'net FILE processes': 'dns-hang',
};

function unpacked(name: string): string {
  const path = join(folder, `${name}.trowel`);
  if (!existsSync(path)) writeFileSync(path, gunzipSync(readFileSync(`captures/doctor/${name}.trowel.gz`)));
  return path;
}
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rows = readFileSync('docs/guides.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split(/(?<!\\)\|/)[2] ?? '');
const commands = [...new Set(rows.flatMap((cell) => [...cell.matchAll(/`trowel ([^`]+)`/g)].map(([, words]) => words!)))];

test('the table has more than thirty rows', () => expect(rows.length).toBeGreaterThan(30));

test.each(commands)('trowel %s', (words) => {
  const args = words
    .replaceAll('FILE', unpacked(OTHERS[words] ?? 'kube-wrong-port'))
    .match(/"[^"]*"|\S+/g)!
    .map((word) => word.replaceAll('"', ''));
  const { status, stderr, stdout } = spawnSync('bin/trowel', args, { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  if (words.startsWith('net ')) expect(stdout).not.toContain('Nothing of it');
});
