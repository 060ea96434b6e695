/**
 * The second pass over a file: its events, in its order, as chunks. One stored event is one completed call: it has the
 * number and the time of its end, and began where its beginning was recorded. What never ends, and what is no call, is
 * stored as what it is.
 */
import { ArgWriter } from '../model/args.ts';
import { CHUNK_EVENTS, EventFlag, OpenChunk } from '../model/chunk.ts';
import type { DimensionTables } from '../model/rows.ts';
import { Block, BlockCutter, BYTE_ORDER_MAGIC, EVENT_FORMS, ScapDamage } from './blocks.ts';
import { u32 } from './bytes.ts';
import { readContainer } from './containers.ts';
import { Cursor } from './cursor.ts';
import { EventHead } from './events.ts';
import { type Fd, tupleOf } from './fd.ts';
import { failedPath } from './files.ts';
import { HANDLERS } from './handlers.ts';
import { addContainer, addObjects } from './kube.ts';
import { readFds, readInterfaces, readMachine, readProcesses, readUsers } from './lists.ts';
import { Params } from './params.ts';
import { type EventSchema, SchemaFlag, schemaOf, sidesOf } from './schema.ts';
import { messageTuple } from './sockets.ts';
import { type EventAtHand, State } from './state.ts';
import type { Survey } from './survey.ts';
import type { Thread } from './thread.ts';
import { type ArgPlan, EventTypes, GENERIC_ENTER, GENERIC_EXIT, type TypePlan } from './types.ts';

const NOTHING = new Uint8Array(0);
const FD_FLAGS = SchemaFlag.MAKES_FD | SchemaFlag.USES_FD | SchemaFlag.ENDS_FD;
const TWO_32 = 2 ** 32;

/** What the file says of the machine. */
export interface ScapMachine {
  hostname: string;
  cpus: number;
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
  readonly #survey: Survey;
  readonly #onChunk: (chunk: OpenChunk) => void;
  readonly #cutter = new BlockCutter();
  readonly #head = new EventHead();
  readonly #types: EventTypes;
  readonly #enterParams = new Params();
  readonly #args = new ArgWriter();
  readonly #pair = new ArgWriter();
  readonly #chunk = new OpenChunk(CHUNK_EVENTS, 1 << 20);
  readonly #epochHigh: number;
  readonly #epochLow: number;
  #state: State;
  #started = false;
  #num = 0;
  #nextPending = 0;
  #nameless = 0;

  /** `onChunk` gets events in order, in a chunk that is used again. */
  constructor(tables: DimensionTables, survey: Survey, onChunk: (chunk: OpenChunk) => void) {
    this.#tables = tables;
    this.#survey = survey;
    this.#onChunk = onChunk;
    this.#types = new EventTypes(tables, survey.exitOnly);
    this.#state = new State(tables);
    this.#epochHigh = Number(survey.epoch >> 32n);
    this.#epochLow = Number(survey.epoch & 0xffffffffn);
  }

  /** Throws ScapDamage; what came before it is kept. */
  push(bytes: Uint8Array): void {
    this.#cutter.push(bytes, (type, block, from, to) => this.#block(type, block, from, to));
    this.#keepOpenCalls();
  }

  /** Hands over the last events. */
  finish(): void {
    if (this.#chunk.n > 0) this.#onChunk(this.#chunk);
    this.#chunk.clear();
  }

  enter(): Params | null {
    const { thread } = this;
    if (thread === null || !thread.valid || thread.openBytes === NOTHING) return null;
    return this.#loadEnter(thread);
  }

  #loadEnter(thread: Thread): Params {
    const schema = schemaOf(thread.openType)!;
    this.#enterParams.load(thread.openBytes, thread.openFrom, thread.openTo, schema, thread.openCounted);
    return this.#enterParams;
  }

