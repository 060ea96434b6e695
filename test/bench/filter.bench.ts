/** What a filter costs per event, on a stored capture; and a whole `trowel read --count`. */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFilter } from '../../src/filter/compile.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { CaptureWriter } from '../../src/store/writer.ts';
import { assertEqual, childCpuMs, childPeakKib, cpuNs, report } from './measure.ts';
import { syntheticChunks, syntheticTables } from './synthetic.ts';

const EVENTS = Number(process.env.BENCH_EVENTS ?? 10_000_000);
/** BENCH_SMALL=1: on a capture as imports are, all columns zipped. The budgets are those of recordings. */
const small = process.env.BENCH_SMALL === '1';
const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));
const path = join(folder, 'synthetic.trowel');

const writer = new CaptureWriter(path, syntheticTables(), { level: small ? 3 : 1, live: false, small });
writer.meta({ epoch: '1700000000000000000', hostname: 'bench' });
const writing = cpuNs(1, () => {
  for (const chunk of syntheticChunks(EVENTS)) writer.append(chunk);
  writer.close({ end: '0' });
});
report('generate and store', writing / EVENTS, 'ns/event');
report('size', statSync(path).size / EVENTS, 'bytes/event', 20);

function count(filter: string): number {
  const capture = new CaptureReader(path);
  const compiled = compileFilter(filter, { dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false });
  let total = 0;
  for (const { n } of capture.select(compiled)) total += n;
  capture.close();
  return total;
}

const CASES: readonly (readonly [filter: string, budget: number])[] = [
  ['proc.name=worker-3', 15],
  ['fd.type=ipv4 and container.id!=host', 15],
  ['fd.port=53', 15],
  ['evt.latency>1ms', 10],
  ['evt.rawres<0', 10],
  ['evt.buffer contains localdomain', 40],
  ['fd.type=ipv4 and evt.buffer contains localdomain', 40],
  ['not (proc.name=worker-3 or evt.type in (futex, epoll_wait))', 30],
];
for (const [filter, budget] of CASES) {
  const matches = count(filter); // warms up, too
  assertEqual(matches > 0 && matches < EVENTS, true, `${filter} selects some`);
  report(`${filter} (${matches})`, cpuNs(5, () => assertEqual(count(filter), matches, filter)) / EVENTS, 'ns/event', budget);
}

const WHOLE: readonly (readonly [filter: string, budget: number])[] = [
  ['proc.name=worker-3', 400],
  ['fd.type=ipv4 and container.id!=host', 400],
  ['evt.latency>1ms', 400],
  ['evt.buffer contains localdomain', 700],
];
const bin = join(import.meta.dirname, '../../bin/trowel');
if (existsSync(bin)) {
  for (const [filter, budget] of WHOLE) {
    const ms = Math.min(...Array.from({ length: 3 }, () => childCpuMs(bin, ['read', path, filter, '--count'])));
    report(`whole process: ${filter}`, ms, 'ms', budget);
  }
  const kib = childPeakKib(bin, ['read', path, 'evt.buffer contains localdomain', '--count']);
  if (kib !== null) report('whole process: most memory', kib / 1024, 'MiB', 200);
}
rmSync(folder, { recursive: true, force: true });
