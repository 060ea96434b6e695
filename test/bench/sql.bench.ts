/** What a query over all events takes: making the columns that it names, and SQLite's scan of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { query } from '../../src/sql/database.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { assertEqual, cpuNs, report } from './measure.ts';
import { writeSynthetic } from './synthetic.ts';

const EVENTS = Number(process.env.BENCH_EVENTS ?? 10_000_000);
const BUDGET_NS = 300; // 3 s for 10 million
const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));
const path = join(folder, 'synthetic.trowel');
writeSynthetic(path, EVENTS);

const capture = new CaptureReader(path);
const context = { dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false };
const QUERIES = [
  ['five columns of numbers', 'select count(*), sum(latency), max(res), max(tid), sum(cpu), max(fd) from events'],
  [
    'three of numbers, two of texts',
    "select count(*), sum(latency), max(res), max(tid), sum(type = 'read'), sum(comm = 'worker-1') from events",
  ],
] as const;
for (const [what, sql] of QUERIES) {
  const begun = performance.now();
  const ns = cpuNs(1, () => query({ capture, context }, sql, '', ({ rows }) => assertEqual([...rows][0]![0], EVENTS, 'all events')));
  report(`${what}, ${EVENTS / 1e6} M events`, ns / EVENTS, 'ns/event', BUDGET_NS);
  report('  on the clock', (performance.now() - begun) / 1000, 's');
}
capture.close();
rmSync(folder, { recursive: true, force: true });
