/** The whole way, live: a workload that reads as fast as it can, recorded; CPU of probe and collector, and what was lost. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { assertEqual, report } from './measure.ts';

const READS = 3_000_000;
const root = packageRoot();

if (process.getuid?.() !== 0) {
  console.log('  skipped: needs root');
  process.exit(0);
}

/** ms of CPU that a process has used, by its name among the descendants of `pid`. */
function cpuOf(pid: number, name: string): number {
  for (const entry of readdirSync('/proc').filter((candidate) => /^[0-9]+$/.test(candidate))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const isIt = stat.includes(`(${name}`) && (Number(fields[1]) === pid || Number(entry) === pid);
      if (isIt) return (Number(fields[11]) + Number(fields[12])) * 10;
    } catch {
      // ended meanwhile
    }
  }
  return 0;
}

const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));
const path = join(folder, 'x.trowel');
// dd reads and writes one byte at a time: two events each.
const recorder = spawn(
  join(root, 'bin/trowel'),
  ['record', '-w', path, '--only-command', '--', 'dd', 'if=/dev/zero', 'of=/dev/null', 'bs=1', `count=${READS}`],
  { stdio: ['ignore', 'ignore', 'pipe'] },
);
let said = '';
recorder.stderr.on('data', (text) => {
  said += String(text);
});
const used = { probe: 0, collector: 0 };
const sampling = setInterval(() => {
  used.probe = Math.max(used.probe, cpuOf(recorder.pid!, 'trowel-probe'));
  used.collector = Math.max(used.collector, cpuOf(recorder.pid!, 'node') || cpuOf(recorder.pid!, 'MainThread'));
}, 100);
const code = await new Promise((resolve) => recorder.on('exit', resolve));
clearInterval(sampling);
if (code !== 0) throw new Error(`trowel record ended with ${String(code)}: ${said}`);

const capture = new CaptureReader(path);
const events = capture.last()!.count;
const lost = [...capture.dims.losses.all()].reduce((sum, { count }) => sum + count, 0);
const seconds = Number(capture.meta.end) / 1e9;
capture.close();
assertEqual(events + lost >= 2 * READS, true, `every read and write is an event or a loss that was reported (${events} + ${lost})`);
report('events', events, 'events');
report('rate, as the workload made them', events / seconds, 'events/s');
report('lost, and reported so', (100 * lost) / (events + lost), '%');
report('probe: drain, intern, encode, send', (used.probe * 1e6) / events, 'ns/event', 150);
report('collector: receive, decode, store', (used.collector * 1e6) / events, 'ns/event', 700);
report('size', statSync(path).size / events, 'bytes/event', 20);
rmSync(folder, { recursive: true, force: true });
