/** What the collector costs per event: from the bytes of a gRPC message to the capture on disk. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { Recorder } from '../../src/collector/recorder.ts';
import { loadWire } from '../../src/collector/wire.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { batchOf } from '../helpers/batches.ts';
import { assertEqual, cpuNs, report } from './measure.ts';
import { FDS, syntheticChunks, THREADS } from './synthetic.ts';

const EVENTS = 2_000_000;
const BATCH = 1024;
const { root } = protobuf.parse(
  await import('node:fs').then(({ readFileSync }) => readFileSync(join(packageRoot(), 'proto/trowel.proto'), 'utf8')),
);
const fromProbe = root.lookupType('trowel.v1.FromProbe');

/** The messages that a probe would send, made beforehand. */
function messages(): Buffer[] {
  const made = [
    encode({
      n: 0,
      threads: definitions(THREADS, (id) => ({ id, tid: 1000 + id, pid: 1000 + id, comm: Buffer.from(`worker-${id}`) })),
      fds: definitions(FDS, fdOf),
    }),
  ];
  for (const chunk of syntheticChunks(EVENTS)) {
    for (let from = 0; from < chunk.n; from += BATCH) made.push(encode(batchOf(chunk, from, Math.min(chunk.n, from + BATCH))));
  }
  return made;
}

function definitions<T>(count: number, of: (id: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => of(i + 1));
}

function fdOf(id: number): object {
  if (id % 3 !== 0) return { id, kind: 1, name: Buffer.from(`/var/lib/app/${id}.db`), ino: id };
  return {
    id,
    kind: 3,
    role: 1,
    l4proto: 6,
    localIp: Buffer.from([10, 0, id % 200, 7]),
    localPort: 40_000 + (id % 5000),
    remoteIp: Buffer.from([10, 3, 0, 214]),
    remotePort: 80,
    ino: id,
  };
}

function encode(batch: object): Buffer {
  return Buffer.from(fromProbe.encode(fromProbe.fromObject({ batch })).finish());
}

const all = messages();
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
