/** The package that npm makes runs without the repository; manual page and service speak of options that there are. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';

const ROOT = packageRoot();
const folder = mkdtempSync(join(tmpdir(), 'trowel-package-'));
const modules = join(folder, 'node_modules');
const installed = join(modules, 'trowel');
const path = `${dirname(process.execPath)}:${process.env.PATH}`;
const npm = existsSync(join(ROOT, '.node/bin/npm')) ? join(ROOT, '.node/bin/npm') : 'npm';

function run(command: string, args: readonly string[], cwd = folder): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, PATH: path, npm_config_cache: join(folder, 'npm') },
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

/** As `npm install` would lay it out, with the dependencies that are here already. */
beforeAll(() => {
  const tarball = run(npm, ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], ROOT).trim().split('\n').at(-1)!;
  mkdirSync(installed, { recursive: true });
  run('tar', ['-xzf', join(folder, tarball), '-C', installed, '--strip-components=1']);
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    dependencies: Readonly<Record<string, string>>;
  };
  expect(dependencies).toHaveProperty('better-sqlite3');
  for (const name of readdirSync(join(ROOT, 'node_modules')).filter((one) => !one.startsWith('.')))
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

test('a packed package replays', () => {
  const bin = join(installed, 'bin/trowel');
  const capture = join(installed, 'captures/critical-app.trowel');
  expect(run(bin, ['--version'])).toMatch(/^[0-9]/);
  expect(run(bin, ['explain', capture])).toContain('backend.critical-app');
  expect(run(bin, ['read', capture, '--count', 'dns.id exists']).trim()).toMatch(/^[1-9][0-9]*$/);
}, 60_000);

test('the manual page has every command with its options, and no line that roff would take for its own', () => {
  const page = run(join(ROOT, 'bin/trowel'), ['man']);
  for (const command of ['record', 'snapshot', 'read', 'explain', 'repair', 'completion']) expect(page).toContain(`.SS "trowel ${command}`);
  expect(page).toContain('.B \\-\\-ring <size>');
  expect(page).toMatch(/^[\n -~]*$/);
  for (const line of page.split('\n').filter((one) => one.startsWith('.'))) expect(line).toMatch(/^\.(TH|SH|SS|TP|B|RI) ?/);
});

test('the service is started with options that record has', () => {
  const unit = readFileSync(join(ROOT, 'deploy/trowel.service'), 'utf8');
  const [, line] = /^ExecStart=\S+ (.*)$/m.exec(unit)!;
  const page = run(join(ROOT, 'bin/trowel'), ['record', '--help']);
  for (const option of line!.split(' ').filter((word) => word.startsWith('-'))) expect(page).toMatch(new RegExp(`(^|\\s)${option}[ ,\\n]`));
});
