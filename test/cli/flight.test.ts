/** The flight recorder, with a program in the place of the probe: what is saved, when, and by whose word. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { requireAddress } from '../../src/cli/collect.ts';
import { type FlightOptions, flightPlan } from '../../src/cli/flight-options.ts';
import { saveElsewhere } from '../../src/cli/flight-order.ts';
import { placeOf } from '../../src/cli/place.ts';
import { limitMs } from '../../src/cli/record-config.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureReader } from '../../src/store/reader.ts';

const BIN = join(packageRoot(), 'bin/trowel');
const folder = mkdtempSync(join(tmpdir(), 'trowel-flight-'));
afterAll(() => rmSync(folder, { recursive: true }));
const PROBE = join(folder, 'probe');
writeFileSync(
  PROBE,
  `#!/bin/sh\nexec ${process.execPath} --experimental-transform-types ${join(packageRoot(), 'test/helpers/steady-probe.ts')} "$@"\n`,
);
chmodSync(PROBE, 0o755);
/** As soon as there is this file, the time of day is two hours later. */
const STEP = join(folder, 'step');
writeFileSync(
  `${STEP}.mjs`,
  "import { existsSync } from 'node:fs';\nconst { now } = Date;\nDate.now = () => now() + (existsSync(process.env.CLOCK_STEP ?? '') ? 7_200_000 : 0);\n",
);
/** Who used sudo, where the tests run as root; what is saved is theirs, and made by them. */
const OWNER = process.getuid?.() === 0 ? 65_534 : process.getuid?.();
const SUDO = { SUDO_UID: '65534', SUDO_GID: '65534' };
const env = {
  ...process.env,
  TROWEL_PROBE: PROBE,
  TROWEL_RUNTIME: folder,
  NODE_OPTIONS: `--import=${STEP}.mjs`,
  CLOCK_STEP: STEP,
  ...SUDO,
};

function start(into: string, stallMs: number, ...options: string[]): { child: ChildProcess; ended: Promise<number | null> } {
  const args = ['record', '--no-k8s', '--ring', '20s', '-w', into, ...options];
  const child = spawn(BIN, args, { stdio: 'ignore', env: { ...env, PROBE_STALL_MS: String(stallMs) } });
  return { child, ended: new Promise((resolve) => child.on('exit', resolve)) };
}

async function until(what: string, done: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  if (!done()) throw new Error(`waited in vain until ${what}`);
}

const saved = (into: string) => readdirSync(into).filter((name) => name.endsWith('.trowel'));

test('events that triggers wait for are saved with what was before the first and after each, all of it, and explained', async () => {
  const into = join(folder, 'trigger');
  const triggers = ['--on', 'evt.num=1800', '--on', 'evt.latency>1s', '--on', 'proc.name=never'];
  const { ended } = start(into, 2300, '--ring', '1s', '--pre', '1s', '--post', '1s', ...triggers, '--for', '5s');
  expect(await ended).toBe(0);
  const [name, ...more] = saved(into);
  expect(more).toEqual([]);
  expect(statSync(join(into, name!)).mode & 0o777).toBe(0o600);
  const capture = new CaptureReader(join(into, name!));
  const reasons = JSON.parse(capture.meta.saved!) as { time: number; trigger: string }[];
  expect(reasons.map(({ trigger }) => trigger).sort()).toEqual(['evt.latency>1s', 'evt.num=1800']);
  const [head] = [...capture.heads()];
  const last = capture.last()!;
  expect(head!.minTime - (reasons[0]!.time - 1e9)).toBeLessThan(0.1e9);
  expect(last.time - reasons[1]!.time).toBeGreaterThan(0.9e9);
  expect(last.count).toBe(last.num - head!.firstNum + 1);
  expect(capture.meta.state).toBe('complete');
  capture.close();
  expect(readFileSync(join(into, name!.replace('.trowel', '.md')), 'utf8')).toMatch(
    /^# Saved by the flight recorder\n\n- .*`evt\.[^`]*`, event [0-9]+\n- .*`evt\.[^`]*`, event/,
  );
  expect(readdirSync(into).filter((entry) => entry.startsWith('.ring'))).toEqual([]);
}, 30_000);

