/** A node on which programs come and go, as a probe tells of it: each round so many new files, connections and processes. */
import Long from 'long';
import { COLUMN_WIDTHS } from '../../src/collector/batch.ts';
import type { BatchDef, FdDef, ThreadDef } from '../../src/collector/wire.ts';
import { BYTE_COLUMN_NAMES } from '../../src/model/columns.ts';
import { typeId } from '../../src/model/event-type.ts';
import { FD_KINDS, FD_ROLES } from '../../src/model/rows.ts';
import { MS } from '../../src/model/time.ts';
import { fdDef } from './batches.ts';

export interface Round {
  readonly files: number;
  readonly connections: number;
  readonly processes: number;
  /** Events beside: reads of descriptors that stay. */
  readonly reads: number;
}

const NOTHING = Buffer.alloc(0);
const FIRST_TID = 100_000;
const TIDS = 30_000;

export class Churn {
  readonly #round: Round;
  readonly #ns: number;
  readonly #payload: Buffer;
  #rounds = 0;
  #nextFd = 1;
  #nextThread = 1;
  /** Ids of a thread and of a descriptor that stay. */
  #resident: { thread: number; fd: number } | null = null;

  /** `ms`: how long a round is. `payload`: bytes of each event. */
  constructor(round: Round, ms = 250, payload = 0) {
    this.#round = round;
    this.#ns = ms * MS;
    this.#payload = Buffer.alloc(payload, 'what it read ');
  }

  get events(): number {
    const { files, connections, processes, reads } = this.#round;
    return this.#rounds * (files + connections + 2 * processes + reads);
  }

  /** The next round. */
  next(): BatchDef {
    const { files, connections, processes, reads } = this.#round;
    const threads: ThreadDef[] = [];
    const fds: FdDef[] = [];
    const events: { type: number; thread: number; fd: number }[] = [];
    const before = this.#rounds * this.#ns;
    const resident = this.#residents(threads, fds);
    for (let i = 0; i < files; i++) events.push({ type: READ, thread: resident.thread, fd: this.#file(fds) });
    for (let i = 0; i < connections; i++) events.push({ type: READ, thread: resident.thread, fd: this.#connection(fds) });
    for (let i = 0; i < processes; i++) {
      const thread = this.#process(threads, before);
      events.push({ type: EXEC, thread, fd: 0 }, { type: EXIT, thread, fd: 0 });
    }
    for (let i = 0; i < reads; i++) events.push({ type: READ, ...resident });
    this.#rounds++;
    return { ...batchOfEvents(events, before, before + this.#ns, threads, fds), ...this.#payloads(events.length) };
  }

  #payloads(n: number): Pick<BatchDef, 'data' | 'dataLen'> {
    const { length } = this.#payload;
    return { data: Buffer.alloc(n * length, this.#payload), dataLen: Buffer.from(new Uint32Array(n).fill(length).buffer) };
  }

  #residents(threads: ThreadDef[], fds: FdDef[]): { thread: number; fd: number } {
    // A probe names what it still uses again, some time before its table is full.
    if (this.#resident === null || this.#nextFd - this.#resident.fd > 30_000)
      this.#resident = {
        thread: this.#resident?.thread ?? this.#thread(threads, 1, 'resident', 0),
        fd: this.#file(fds, '/var/lib/resident.db'),
      };
    return this.#resident;
  }

  #process(threads: ThreadDef[], time: number): number {
    return this.#thread(threads, FIRST_TID + (this.#nextThread % TIDS), `job-${this.#nextThread % 100}`, time);
  }

  #thread(threads: ThreadDef[], tid: number, comm: string, time: number): number {
    const id = this.#nextThread++;
    const args = `/usr/bin/${comm}\0--number\0${id}\0`;
    threads.push({
      id, tid, pid: tid, ppid: 1, vtid: tid, vpid: tid, sid: 1, pgid: tid, uid: 0, gid: 0, loginuid: 0, fromNs: time, startedNs: time,
      comm: Buffer.from(comm), procComm: Buffer.from(comm), exe: Buffer.from(`/usr/bin/${comm}`), args: Buffer.from(args), cwd: Buffer.from('/'),
      env: NOTHING, cgroupId: Long.UONE, cgroup: Buffer.from('/'), netns: 1, pidns: 1, mntns: 1, tty: 0, flags: 0,
    }); // biome-ignore format: a row
    return id;
  }

  #file(fds: FdDef[], name = `/tmp/spool/${this.#nextFd}`): number {
    const id = this.#nextFd++;
    fds.push(fdDef({ id, kind: FD_KINDS.indexOf('file'), name: Buffer.from(name), ino: Long.fromNumber(id, true) }));
    return id;
  }

  #connection(fds: FdDef[]): number {
    const id = this.#nextFd++;
    fds.push(
      fdDef({
        id,
        kind: FD_KINDS.indexOf('ipv4'),
        role: FD_ROLES.indexOf('client'),
        l4proto: 6,
        localIp: Uint8Array.of(10, 0, 0, 7),
        localPort: 32_768 + (id % 28_000),
        remoteIp: Uint8Array.of(10, 3, 0, 214),
        remotePort: 80,
        ino: Long.fromNumber(id, true),
      }),
    );
    return id;
  }
}

const READ = typeId('read');
const EXEC = typeId('execve');
const EXIT = typeId('procexit');

function batchOfEvents(
  events: readonly { type: number; thread: number; fd: number }[],
  begin: number,
  end: number,
  threads: readonly ThreadDef[],
  fds: readonly FdDef[],
): BatchDef {
  const n = events.length;
  const zeros = Object.fromEntries(Object.entries(COLUMN_WIDTHS).map(([name, width]) => [name, Buffer.alloc(n * width)]));
  const bytes = (column: Float64Array | Uint16Array | Uint32Array) => Buffer.from(column.buffer);
  return {
    ...(zeros as Record<keyof typeof COLUMN_WIDTHS, Buffer>),
    ...(Object.fromEntries(BYTE_COLUMN_NAMES.map((name) => [name, NOTHING])) as { args: Buffer; data: Buffer }),
    n,
    time: bytes(Float64Array.from(events, (_, i) => begin + ((i + 1) * (end - begin)) / n)),
    latency: bytes(new Float64Array(n).fill(1000)),
    type: bytes(Uint16Array.from(events, ({ type }) => type)),
    thread: bytes(Uint32Array.from(events, ({ thread }) => thread)),
    fd: bytes(Uint32Array.from(events, ({ fd }) => fd)),
    threads,
    fds,
    losses: [],
    clock: null,
    counters: [],
  };
}
