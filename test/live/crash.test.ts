import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { SECOND } from '../../src/model/time.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { BIN, cleanUp, newPath, Recording, whyNot } from './recording.ts';

const reason = whyNot();

/** A recording of its own command, which makes an event every 10 ms, for as long as it is left alone. */
function startRecording(path: string): { process: ChildProcess; stderr: () => string } {
  const loop = 'while :; do read -r _ </etc/hostname; sleep 0.01; done';
  const child = spawn(BIN, ['record', '-w', path, '--only-command', '--', 'sh', '-c', loop], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => {
    said += String(text);
  });
  return { process: child, stderr: () => said };
}

/** pids of a process' children. */
function childrenOf(pid: number): { pid: number; name: string }[] {
  const found: { pid: number; name: string }[] = [];
  for (const entry of readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const [, name, ppid] = /^\d+ \((.*)\) \S (\d+)/.exec(stat) ?? [];
      if (Number(ppid) === pid) found.push({ pid: Number(entry), name: name! });
    } catch {
      // gone meanwhile
    }
  }
  return found;
}

async function until(condition: () => boolean, what: string, stderr: () => string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within 20 s: ${what}; the recorder said: ${stderr()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Time of the last event that a reader sees now; -1: no events yet. */
function lastSeen(path: string): number {
  try {
    const capture = new CaptureReader(path);
    const last = capture.last()?.time ?? -1;
    capture.close();
    return last;
  } catch {
    return -1; // not there yet
  }
}

function epochOf(path: string): bigint {
  const capture = new CaptureReader(path);
  const { epoch } = capture;
  capture.close();
  return epoch;
}

const exited = (child: ChildProcess) => new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));

describe.skipIf(reason !== null)(`a recording that is killed (${reason ?? 'as root, with BTF'})`, () => {
  afterAll(cleanUp);

  test('keeps all but the last second when the collector dies', async () => {
    const path = newPath();
    const recorder = startRecording(path);
    await until(() => lastSeen(path) > 2 * SECOND, 'two seconds of events', recorder.stderr);
    const children = childrenOf(recorder.process.pid!);
    const seenBefore = lastSeen(path);
    const epoch = epochOf(path);
    const killedAt = Number(BigInt(Date.now()) * 1_000_000n - epoch);
    recorder.process.kill('SIGKILL');
    await exited(recorder.process);
    for (const { pid, name } of children) if (name === 'sh') process.kill(pid, 'SIGKILL');
    const { capture } = new Recording(path);
    const last = capture.last()!.time;
    expect(capture.meta.state).toBe('recording');
    expect(last).toBeGreaterThanOrEqual(seenBefore);
    expect(killedAt - last).toBeLessThan(SECOND);
    expect([...capture.dims.threads.all()].some(({ comm }) => comm === 'sh')).toBe(true);
    const probe = children.find(({ name }) => name.startsWith('trowel-probe'))!;
    await until(() => !existsSync(`/proc/${probe.pid}`), 'the probe ends by itself', recorder.stderr);
  }, 60_000);

  test('says so and keeps what came when the probe dies', async () => {
    const path = newPath();
    const recorder = startRecording(path);
    await until(() => lastSeen(path) > 1 * SECOND, 'a second of events', recorder.stderr);
    const seenBefore = lastSeen(path);
    process.kill(childrenOf(recorder.process.pid!).find(({ name }) => name.startsWith('trowel-probe'))!.pid, 'SIGKILL');
    expect(await exited(recorder.process)).toBe(1);
    expect(recorder.stderr()).toMatch(/the probe broke off; what it had sent is in the capture/);
    const { capture } = new Recording(path);
    expect(recorder.stderr()).toMatch(/events, broke off: .*an unknown number is missing at the end/);
    expect(recorder.stderr()).not.toMatch(/nothing lost/);
    expect(capture.meta).toMatchObject({ state: 'broke off', broke: 'the probe ended without a goodbye' });
    expect(capture.last()!.time).toBeGreaterThanOrEqual(seenBefore);
  }, 60_000);

  test('readers see an event within half a second', async () => {
    const path = newPath();
    const recorder = startRecording(path);
    await until(() => lastSeen(path) > 0.5 * SECOND, 'half a second of events', recorder.stderr);
    const epoch = epochOf(path);
    const lags: number[] = [];
    for (let i = 0; i < 20; i++) {
      lags.push((Number(BigInt(Date.now()) * 1_000_000n - epoch) - lastSeen(path)) / SECOND);
      await new Promise((resolve) => setTimeout(resolve, 53));
    }
    recorder.process.kill('SIGINT');
    await exited(recorder.process);
    expect(lags.sort((a, b) => a - b)[Math.floor(lags.length / 2)]).toBeLessThan(0.5);
  }, 60_000);
});
