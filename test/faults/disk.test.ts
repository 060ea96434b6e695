/** A disk that fills, a file that goes away, few descriptors: what was written stays, and what is missing is told. As root, on a small tmpfs. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Recorder } from '../../src/collector/recorder.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { Churn } from '../helpers/churn.ts';
import { madeProbe } from './kills.ts';

const BIN = join(packageRoot(), 'bin/trowel');
const reason = process.getuid?.() === 0 ? null : 'needs root, to mount';
const folder = mkdtempSync(join(tmpdir(), 'trowel-disk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const probe = madeProbe(folder, 2000);
let made = 0;

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What the script copied there. */
  readonly copies: string;
}

/** Runs a script in mounts of its own: `$M` is a small disk, `$K` keeps what is to be looked at, `$R` records there. */
function inMounts(size: string, script: string): Promise<Outcome> {
  const base = join(folder, `${++made}`);
  const [disk, copies] = [join(base, 'disk'), join(base, 'copies')];
  for (const one of [disk, copies]) mkdirSync(one, { recursive: true });
  const whole = `mount -t tmpfs -o size=${size} t "$M" || exit 99\n${script}`;
  const env = { ...process.env, M: disk, K: copies, R: `${BIN} record --no-k8s --no-node`, TROWEL_PROBE: probe };
  return new Promise((resolve) => {
    execFile('unshare', ['-m', 'sh', '-c', whole], { env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr, copies }),
    );
  });
}

function look<T>(path: string, ask: (capture: CaptureReader) => T): T {
  const capture = new CaptureReader(path);
  try {
    return ask(capture);
  } finally {
    capture.close();
  }
}

/** A capture that is complete and keeps its log: somebody read it when it was closed. */
function withLog(): { path: string; events: number } {
  const path = join(folder, 'logged.trowel');
  const recorder = new Recorder({ path, filter: '', epoch: 0n, meta: {} });
  const reader = new CaptureReader(path);
  reader.snapshot(() => {
    reader.last();
    recorder.add(new Churn({ files: 5, connections: 5, processes: 5, reads: 80 }).next());
    recorder.finish(1e9);
  });
  reader.refresh();
  const events = reader.last()!.count;
  expect(existsSync(`${path}-wal`)).toBe(true);
  reader.close();
  return { path, events };
}
const logged = withLog();

describe.skipIf(reason !== null)(`disks (${reason ?? 'as root'})`, () => {
  test.concurrent('a full disk: what came before is there, and the rest is told as unknown', async () => {
    const { status, stderr, copies } = await inMounts('1m', '$R -w $M/x.trowel --for 20s; code=$?; cp $M/x* $K; exit $code');
    expect([status, stderr]).toEqual([1, expect.stringMatching(/broke off: an unknown number is missing.*\n.*full/)]);
    const found = look(join(copies, 'x.trowel'), (capture) => [capture.meta.state !== 'complete', capture.last()!.count > 1000]);
    expect(found).toEqual([true, true]); // there may be no room even for why it broke off
  }, 60_000);

  test.concurrent('a capture that is removed while it is written: told at once, and no success', async () => {
    const { status, stderr } = await inMounts(
      '9m',
      '$R -w $M/x.trowel --for 60s & while ! [ -e $M/x.trowel-wal ]; do sleep 0.1; done; sleep 1; rm $M/x*; wait $!',
    );
    expect([status, stderr]).toEqual([1, expect.stringMatching(/broke off: an unknown number is missing.*\n.*was removed or replaced/)]);
  }, 60_000);

  test.concurrent('on a disk that became read-only, what has its log beside it is read, and only what is so is said of it', async () => {
    const read = (name: string) => `${BIN} info --json $M/${name}.trowel`;
    const killed = '$R -w $M/killed.trowel --for 60s & until [ -s $M/killed.trowel-wal ]; do sleep 0.1; done; sleep 1; kill -9 $!; wait $!';
    const whole = `cp ${logged.path} $M/whole.trowel; cp ${logged.path}-wal $M/whole.trowel-wal`;
    const readOnly = 'for i in 1 2 3 4 5 6 7 8 9 10; do mount -o remount,ro $M && break; sleep 0.5; done';
    const { status, stdout, stderr } = await inMounts('9m', `${killed}; ${whole}; ${readOnly}; ${read('whole')} && ${read('killed')}`);
    expect(status, stderr).toBe(0);
    const [complete, cut] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(complete).toMatchObject({ state: 'complete', events: logged.events, lost: 0 });
    expect(cut).toMatchObject({ state: expect.stringContaining('its recorder was killed') });
    expect(cut.events).toBeGreaterThan(100);
  }, 60_000);

  test.concurrent('--keep-free gives up old parts, and never the disk', async () => {
    const sample = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do sleep 0.5; stat -f -c %a $M; done';
    const { status, stdout, stderr } = await inMounts('2m', `$R --ring 10m --keep-free 40% -w $M --for 8s & ${sample}; wait $!`);
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('nothing lost');
    const free = stdout.trim().split('\n').map(Number);
    expect(Math.min(...free)).toBeGreaterThan(512 * 0.2); // of 512 blocks: what a part grows by between two looks comes off
  }, 60_000);

  test.concurrent('few descriptors: it records, or says why not', async () => {
    const { status, stderr } = await inMounts('9m', 'ulimit -n 26; $R -w $M/x.trowel --for 1s; exit $?');
    if (status === 0) expect(stderr).toContain('nothing lost');
    else expect(stderr).toMatch(/EMFILE|too many open files|unable to open|ended/i);
  }, 60_000);
});
