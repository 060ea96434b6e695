/**
 * A counted number of calls at a given rate, recorded: what is lost, and what it costs. RATES="500000 1000000" chooses calls a second, SECONDS for
 * how long. Workload, probe and collector share the CPUs: on two, a rate that leaves them no time says more of the machine than of the recorder.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/model/package-root.ts';
import { assertEqual, report } from './measure.ts';
import { recorded } from './recording.ts';

const rates = (process.env.RATES ?? '0 250000 500000 1000000').split(/[ ,]+/).map(Number);
const seconds = Number(process.env.SECONDS ?? 6);

function skip(why: string): never {
  console.log(`  skipped: ${why}`);
  process.exit(0);
}

if (process.getuid?.() !== 0) skip('needs root');
const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));
const workload = join(folder, 'micro');
const source = join(packageRoot(), 'native/bench/micro.c');
if (spawnSync('cc', ['-O2', '-o', workload, source]).status !== 0) skip('needs a C compiler');

/** Of a rate, and of the same length without calls: what it costs to start and to end is no part of an event's price. */
async function measure(rate: number, fixed: { readonly probeMs: number; readonly collectorMs: number }) {
  const path = join(folder, `${rate}.trowel`);
  const found = await recorded(path, rate === 0 ? ['sleep', String(seconds)] : [workload, 'rate', String(rate), String(seconds)]);
  rmSync(path);
  const { events, lost, probeMs, collectorMs, stdout } = found;
  if (rate === 0) {
    report(`nothing, for ${seconds} s: probe`, probeMs, 'ms');
    report(`nothing, for ${seconds} s: collector`, collectorMs, 'ms');
    return found;
  }
  const [calls, took] = stdout.trim().split(' ').slice(1).map(Number) as [number, number];
  assertEqual(events + lost >= calls, true, `every call is an event or a loss that was reported (${events} + ${lost} of ${calls})`);
  const name = `${rate} calls/s`;
  report(`${name}: as they came`, calls / took, 'calls/s');
  report(`${name}: lost`, lost, 'events');
  report(`${name}: lost, of all`, (100 * lost) / (events + lost), '%');
  report(`${name}: probe`, ((probeMs - fixed.probeMs) * 1e6) / events, 'ns/event');
  report(`${name}: collector`, ((collectorMs - fixed.collectorMs) * 1e6) / events, 'ns/event');
  return found;
}

let fixed = { probeMs: 0, collectorMs: 0 };
for (const rate of rates) {
  const found = await measure(rate, fixed);
  if (rate === 0) fixed = found;
}
rmSync(folder, { recursive: true, force: true });
