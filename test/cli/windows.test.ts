/** A capture is read where there is no Linux: what only POSIX has in `process` is taken away, and the platform is said to be Windows. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';

// SQLite's own library is the one part that is another file for each platform: it is told the real one.
const WINDOWS = `data:text/javascript,${encodeURIComponent(`
const real = process.platform;
Object.defineProperty(process, 'platform', { get: () => (/better-sqlite3/.test(new Error().stack) ? real : 'win32') });
for (const name of ['getuid', 'geteuid', 'getgid', 'getegid', 'getgroups', 'setuid', 'setgid']) process[name] = undefined;
`)}`;
const CAPTURE = join(packageRoot(), 'captures/critical-app.trowel');

function run(preload: readonly string[], args: readonly string[]): string {
  return execFileSync(process.execPath, [...preload, join(packageRoot(), 'dist/trowel.js'), ...args], { encoding: 'utf8' });
}

test.each([['info'], ['read'], ['explain'], ['dns']])('%s says on Windows what it says here', (command) => {
  const said = run(['--import', WINDOWS], [command, CAPTURE]);
  expect(said).not.toBe('');
  expect(said).toBe(run([], [command, CAPTURE]));
});
