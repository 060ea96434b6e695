/** Small captures out of nothing, for tests: each event says only what matters to the test. */

import type { CaptureContext } from '../../src/event/view.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { type ArgValue, ArgWriter } from '../../src/model/args.ts';
import { CHUNK_EVENTS, EventFlag, OpenChunk } from '../../src/model/chunk.ts';
import { STANDARD_TYPES, typeId } from '../../src/model/event-type.ts';
import { type DimensionTables, type FdRow, newTables, type ProcessRow, type ThreadRow } from '../../src/model/rows.ts';

export interface EventSpec {
  readonly type?: string;
  readonly time?: number;
  readonly latency?: number;
  readonly thread?: number;
  readonly fd?: number;
  readonly fdnum?: number;
  /** null: the event has no result. */
  readonly res?: number | null;
  readonly flags?: number;
  readonly cpu?: number;
  readonly args?: readonly ArgValue[];
  readonly data?: string | Uint8Array;
}

export class EventsBuilder {
  readonly tables: DimensionTables = newTables();
  readonly chunk = new OpenChunk(CHUNK_EVENTS, 1024);
  #time = 0;

  constructor() {
    for (const type of STANDARD_TYPES) this.tables.types.put(type);
  }

  get context(): CaptureContext {
    return { dims: this.tables, epoch: 1_700_000_000_000_000_000n, hostname: 'node-1', growing: false };
  }

  process(spec: Partial<ProcessRow> = {}): ProcessRow {
    return this.tables.processes.add({
      pid: 100, ppid: 1, vpid: 100, sid: 100, pgid: 100, uid: 0, gid: 0, loginuid: -1, comm: 'curl', exe: 'curl', exepath: '/usr/bin/curl',
      args: [], env: null, cwd: '/', root: '', cgroups: ['=/'], cgroupId: 1, container: '', netns: 1, pidns: 1, mntns: 1, tty: 0, started: 0,
      flags: 0, from: 0, to: null, ...spec,
    }); // biome-ignore format: a row
  }

  thread(spec: Partial<ThreadRow> & { readonly of?: ProcessRow } = {}): ThreadRow {
    const process = spec.of ?? this.process();
    const { of: _, ...fields } = spec;
    return this.tables.threads.add({
      tid: process.pid,
      vtid: process.vpid,
      comm: process.comm,
      process: process.id,
      from: 0,
      to: null,
      ...fields,
    });
  }

  fd(spec: Partial<FdRow> = {}): FdRow {
    return this.tables.fds.add({
      kind: 'file', role: 'none', l4proto: 0, localIp: null, localPort: 0, remoteIp: null, remotePort: 0, name: '', ino: 0, dev: 0, netns: 0,
      openFlags: 0, ...spec,
    }); // biome-ignore format: a row
  }

  udp(local: string, remote: string | null, spec: Partial<FdRow> = {}): FdRow {
    const [localIp, localPort] = end(local);
    const [remoteIp, remotePort] = remote === null ? [null, 0] : end(remote);
    return this.fd({ kind: 'ipv4', role: 'client', l4proto: 17, localIp, localPort, remoteIp, remotePort, ...spec });
  }

  event(spec: EventSpec = {}): number {
    const { chunk } = this;
    const i = chunk.n;
    this.#time = spec.time ?? this.#time + 1000;
    chunk.num[i] = i + 1;
    chunk.time[i] = this.#time;
    chunk.latency[i] = spec.latency ?? 10;
    chunk.type[i] = typeId(spec.type ?? 'read');
    chunk.flags[i] = (spec.flags ?? 0) | (spec.res === null ? 0 : EventFlag.HAS_RES);
    chunk.cpu[i] = spec.cpu ?? 0;
    chunk.thread[i] = spec.thread ?? 0;
    chunk.fd[i] = spec.fd ?? 0;
    chunk.fdnum[i] = spec.fdnum ?? (spec.fd === undefined ? -1 : 3);
    chunk.res[i] = spec.res ?? 0;
    const writer = new ArgWriter();
    for (const value of spec.args ?? []) typeof value === 'number' ? writer.number(value) : writer.blob(value);
    chunk.setArgs(writer.bytes());
    chunk.setData(typeof spec.data === 'string' ? Buffer.from(spec.data) : (spec.data ?? new Uint8Array(0)));
    chunk.n++;
    return i + 1;
  }

  /** Numbers of the events that match. */
  select(filter: string): number[] {
    const { step } = compileFilter(filter, this.context);
    const all = Uint16Array.from({ length: this.chunk.n }, (_, i) => i);
    const out = new Uint16Array(CHUNK_EVENTS);
    const n = step === null ? this.chunk.n : step.select(this.chunk, all, this.chunk.n, out);
    return Array.from((step === null ? all : out).subarray(0, n), (i) => this.chunk.num[i]!);
  }
}

function end(text: string): [string, number] {
  const colon = text.lastIndexOf(':');
  return [text.slice(0, colon), Number(text.slice(colon + 1))];
}
