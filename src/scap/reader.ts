/**
 * A file's events, in its order, as chunks. One stored event is one completed call: it has the number and the time of its
 * end, and began where its beginning was recorded. What never ends, and what is no call, is stored as what it is.
 */
import { KubeBook } from '../kube/book.ts';
import type { KubeSink } from '../kube/watcher.ts';
import { EventFlag } from '../model/chunk.ts';
import type { DimensionTables } from '../model/rows.ts';
import { eachFdArg } from './args.ts';
import { Block, BlockCutter, BYTE_ORDER_MAGIC, eventForm, ScapDamage } from './blocks.ts';
import { Piece, u32 } from './bytes.ts';
import { ScapChunk } from './chunk.ts';
import { containerOfParams, readContainer } from './containers.ts';
import { Cursor } from './cursor.ts';
import { EventHead } from './events.ts';
import { type Fd, tupleOf } from './fd.ts';
import { failedPath } from './files.ts';
import { addContainer, addObjects } from './kube.ts';
import { Limits } from './limits.ts';
import { readFds, readInterfaces, readMachine, readProcesses, readUsers } from './lists.ts';
import { OpenCall } from './open-call.ts';
import { Params } from './params.ts';
import { type EventSchema, SchemaFlag, schemaOf } from './schema.ts';
import { failedPeer, messageTuple } from './sockets.ts';
import { type EventAtHand, State } from './state.ts';
import type { Survey } from './survey.ts';
import { type Thread, textIn } from './thread.ts';
import { type EventKind, EventTypes, type TypePlan } from './types.ts';
import { addUser } from './users.ts';

const NOTHING = new Uint8Array(0);
const NO_PARAMS = new Params();
const TWO_32 = 2 ** 32;
/** By so much may events be older than the first: files are not wholly in the order of time; ns. */
const BEFORE = 60e9;

/** What the file says of the machine. */
export interface ScapMachine {
  hostname: string;
  cpus: number;
}

export interface ReaderOptions {
  /** Threads' sizes are wanted. They change with every switch of a CPU. */
  readonly sizes?: boolean;
}

export class ScapReader implements EventAtHand {
  readonly machine: ScapMachine = { hostname: '', cpus: 0 };
  /** Payload bytes kept of one operation, at most. */
  snaplen = 0;
  /** ns since the first event. */
  end = 0;
  type = 0;
  schema: EventSchema = schemaOf(0)!;
  tid = 0;
  time = 0;
  readonly params = new Params();
  thread: Thread | null = null;
  fd: Fd | null = null;

  readonly #tables: DimensionTables;
  readonly #survey: Pick<Survey, 'pending' | 'exitOnly' | 'epoch'>;
  readonly #onChunk: (chunk: ScapChunk) => void;
  readonly #sizes: boolean;
  readonly #cutter = new BlockCutter();
  readonly #head = new EventHead();
  readonly #types: EventTypes;
  readonly #names: KubeSink;
  readonly #enterParams = new Params();
  readonly #chunk = new ScapChunk();
  readonly #epochHigh: number;
  readonly #epochLow: number;
  readonly #limits = new Limits();
  #state: State;
  #started = false;
  #num = 0;
  #nextPending = 0;
  #nameless = 0;
  /** Calls of threads that nobody announced, by thread. */
  readonly #strays = new Map<number, OpenCall>();
  /** Without a survey: calls that turned out not to return. */
  #late: OpenCall[] = [];

  /**
   * `onChunk` gets events in order, in a chunk that is used again. Without `pending` calls that never return come last,
   * since nobody could know of them before.
   */
  constructor(
    tables: DimensionTables,
    survey: Pick<Survey, 'pending' | 'exitOnly' | 'epoch'>,
    onChunk: (chunk: ScapChunk) => void,
    options: ReaderOptions = {},
  ) {
    this.#tables = tables;
    this.#survey = survey;
    this.#onChunk = onChunk;
    this.#sizes = options.sizes ?? true;
    this.#types = new EventTypes(tables, survey.exitOnly, this.#sizes);
    this.#names = new KubeBook(tables, 0, () => this.time).sink('scap');
    this.#state = this.#newState();
    this.#epochHigh = Number(survey.epoch >> 32n);
    this.#epochLow = Number(survey.epoch & 0xffffffffn);
  }

