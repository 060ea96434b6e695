import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';
import type { LossRow } from '../../src/model/rows.ts';
import type { CaptureReader } from '../../src/store/reader.ts';
import { BIN, cleanUp, hasBegun, newPath, peek, Recording, record, testWith, until, whyNot } from './recording.ts';

const reason = whyNot();
const NATIVE = join(packageRoot(), 'native');
const NODE = process.execPath;
const children: ChildProcess[] = [];

/** Calls for writing that a process has made. */
function writesOf({ pid }: ChildProcess): number {
  return Number(/syscw: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))![1]);
}

/** The probe that a recorder started: its only child. */
function probeOf(recorder: ChildProcess): number {
  const tasks = readFileSync(`/proc/${recorder.pid}/task/${recorder.pid}/children`, 'utf8').trim().split(/\s+/);
  return Number(tasks.find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('trowel-probe')));
}

/** Events: the queue, and what the sockets and gRPC hold, are full after some hundred thousand. */
const MORE_THAN_BUFFERS = 2_000_000;

/** ns on the capture's clock. */
function nsSince(epoch: bigint): number {
  return Number(BigInt(Date.now()) * 1_000_000n - epoch);
}

function queueLosses({ dims }: CaptureReader): LossRow[] {
  return [...dims.losses.all()].filter(({ reason }) => reason === 'queue');
}

