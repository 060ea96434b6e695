/**
 * The dimensions: what events refer to by a small integer. A capture of ten million events has some thousands of such rows,
 * so they are ordinary objects. Times are ns since the capture's start; a row that describes something changing holds
 * from `from` until `to` (null: until further notice), and a change makes a new row.
 */
import { DIMENSION_NAMES } from './dimensions.ts';
import type { DnsRow, DnsSocketRow, ResolverRow } from './dns.ts';
import type { EventType } from './event-type.ts';
import type { ContainerRow, KubeEventRow, KubeObjectRow } from './kube.ts';
import type { NodeFactRow } from './node.ts';
import { type Rows, Table } from './table.ts';

export { type Rows, Table } from './table.ts';

/** A process as it was between two changes (exec, user, cgroup, working directory …). */
export interface ProcessRow {
  readonly id: number;
  readonly pid: number;
  readonly ppid: number;
  /** pid in the innermost pid namespace. */
  readonly vpid: number;
  readonly sid: number;
  readonly pgid: number;
  readonly uid: number;
  readonly gid: number;
  /** -1: not from a login. */
  readonly loginuid: number;
  /** Name of the main thread. */
  readonly comm: string;
  /** argv[0]. */
  readonly exe: string;
  readonly exepath: string;
  /** argv without argv[0]. */
  readonly args: readonly string[];
  readonly env: readonly string[] | null;
  readonly cwd: string;
  readonly root: string;
  /** `controller=path`; one entry `=path` where only one hierarchy is known. */
  readonly cgroups: readonly string[];
  /** Inode of the cgroup's directory; 0: unknown. */
  readonly cgroupId: number;
  /** Full id of its container; empty: none. */
  readonly container: string;
  readonly netns: number;
  readonly pidns: number;
  readonly mntns: number;
  readonly tty: number;
  /** When the process began, may be before the capture; null: unknown. */
  readonly started: number | null;
  /** Bits of ProcessFlag. */
  readonly flags: number;
  readonly from: number;
  to: number | null;
}

export const ProcessFlag = {
  /** Uses io_uring. */
  IO_URING: 1,
  KERNEL: 2,
  ARGS_CUT: 4,
  /** And what it does that way is recorded. */
  IO_URING_SEEN: 8,
} as const;

/** Does its I/O where the recording did not see it. */
export const isHiddenByRing = (flags: number): boolean =>
  (flags & (ProcessFlag.IO_URING | ProcessFlag.IO_URING_SEEN)) === ProcessFlag.IO_URING;

/** A thread between two changes of itself or of its process. */
export interface ThreadRow {
  readonly id: number;
  readonly tid: number;
  readonly vtid: number;
  readonly comm: string;
  /** Row of the processes. */
  readonly process: number;
  readonly from: number;
  to: number | null;
}

/** How large a thread was, from a time until its next row; only files that tell it have such rows. */
export interface ThreadStatRow {
  readonly id: number;
  readonly tid: number;
  /** kB. */
  readonly vmsize: number;
  readonly vmrss: number;
  readonly vmswap: number;
  /** Other threads of its process, where it is the first. */
  readonly children: number;
  readonly from: number;
  readonly to: number | null;
}

/** sysdig's names for what a descriptor can be; `packet` is ours. Index = FdKind of the wire. */
export const FD_KINDS = [
  'unknown',
  'file',
  'directory',
  'ipv4',
  'ipv6',
  'unix',
  'pipe',
  'event',
  'signalfd',
  'eventpoll',
  'inotify',
  'timerfd',
  'netlink',
  'bpf',
  'userfaultfd',
  'io_uring',
  'memfd',
  'pidfd',
  'packet',
  'unsupported',
] as const;
export type FdKind = (typeof FD_KINDS)[number];

/** Which end a socket is: who began the exchange. Index = FdRole of the wire. */
export const FD_ROLES = ['none', 'client', 'server', 'listen'] as const;
export type FdRole = (typeof FD_ROLES)[number];

/** What an open file is. One socket whose peer changes has several rows; one file opened twice has one. */
export interface FdRow {
  readonly id: number;
  readonly kind: FdKind;
  readonly role: FdRole;
  /** IPPROTO number; 0: none. */
  readonly l4proto: number;
  /** Text, null where unknown or not an IP socket. */
  readonly localIp: string | null;
  readonly localPort: number;
  readonly remoteIp: string | null;
  readonly remotePort: number;
  /** Path of a file, directory or Unix socket; sysdig's name for other kinds. */
  readonly name: string;
  readonly ino: number;
  readonly dev: number;
  readonly netns: number;
  readonly openFlags: number;
}

export interface UserRow {
  readonly id: number;
  readonly uid: number;
  readonly name: string;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

export interface GroupRow {
  readonly id: number;
  readonly gid: number;
  readonly name: string;
}

/** Events that are missing. */
export interface LossRow {
  readonly id: number;
  /** `ring`: the kernel's buffer was full; `queue`: the probe's; `store`: the collector's; `shed`: not recorded, to cost less: `count` is 0, nobody knows it. */
  readonly reason: 'ring' | 'queue' | 'store' | 'shed';
  readonly cpu: number;
  readonly family: string;
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/** What the probe counted of one family of events on one CPU, since the recording began. */
export interface CounterRow {
  readonly id: number;
  readonly cpu: number;
  readonly family: string;
  /** Reached the hook and were asked for. */
  readonly seen: number;
  /** Of these: a filter or a threshold in the kernel said no. */
  readonly filtered: number;
  readonly emitted: number;
  readonly lost: number;
  /** Emitted, but their user memory was not readable. */
  readonly faults: number;
}

/** What kinds of rows there are. */
export interface RowTypes {
  types: EventType;
  threads: ThreadRow;
  processes: ProcessRow;
  fds: FdRow;
  users: UserRow;
  groups: GroupRow;
  losses: LossRow;
  dns: DnsRow;
  dnsSockets: DnsSocketRow;
  resolvers: ResolverRow;
  counters: CounterRow;
  threadStats: ThreadStatRow;
  containers: ContainerRow;
  objects: KubeObjectRow;
  kubeEvents: KubeEventRow;
  nodeFacts: NodeFactRow;
}
export type RowName = keyof RowTypes;

/** All that events refer to. */
export type Dimensions = { readonly [Name in RowName]: Rows<RowTypes[Name]> };
/** The same while it grows. */
export type DimensionTables = { readonly [Name in RowName]: Table<RowTypes[Name]> };

/** Empty tables for a new capture. */
export function newTables(): DimensionTables {
  // Each name's table has that name's rows, which the type of fromEntries does not know.
  return Object.fromEntries(DIMENSION_NAMES.map((name) => [name, new Table()])) as unknown as DimensionTables;
}