  /** Throws ScapDamage; what came before it is kept. */
  push(bytes: Uint8Array): void {
    const cutter = this.#cutter;
    const head = this.#head;
    cutter.feed(bytes);
    while (cutter.next()) {
      const form = eventForm(cutter.type);
      if (form === undefined) this.#block(cutter.type, cutter.piece.bytes, cutter.from, cutter.to);
      else if (head.load(cutter.piece, cutter.from, cutter.to, form)) this.#event(head);
      else throw new ScapDamage('an event that is longer than its block');
    }
    this.#keepOpenCalls();
    this.#limits.check(this.#tables);
    if (this.#late.length > MAX_LATE) this.#storeLate();
  }

  /** Calls that have begun and not ended take their bytes along when the piece goes. */
  #keepOpenCalls(): void {
    const open: OpenCall[] = [];
    let length = 0;
    for (const thread of this.#state.threads.values()) {
      if (!thread.open.hasBytes || thread.open.isKept) continue;
      open.push(thread.open);
      length += thread.open.to - thread.open.from;
    }
    const kept = new Piece(new Uint8Array(length));
    let at = 0;
    for (const call of open) at = call.keep(kept, at);
  }

  /** Hands over the last events. */
  finish(): void {
    this.#leaveOpen();
    this.#storeLate();
    this.#handOver();
  }

  #storeLate(): void {
    this.#late.sort((a, b) => a.num - b.num);
    for (const call of this.#late) this.#storeOpen(call);
    this.#late = [];
  }

  /** After the last piece: why the file is not whole; null: it is. */
  get cut(): string | null {
    return this.#cutter.cut;
  }

  /** What of the file is not kept, since there is too much of it; null: all is. */
  get leftOut(): string | null {
    return this.#limits.leftOut;
  }

  enter(): Params | null {
    const { thread } = this;
    if (thread === null || !thread.valid || !thread.open.hasBytes) return null;
    return this.#loadEnter(thread.open);
  }

  #handOver(): void {
    if (this.#chunk.n > 0) this.#onChunk(this.#chunk);
    this.#chunk.clear();
  }

  #newState(): State {
    return new State(this.#tables, this.#limits, (thread) => this.#dropOpen(thread.open));
  }

