/** The messages of proto/trowel.proto, decoded and encoded by protobufjs, and their types as far as we read them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Long from 'long';
import protobuf from 'protobufjs';
import type { ProgramCost } from '../capture/own-cost.ts';
import type { ByteColumn, WireColumn } from '../model/columns.ts';
import { packageRoot } from '../model/package-root.ts';
import { checkSize } from './wire-size.ts';

/** Version of the columns that this collector reads; see Hello.layout. */
export const LAYOUT = 1;

export interface Clock {
  readonly bootNs: Long;
  readonly wallNs: Long;
}

export interface Hello {
  readonly layout: number;
  readonly version: string;
  readonly hostname: string;
  readonly kernel: string;
  readonly machine: string;
  readonly cpus: number;
  readonly pid: number;
  readonly bootId: string;
  readonly clock: Clock | null;
}

export interface Ready {
  readonly hook: string;
  readonly notes: readonly string[];
  readonly startNs: Long;
  readonly cgroupV2: boolean;
  readonly missing: readonly MissingDef[];
  readonly users: readonly UserDef[];
  readonly groups: readonly GroupDef[];
  /** There are more users or groups than these. */
  readonly usersCut: boolean;
}

export interface UserDef {
  readonly uid: number;
  readonly gid: number;
  readonly name: Uint8Array;
  readonly home: Uint8Array;
  readonly shell: Uint8Array;
}

export interface GroupDef {
  readonly gid: number;
  readonly name: Uint8Array;
}

/** What a recording cannot see; `error` is an errno, 0 where the kernel did not choose. */
export interface MissingDef {
  readonly id: string;
  readonly effect: string;
  readonly reason: string;
  readonly error: number;
}

export interface ThreadDef {
  readonly id: number;
  readonly tid: number;
  readonly pid: number;
  readonly ppid: number;
  readonly vtid: number;
  readonly vpid: number;
  readonly sid: number;
  readonly pgid: number;
  readonly uid: number;
  readonly gid: number;
  readonly loginuid: number;
  readonly fromNs: number;
  readonly startedNs: number;
  readonly comm: Uint8Array;
  readonly procComm: Uint8Array;
  readonly exe: Uint8Array;
  readonly args: Uint8Array;
  readonly cwd: Uint8Array;
  readonly env: Uint8Array;
  readonly cgroupId: Long;
  readonly cgroup: Uint8Array;
  readonly netns: number;
  readonly pidns: number;
  readonly mntns: number;
  readonly tty: number;
  readonly flags: number;
}

export interface FdDef {
  readonly id: number;
  readonly kind: number;
  readonly role: number;
  readonly l4proto: number;
  readonly localIp: Uint8Array;
  readonly localPort: number;
  readonly remoteIp: Uint8Array;
  readonly remotePort: number;
  readonly name: Uint8Array;
  readonly ino: Long;
  readonly dev: number;
  readonly netns: number;
  readonly openFlags: number;
}

export interface LossDef {
  readonly reason: number;
  readonly cpu: number;
  readonly family: string;
  readonly count: Long;
  readonly fromNs: number;
  readonly toNs: number;
}

export interface CounterDef {
  readonly cpu: number;
  readonly family: string;
  readonly seen: Long;
  readonly filtered: Long;
  readonly emitted: Long;
  readonly lost: Long;
  readonly faults: Long;
}

/** The columns of n events: those of model/columns.ts, as the proto file has them. */
type BatchColumns = { readonly [Name in WireColumn | ByteColumn]: Uint8Array };

/** n events, and what they refer to for the first time. */
export interface BatchDef extends BatchColumns {
  readonly n: number;
  readonly threads: readonly ThreadDef[];
  readonly fds: readonly FdDef[];
  readonly losses: readonly LossDef[];
  readonly clock: Clock | null;
  readonly counters: readonly CounterDef[];
}

export interface Bye {
  readonly events: Long;
  readonly lost: Long;
  readonly endNs: number;
  readonly cpuS: number;
  readonly programs: readonly ProgramCost[];
}

export type FromProbe =
  | { readonly message: 'hello'; readonly hello: Hello }
  | { readonly message: 'ready'; readonly ready: Ready }
  | { readonly message: 'batch'; readonly batch: BatchDef }
  | { readonly message: 'bye'; readonly bye: Bye };

/** What the probe shall record; see Config in the proto file. Absent: its default. */
export interface Config {
  readonly snaplen?: number;
  readonly snaplenWhole?: number;
  readonly waitOverNs?: number;
  readonly latency?: boolean;
  readonly environment?: boolean;
  readonly families?: readonly string[];
  readonly calls?: readonly number[];
  readonly cgroups?: readonly string[];
  readonly pids?: readonly number[];
  readonly comms?: readonly Uint8Array[];
  readonly ports?: readonly number[];
  readonly fdKinds?: readonly number[];
  readonly minLatencyNs?: number;
  readonly excludePids?: readonly number[];
}

export type ToProbe = { readonly config: Config } | { readonly stop: Record<string, never> };

export interface Wire {
  readonly path: string;
  decode(bytes: Buffer): FromProbe;
  encode(message: ToProbe): Buffer;
}

/** Loads the proto file that lies beside the program. */
export function loadWire(): Wire {
  protobuf.util.Long = Long;
  protobuf.configure();
  const { root } = protobuf.parse(readFileSync(join(packageRoot(), 'proto/trowel.proto'), 'utf8'));
  absentBytesAreEmpty(root.lookup('trowel.v1') as protobuf.Namespace);
  const fromProbe = root.lookupType('trowel.v1.FromProbe');
  const toProbe = root.lookupType('trowel.v1.ToProbe');
  return {
    path: '/trowel.v1.Collector/Record',
    decode: (bytes) => {
      checkSize(bytes);
      return fromProbe.decode(bytes) as unknown as FromProbe;
    },
    encode: (message) => Buffer.from(toProbe.encode(toProbe.fromObject(message)).finish()),
  };
}

/** protobufjs gives a plain array for a `bytes` field that a message leaves out; we want what a present one is. */
function absentBytesAreEmpty({ nestedArray }: protobuf.Namespace): void {
  for (const type of nestedArray) {
    if (!(type instanceof protobuf.Type)) continue;
    for (const field of type.fieldsArray) if (field.type === 'bytes' && !field.repeated) type.ctor.prototype[field.name] = Buffer.alloc(0);
  }
}
