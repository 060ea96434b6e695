/**
 * What a recorder holds of the machine's memory while it goes on: the resident set of `trowel record`, which is told by a program in the probe's place
 * of a node where programs come and go. MINUTES (10), EVENTS a second (24000), RECORD="--ring 3m" (empty: one file). The whole of it, not only
 * what V8 counts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/model/package-root.ts';
import { cpuMsOf, report } from './measure.ts';

const MINUTES = Number(process.env.MINUTES ?? 10);
const EVENTS = Number(process.env.EVENTS ?? 24_000);
const OPTIONS = (process.env.RECORD ?? '--ring 3m').split(' ').filter((word) => word !== '');
const SAMPLE_MS = 2000;
/** Minutes until tables are full: of each kind 65,536 rows are kept, to which a probe may still refer, and twice as many before the first time. */
const SETTLED = Math.min(6, MINUTES / 2);
const MOST_MIB = 250;
const MOST_SLOPE = 30;

interface Sample {
  /** Minutes since the recorder began. */
  readonly at: number;
  readonly mib: number;
}

const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));
const probe = join(folder, 'probe');
const program = join(packageRoot(), 'test/helpers/churn-probe.ts');
writeFileSync(probe, `#!/bin/sh\nexec ${process.execPath} --experimental-transform-types --no-warnings ${program} "$@"\n`, { mode: 0o755 });

const target = join(folder, OPTIONS.includes('--ring') ? 'ring' : 'x.trowel');
const recorder = spawn(join(packageRoot(), 'bin/trowel'), ['record', '-w', target, '--no-k8s', '--no-node', ...OPTIONS], {
  stdio: ['ignore', 'inherit', 'pipe'],
  env: { ...process.env, TROWEL_PROBE: probe, PROBE_EVENTS: String(EVENTS) },
});
let said = '';
recorder.stderr.on('data', (text) => {
  said += String(text);
});
const ended = new Promise<number | null>((resolve) => recorder.on('exit', resolve));
const samples = await watch(recorder);
const cpuMs = cpuMsOf(recorder.pid!);
recorder.kill('SIGTERM');
const code = await ended;
rmSync(folder, { recursive: true, force: true });
if (code !== 0) console.log(`  the recorder ended with ${code}: ${said.trim().split('\n').at(-1)}`);

const settled = samples.filter(({ at }) => at >= SETTLED);
console.log(`  trowel record ${OPTIONS.join(' ')}, ${EVENTS} events/s, ${MINUTES} min`);
for (const minute of [1, 3, 5, 10, 20, 30].filter((at) => at <= MINUTES)) report(`after ${minute} min`, around(minute), 'MiB');
report('the most', Math.max(...samples.map(({ mib }) => mib)), 'MiB', MOST_MIB);
report(`slope after ${SETTLED} min`, slopeOf(settled) * 60, 'MiB an hour', MOST_SLOPE);
report('CPU, start included', (cpuMs * 1e6) / (EVENTS * MINUTES * 60), 'ns/event');

async function watch({ pid, exitCode }: ChildProcess): Promise<Sample[]> {
  const found: Sample[] = [];
  const begun = performance.now();
  for (let at = 0; at < MINUTES && exitCode === null; at = (performance.now() - begun) / 60_000) {
    found.push({ at, mib: rssMiB(pid!) });
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
  }
  return found;
}

function rssMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

/** The mean of a quarter of a minute before. */
function around(minute: number): number {
  const near = samples.filter(({ at }) => at <= minute && at > minute - 0.25);
  return near.reduce((sum, { mib }) => sum + mib, 0) / near.length;
}

/** MiB a minute: least squares. */
function slopeOf(points: readonly Sample[]): number {
  const mean = (key: 'at' | 'mib') => points.reduce((sum, point) => sum + point[key], 0) / points.length;
  const [x, y] = [mean('at'), mean('mib')];
  const [above, below] = points.reduce(([a, b], { at, mib }) => [a + (at - x) * (mib - y), b + (at - x) ** 2], [0, 0]);
  return above / below;
}