function rssMiB(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

/** A recording under other circumstances than root on the best hook; with what was printed. */
function recordBy(
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): { path: string; status: number | null; stderr: string } {
  const path = newPath();
  chmodSync(join(path, '..'), 0o777);
  const [program, ...args] = [...command, BIN, 'record', '-w', path, '--', 'cat', '/etc/hosts'];
  const { status, stderr } = spawnSync(program!, args, { encoding: 'utf8', env: { ...process.env, ...environment }, timeout: 60_000 });
  return { path, status, stderr };
}

/** A script that calls the probe with more options. */
function probeWith(options: string): string {
  const script = join(mkdtempSync(join(tmpdir(), 'trowel-probe-')), 'probe');
  scripts.push(script);
  execFileSync('sh', ['-c', `printf '#!/bin/sh\\nexec ${NATIVE}/build/trowel-probe ${options} "$@"\\n' >${script}; chmod +x ${script}`]);
  return script;
}
const scripts: string[] = [];

describe.skipIf(reason !== null)(`recording when things are not as they should be (${reason ?? 'as root, with BTF'})`, () => {
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    for (const script of scripts) rmSync(join(script, '..'), { recursive: true, force: true });
    cleanUp();
  });

  test('a collector that is stopped under load: the probe lives, its memory is bounded, the loss is told with its time', async () => {
    const path = newPath();
    const recorder = spawn(BIN, ['record', '-w', path], { stdio: 'ignore' });
    children.push(recorder);
    const ended = new Promise<number | null>((resolve) => recorder.on('exit', resolve));
    await until('it records', () => hasBegun(path));
    const probe = probeOf(recorder);
    const epoch = peek(path, ({ capture }) => capture.epoch);
    const load = spawn('dd', ['if=/dev/zero', 'of=/dev/null', 'bs=80', 'count=200000000'], { stdio: 'ignore' });
    children.push(load);
    await until('the load is recorded', () => peek(path, ({ capture }) => (capture.last()?.count ?? 0) > 0));
    process.kill(recorder.pid!, 'SIGSTOP');
    const stopped = { from: nsSince(epoch), writes: writesOf(load) };
    await until('more is written than buffers hold', () => writesOf(load) > stopped.writes + MORE_THAN_BUFFERS);
    const goesOn = nsSince(epoch);
    expect(rssMiB(probe)).toBeLessThan(96);
    load.kill('SIGKILL');
    process.kill(recorder.pid!, 'SIGCONT');
    await until('the loss is told', () => peek(path, ({ capture }) => queueLosses(capture).length > 0));
    expect(readFileSync(`/proc/${probe}/comm`, 'utf8')).toContain('trowel-probe');
    recorder.kill('SIGINT');
    expect(await ended).toBe(130);
    const { capture } = new Recording(path);
    const meanwhile = queueLosses(capture).filter(({ from, to }) => to > stopped.from && from < goesOn);
    expect(meanwhile.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(MORE_THAN_BUFFERS / 2);
    expect(new Recording(path).values('evt.type=lost', 'evt.arg.reason')).toContain('queue');
    const counted = [...capture.dims.counters.all()].reduce((sum, { emitted }) => sum + emitted, 0);
    const lost = queueLosses(capture).reduce((sum, { count }) => sum + count, 0);
    const kept = new Recording(path).count('evt.type!=lost');
    expect(Math.abs(counted - lost - kept)).toBeLessThan(counted * 0.001 + 10);
  }, 60_000);

  test('without root, with CAP_BPF and CAP_PERFMON alone', () => {
    const caps = ['--inh-caps=-all,+bpf,+perfmon', '--ambient-caps=+bpf,+perfmon'];
    const { path, status, stderr } = recordBy(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...caps]);
    expect(status, stderr).toBe(0);
    expect(new Recording(path).count('proc.name=cat and fd.name=/etc/hosts')).toBeGreaterThan(0);
  });

  test('without any privilege: one line, and exit code 4', () => {
    const { status, stderr } = recordBy(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']);
    expect(status).toBe(4);
    expect(stderr).toMatch(/not allowed to load BPF programs: run as root, or with CAP_BPF and CAP_PERFMON/);
  });

  test.each(['raw_tp', 'tp_btf-plain', 'raw_tp-plain'])('on a kernel that only takes %s', (hook) => {
    const { path, status, stderr } = recordBy([], { TROWEL_PROBE: probeWith(`--hook ${hook}`) });
    expect(status, stderr).toBe(0);
    const recording = new Recording(path);
    expect(recording.count('proc.name=cat and fd.name=/etc/hosts and evt.type=read')).toBeGreaterThan(0);
    expect(recording.capture.meta.hook).toContain(hook.replace('-plain', ''));
  });

  /** As on Linux 7.2 and newer: they need tracefs, which is not mounted everywhere. */
  test('by the classic hooks, which a kernel that preempts hooks does not preempt', ({ skip }) => {
    const withTracefs = ['unshare', '-m', 'sh', '-c', 'mount -t tracefs tracefs /sys/kernel/tracing && exec "$@"', 'sh'];
    const [program, ...args] = [...withTracefs, 'test', '-e', '/sys/kernel/tracing/events/raw_syscalls'];
    skip(spawnSync(program!, args).status !== 0, 'no tracefs here');
    const { path, status, stderr } = recordBy(withTracefs, { TROWEL_PROBE: probeWith('--hook classic') });
    expect(status, stderr).toBe(0);
    const recording = new Recording(path);
    for (const type of ['read', 'execve', 'procexit']) expect(recording.count(`proc.name=cat and evt.type=${type}`)).toBeGreaterThan(0);
  });

  test('the probe’s user side under the address and undefined-behaviour sanitizers', () => {
    execFileSync('make', ['-s', '-C', NATIVE, 'asan', `NODE=${NODE}`], { stdio: 'pipe' });
    const { path, status, stderr } = recordBy([], {
      TROWEL_PROBE: join(NATIVE, 'build/asan/trowel-probe'),
      ASAN_OPTIONS: 'detect_leaks=0',
    });
    expect(stderr).not.toMatch(/ERROR: AddressSanitizer|runtime error/);
    expect(status, stderr).toBe(0);
    expect(new Recording(path).count('proc.name=cat')).toBeGreaterThan(0);
  }, 120_000);

  test('the BPF programs compile for arm64', () => {
    execFileSync('make', ['-s', '-C', NATIVE, 'arm64', `NODE=${NODE}`], { stdio: 'pipe' });
    expect(readdirSync(join(NATIVE, 'build')).filter((file) => file.endsWith('arm64.bpf.o'))).toHaveLength(2);
  }, 60_000);

  test('the probe keeps no capability, and may do little, once it records', async () => {
    const path = newPath();
    const recorder = spawn(BIN, ['record', '-w', path], { stdio: 'ignore' });
    children.push(recorder);
    const ended = new Promise((resolve) => recorder.on('exit', resolve));
    await until('it records', () => hasBegun(path));
    const status = readFileSync(`/proc/${probeOf(recorder)}/status`, 'utf8');
    expect(/CapEff:\s+(\w+)/.exec(status)![1]).toMatch(/^0+$/);
    expect(/CapPrm:\s+(\w+)/.exec(status)![1]).toMatch(/^0+$/);
    expect(/Seccomp:\s+(\d)/.exec(status)![1]).toBe('2');
    recorder.kill('SIGINT');
    await ended;
  });

  testWith(
    ['proc.exec', 'proc.exit'],
    'processes that come and go a thousand times are all named',
    () => {
      const recording = record(['sh', '-c', 'i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i+1)); done'], ['--only-command']);
      expect(recording.count('evt.type=execve and proc.name=true and proc.pname=sh and evt.failed=false')).toBe(1000);
      expect(recording.count('evt.type=procexit and proc.name=true')).toBe(1000);
    },
    60_000,
  );

  test('under more load than it can take, up to the very end: what the kernel saw is stored or told as lost', () => {
    const recording = record([
      'sh',
      '-c',
      'for i in 1 2 3 4; do timeout 0.7 dd if=/dev/zero of=/dev/null bs=1 2>&- & done; sleep 0.7; true',
    ]);
    const { counters, losses } = recording.capture.dims;
    const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, one) => total + one, 0);
    const lost = sum([...losses.all()].map(({ count }) => count));
    expect(recording.count('evt.type!=lost') + lost).toBe(sum([...counters.all()].map(({ emitted }) => emitted)));
  }, 60_000);
});
