import { type Chunk, columnValue, type NumberColumn, payload } from '../model/chunk.ts';
import type { DnsRow, LookupPart } from '../model/dns.ts';
import type { EventType } from '../model/event-type.ts';
import { History } from '../model/history.ts';
import { nodeOfPid } from '../model/nodes.ts';
import type { Dimensions, FdRow, GroupRow, ProcessRow, ThreadRow, ThreadStatRow, UserRow } from '../model/rows.ts';
import { firstIndex } from '../model/search.ts';
import { AddressNames } from './address-names.ts';
import { Connections, type KnownEnds } from './connections.ts';
import type { Http2Head } from './http2/connections.ts';
import { KubeNames } from './kube-names.ts';

/** What fields need to know of a capture beside the event itself. */
export interface CaptureContext {
  readonly dims: Dimensions;
  /** ns since 1970 of time zero. */
  readonly epoch: bigint;
  readonly hostname: string;
  /** Of a capture of several nodes: their names, as nodeOfPid takes them. */
  readonly nodes?: readonly string[];
  /** Of a capture of several nodes: connections whose ends their addresses do not join; absent: of none. */
  readonly ends?: KnownEnds;
  /** Rows are still being added: what a lookup by time gives now may be different later. */
  readonly growing: boolean;
  /** Names of event types that may yet come; absent: those in `dims` are all. */
  readonly typeNames?: ReadonlySet<string>;
  /** Named filters and lists that filters may use. */
  readonly definitions?: ReadonlyMap<string, string>;
  /** Which lookup an event's DNS message belongs to; absent: not to be known here. */
  readonly lookupPart?: (num: number) => LookupPart | null;
  /** What events have from those before them; absent: not to be known here. */
  readonly followed?: Followed;
  /** Heads of HTTP/2, which events have from those before them, too; absent: not to be known here. */
  readonly http2?: Http2Source;
}

export interface Http2Source {
  /** Of an event of a chunk; null: its connection is none of HTTP/2, as far as one knows. */
  headsAt(chunk: Chunk, i: number): readonly Http2Head[] | null;
  /** Events pass by, in their order: they cannot be read again. Nothing to do for what can. */
  pass?(chunk: Chunk): void;
}

/** By the numbers of events. */
export interface Followed {
  /** Its descriptor got another name with it. */
  readonly nameChanged: (num: number) => boolean;
  /** Row of what a process had as descriptor 0, 1 or 2 at an event; null: nothing shows it, or it was closed. */
  readonly stdio: (process: ProcessRow, fdnum: number, event: { readonly num: number; readonly time: number }) => number | null;
  /** ns for which the thread that it takes off a CPU had that, and had CPUs since the capture began; null: it takes none off. */
  readonly execTime: (num: number) => { readonly own: number; readonly total: number } | null;
}

/**
 * One event as fields see it: a cursor that is moved, not an object per event. It stands on an event of a chunk, or on
 * one row of a dimension, for a filter's part that needs no more. Lookups by time narrow `from`/`until`: between
 * these times the same row would read the same.
 */
export class EventView {
  chunk: Chunk | null = null;
  i = 0;
  time = 0;
  from = -Infinity;
  until = Infinity;
  /** A lookup by time was made since the view was put on its row. */
  askedHistory = false;
  /** Time of the event before the chunk's first. */
  timeBefore = 0;
  /** How evt.args shows payload bytes, where that is not in one line. */
  payloadText: ((bytes: Uint8Array) => string) | null = null;
  readonly capture: CaptureContext;
  readonly #processes: History<number, ProcessRow>;
  readonly #threads: History<number, ThreadRow>;
  readonly #stats: History<number, ThreadStatRow>;
  readonly #kube: KubeNames;
  readonly #connections: Connections;
  readonly #names: AddressNames;
  #thread: ThreadRow | null | undefined;
  #fd: FdRow | null | undefined;
  #type: EventType | undefined;
  #dns: DnsRow | null | undefined;
  readonly #dnsRows: DnsRow[] = [];
  #dnsListed = 0;

  constructor(capture: CaptureContext) {
    this.capture = capture;
    this.#processes = new History(capture.dims.processes, (row) => row.pid);
    this.#threads = new History(capture.dims.threads, (row) => row.tid);
    this.#stats = new History(capture.dims.threadStats, (row) => row.tid);
    this.#kube = new KubeNames(capture.dims);
    this.#connections = new Connections(capture.dims.fds, capture.ends);
    this.#names = new AddressNames(capture.dims.dns);
  }

  /** Stands on event i of a chunk. */
  at(chunk: Chunk, i: number): this {
    this.chunk = chunk;
    this.i = i;
    this.time = chunk.time[i]!;
    this.#thread = this.#fd = this.#type = this.#dns = undefined;
    return this;
  }

  /** Stands on one row alone, at a time. */
  onRow(kind: 'type' | 'thread' | 'fd' | 'dns', id: number, time: number): this {
    const { dims } = this.capture;
    this.chunk = null;
    this.time = time;
    this.from = -Infinity;
    this.until = Infinity;
    this.askedHistory = false;
    this.#thread = kind === 'thread' ? (dims.threads.get(id) ?? null) : null;
    this.#fd = kind === 'fd' ? (dims.fds.get(id) ?? null) : null;
    this.#type = kind === 'type' ? dims.types.get(id) : undefined;
    this.#dns = kind === 'dns' ? (dims.dns.get(id) ?? null) : null;
    return this;
  }

