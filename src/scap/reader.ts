/**
 * A file's events, in its order, as chunks. One stored event is one completed call: it has the number and the time of its
 * end, and began where its beginning was recorded. What never ends, and what is no call, is stored as what it is.
 *
 * Four stages, each of which knows only those before it: blocks (BlockCutter) → pairing of calls' two events (Pairing) → state of
 * the machine (Resolver, MachineState) → rows (EventRows, Emitter). An EventContext carries one event through them.
 */
import { KubeRows } from '../kube/kube-rows.ts';
import type { KubeSink } from '../kube/watcher.ts';
import type { DimensionTables } from '../model/rows.ts';
import { Block, BlockCutter, BYTE_ORDER_MAGIC, eventForm, ScapDamage } from './blocks.ts';
import { u32 } from './bytes.ts';
import type { ScapChunk } from './chunk.ts';
import { Cursor } from './cursor.ts';
import { Emitter } from './emitter.ts';
import { EventContext } from './event-context.ts';
import { EventRows } from './event-rows.ts';
import { type LeftOut, Limits } from './limits.ts';
import { addMetadata } from './metadata.ts';
import type { OpenCall } from './open-call.ts';
import { Pairing } from './pairing.ts';
import { describe, HeldBack, pendingCall } from './pending-calls.ts';
import { Resolver } from './resolver.ts';
import { loadList } from './section-lists.ts';
import { MachineState } from './state.ts';
import type { Survey } from './survey.ts';
import { type EventKind, EventTypes } from './types.ts';

const TWO_32 = 2 ** 32;
/** By so much may events be older than the first: files are not wholly in the order of time; ns. */
const BEFORE = 60e9;
/** Without a survey: calls that do not return and are held back to come last. */
const MAX_HELD_BACK = 1 << 16;

/** What the file says of the machine. */
export interface ScapMachine {
  hostname: string;
  cpus: number;
}

export interface ReaderOptions {
  /** Threads' sizes are wanted. They change with every switch of a CPU. */
  readonly sizes?: boolean;
}

/** What the reader has to know of a file before it reads. */
export type KnownBefore = Pick<Survey, 'pending' | 'exitOnly' | 'epoch'>;

export class ScapReader {
  readonly machine: ScapMachine = { hostname: '', cpus: 0 };
  /** ns since the first event. */
  end = 0;

  readonly #tables: DimensionTables;
  readonly #survey: KnownBefore;
  readonly #sizes: boolean;
  readonly #epochHigh: number;
  readonly #epochLow: number;
  readonly #limits = new Limits();
  readonly #types: EventTypes;
  readonly #cutter = new BlockCutter();
  readonly #event = new EventContext();
  readonly #pairing = new Pairing((call) => this.#unreturned(call));
  readonly #heldBack = new HeldBack(MAX_HELD_BACK);
  readonly #emitter: Emitter;
  readonly #names: KubeSink;
  /** Of the section: what is known, and the stages that work on it. */
  #state: MachineState;
  #resolver: Resolver;
  #rows: EventRows;
  /** The section's lists are complete. */
  #started = false;
  #num = 0;
  #nextPending = 0;

  /**
   * `onChunk` gets events in order, in a chunk that is used again. Without `pending` calls that never return come last,
   * since nobody could know of them before.
   */
  constructor(tables: DimensionTables, survey: KnownBefore, onChunk: (chunk: ScapChunk) => void, options: ReaderOptions = {}) {
    this.#tables = tables;
    this.#survey = survey;
    this.#sizes = options.sizes ?? true;
    this.#epochHigh = Number(survey.epoch >> 32n);
    this.#epochLow = Number(survey.epoch & 0xffffffffn);
    this.#types = new EventTypes(tables, survey.exitOnly, this.#sizes);
    this.#emitter = new Emitter(onChunk);
    this.#names = new KubeRows(tables, 0, () => this.#event.time).sink('scap');
    this.#state = new MachineState(tables, this.#limits);
    this.#resolver = this.#newResolver();
    this.#rows = new EventRows(this.#state);
  }