  #block(type: number, bytes: Uint8Array, from: number, to: number): void {
    const form = EVENT_FORMS.get(type);
    if (form !== undefined) {
      if (!this.#head.load(bytes, from, to, form)) throw new ScapDamage('an event that is longer than its block');
      this.#event();
    } else if (type === Block.SECTION) this.#section(bytes, from, to);
    else if (!this.#started) this.#list(type, new Cursor(bytes, from, to));
  }

  #section(bytes: Uint8Array, from: number, to: number): void {
    if (from + 4 > to || u32(bytes, from) !== BYTE_ORDER_MAGIC)
      throw new ScapDamage('a section of another byte order, or of another format');
    for (const thread of this.#state.threads.values()) this.#state.threadRows.ended(thread, this.end);
    this.#state = new State(this.#tables);
    this.#started = false;
  }

  #list(type: number, at: Cursor): void {
    const version = Block.PROCESSES.indexOf(type) + 1;
    if (version > 0) for (const thread of readProcesses(at, version)) this.#state.add(thread);
    else if (type === Block.MACHINE) Object.assign(this.machine, readMachine(at));
    else if (type === Block.INTERFACES_1 || type === Block.INTERFACES_2) {
      this.#state.addresses.add(readInterfaces(at, type === Block.INTERFACES_2));
    } else if (type === Block.USERS_1 || type === Block.USERS_2) this.#users(at, type === Block.USERS_2);
    else if (type === Block.FDS_1 || type === Block.FDS_2) this.#fds(at, type === Block.FDS_2);
  }