test('trowel snapshot and SIGUSR1 save, at most so often in an hour; what is saved is uploaded', async () => {
  chmodSync(folder, 0o711);
  const into = join(folder, 'asked');
  const far = join(folder, 'far');
  const { child, ended } = start(into, Infinity, '--post', '200ms', '--max-saves', '2', '--upload', far, '-W', '1');
  await until('the recorder listens', () => existsSync(join(folder, 'trowel', `recorder-${child.pid}.sock`)));
  const snapshot = () => spawnSync(BIN, ['snapshot'], { encoding: 'utf8', env });
  // What is saved in the next seconds finds a folder where its explanation is to be.
  const stems = Array.from({ length: 20 }, (_, i) => new Date(Date.now() + i * 1000).toISOString().slice(0, 19).replaceAll(':', '-'));
  const inTheWay = stems.map((stem) => join(into, `${hostname()}-${stem}.md`));
  for (const path of inTheWay) mkdirSync(path);
  expect(snapshot()).toMatchObject({ status: 1, stderr: expect.stringMatching(/directory|EISDIR|EEXIST/i) });
  for (const path of inTheWay) rmSync(path, { recursive: true, force: true });
  const first = snapshot();
  expect(first.status, first.stderr).toBe(0);
  expect(existsSync(first.stdout.trim())).toBe(true);
  child.kill('SIGUSR1');
  await until('both are uploaded', () => readdirSync(far).filter((name) => name.endsWith('.md')).length === 2);
  expect(saved(far)).toHaveLength(2);
  expect(saved(into), '-W 1 keeps the last').toEqual([saved(far).sort().at(-1)]);
  for (const name of [far, ...readdirSync(far).map((file) => join(far, file)), ...saved(into).map((file) => join(into, file))])
    expect([name, statSync(name).uid]).toEqual([name, OWNER]);
  writeFileSync(STEP, '');
  const refused = snapshot();
  rmSync(STEP);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('--max-saves');
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  const none = snapshot();
  expect(none.stderr).toContain('no flight recorder of this user runs');
}, 30_000);

test.each([
  ['10m', 600e9, Infinity],
  ['90s', 90e9, Infinity],
  ['2GB', Infinity, 2e9],
  ['1GiB,5m', 300e9, 2 ** 30],
  ['500mb', Infinity, 500e6],
  ['3G', Infinity, 3e9],
])('--ring %s is a time or a size', (text, span, bytes) => {
  expect(flightPlan({ ring: [text] })!.limits).toEqual({ span, bytes, keepFree: 0 });
});

test.each<[FlightOptions, RegExp]>([
  [{ on: ['evt.latency>1s'] }, /^--on belongs to --ring/],
  [{ pre: '5s', maxSaves: 3 }, /^--pre and --max-saves belong to --ring/],
  [{ ring: ['10m'], on: [' '] }, /would match every event/],
  [{ ring: ['10s'], pre: '11s' }, /--pre 11s is longer than what --ring 10s keeps/],
  [{ ring: ['10m'], maxSaves: 0 }, /--max-saves takes numbers from 1 on/],
  [{ ring: ['15MB'] }, /16MB or more/],
  [{ ring: ['10m'], upload: '' }, /--upload takes the name of a folder/],
  [{ ring: ['10m'], upload: BIN }, /--upload .*: is no folder/],
])('%j is refused', (options, message) => {
  expect(() => flightPlan(options)).toThrow(message);
});

test('what cannot be saved is said, and ends nothing', async () => {
  const path = join(folder, 'nowhere/x.trowel');
  expect(await saveElsewhere({ parts: [], path, from: 0, to: 1, reasons: [] })).toMatch(/ENOENT/);
});

