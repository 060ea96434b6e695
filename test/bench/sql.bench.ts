/**
 * What a query over all events takes: adding up what is alike; or making the columns that it names, and SQLite's scan of them. 3 s for
 * 10 million events, on the clock.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { query } from '../../src/sql/database.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { assertEqual, cpuNs, report } from './measure.ts';
import { writeSynthetic } from './synthetic.ts';

const EVENTS = Number(process.env.BENCH_EVENTS ?? 10_000_000);
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
  ['five, in groups', "select comm, type, count(*), sum(latency), avg(res), max(cpu) from events where fd_type = 'ipv4' group by comm, type"],
  ['the largest of five', 'select num, comm, type, latency, fd from events order by latency desc limit 10'],
  ['a few of five', 'select num, comm, type, latency, res from events where latency > 4990000'],
  ['groups nearly as many as events', 'select latency, count(*), max(res), min(cpu), max(tid) from events where fd = 5 group by latency'],
] as const; // biome-ignore format: queries
for (const [what, sql] of QUERIES) {
  const begun = performance.now();
  const ns = cpuNs(1, () => query({ capture, context }, sql, '', ({ rows }) => assertSome([...rows])));
  report(`${what}, ${EVENTS / 1e6} M events`, ns / EVENTS, 'ns/event');
  report('  on the clock', (performance.now() - begun) / 1000, 's', (3 * EVENTS) / 1e7);
}
capture.close();
rmSync(folder, { recursive: true, force: true });

function assertSome(rows: readonly unknown[]): void {
  assertEqual(rows.length > 0, true, 'an answer');
}