  #users(at: Cursor, sized: boolean): void {
    for (const entry of readUsers(at, sized)) {
      if (entry.kind === 'user') {
        const { uid, gid, name, home, shell } = entry;
        this.#tables.users.putUnder(`${uid}`, { uid, gid, name, home, shell });
      } else this.#tables.groups.putUnder(`${entry.gid}`, { gid: entry.gid, name: entry.name });
    }
  }

  #fds(at: Cursor, sized: boolean): void {
    const thread = this.#state.threads.get(at.i64());
    for (const [number, fd] of readFds(at, sized)) thread?.fds.set(number, fd);
  }

  /** The lists are complete: threads that filters may ask for as parents get their rows before any event. */
  #begin(): void {
    this.#started = true;
    this.#state.begin();
    for (const thread of this.#state.threads.values()) if (thread.isMain) this.#state.threadRow(thread, 0);
    for (const thread of this.#state.threads.values()) this.#state.threadRow(thread, 0);
  }

  #event(): void {
    const head = this.#head;
    const { type } = head;
    const schema = schemaOf(type);
    if (schema === undefined || !(schema.classic || this.#survey.exitOnly)) return;
    if (!this.#started) this.#begin();
    this.#num++;
    this.type = type;
    this.schema = schema;
    this.tid = head.tid;
    this.time = this.#timeOf(head);
    this.fd = null;
    this.params.load(head.bytes, head.from, head.to, schema, head.counted);
    this.#state.settle(this.time);
    this.#find();
    const side = sidesOf(type);
    if (side === 'enter') this.#begun();
    else if (side === 'exit') this.#ended();
    else this.#alone();
  }

  #timeOf(head: EventHead): number {
    const high = head.timeHigh;
    if (high === 0 || high === 0xffffffff) return this.end;
    const time = (high - this.#epochHigh) * TWO_32 + (head.timeLow - this.#epochLow);
    if (time > this.end) this.end = time;
    return time;
  }

  /** The event's thread, made up where nobody announced it. */
  #find(): void {
    const { flags, name } = this.schema;
    if (flags & SchemaFlag.APART) {
      this.thread = name === 'procinfo' ? (this.#state.threads.get(this.tid) ?? null) : null;
      return;
    }
    const known = this.#state.threads.get(this.tid);
    if (known !== undefined) this.thread = known;
    else if (name === 'container' || name === 'switch' || CLONES.has(name)) this.thread = null;
    else this.thread = this.#state.threadOf(this.tid);
  }

  #begun(): void {
    const { thread, params, schema } = this;
    if (thread !== null) this.#remember(thread);
    HANDLERS[this.type]?.(this.#state, this);
    if (this.#survey.pending[this.#nextPending] !== this.#num) return;
    this.#nextPending++;
    const call = this.type === GENERIC_ENTER ? (params.uint(0) ?? 0) : 0;
    const plan = this.#types.plan(this.type, -1, params.count, call);
    this.#store(plan, EventFlag.PENDING, -1, this.#fdFlags(schema), params, NO_PARAMS);
    if (thread !== null) thread.openNum = 0;
  }

  /** Keeps a call's beginning for its end. */
  #remember(thread: Thread): void {
    const { params, schema } = this;
    const head = this.#head;
    thread.lastFd = -1;
    thread.lastType = this.type;
    thread.enterTime = this.time;
    if (schema.classicFlags & SchemaFlag.USES_FD) {
      thread.lastFd = params.int(0) ?? -1;
      this.fd = this.#state.fdOf(thread, thread.lastFd);
    }
    thread.openType = this.type;
    thread.openNum = this.#num;
    thread.openTime = this.time;
    thread.openBytes = head.bytes;
    thread.openFrom = head.from;
    thread.openTo = head.to;
    thread.openCounted = head.counted;
  }

  #ended(): void {
    const { params } = this;
    let { thread } = this;
    if (thread !== null) this.#resume(thread);
    HANDLERS[this.type]?.(this.#state, this);
    thread = this.thread;
    const begun = thread !== null && thread.openNum !== 0 && thread.openType === this.type - 1;
    const enter = begun ? this.#loadEnter(thread!) : NO_PARAMS;
    const call = this.type === GENERIC_EXIT ? (params.uint(0) ?? 0) : 0;
    const plan = this.#types.plan(this.type, params.count, begun ? enter.count : -1, call);
    const latency = thread !== null && thread.enterTime > 0 && begun ? this.time - thread.openTime : -1;
    this.#store(plan, 0, latency, this.#fdFlags(this.schema), params, enter);
    if (thread !== null) {
      thread.openNum = 0;
      thread.openBytes = NOTHING;
    }
  }

  /** The call's descriptor is that of its beginning, if nothing came between; newer files tell it with the end. */
  #resume(thread: Thread): void {
    const { schema, params } = this;
    thread.valid = this.type === thread.lastType + 1;
    if (!thread.valid && this.#survey.exitOnly) thread.lastFd = -1;
    if (!(this.#flags(schema) & SchemaFlag.USES_FD) || (!thread.valid && !this.#survey.exitOnly)) return;
    if (schema.name === 'copy_file_range') thread.lastFd = params.int(1) ?? -1;
    else if (thread.lastFd === -1) thread.lastFd = params.int(firstFd(schema)) ?? -1;
    this.fd = this.#state.fdOf(thread, thread.lastFd);
  }

  #alone(): void {
    const { params, thread, schema } = this;
    if (thread !== null && schema.name !== 'switch' && this.type % 2 === 0 && !(schema.flags & SchemaFlag.APART)) {
      thread.lastFd = -1;
      thread.lastType = this.type;
      thread.enterTime = this.time;
    }
    HANDLERS[this.type]?.(this.#state, this);
    if (schema.name === 'container') this.#container();
    else if (schema.name === 'k8s') addObjects(this.#tables, params.raw(0) ?? NOTHING, this.time);
    this.#store(this.#types.plan(this.type, params.count, -1, 0), EventFlag.ONE_SIDED, -1, 0, params, NO_PARAMS);
  }

  #container(): void {
    const raw = this.params.raw(0);
    const note = raw === null ? null : readContainer(raw);
    if (note === null) return;
    this.#state.containerIps.set(note.id, note.ip);
    addContainer(this.#tables, note, this.time);
  }

  #flags(schema: EventSchema): number {
    return this.#survey.exitOnly ? schema.flags : schema.classicFlags;
  }

  #fdFlags(schema: EventSchema): number {
    return this.#flags(schema) & FD_FLAGS;
  }

  #store(plan: TypePlan, flags: number, latency: number, fdFlags: number, params: Params, enter: Params): void {
    const chunk = this.#chunk;
    const { n } = chunk;
    const { thread } = this;
    if (thread !== null) this.#state.noteStats(thread, this.time);
    chunk.num[n] = this.#num;
    chunk.time[n] = this.time;
    chunk.latency[n] = latency;
    chunk.type[n] = plan.id;
    chunk.cpu[n] = this.#head.cpu;
    chunk.thread[n] = thread === null ? 0 : thread.row !== 0 ? thread.row : this.#state.threadRow(thread, this.time);
    chunk.fdnum[n] = fdFlags !== 0 && thread !== null ? thread.lastFd : -1;
    chunk.fd[n] = fdFlags !== 0 && thread !== null ? this.#fdRow(thread) : 0;
    const res = plan.hasRes ? params.int(0) : null;
    chunk.res[n] = res ?? 0;
    const data = plan.data < 0 ? 0 : params.length(plan.data);
    if (data > this.snaplen) this.snaplen = data;
    const cut = plan.data >= 0 && res !== null && res > data ? EventFlag.TRUNCATED : 0;
    chunk.flags[n] = flags | (res === null ? 0 : EventFlag.HAS_RES) | cut;
    this.#setArgs(chunk, plan, params, enter);
    if (data > 0) chunk.setData(params.bytes, params.start[plan.data], params.start[plan.data + 1]);
    else chunk.setData(NOTHING);
    chunk.n = n + 1;
    if (chunk.full) this.finish();
  }

  /** The descriptor that the event is about; where it was to be made and was not, its name alone. */
  #fdRow(thread: Thread): number {
    const fd = this.fd ?? (thread.lastFd === -1 ? null : this.#state.fdOf(thread, thread.lastFd));
    if (fd !== null) return this.#messageRow(fd) ?? this.#state.fdRow(thread, fd);
    const path = this.type % 2 === 1 && this.schema.name.startsWith('open') ? failedPath(this.#state, this) : null;
    if (path !== null) return this.#state.fdRows.named(path);
    if (this.#nameless === 0) this.#nameless = this.#state.fdRows.named('');
    return this.#nameless;
  }

  /** A socket that serves without connections has another peer with each message. */
  #messageRow(fd: Fd): number | null {
    if (!fd.isUdp || fd.role !== 'server' || this.type % 2 === 0) return null;
    const reads = (this.schema.flags & SchemaFlag.READS) !== 0;
    const raw = messageTuple(this, reads);
    const tuple = raw === null ? null : tupleOf(raw);
    if (tuple === null) return null;
    const { source, target } = tuple;
    return reads ? this.#state.fdRows.message(fd, target, source) : this.#state.fdRows.message(fd, source, target);
  }

  #setArgs(chunk: OpenChunk, plan: TypePlan, params: Params, enter: Params): void {
    const { args } = plan;
    if (args.length === 0) {
      chunk.setArgs(NOTHING);
      return;
    }
    this.#args.reset();
    for (let k = 0; k < args.length; k++) this.#writeArg(args[k]!, this.type % 2 === 1 && args[k]!.ofEnter ? enter : params);
    chunk.setArgs(this.#args.bytes());
  }

  #writeArg({ index, how }: ArgPlan, params: Params): void {
    const writer = this.#args;
    switch (how) {
      case 'number':
        writer.number(params.int(index) ?? 0);
        return;
      case 'unsigned':
        writer.number(params.uint(index) ?? 0);
        return;
      case 'text':
        writer.blob(withoutNul(params.raw(index)));
        return;
      case 'bytes':
        writer.blob(params.raw(index));
        return;
      case 'fd':
        this.#pair.reset();
        this.#writeFd(params.int(index) ?? -1);
        writer.blob(this.#pair.bytes());
        return;
      case 'fdlist':
        writer.blob(this.#fdlist(params.raw(index)));
    }
  }

  /** A descriptor's number, and the row of what it is at this moment. */
  #writeFd(number: number): void {
    const fd = this.thread === null || number < 0 ? null : this.#state.fdOf(this.thread, number);
    this.#pair.number(number);
    this.#pair.number(fd === null ? 0 : this.#state.fdRow(this.thread!, fd));
  }

  #fdlist(raw: Uint8Array | null): Uint8Array | null {
    if (raw === null || raw.length < 2) return raw;
    const at = new Cursor(raw, 0, raw.length);
    this.#pair.reset();
    for (let left = at.u16(); left > 0 && at.left >= 10; left--) {
      this.#writeFd(at.i64());
      this.#pair.number(at.u16());
    }
    return this.#pair.bytes();
  }

  /** Calls that have begun and not ended keep their own bytes when the piece of the file goes. */
  #keepOpenCalls(): void {
    for (const thread of this.#state.threads.values()) {
      if (thread.openBytes === NOTHING || thread.openBytes.length === thread.openTo - thread.openFrom) continue;
      thread.openBytes = thread.openBytes.slice(thread.openFrom, thread.openTo);
      thread.openTo -= thread.openFrom;
      thread.openFrom = 0;
    }
  }
}

const NO_PARAMS = new Params();
const CLONES: ReadonlySet<string> = new Set(['clone', 'clone3', 'fork', 'vfork']);

function withoutNul(raw: Uint8Array | null): Uint8Array | null {
  if (raw === null || raw.length === 0 || raw[raw.length - 1] !== 0) return raw;
  return raw.subarray(0, raw.length - 1);
}

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
