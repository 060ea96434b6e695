/** A recorder's memory in the long run: it must not grow with the files, connections and processes that ever were. LONG_RUN=20 runs longer. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Recorder, type RecorderOptions } from '../../src/collector/recorder.ts';
import { Ring } from '../../src/collector/ring.ts';
import { Churn, type Round } from '../helpers/churn.ts';
import { report } from './measure.ts';

/**
 * Rounds of a quarter of a second. The first are not counted: until 65,536 rows of a kind are there, which a probe may still refer to,
 * tables fill, and the order in which they came holds twice as many before it is first shortened (round 131).
 */
const ROUNDS = 300 * Number(process.env.LONG_RUN ?? 1);
const FILLING = 150;
const NONE: Round = { files: 0, connections: 0, processes: 0, reads: 0 };
const KINDS: readonly { readonly name: string; readonly each: number; readonly unit: string; readonly round: Round }[] = [
  { name: 'events', each: 10_000, unit: 'bytes an event', round: { ...NONE, reads: 10_000 } },
  { name: 'files', each: 1000, unit: 'bytes a file', round: { ...NONE, files: 1000, reads: 1000 } },
  { name: 'connections', each: 1000, unit: 'bytes a connection', round: { ...NONE, connections: 1000, reads: 1000 } },
  { name: 'processes', each: 500, unit: 'bytes a process', round: { ...NONE, processes: 500, reads: 1000 } },
];
const MAX_SLOPE = 16;

if (globalThis.gc === undefined) throw new Error('needs node --expose-gc');
const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));

for (const { name, each, unit, round } of KINDS) {
  for (const [how, options] of recorders(name)) {
    const { slope, heap, events, seconds } = run(options, round);
    report(`${name}, ${how}: ${((each * ROUNDS) / 1e6).toFixed(1)} million`, slope / each, unit, MAX_SLOPE);
    report('    heap at the end', heap / 2 ** 20, 'MiB');
    report('    CPU', (seconds * 1e9) / events, 'ns/event');
  }
}
rmSync(folder, { recursive: true, force: true });

function recorders(name: string): [string, RecorderOptions][] {
  const ring = new Ring(join(folder, `${name}-ring`), { span: 20e9, bytes: Infinity, keepFree: 0 });
  const base = { filter: '', epoch: 0n, meta: {} };
  return [
    ['one file', { ...base, path: join(folder, `${name}.trowel`) }],
    ['ring and a trigger', { ...base, path: ring.first(), segments: ring, triggers: ['proc.aname=never or fd.name contains never'] }],
  ];
}

/** `slope`: bytes a round. */
function run(options: RecorderOptions, round: Round): { slope: number; heap: number; events: number; seconds: number } {
  const recorder = new Recorder(options);
  const churn = new Churn(round);
  const samples: [number, number][] = [];
  const before = process.cpuUsage();
  for (let i = 1; i <= ROUNDS; i++) {
    recorder.add(churn.next());
    recorder.flush();
    if (i >= FILLING && i % Math.ceil(ROUNDS / 20) === 0) samples.push([i, held()]);
  }
  const { user, system } = process.cpuUsage(before);
  recorder.finish(0);
  return { slope: slopeOf(samples), heap: samples.at(-1)![1], events: churn.events, seconds: (user + system) / 1e6 };
}

function held(): number {
  globalThis.gc!();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Least squares. */
function slopeOf(samples: readonly [number, number][]): number {
  const mean = (k: 0 | 1) => samples.reduce((sum, sample) => sum + sample[k], 0) / samples.length;
  const [x, y] = [mean(0), mean(1)];
  const [above, below] = samples.reduce(([a, b], [sx, sy]) => [a + (sx - x) * (sy - y), b + (sx - x) ** 2], [0, 0]);
  return above / below;
}
