/** Events like those of a busy node, out of a seeded generator: bursts of threads, a few hot descriptors, a payload on every fifth. */
import { CHUNK_EVENTS, EventFlag, OpenChunk } from '../../src/model/chunk.ts';
import { STANDARD_TYPES, typeId } from '../../src/model/event-type.ts';
import { type DimensionTables, newTables } from '../../src/model/rows.ts';
import { CaptureWriter } from '../../src/store/writer.ts';

export const THREADS = 400;
export const FDS = 3000;
const TYPES = ['read', 'write', 'sendto', 'recvfrom', 'openat', 'close', 'epoll_wait', 'futex'].map(typeId);
const PAYLOADS = [
  'GET /api/v1/items HTTP/1.1\r\nHost: backend\r\n\r\n',
  '{"level":"info","msg":"request done","status":200}',
  'search svc.cluster.local localdomain',
].map((text) => Buffer.from(text.padEnd(76, '.')));

/** A small, fast generator: the same numbers everywhere. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export function syntheticTables(): DimensionTables {
  const tables = newTables();
  for (const type of STANDARD_TYPES) tables.types.put(type);
  for (let i = 0; i < THREADS; i++) {
    const container = i % 4 === 0 ? '' : String(i % 40).padStart(64, 'c');
    const process = tables.processes.add({
      pid: 1000 + i, ppid: 1, vpid: 1, sid: 1, pgid: 1, uid: 0, gid: 0, loginuid: -1, comm: `worker-${i % 50}`, exe: '/bin/worker', exepath: '/bin/worker',
      args: [], env: null, cwd: '/', root: '', cgroups: ['=/'], cgroupId: 1, container, netns: 1, pidns: 1, mntns: 1, tty: 0, started: 0, flags: 0, from: 0, to: null,
    }); // biome-ignore format: a row
    tables.threads.add({ tid: 1000 + i, vtid: 1, comm: process.comm, process: process.id, from: 0, to: null });
  }
  for (let i = 0; i < FDS; i++) {
    const socket = i % 3 === 0;
    tables.fds.add({
      kind: socket ? 'ipv4' : 'file', role: socket ? 'client' : 'none', l4proto: socket ? 6 : 0, localIp: socket ? `10.0.${i % 200}.7` : null,
      localPort: socket ? 40_000 + (i % 5000) : 0, remoteIp: socket ? '10.3.0.214' : null, remotePort: socket ? (i % 30 === 0 ? 53 : 80) : 0,
      name: socket ? '' : `/var/lib/app/${i}.db`, ino: i + 1, dev: 1, netns: 1, openFlags: 0,
    }); // biome-ignore format: a row
  }
  return tables;
}

/** Chunks of in all n events, each filled anew into the same object. Another seed gives other events of the same kind. */
export function* syntheticChunks(n: number, seed = 7): Generator<OpenChunk> {
  const random = seeded(seed);
  const chunk = new OpenChunk(CHUNK_EVENTS, 1 << 20);
  const nothing = new Uint8Array(0);
  const args = Uint8Array.from([128, 1]);
  let thread = 1;
  let time = 0;
  for (let made = 0; made < n; ) {
    chunk.clear();
    for (; chunk.n < CHUNK_EVENTS && made < n; made++) {
      const i = chunk.n;
      if (made % 8 === 0) thread = 1 + Math.floor(random() ** 2 * THREADS);
      time += Math.floor(random() * 2000);
      chunk.num[i] = made + 1;
      chunk.time[i] = time;
      chunk.latency[i] = Math.floor(random() ** 4 * 5e6);
      chunk.type[i] = TYPES[Math.floor(random() * TYPES.length)]!;
      chunk.flags[i] = EventFlag.HAS_RES;
      chunk.cpu[i] = made & 1;
      chunk.thread[i] = thread;
      chunk.fd[i] = 1 + Math.floor(random() ** 3 * FDS);
      chunk.fdnum[i] = 3 + (made % 60);
      chunk.res[i] = Math.floor(random() * 4096) - 10;
      chunk.setArgs(args);
      chunk.setData(made % 5 === 0 ? PAYLOADS[made % 3 === 0 && made % 7 === 0 ? 2 : made % 2]! : nothing);
      chunk.n++;
    }
    yield chunk;
  }
}

/** A closed capture of so many events at a path that is free. */
export function writeSynthetic(path: string, events: number): void {
  const writer = new CaptureWriter(path, syntheticTables(), { level: 1, live: false });
  writer.meta({ epoch: '1700000000000000000', hostname: 'bench' });
  for (const chunk of syntheticChunks(events)) writer.append(chunk);
  writer.close({ end: '0' });
}