test('what ends a recording at once, and what is no place for one, is refused', () => {
  const common = { snaplen: 80, waitOver: '1ms', latency: true, k8s: false, net: true, node: false, command: [] };
  expect(() => limitMs({ ...common, for: '0s' })).toThrow(/--for 0s records nothing/);
  expect(() => limitMs({ ...common, seconds: 0 })).toThrow(/-M 0 records nothing/);
  expect(limitMs({ ...common, seconds: 5, for: '1s' })).toBe(1000);
  expect(() => placeOf({ ...common, write: BIN, ring: ['1m'] })).toThrow(/-w .*: is no folder/);
  expect(() => placeOf({ ...common, write: '/nowhere/x.trowel', fileSize: 1 })).toThrow(/there is no folder \/nowhere/);
});

test.each([
  [['--ring', '10x'], /--ring takes a time/],
  [['--ring', '0'], /--ring 0 keeps nothing/],
  [['--ring', '10m,0MB'], /--ring 0MB keeps nothing/],
  [['--max-cpu', '0%'], /share such as 5%/],
  [['--ring', '10m', '--keep-free', '5'], /share such as 5%/],
  [['--ring', '10m', '-C', '5'], /exclude each other/],
  [['-W', '5'], /-C MB, -G SECONDS or -e EVENTS/],
  [['--ring', '10m', '--on', 'evt.latncy>1s'], /evt.latency/],
  [['--ring', '10m', '--on', 'doctor:conntrack-ful'], /did you mean conntrack-full/],
  [['--ring', '10m', '--on', 'doctor:'], /needs a check/],
])('record %j is refused', (options, message) => {
  const { status, stderr } = spawnSync(BIN, ['record', ...options], { encoding: 'utf8', env, cwd: folder });
  expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
});

test.each(['nonsense', ':', '127.0.0.1:', ':7878', 'unix:', '127.0.0.1:99999'])('collect --listen %s is no address', (listen) => {
  expect(() => requireAddress(listen)).toThrow(`--listen takes HOST:PORT or unix:PATH, not ${listen}`);
});

test.each(['0.0.0.0:7878', '[::]:7878', '10.0.0.1:7878'])('collect --listen %s is refused without TLS', (address) => {
  const { status, stderr } = spawnSync(BIN, ['collect', '--listen', address], { encoding: 'utf8', cwd: folder });
  expect([status, stderr]).toEqual([2, expect.stringContaining('--insecure')]);
});

test('what a killed recorder kept is saved when the next one starts, and ends where it was killed', async () => {
  const into = join(folder, 'killed');
  const { child } = start(into, Infinity);
  await until('it has two parts with events', () => hasEvents(join(into, `.ring-${child.pid}/00000002.trowel`)));
  const probe = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim());
  child.kill('SIGKILL');
  await until('its probe ends', () => !existsSync(`/proc/${probe}`));
  const args = ['record', '--no-k8s', '--ring', '20s', '-w', into, '--for', '1s'];
  const { status, stderr } = spawnSync(BIN, args, { encoding: 'utf8', env: { ...env, PROBE_STALL_MS: 'Infinity' } });
  expect(status, stderr).toBe(0);
  expect(stderr).toMatch(/^saved .*-killed\.trowel: the recorder before was killed, and left it$/m);
  const [name, ...more] = saved(into);
  expect([name, ...more]).toEqual([expect.stringMatching(/^node-1-.*-killed\.trowel$/)]);
  const capture = new CaptureReader(join(into, name!));
  expect(capture.meta).toMatchObject({ state: 'broke off', broke: 'its recorder was killed' });
  expect(capture.last()!.time - Number(capture.meta.begin ?? 0)).toBeGreaterThan(1e9);
  capture.close();
  expect(
    readdirSync(into).filter((entry) => entry.startsWith('.')),
    stderr,
  ).toEqual([]);
}, 30_000);

function hasEvents(path: string): boolean {
  try {
    const capture = new CaptureReader(path);
    const has = capture.last() !== null;
    capture.close();
    return has;
  } catch {
    return false; // not there yet
  }
}