  #loadEnter({ piece, from, to, type, counted }: OpenCall): Params {
    this.#enterParams.load(piece, from, to, schemaOf(type)!, counted);
    return this.#enterParams;
  }

  #block(type: number, bytes: Uint8Array, from: number, to: number): void {
    if (type === Block.SECTION) this.#section(bytes, from, to);
    else if (!this.#started) this.#list(type, new Cursor(bytes, from, to));
  }

  #section(bytes: Uint8Array, from: number, to: number): void {
    if (from + 4 > to || u32(bytes, from) !== BYTE_ORDER_MAGIC)
      throw new ScapDamage('a section of another byte order, or of another format');
    this.#leaveOpen();
    for (const thread of this.#state.threads.values()) this.#state.threadRows.ended(thread, this.end);
    this.#state = this.#newState();
    this.#started = false;
  }

  #list(type: number, at: Cursor): void {
    const version = Block.PROCESSES.indexOf(type) + 1;
    if (version > 0) this.#threads(at, version);
    else if (type === Block.MACHINE) Object.assign(this.machine, readMachine(at));
    else if (type === Block.INTERFACES_1 || type === Block.INTERFACES_2) {
      for (const one of readInterfaces(at, type === Block.INTERFACES_2)) this.#state.addAddress(one);
    } else if (type === Block.USERS_1 || type === Block.USERS_2) {
      for (const entry of readUsers(at, type === Block.USERS_2)) addUser(this.#tables, this.#limits, entry);
    } else if (type === Block.FDS_1 || type === Block.FDS_2) this.#fds(at, type === Block.FDS_2);
  }

  #threads(at: Cursor, version: number): void {
    for (const thread of readProcesses(at, version)) if (this.#state.add(thread)) this.#limits.text += textIn(thread, this.#limits);
  }

  #fds(at: Cursor, sized: boolean): void {
    const thread = this.#state.threads.get(at.i64());
    if (thread === undefined) return;
    for (const [number, fd] of readFds(at, sized)) if (this.#state.putFd(thread.fds, number, fd)) this.#limits.text += fd.name.length;
  }

  /** The lists are complete: threads that filters may ask for as parents get their rows before any event. */
  #begin(): void {
    this.#started = true;
    this.#state.begin();
    const from = this.#num === 0 ? -BEFORE : this.end;
    for (const thread of this.#state.threads.values()) if (thread.isMain) this.#state.threadRow(thread, from);
    for (const thread of this.#state.threads.values()) this.#state.threadRow(thread, from);
  }

  #event(head: EventHead): void {
    const kind = this.#types.kind(head.type);
    if (kind === null) return;
    if (!this.#started) this.#begin();
    this.type = head.type;
    this.schema = kind.schema;
    this.tid = head.tid;
    if (head.timeHigh > 0) this.time = (head.timeHigh - this.#epochHigh) * TWO_32 + ((head.timeLow >>> 0) - this.#epochLow);
    else this.time = this.end;
    if (this.time > this.end) this.end = this.time;
    this.fd = null;
    if (!kind.isNumbered) {
      this.params.load(head.piece, head.from, head.to, kind.schema, head.counted);
      kind.handler?.(this.#state, this);
      return;
    }
    this.#num++;
    if (this.#state.hasEnded) this.#state.settle(this.time);
    this.thread = this.#find(kind);
    if (kind.side === 'enter') this.#begun(kind, head);
    else {
      this.params.load(head.piece, head.from, head.to, kind.schema, head.counted);
      if (kind.side === 'exit') this.#ended(kind, head);
      else this.#alone(kind, head);
    }
  }

  /** The event's thread, made up where nobody announced it. */
  #find({ finding }: EventKind): Thread | null {
    if (finding === 'none') return null;
    const known = this.#state.threadAt(this.tid);
    if (known !== undefined) return known;
    return finding === 'made' ? this.#state.threadOf(this.tid) : null;
  }

  /** Keeps a call's beginning for its end. */
  #begun(kind: EventKind, head: EventHead): void {
    const { thread } = this;
    const { pending } = this.#survey;
    const open = thread === null ? this.#stray() : thread.open;
    this.#dropOpen(open);
    open.time = this.time;
    open.begin(this.#num, head);
    if (thread !== null) this.#remember(thread, open, kind);
    if (pending === null) this.#describe(thread, open, kind);
    else if (pending[this.#nextPending] === this.#num) {
      this.#nextPending++;
      this.#describe(thread, open, kind);
      this.#storeOpen(this.#kept(open));
      open.num = 0;
    }
  }

  #remember(thread: Thread, open: OpenCall, kind: EventKind): void {
    thread.lastFd = -1;
    thread.lastType = this.type;
    if (!kind.usesFd && kind.handler === undefined) return;
    this.params.load(open.piece, open.from, open.to, kind.schema, open.counted);
    if (kind.usesFd) {
      thread.lastFd = this.params.int(0) ?? -1;
      this.fd = this.#state.fdOf(thread, thread.lastFd);
    }
    kind.handler?.(this.#state, this);
  }

  /** Says what a call that may never return was about. */
  #describe(thread: Thread | null, open: OpenCall, kind: EventKind): void {
    open.thread = thread === null ? 0 : thread.row !== 0 ? thread.row : this.#state.threadRow(thread, this.time);
    const hasFd = kind.hasFd && thread !== null;
    open.fdnum = hasFd ? thread.lastFd : -1;
    open.fd = !hasFd ? 0 : this.fd === null ? this.#noName() : this.#state.fdRow(thread, this.fd);
  }

  #stray(): OpenCall {
    let open = this.#strays.get(this.tid);
    if (open === undefined) {
      open = new OpenCall(null);
      if (this.#strays.size < MAX_STRAYS) this.#strays.set(this.tid, open);
    }
    return open;
  }

  /** A call will not return any more. */
  #dropOpen(open: OpenCall): void {
    if (open.num !== 0 && this.#survey.pending === null && this.#limits.allow('open calls', this.#late.length))
      this.#late.push(this.#kept(open));
    open.end();
  }

  /** An open call as it is now, with nothing that keeps its thread in memory. */
  #kept(open: OpenCall): OpenCall {
    const kept = open.copy();
    const kind = this.#types.kind(open.type)!;
    const params = this.#loadEnter(open);
    kept.plan = kind.plan(-1, params.count, kind.isGeneric ? (params.uint(0) ?? 0) : 0);
    if (kept.plan.fdArgs.length > 0)
      eachFdArg(kept.plan, params, NO_PARAMS, (number) => kept.fdRows.push(this.#fdRowOf(open.caller, number)));
    return kept;
  }

  #leaveOpen(): void {
    for (const { open } of this.#state.threads.values()) this.#dropOpen(open);
    for (const open of this.#strays.values()) this.#dropOpen(open);
    this.#strays.clear();
  }

  #storeOpen(open: OpenCall): void {
    const chunk = this.#chunk;
    const { n } = chunk;
    const plan = open.plan!;
    chunk.num[n] = open.num;
    chunk.time[n] = open.time;
    chunk.latency[n] = -1;
    chunk.type[n] = plan.id;
    chunk.cpu[n] = open.cpu;
    chunk.thread[n] = open.thread;
    chunk.fdnum[n] = open.fdnum;
    chunk.fd[n] = open.fd;
    chunk.res[n] = 0;
    chunk.flags[n] = EventFlag.PENDING;
    chunk.place(plan, open.piece, open.from, open.to, open.counted);
    for (const row of open.fdRows) chunk.placeFd(row);
    chunk.n = n + 1;
    if (chunk.full) this.#handOver();
  }

  #ended(kind: EventKind, head: EventHead): void {
    const { params } = this;
    let { thread } = this;
    if (thread !== null) this.#resume(thread, kind);
    kind.handler?.(this.#state, this);
    thread = this.thread;
    const open = thread !== null && thread.open.num !== 0 && thread.open.type === this.type - 1 ? thread.open : null;
    const enter = open === null ? NO_PARAMS : this.#loadEnter(open);
    const call = kind.isGeneric ? (params.uint(0) ?? 0) : 0;
    const plan = kind.plan(params.count, open === null ? -1 : enter.count, call);
    this.#store(kind, plan, head, open, enter);
    if (open === null) this.#endOther(thread);
    else open.end();
  }

  /** An end whose beginning is not the thread's last: that one will not return any more. */
  #endOther(thread: Thread | null): void {
    if (thread !== null) {
      this.#dropOpen(thread.open);
      thread.open.end();
    }
    const stray = this.#strays.size === 0 ? undefined : this.#strays.get(this.tid);
    if (stray === undefined) return;
    if (stray.type !== this.type - 1) this.#dropOpen(stray);
    this.#strays.delete(this.tid);
  }

  /** The call's descriptor is that of its beginning, if nothing came between; newer files tell it with the end. */
  #resume(thread: Thread, kind: EventKind): void {
    const { schema, params } = this;
    const { exitOnly } = this.#survey;
    thread.valid = this.type === thread.lastType + 1;
    if (!thread.valid && exitOnly) thread.lastFd = -1;
    if (!kind.usesFd || (!thread.valid && !exitOnly)) return;
    if (schema.name === 'copy_file_range') thread.lastFd = params.int(1) ?? -1;
    else if (thread.lastFd === -1) thread.lastFd = params.int(firstFd(schema)) ?? -1;
    this.fd = this.#state.fdOf(thread, thread.lastFd);
  }

  #alone(kind: EventKind, head: EventHead): void {
    const { params, thread } = this;
    if (thread !== null && kind.intervenes) {
      thread.lastFd = -1;
      thread.lastType = this.type;
    }
    kind.handler?.(this.#state, this);
    if (kind.tellsOf === 'container') this.#container();
    else if (kind.tellsOf === 'k8s') addObjects(this.#names, this.#json());
    this.#store(kind, kind.plan(params.count, -1, 0), head, null, NO_PARAMS);
  }

  /** What a container's or an object's event says. */
  #json(): Uint8Array {
    const raw = this.params.raw(0) ?? NOTHING;
    return this.#limits.allow('longer texts', raw.length) ? raw : NOTHING;
  }

  #container(): void {
    const note = this.schema.indexes.has('json') ? readContainer(this.#json()) : containerOfParams(this.params);
    if (note === null) return;
    this.#state.containerIps.set(note.id, note.ip);
    addContainer(this.#names, note);
  }

  #store(kind: EventKind, plan: TypePlan, head: EventHead, open: OpenCall | null, enter: Params): void {
    const chunk = this.#chunk;
    const { n } = chunk;
    const { params, thread } = this;
    if (thread !== null && this.#sizes) this.#state.noteStats(thread, this.time);
    chunk.num[n] = this.#num;
    chunk.time[n] = this.time;
    chunk.latency[n] = open === null ? -1 : this.time - open.time;
    chunk.type[n] = plan.id;
    chunk.cpu[n] = head.cpu;
    chunk.thread[n] = thread === null ? 0 : thread.row !== 0 ? thread.row : this.#state.threadRow(thread, this.time);
    const hasFd = kind.hasFd && thread !== null && kind.side === 'exit';
    chunk.fdnum[n] = hasFd ? thread.lastFd : -1;
    chunk.fd[n] = hasFd ? this.#fdRow(thread) : 0;
    const res = plan.hasRes ? params.int(0) : null;
    chunk.res[n] = res ?? 0;
    const data = plan.data < 0 ? 0 : params.length(plan.data);
    if (data > this.snaplen) this.snaplen = data;
    const cut = plan.data >= 0 && res !== null && res > data ? EventFlag.TRUNCATED : 0;
    const flags = kind.side === 'one' ? EventFlag.ONE_SIDED : 0;
    chunk.flags[n] = flags | (res === null ? 0 : EventFlag.HAS_RES) | cut;
    chunk.place(plan, head.piece, head.from, head.to, head.counted);
    if (data > 0) chunk.placeData(params.start[plan.data]!, params.start[plan.data + 1]!);
    if (open !== null && plan.enterSchema !== null) chunk.placeBegin(open.piece, open.from, open.to, open.counted);
    if (plan.fdArgs.length > 0) eachFdArg(plan, params, enter, (number) => chunk.placeFd(this.#fdRowOf(thread, number)));
    chunk.n = n + 1;
    if (chunk.full) this.#handOver();
  }

  /** The row of what a number of a thread stands for. */
  #fdRowOf(thread: Thread | null, number: number): number {
    const fd = thread === null || number < 0 ? null : this.#state.fdOf(thread, number);
    return fd === null ? 0 : this.#state.fdRow(thread!, fd);
  }

  /** The descriptor that the event is about; where it was to be made and was not, its name alone. */
  #fdRow(thread: Thread): number {
    const fd = this.fd ?? (thread.lastFd === -1 ? null : this.#state.fdOf(thread, thread.lastFd));
    if (fd !== null) return this.#messageRow(fd) ?? this.#failedRow(thread, fd) ?? this.#state.fdRow(thread, fd);
    const path = this.schema.name.startsWith('open') ? failedPath(this.#state, this) : null;
    return path === null ? this.#noName() : this.#state.fdRows.named(path);
  }

  #noName(): number {
    if (this.#nameless === 0) this.#nameless = this.#state.fdRows.named('');
    return this.#nameless;
  }

  /** A socket that could not be connected, under the name of what it was to be connected to. */
  #failedRow(thread: Thread, fd: Fd): number | null {
    const peer = failedPeer(this);
    if (peer === null) return null;
    const tried = fd.copy();
    tried.name = peer;
    tried.row = 0;
    return this.#state.fdRow(thread, tried);
  }

  /** A socket that serves without connections has another peer with each message. */
  #messageRow(fd: Fd): number | null {
    if (!fd.isUdp || fd.role !== 'server') return null;
    const reads = (this.schema.flags & SchemaFlag.READS) !== 0;
    const raw = messageTuple(this, reads);
    const tuple = raw === null ? null : tupleOf(raw);
    if (tuple === null) return null;
    const { source, target } = tuple;
    return reads ? this.#state.fdRows.message(fd, target, source) : this.#state.fdRows.message(fd, source, target);
  }
}

/** Without a survey: calls that do not return and are held back to come last. */
const MAX_LATE = 1 << 16;
/** Calls of unannounced threads that are remembered: only clones of threads that no list names. */
const MAX_STRAYS = 1 << 14;

const firstFds = new WeakMap<EventSchema, number>();

/** The parameter of a call's end that is the descriptor it worked on. */
function firstFd(schema: EventSchema): number {
  let index = firstFds.get(schema);
  if (index === undefined) {
    const made = schema.flags & SchemaFlag.MAKES_FD || schema.params[0]?.name === 'res' ? 0 : -1;
    index = schema.params.findIndex(({ kind }, i) => kind === 'fd' && i !== made);
    if (index < 0) index = Number.MAX_SAFE_INTEGER;
    firstFds.set(schema, index);
  }
  return index;
}