  get type(): EventType {
    this.#type ??= this.capture.dims.types.get(this.chunk === null ? 0 : this.chunk.type[this.i]!) ?? UNKNOWN_TYPE;
    return this.#type;
  }

  get thread(): ThreadRow | null {
    if (this.#thread === undefined) this.#thread = this.capture.dims.threads.get(this.chunk!.thread[this.i]!) ?? null;
    return this.#thread;
  }

  get process(): ProcessRow | null {
    const thread = this.thread;
    return thread === null ? null : (this.capture.dims.processes.get(thread.process) ?? null);
  }

  /** The node; null: unknown. */
  get node(): string | null {
    const { nodes = [], hostname } = this.capture;
    return (nodes.length > 1 ? nodeOfPid(nodes, this.thread?.tid ?? 0) : hostname) || null;
  }

  get fd(): FdRow | null {
    if (this.#fd === undefined) this.#fd = this.capture.dims.fds.get(this.chunk!.fd[this.i]!) ?? null;
    return this.#fd;
  }

  get dns(): DnsRow | null {
    if (this.#dns === undefined) this.#dns = this.#dnsOf(this.chunk!.num[this.i]!);
    return this.#dns;
  }

  /** The lookup that the event's message belongs to. */
  get lookup(): LookupPart | null {
    return this.dns === null ? null : (this.capture.lookupPart?.(this.dns.num) ?? null);
  }

  get flags(): number {
    return this.chunk === null ? 0 : this.chunk.flags[this.i]!;
  }

  /** The call's result; null where it has none. */
  get res(): number | null {
    return this.columnValue('res');
  }

  get payload(): Uint8Array {
    return this.chunk === null ? EMPTY : payload(this.chunk, this.i);
  }

  /** A number column's value; null where the column says that there is none. */
  columnValue(column: NumberColumn): number | null {
    return columnValue(this.chunk!, column, this.i);
  }

  /** The process with a pid, as it was at the view's time. */
  processAt(pid: number): ProcessRow | null {
    this.askedHistory = true;
    return this.#processes.at(pid, this.time, this) ?? this.#processOfThread(pid);
  }

  /** How large a thread was at the view's time. */
  statsOf(tid: number): ThreadStatRow | null {
    this.askedHistory = true;
    return this.#stats.at(tid, this.time, this);
  }

  /** The server's end of a client's connection, as its own process has it. */
  serverOf(fd: FdRow): FdRow | null {
    this.askedHistory = true;
    return this.#connections.serverOf(fd);
  }

  /** Names of containers and of what Kubernetes knows, to be asked with the view's time and the view itself. */
  get kube(): KubeNames {
    this.askedHistory = true;
    return this.#kube;
  }

  /** The name of a thread, as it was at the view's time. */
  threadName(tid: number): string | null {
    this.askedHistory = true;
    return this.#threads.at(tid, this.time, this)?.comm ?? null;
  }

  /** Recorders that tell which thread made a process tell its thread's number for its parent's. */
  #processOfThread(tid: number): ProcessRow | null {
    const thread = this.#threads.at(tid, this.time, this);
    return thread === null ? null : (this.capture.dims.processes.get(thread.process) ?? null);
  }

  /** Names that DNS answers of the capture gave an address for, as of the view's time. */
  namesOf(address: string): readonly string[] {
    this.askedHistory = true;
    return this.#names.of(address, this.time, this);
  }

  /** Changes with every row that is added or changed, of those that lookups go to. */
  get version(): number {
    const { processes, threads, dns, containers, objects, kubeEvents } = this.capture.dims;
    return processes.version + threads.version + dns.version + containers.version + objects.version + kubeEvents.version;
  }

  /** The DNS messages of events numbered first to last, ascending. */
  dnsBetween(first: number, last: number): readonly DnsRow[] {
    const { dns } = this.capture.dims;
    if (this.#dnsListed < dns.lastId) {
      for (const row of dns.above(this.#dnsListed)) this.#dnsRows.push(row);
      this.#dnsListed = dns.lastId;
    }
    const rows = this.#dnsRows;
    return rows.slice(firstFrom(rows, first), firstFrom(rows, last + 1));
  }

  userOf(uid: number): UserRow | null {
    for (const user of this.capture.dims.users.all()) if (user.uid === uid) return user;
    return null;
  }

  groupOf(gid: number): GroupRow | null {
    for (const group of this.capture.dims.groups.all()) if (group.gid === gid) return group;
    return null;
  }

  #dnsOf(num: number): DnsRow | null {
    return this.dnsBetween(num, num)[0] ?? null;
  }
}

/** Index of the first message whose event is numbered `num` or later. */
function firstFrom(rows: readonly DnsRow[], num: number): number {
  return firstIndex(rows.length, (i) => rows[i]!.num >= num);
}

const EMPTY = new Uint8Array(0);

const UNKNOWN_TYPE: EventType = {
  id: 0,
  name: 'unknown',
  category: 'other',
  family: 'other',
  io: null,
  wait: false,
  makesFd: false,
  usesFd: false,
  syscall: false,
  args: [],
};
