/** A capture as its probe would send it again: what is not on the wire (names of pods, the node's network) does not come along. */
import ipaddr from 'ipaddr.js';
import Long from 'long';
import type { FdDef, ThreadDef } from '../../src/collector/wire.ts';
import { LAYOUT } from '../../src/collector/wire.ts';
import { FD_KINDS, FD_ROLES, type FdRow } from '../../src/model/rows.ts';
import type { CaptureReader } from '../../src/store/reader.ts';
import { batchOf } from './batches.ts';

const NO_LOGIN = 0xffffffff;

export interface Replay {
  readonly events: number;
  readonly hello: object;
  readonly ready: object;
  /** Each with some events, and all that they refer to before it. */
  readonly batches: readonly object[];
  readonly bye: object;
}

/** `size`: events of a batch. */
export function replayOf(capture: CaptureReader, size: number): Replay {
  const { meta, epoch, dims } = capture;
  const zero = '1000000000';
  const batches: object[] = [];
  const [threads, fds] = [new FirstUses((id) => threadDef(dims, id)), new FirstUses((id) => fdDef(dims.fds.get(id)))];
  let events = 0;
  for (const head of capture.heads()) {
    const chunk = capture.chunk(head);
    for (let from = 0; from < chunk.n; from += size) {
      const to = Math.min(chunk.n, from + size);
      batches.push({ batch: batchOf(chunk, from, to, threads.of(chunk.thread.subarray(from, to)), fds.of(chunk.fd.subarray(from, to))) });
    }
    events += chunk.n;
  }
  const clock = { bootNs: zero, wallNs: String(epoch) };
  return {
    events,
    hello: { hello: { layout: LAYOUT, hostname: meta.hostname, cpus: 2, bootId: `boot of ${meta.hostname}`, clock } },
    ready: { ready: { hook: meta.hook ?? 'test', startNs: zero } },
    batches,
    bye: { bye: { events, endNs: Number(meta.end) } },
  };
}

/** Definitions of ids, each where it is first used. */
class FirstUses<Def> {
  readonly #define: (id: number) => Def;
  readonly #said = new Set([0]);

  constructor(define: (id: number) => Def) {
    this.#define = define;
  }

  of(ids: Uint32Array): Def[] {
    const found = new Set(ids).difference(this.#said);
    for (const id of found) this.#said.add(id);
    return [...found].sort((a, b) => a - b).map(this.#define);
  }
}

function threadDef({ threads, processes }: CaptureReader['dims'], thread: number): ThreadDef {
  const { id, tid, vtid, comm, from, process: of } = threads.get(thread)!;
  const process = processes.get(of)!;
  const { pid, ppid, vpid, sid, pgid, uid, gid, loginuid, exe, args, env, cgroups, cgroupId, netns, pidns, mntns, tty, flags } = process;
  return {
    ...{ id, tid, vtid, pid, ppid, vpid, sid, pgid, uid, gid, netns, pidns, mntns, tty, flags },
    loginuid: loginuid < 0 ? NO_LOGIN : loginuid,
    fromNs: from,
    startedNs: process.started ?? from,
    comm: Buffer.from(comm),
    procComm: Buffer.from(process.comm),
    exe: Buffer.from(process.exepath),
    args: texts([exe, ...args]),
    cwd: Buffer.from(process.cwd),
    env: texts(env ?? []),
    cgroupId: Long.fromNumber(cgroupId, true),
    cgroup: Buffer.from((cgroups[0] ?? '=').replace(/^[^=]*=/, '')),
  };
}

function fdDef(row: FdRow | undefined): FdDef {
  const { kind, role, localIp, remoteIp, name, ino, ...rest } = row!;
  return {
    ...rest,
    kind: FD_KINDS.indexOf(kind),
    role: FD_ROLES.indexOf(role),
    localIp: address(localIp),
    remoteIp: address(remoteIp),
    name: Buffer.from(name),
    ino: Long.fromNumber(ino, true),
  };
}

const texts = (all: readonly string[]): Buffer => Buffer.from(all.map((one) => `${one}\0`).join(''));
const address = (ip: string | null): Buffer => (ip === null ? Buffer.alloc(0) : Buffer.from(ipaddr.parse(ip).toByteArray()));
