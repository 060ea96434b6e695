/** The messages that a probe would send of synthetic events, made beforehand. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { packageRoot } from '../../src/model/package-root.ts';
import { batchOf } from '../helpers/batches.ts';
import { FDS, syntheticChunks, THREADS } from './synthetic.ts';

const { root } = protobuf.parse(readFileSync(join(packageRoot(), 'proto/trowel.proto'), 'utf8'));
const fromProbe = root.lookupType('trowel.v1.FromProbe');

/** `batch`: events of one message. The first has no events, and says what they refer to. */
export function messages(events: number, batch: number): Buffer[] {
  const made = [
    encode({
      n: 0,
      threads: definitions(THREADS, (id) => ({ id, tid: 1000 + id, pid: 1000 + id, comm: Buffer.from(`worker-${id}`) })),
      fds: definitions(FDS, fdOf),
    }),
  ];
  for (const chunk of syntheticChunks(events)) {
    for (let from = 0; from < chunk.n; from += batch) made.push(encode(batchOf(chunk, from, Math.min(chunk.n, from + batch))));
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
