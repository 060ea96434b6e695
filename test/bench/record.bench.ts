/** The whole way, live: a workload that reads as fast as it can, recorded; CPU of probe and collector, and what was lost. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertEqual, report } from './measure.ts';
import { recorded } from './recording.ts';

const READS = 3_000_000;

if (process.getuid?.() !== 0) {
  console.log('  skipped: needs root');
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));
// dd reads and writes one byte at a time: two events each.
const dd = ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=1', `count=${READS}`];
const { events, lost, seconds, bytes, probeMs, collectorMs } = await recorded(join(folder, 'x.trowel'), dd);
rmSync(folder, { recursive: true, force: true });
assertEqual(events + lost >= 2 * READS, true, `every read and write is an event or a loss that was reported (${events} + ${lost})`);
report('events', events, 'events');
report('rate, as the workload made them', events / seconds, 'events/s');
report('lost, and reported so', (100 * lost) / (events + lost), '%');
report('probe: drain, intern, encode, send', (probeMs * 1e6) / events, 'ns/event', 150);
report('collector: receive, decode, store', (collectorMs * 1e6) / events, 'ns/event', 700);
report('size', bytes / events, 'bytes/event', 20);