  /** Throws ScapDamage; what came before it is kept. */
  push(bytes: Uint8Array): void {
    const cutter = this.#cutter;
    const { head } = this.#event;
    cutter.feed(bytes);
    while (cutter.next()) {
      const form = eventForm(cutter.type);
      if (form === undefined) this.#block(cutter.type, cutter.region.bytes, cutter.from, cutter.to);
      else if (head.load(cutter.region, cutter.from, cutter.to, form)) this.#read();
      else throw new ScapDamage('an event that is longer than its block');
    }
    this.#pairing.keepBytes();
    this.#limits.check(this.#tables);
    if (this.#heldBack.isFull) this.#storeHeldBack();
  }

  /** Hands over the last events. */
  finish(): void {
    this.#pairing.endAll();
    this.#storeHeldBack();
    this.#emitter.flush();
  }

  /** After the last bytes: why the file is not whole; null: it is. */
  get cut(): string | null {
    return this.#cutter.cut;
  }

  /** What of the file is not kept, since there is too much of it. */
  get leftOut(): LeftOut[] {
    return this.#limits.leftOut;
  }

  /** Payload bytes kept of one operation, at most. */
  get snaplen(): number {
    return this.#emitter.snaplen;
  }

  #block(type: number, bytes: Uint8Array, from: number, to: number): void {
    if (type === Block.SECTION) this.#section(bytes, from, to);
    else if (!this.#started) {
      const found = loadList(type, new Cursor(bytes, from, to), { state: this.#state, tables: this.#tables, limits: this.#limits });
      if (found !== null) Object.assign(this.machine, found);
    }
  }

  /** A section begins: nothing that is known of the one before counts. */
  #section(bytes: Uint8Array, from: number, to: number): void {
    if (from + 4 > to || u32(bytes, from) !== BYTE_ORDER_MAGIC)
      throw new ScapDamage('a section of another byte order, or of another format');
    this.#pairing.endAll();
    for (const thread of this.#state.threads.values()) this.#state.threadRows.ended(thread, this.end);
    this.#state = new MachineState(this.#tables, this.#limits);
    this.#resolver = this.#newResolver();
    this.#rows = new EventRows(this.#state);
    this.#started = false;
  }

  #newResolver(): Resolver {
    return new Resolver(this.#state, { exitOnly: this.#survey.exitOnly, sizes: this.#sizes });
  }

  /** The lists are complete: threads that filters may ask for as parents get their rows before any event. */
  #begin(): void {
    this.#started = true;
    const state = this.#state;
    state.begin();
    const from = this.#num === 0 ? -BEFORE : this.end;
    for (const thread of state.threads.values()) if (thread.isMain) state.threadRow(thread, from);
    for (const thread of state.threads.values()) state.threadRow(thread, from);
  }

  /** The event that the context's header stands on goes through the stages. */
  #read(): void {
    const event = this.#event;
    const kind = this.#types.kind(event.type);
    if (kind === null) return;
    if (!this.#started) this.#begin();
    event.start(kind.schema, this.#timeOf(event));
    if (event.time > this.end) this.end = event.time;
    if (!kind.isNumbered) {
      event.loadParams();
      kind.handler?.(this.#state, event);
      return;
    }
    event.num = ++this.#num;
    if (kind.side === 'enter') this.#callBegins(kind, event);
    else this.#eventEnds(kind, event);
  }

  /** Events without a time have that of the latest. */
  #timeOf({ head: { timeHigh, timeLow } }: EventContext): number {
    return timeHigh > 0 ? (timeHigh - this.#epochHigh) * TWO_32 + ((timeLow >>> 0) - this.#epochLow) : this.end;
  }

  /** Kept for its end, or stored at once where the survey found none. */
  #callBegins(kind: EventKind, event: EventContext): void {
    const { pending } = this.#survey;
    const call = this.#pairing.begin(event.num, 0, event.time, event.head);
    this.#resolver.apply(kind, event);
    if (pending === null) describe(call, kind, event, this.#rows);
    else if (pending[this.#nextPending] === event.num) {
      this.#nextPending++;
      describe(call, kind, event, this.#rows);
      this.#emitter.pending(pendingCall(call, kind, event.thread, this.#rows));
      call.close();
    }
  }

  /** A call's end, or an event that is no part of a call. */
  #eventEnds(kind: EventKind, event: EventContext): void {
    const call = kind.side === 'exit' ? this.#pairing.end(event.head) : null;
    event.ends(call);
    this.#resolver.apply(kind, event);
    if (kind.metadata !== null) addMetadata(kind, event, this.#state, this.#names);
    this.#emitter.event(kind, event, this.#rows);
    if (call !== null) call.close();
    else if (kind.endsThread) this.#pairing.endThread(event.tid);
  }

  /** With a survey those that do not return are stored already: more there can only be where the survey did not keep all. */
  #unreturned(call: OpenCall): void {
    const known = this.#survey.pending === null ? this.#heldBack.count : Number.POSITIVE_INFINITY;
    if (!this.#limits.allow('open calls', known)) return;
    const kind = this.#types.kind(call.type)!;
    this.#heldBack.add(pendingCall(call, kind, this.#state.threads.get(call.tid) ?? null, this.#rows));
  }

  #storeHeldBack(): void {
    for (const call of this.#heldBack.take()) this.#emitter.pending(call);
  }
}
