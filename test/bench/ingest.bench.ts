/** What the collector costs per event: from the bytes of a gRPC message to the capture on disk. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Recorder } from '../../src/collector/recorder.ts';
import { loadWire } from '../../src/collector/wire.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { assertEqual, cpuNs, report } from './measure.ts';
import { messages } from './messages.ts';

const EVENTS = 2_000_000;
const BATCH = 1024;

const all = messages(EVENTS, BATCH);
const wire = loadWire();
const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));
let run = 0;
let path = '';
const ns = cpuNs(4, () => {
  path = join(folder, `${++run}.trowel`);
  const recorder = new Recorder({ path, filter: '', epoch: 1_700_000_000_000_000_000n, meta: {} });
  for (const [i, bytes] of all.entries()) {
    const message = wire.decode(bytes);
    if (message.message === 'batch') recorder.add(message.batch);
    if (i % 100 === 99) recorder.flush(); // as often as the timer would at 400,000 events/s
  }
  recorder.finish(EVENTS);
});
const capture = new CaptureReader(path);
assertEqual(capture.last()!.count, EVENTS, 'events stored');
capture.close();
report('decode, order, name, look for DNS, store', ns / EVENTS, 'ns/event', 500);
report('size', statSync(path).size / EVENTS, 'bytes/event', 20);
rmSync(folder, { recursive: true, force: true });
