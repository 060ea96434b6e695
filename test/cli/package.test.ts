/** The package that npm installs runs without the repository, a compiler or a registry; manual page and service speak of options that there are. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';
import { whyNot } from '../live/recording.ts';

const ROOT = packageRoot();
const folder = mkdtempSync(join(tmpdir(), 'trowel-package-'));
const tools = join(folder, 'tools');
const bin = join(folder, 'there/node_modules/.bin/trowel');
const capture = join(folder, 'there/node_modules/trowel/captures/critical-app.trowel');
const npm = existsSync(join(ROOT, '.node/bin/npm')) ? join(ROOT, '.node/bin/npm') : 'npm';
const noProbe = existsSync(join(ROOT, 'native/build/trowel-probe')) ? whyNot() : 'the probe is not built';

/** With these tools on the path and no others: none compiles, fetches or unpacks. */
const TOOLS = ['sh', 'readlink', 'stat', 'mkdir', 'cat'];
const env = { HOME: folder, PATH: tools, npm_config_cache: join(folder, 'npm'), npm_config_registry: 'http://127.0.0.1:9/' };

function run(command: string, args: readonly string[], cwd = folder): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', env });
  expect(status, stderr).toBe(0);
  return stdout;
}

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, 'scripts/package.mjs'), folder], { stdio: 'pipe', env: { ...process.env, LEVEL: '1' } });
  mkdirSync(tools);
  symlinkSync(process.execPath, join(tools, 'node'));
  for (const tool of TOOLS) symlinkSync(execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim(), join(tools, tool));
  mkdirSync(join(folder, 'there'));
  writeFileSync(join(folder, 'there/package.json'), '{}');
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  run(npm, ['install', '--silent', '--offline', '--no-audit', join(folder, `trowel-${version}.tgz`)], join(folder, 'there'));
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

test('an installed package replays', () => {
  expect(run(bin, ['--version'])).toMatch(/^[0-9]/);
  expect(run(bin, ['explain', capture])).toContain('backend.critical-app');
  expect(run(bin, ['read', capture, '--count', 'dns.id exists']).trim()).toMatch(/^[1-9][0-9]*$/);
}, 60_000);

test('as kubectl’s plugin it takes nodes and pods, and its own commands all the same', () => {
  const plugin = join(folder, 'there/node_modules/.bin/kubectl-trowel');
  expect(run(plugin, [])).toContain('trowel kube [options] <target>');
  expect(run(plugin, ['info', capture])).toContain('events');
  expect(spawnSync(plugin, ['node1'], { encoding: 'utf8', env })).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^trowel: kubectl could not be started/),
  });
});

test.skipIf(noProbe !== null)(
  `an installed package records (${noProbe ?? 'as root, with BTF'})`,
  () => {
    const path = join(folder, 'there/x.trowel');
    run(bin, ['record', '-w', path, '--no-k8s', '--no-node', '--only-command', '--', 'cat', '/etc/hosts']);
    expect(run(bin, ['read', path, '--count', 'proc.name=cat and fd.name=/etc/hosts and evt.type=read']).trim()).toMatch(/^[1-9]/);
  },
  60_000,
);

test('the manual page has every command with its options, and no line that roff would take for its own', () => {
  const page = run(bin, ['man']);
  for (const command of ['record', 'kube', 'snapshot', 'read', 'explain', 'repair', 'completion'])
    expect(page).toContain(`.SS "trowel ${command}`);
  expect(page).toContain('.B \\-\\-ring <size>');
  expect(page).toMatch(/^[\n -~]*$/);
  for (const line of page.split('\n').filter((one) => one.startsWith('.'))) expect(line).toMatch(/^\.(TH|SH|SS|TP|B|RI) ?/);
});

test('the service is started with options that record has', () => {
  const unit = readFileSync(join(ROOT, 'deploy/trowel.service'), 'utf8');
  const [, line] = /^ExecStart=\S+ (.*)$/m.exec(unit)!;
  const page = run(bin, ['record', '--help']);
  for (const option of line!.split(' ').filter((word) => word.startsWith('-'))) expect(page).toMatch(new RegExp(`(^|\\s)${option}[ ,\\n]`));
});

const noSystemd = spawnSync('systemd-analyze', ['--version']).status === 0 ? null : 'there is no systemd-analyze';
test.skipIf(noSystemd !== null)(`systemd takes the service (${noSystemd ?? 'systemd-analyze verify'})`, () => {
  const unit = readFileSync(join(ROOT, 'deploy/trowel.service'), 'utf8')
    .replace('/usr/bin/trowel', process.execPath)
    .replace(/^Documentation=.*$/m, '');
  const path = join(folder, 'trowel.service');
  writeFileSync(path, unit);
  const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' });
  expect(stderr.split('\n').filter((line) => line.includes('trowel'))).toEqual([]);
});
