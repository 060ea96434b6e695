/**
 * `scripts/flight-load [MINUTES]` (20): the flight recorder beside load, as root. At a random moment a lookup stalls, of a name server
 * that does not answer. Says how memory went (slope, and what that is in a day), and what was saved of the stall.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureReader } from '../../src/store/reader.ts';

const BIN = join(packageRoot(), 'bin/trowel');
const SILENT = '127.0.0.78';
const SAMPLE_MS = 2000;
/** s: memory before that is still growing to what it needs. */
const WARM_UP = 60;
/** Files, processes, connections and lookups of names that are in a file, ten rounds a second. */
const LOAD = `while :; do for i in 1 2 3 4 5 6 7 8 9 10; do cat /etc/hostname /etc/hosts >/dev/null; done; getent hosts localhost >/dev/null; sleep 0.1; done`;
const STALL = 'mount --bind "$1" /etc/resolv.conf; getent ahosts stalls.example. || true';

interface Sample {
  /** s since the recorder began. */
  readonly at: number;
  /** MiB. */
  readonly collector: number;
  readonly probe: number;
  readonly disk: number;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function main(): Promise<void> {
  const minutes = Number(process.argv[2] ?? 20);
  const folder = mkdtempSync(join(tmpdir(), 'trowel-flight-load-'));
  const silent = createSocket('udp4').bind(53, SILENT);
  const resolv = join(folder, 'resolv.conf');
  writeFileSync(resolv, `nameserver ${SILENT}\noptions timeout:2 attempts:1\n`);
  const load = spawn('sh', ['-c', LOAD], { stdio: 'ignore' });
  try {
    await fly(folder, resolv, minutes);
  } finally {
    load.kill('SIGKILL');
    silent.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fly(folder: string, resolv: string, minutes: number): Promise<void> {
  const options = [
    '--ring',
    '3m',
    '--pre',
    '90s',
    '--post',
    '10s',
    '--max-saves',
    '1',
    '--on',
    'dns.lookup.latency>1s and dns.qname contains stalls',
  ];
  const recorder = spawn(BIN, ['record', '-w', folder, ...options, '--no-k8s', '--no-node'], { stdio: ['ignore', 'inherit', 'inherit'] });
  const begun = Date.now();
  const stallAt = 95 + Math.random() * Math.max(1, minutes * 60 - 95 - 30);
  const samples: Sample[] = [];
  let stalled = 0;
  for (let at = 0; at < minutes * 60 && recorder.exitCode === null; at = (Date.now() - begun) / 1000) {
    if (at > stallAt && stalled === 0) {
      stalled = Date.now();
      spawn('unshare', ['-m', 'sh', '-c', STALL, 'sh', resolv], { stdio: 'ignore' });
    }
    const sample = take(recorder, folder, at);
    if (sample !== null) samples.push(sample);
    await sleep(SAMPLE_MS);
  }
  const ended = new Promise((resolve) => recorder.on('exit', resolve));
  if (recorder.exitCode === null) recorder.kill('SIGINT');
  await ended;
  tellMemory(samples);
  tellSaved(folder, stalled);
}

function take(recorder: ChildProcess, folder: string, at: number): Sample | null {
  try {
    const probe = readFileSync(`/proc/${recorder.pid}/task/${recorder.pid}/children`, 'utf8').trim().split(/\s+/)[0];
    const ring = join(folder, `.ring-${recorder.pid}`);
    const disk = readdirSync(ring).reduce((sum, name) => sum + statSync(join(ring, name)).size, 0) / 2 ** 20;
    return { at, collector: rssMiB(recorder.pid!), probe: rssMiB(Number(probe)), disk };
  } catch {
    return null; // it is just starting, or a part has just gone
  }
}

function rssMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

function tellMemory(samples: readonly Sample[]): void {
  const warm = samples.filter(({ at }) => at > WARM_UP);
  for (const name of ['collector', 'probe', 'disk'] as const) {
    const values = warm.map((sample) => sample[name]);
    const slope = slopeOf(warm.map((sample) => [sample.at, sample[name]]));
    const day = ` slope ${(slope * 3600).toFixed(1)} MiB an hour, ${(slope * 86_400).toFixed(0)} a day`;
    const eighths = Array.from({ length: 8 }, (_, k) =>
      median(values.slice((k * values.length) / 8, ((k + 1) * values.length) / 8)).toFixed(0),
    );
    console.log(
      `${name}: ${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)} MiB, by eighths ${eighths.join(' ')};${day}`,
    );
  }
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

/** Least squares. */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const mean = (i: 0 | 1) => points.reduce((sum, point) => sum + point[i], 0) / points.length;
  const [mx, my] = [mean(0), mean(1)];
  const [sxy, sxx] = points.reduce(([a, b], [x, y]) => [a + (x - mx) * (y - my), b + (x - mx) ** 2], [0, 0]);
  return sxy / sxx;
}

function tellSaved(folder: string, stalled: number): void {
  const names = readdirSync(folder).filter((name) => name.endsWith('.trowel'));
  if (names.length === 0) console.log('nothing was saved');
  for (const name of names) {
    const capture = new CaptureReader(join(folder, name));
    const begins = Number(capture.epoch / 1_000_000n) + Number(capture.meta.begin) / 1e6;
    console.log(`saved ${name}: ${capture.last()!.count} events, begins ${((stalled - begins) / 1000).toFixed(1)} s before the stall`);
    capture.close();
    console.log(
      readFileSync(join(folder, name.replace('.trowel', '.md')), 'utf8')
        .split('\n')
        .slice(0, 30)
        .join('\n'),
    );
  }
}

await main();
