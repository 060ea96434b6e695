/** Disks that take little at a time, or fail: short writes, I/O errors of write, sync and read, under the real recorder and reader. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { madeProbe } from './kills.ts';

const BIN = join(packageRoot(), 'bin/trowel');
const folder = mkdtempSync(join(tmpdir(), 'trowel-io-'));
const faults = join(folder, 'io-faults.so');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Why the library cannot be made; null: it can. */
function whyNot(): string | null {
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', faults, join(packageRoot(), 'test/faults/io-faults.c'), '-ldl'], {
      stdio: 'ignore',
    });
    return null;
  } catch {
    return 'there is no C compiler, cc';
  }
}
const reason = process.platform === 'linux' ? whyNot() : 'needs LD_PRELOAD';

function run(fault: string, after: number, args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, TROWEL_PROBE: probe, FAULT: fault, AFTER: String(after), LD_PRELOAD: faults };
  return new Promise((resolve) => {
    execFile(BIN, args, { env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

const record = (fault: string, after: number) =>
  run(fault, after, ['record', '--no-k8s', '--no-node', '-w', join(folder, `${fault}.trowel`), '--for', '2s']);

function stateOf(fault: string): { state: string | undefined; broke: string | undefined; events: number } {
  const capture = new CaptureReader(join(folder, `${fault}.trowel`));
  const { state, broke } = capture.meta;
  const events = capture.last()?.count ?? 0;
  capture.close();
  return { state, broke, events };
}

let probe = '';
describe.skipIf(reason !== null)(`failing disks (${reason ?? 'by LD_PRELOAD'})`, () => {
  beforeAll(() => {
    probe = madeProbe(folder, 2000);
  });

  test.concurrent('short writes and reads: all is there', async () => {
    const { code, stderr } = await record('short', 0);
    expect([code, stderr]).toEqual([0, expect.stringContaining('nothing lost')]);
    expect(stateOf('short')).toMatchObject({ state: 'complete', events: Number(/([0-9]+) events, nothing lost/.exec(stderr)![1]) });
  }, 60_000);

  test.concurrent('writes fail: what came before is there, and what is missing is told', async () => {
    const { code, stderr } = await record('write', 450_000);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/broke off: an unknown number is missing.*\n.*disk I\/O error/)]);
    const { state, events } = stateOf('write');
    expect(state).not.toBe('complete');
    expect(events).toBeGreaterThan(1000);
  }, 60_000);

  test.concurrent('the disk does not take what is synced at the end: recorder and capture say so', async () => {
    const { code, stderr } = await record('sync', 200_000);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/disk I\/O error/)]);
    expect(stateOf('sync')).toMatchObject({ state: 'broke off', broke: 'disk I/O error' });
  }, 60_000);

  test.concurrent('the log does not go into the file at the end: all is there, with the log, and that is said', async () => {
    const { code, stderr } = await record('file', 200_000);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/events, nothing lost\n.*all of it is there, but only with file\.trowel-wal/),
    ]);
    expect(stateOf('file')).toMatchObject({ state: 'complete', events: Number(/([0-9]+) events, nothing lost/.exec(stderr)![1]) });
  }, 60_000);

  test.concurrent('reads fail: the file is named, and why', async () => {
    const path = join(packageRoot(), 'captures/critical-app.trowel');
    const [at, later] = await Promise.all([0, 20_000].map((after) => run('read', after, ['lens', 'files', path])));
    expect([at!.code, at!.stderr]).toEqual([1, expect.stringMatching(/critical-app\.trowel: cannot be read: EIO/)]);
    expect([later!.code, later!.stderr]).toEqual([1, expect.stringMatching(/critical-app\.trowel.*(I\/O error|malformed)/)]);
  }, 60_000);
});
