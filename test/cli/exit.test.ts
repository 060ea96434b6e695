/** Exit codes: 2 for what was typed wrong, filters included, 1 for what failed, 0 for a reader that has seen enough. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { cgroupError } from '../../src/cli/cgroup.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureWriter } from '../../src/store/writer.ts';
import { EventsBuilder } from '../helpers/events.ts';
import { batch, HELLO, READY, TestProbe } from '../helpers/probe.ts';

const root = packageRoot();
const F = join(root, 'captures/critical-app.trowel');
const folder = mkdtempSync(join(tmpdir(), 'trowel-exit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = (words: readonly string[]) => spawn(process.execPath, [join(root, 'dist/trowel.js'), ...words], { cwd: folder });
const trowel = (...words: string[]) =>
  spawnSync(process.execPath, [join(root, 'dist/trowel.js'), ...words], {
    encoding: 'utf8',
    cwd: folder,
    timeout: 20_000,
    env: { ...process.env, TROWEL_PROBE: join(folder, 'no-probe') },
  });

describe('exit codes', () => {
  test.each<[number, string[], RegExp]>([
    [2, ['read', F, 'proc.name='], /needs a value/],
    [2, ['dns', F, 'nosuch=1'], /not a field/],
    [2, ['nosuch'], /no command and no file/],
    [2, ['raed', F], /called raed; did you mean read\?/],
    [2, ['read'], /^trowel: missing required argument 'file'\n/],
    [2, ['read', F, '--from', '5s', '--to', '1s'], /--from 5s is after --to 1s/],
    [2, ['read', F, '-p', '%evt.tim'], /\n {3}\^{7} .*\ntry: %evt\.time\n/],
    [2, ['read', F, '-p', '100% of %latency'], /unknown field latency/],
    [2, ['import', F, '-w', 'no/such/folder.trowel'], /there is no folder no\/such/],
    [2, ['explain', F, 'proc.name=nosuch'], /no process in this capture has an event that matches proc\.name=nosuch/],
    [2, ['record', '--for', 'x', '--', 'true'], /--for takes a time/],
    [2, ['record', '--cgroup', '/tmp', '--', 'true'], /--cgroup \/tmp: is no cgroup/],
    [1, ['info', 'missing'], /no such file/],
    [1, ['record', '-w', 'x.trowel', '--', 'true'], /there is no probe/],
    [1, ['collect', '--insecure', '--listen', '192.0.2.1:5', '-w', 'captures'], /^trowel: cannot listen on 192\.0\.2\.1:5: /],
  ])('%d for trowel %j', (code, words, said) => {
    const { status, stderr, stdout } = trowel(...words);
    expect([status, stdout]).toEqual([code, '']);
    expect(stderr).toMatch(said);
  });

  test('1 for a probe that cannot be started, with the reason', () => {
    const words = ['record', '--no-node', '--no-k8s', '-w', join(folder, 'unstarted.trowel'), '--', 'true'];
    const env = { ...process.env, TROWEL_PROBE: join(root, 'package.json') };
    const { status, stderr } = spawnSync(join(root, 'bin/trowel'), words, { encoding: 'utf8', env });
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^trowel: the probe could not be started: .*EACCES\ntrowel: the probe ended before/),
    ]);
  });

  test('0 when the reader of the output has seen enough', () => {
    const command = `"${process.execPath}" "${join(root, 'dist/trowel.js')}" read "${F}" | head -1; echo "\${PIPESTATUS[0]}"`;
    expect(spawnSync('bash', ['-c', command], { encoding: 'utf8' }).stdout.split('\n').at(-2)).toBe('0');
  });
});

describe('collect', () => {
  const listening = (child: ReturnType<typeof start>) =>
    new Promise<void>((resolve, reject) => {
      child.on('exit', (code) => reject(new Error(`ended with ${code}`)));
      child.stderr.on('data', (text) => String(text).includes('listening') && resolve());
    });
  const ended = (child: ReturnType<typeof start>) => new Promise<number | null>((resolve) => child.on('exit', resolve));

  test('starts again where its killed predecessor left a socket, and ends on SIGTERM after whatever a probe said', async () => {
    const socket = join(folder, 'collector.sock');
    const words = ['collect', '--listen', `unix:${socket}`, '-w', folder];
    const killed = start(words);
    await listening(killed);
    killed.kill('SIGKILL');
    await ended(killed);
    const collector = start(words);
    await listening(collector);
    const loss = { batch: { losses: [{ count: '1', fromNs: 0, toNs: Infinity }] } };
    const probes = [
      [HELLO, READY, READY],
      [HELLO, READY, loss],
      [HELLO, READY, batch(5)],
    ].map((messages) => new TestProbe(`unix:${socket}`).say(...messages));
    expect(await probes[0]!.ended).toMatch(/Ready came twice/);
    expect(await probes[1]!.ended).toMatch(/Infinity/);
    const before = Date.now();
    collector.kill('SIGTERM');
    probes[2]!.end();
    expect(await ended(collector)).toBe(0);
    expect(Date.now() - before).toBeLessThan(8000);
    for (const probe of probes) probe.close();
  });

  test('goes on after SIGUSR1, and is debugged by nobody', async () => {
    const child = start(['collect', '--listen', `unix:${join(folder, 'signalled.sock')}`, '-w', folder]);
    let said = '';
    child.stderr.on('data', (text) => {
      said += text;
    });
    await listening(child);
    for (let i = 0; i < 20; i++) child.kill('SIGUSR1');
    child.kill('SIGTERM');
    expect([await ended(child), said]).toEqual([0, expect.not.stringContaining('Debugger')]);
  });

  test('does not take the socket of one that listens', async () => {
    const socket = join(folder, 'taken.sock');
    const other = createServer().listen(socket);
    await new Promise((resolve) => other.once('listening', resolve));
    const { status, stderr } = await new Promise<{ status: number | null; stderr: string }>((resolve) => {
      const child = start(['collect', '--listen', `unix:${socket}`, '-w', folder]);
      let stderr = '';
      child.stderr.on('data', (text) => {
        stderr += text;
      });
      child.on('exit', (status) => resolve({ status, stderr }));
    });
    other.close();
    expect(status).toBe(1);
    expect(stderr).toMatch(/cannot listen/);
  });
});

test.skipIf(process.getuid?.() !== 0)(
  'a log in a folder that cannot be written to is read, and the copy goes (only root can be another user)',
  () => {
    const place = join(folder, 'read-only');
    mkdirSync(place);
    const path = join(folder, 'crashed.trowel');
    const events = new EventsBuilder();
    events.event({ thread: events.thread().id });
    const writer = new CaptureWriter(path, events.tables, { level: 1, live: true });
    writer.append(events.chunk);
    writer.flush();
    for (const suffix of ['', '-wal']) copyFileSync(path + suffix, join(place, `copy.trowel${suffix}`));
    writer.close({});
    for (const name of readdirSync(place)) chmodSync(join(place, name), 0o644);
    for (const name of [folder, place]) chmodSync(name, 0o755);
    const temporary = join(folder, 'tmp');
    mkdirSync(temporary, { mode: 0o777 });
    chmodSync(temporary, 0o777);
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [join(root, 'dist/trowel.js'), 'info', '--json', join(place, 'copy.trowel')],
      {
        encoding: 'utf8',
        uid: 65_534,
        gid: 65_534,
        env: { ...process.env, TMPDIR: temporary },
      },
    );
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ events: 1, state: expect.stringContaining('not closed') });
    expect(readdirSync(temporary)).toEqual([]);
  },
);

describe('info', () => {
  const written = (events: EventsBuilder, meta: object) => {
    const path = join(folder, 'info.trowel');
    rmSync(path, { force: true });
    const writer = new CaptureWriter(path, events.tables, { level: 1, live: false });
    writer.meta({ epoch: '1700000000000000000' });
    writer.append(events.chunk);
    writer.close(meta);
    return path;
  };

  test('sums many losses up, and JSON has them all', () => {
    const events = new EventsBuilder();
    events.event({ thread: events.thread().id });
    for (let i = 1; i <= 1000; i++) events.tables.losses.add({ reason: 'ring', cpu: 0, family: 'file', count: i, from: i, to: i });
    const path = written(events, {});
    const lines = trowel('info', path).stdout.split('\n');
    expect(lines.length).toBeLessThan(45);
    expect(lines).toContain('and        980 smaller losses, of 480690 events: --json has all');
    expect(JSON.parse(trowel('info', '--json', path).stdout)).toMatchObject({ lost: 500_500, losses: { length: 1000 } });
  });

  test('says that a capture broke off, and that what is missing is not known', () => {
    const events = new EventsBuilder();
    events.event({ thread: events.thread().id, time: 1e9 });
    const path = written(events, { state: 'broke off', broke: 'the disk is full', end: '1000000000' });
    const { stdout } = trowel('info', path);
    expect(stdout).toMatch(/broke off 1\.0+ s after the start \(the disk is full\): how much is missing from then on is not known/);
    expect(stdout).not.toMatch(/complete/);
    expect(JSON.parse(trowel('info', '--json', path).stdout)).toMatchObject({
      state: 'broke off',
      brokeOff: { time: 1e9, reason: 'the disk is full' },
    });
    expect(trowel('explain', '--pid', '100', path).stdout).toMatch(/the recording broke off \(the disk is full\)/);
    expect(trowel('import', path, '-w', 'part.trowel').status).toBe(0);
    expect(JSON.parse(trowel('info', '--json', 'part.trowel').stdout)).toMatchObject({ state: 'broke off' });
  });

  test('explain does not say that a process computed where waits were not measured', () => {
    const waiting = () => {
      const events = new EventsBuilder();
      const thread = events.thread().id;
      const fd = events.udp('127.0.0.1:40000', '127.0.0.1:80', { l4proto: 6 }).id;
      events.event({ thread, fd, type: 'sendto', time: 1e6, latency: -1, res: 5, data: 'GET /' });
      events.event({ thread, fd, type: 'recvfrom', time: 2e9, latency: -1, res: 1, data: 'x' });
      return events;
    };
    const said = (meta: object) => trowel('explain', '--pid', '100', written(waiting(), { end: '2100000000', ...meta })).stdout;
    expect(said({})).toMatch(/computed/);
    expect(said({ latency: 'off' })).not.toMatch(/computed/);
    expect(said({ latency: 'off' })).toMatch(/was not measured \(--no-latency\)/);
  });
});

const [V1, V2, TMPFS] = [0x27e0eb, 0x63677270, 0x01021994];
test.each<[string, number, number, RegExp | null]>([
  ['/sys/fs/cgroup/kubepods', V2, V2, null],
  ['/sys/fs/cgroup/memory/x', V1, TMPFS, /by the pids hierarchy alone/],
  ['/sys/fs/cgroup/pids/x', V1, TMPFS, null],
  ['/sys/fs/cgroup/unified/x', V2, TMPFS, /by the pids hierarchy alone/],
  ['/mnt/memory/x', V1, V2, /is of cgroup v1/],
  ['/tmp', TMPFS, V2, /is no cgroup/],
])('--cgroup %s (%d, root %d)', (path, type, rootType, said) => {
  if (said === null) expect(cgroupError(path, type, rootType)).toBeNull();
  else expect(cgroupError(path, type, rootType)).toMatch(said);
});
