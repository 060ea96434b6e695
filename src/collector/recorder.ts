/** Everything between a probe's stream and the capture: order, numbers, names, DNS, filter, store, and what was lost. */
import { DnsIndex } from '../dns/index.ts';
import { type CompiledFilter, compileFilter } from '../filter/compile.ts';
import type { EventView } from '../filter/view.ts';
import { ArgWriter } from '../model/args.ts';
import { CHUNK_EVENTS, type Chunk, EventFlag, OpenChunk } from '../model/chunk.ts';
import { STANDARD_TYPES, typeId } from '../model/event-type.ts';
import { type DimensionTables, type LossRow, newTables } from '../model/rows.ts';
import type { CaptureMeta } from '../store/schema.ts';
import { CaptureWriter } from '../store/writer.ts';
import { chunkOfBatch, type IdMap } from './batch.ts';
import { Naming } from './naming.ts';
import { TimeOrder } from './time-order.ts';
import { readUsers } from './users.ts';
import type { BatchDef, CounterDef, LossDef } from './wire.ts';

const PROCEXIT = typeId('procexit');
const LOST = typeId('lost');
const LOSS_REASONS = ['ring', 'queue'] as const;
const LEVEL = 1;

export interface RecorderOptions {
  readonly path: string;
  /** Only matching events are stored; empty: all. */
  readonly filter: string;
  /** ns since 1970 of the stream's time zero. */
  readonly epoch: bigint;
  readonly meta: Partial<CaptureMeta>;
}

/** What has happened so far. */
export interface RecorderTotals {
  readonly events: number;
  readonly stored: number;
  readonly lost: number;
  readonly bytes: number;
}

export class Recorder {
  readonly tables: DimensionTables = newTables();
  readonly #writer: CaptureWriter;
  readonly #naming: Naming;
  readonly #dns: DnsIndex;
  readonly #order = new TimeOrder();
  readonly #filter: CompiledFilter;
  readonly #threads: IdMap = new Map();
  readonly #fds: IdMap = new Map();
  readonly #selection = new Uint16Array(CHUNK_EVENTS);
  readonly #all = Uint16Array.from({ length: CHUNK_EVENTS }, (_, i) => i);
  readonly #args = new ArgWriter();
  #nextNum = 1;
  #stored = 0;
  #lost = 0;
  #lastTime = 0;

  constructor(options: RecorderOptions) {
    for (const type of STANDARD_TYPES) this.tables.types.put(type);
    readUsers(this.tables);
    this.#naming = new Naming(this.tables);
    this.#dns = new DnsIndex(this.tables);
    const { epoch, meta } = options;
    this.#filter = compileFilter(options.filter, { dims: this.tables, epoch, hostname: meta.hostname ?? '', growing: true });
    this.#writer = new CaptureWriter(options.path, this.tables, { level: LEVEL, live: true });
    this.#writer.meta({ ...meta, epoch: epoch.toString(), filter: options.filter, source: 'trowel', state: 'recording' });
    this.#writer.flush();
  }

  get totals(): RecorderTotals {
    return { events: this.#nextNum - 1, stored: this.#stored, lost: this.#lost, bytes: this.#writer.bytes };
  }

  /** Takes a batch in. Throws BatchError for one that makes no sense. */
  add(batch: BatchDef): void {
    for (const def of batch.threads) this.#threads.set(def.id, this.#naming.thread(def));
    for (const def of batch.fds) this.#fds.set(def.id, this.#naming.fd(def));
    for (const loss of batch.losses) this.#addLoss(loss);
    for (const counter of batch.counters) this.#addCounter(counter);
    if (batch.n === 0) return;
    const overflow = this.#order.add(chunkOfBatch(batch, this.#threads, this.#fds));
    if (overflow !== null) this.#store(overflow);
  }

  /** Stores what is in order and lets readers see it. */
  flush(): void {
    this.#store(this.#order.drain());
    this.#writer.flush();
  }

  /** Stores everything and closes the capture. `end`: ns since its start. */
  finish(end: number | null): void {
    this.#store(this.#order.drain(true));
    this.#writer.close({ end: String(end ?? this.#lastTime) });
  }

  #store(ordered: Chunk): void {
    for (let from = 0; from < ordered.n; from += CHUNK_EVENTS) this.#storeSome(ordered, from, Math.min(ordered.n, from + CHUNK_EVENTS));
  }

  #storeSome(ordered: Chunk, from: number, to: number): void {
    const chunk = new OpenChunk(to - from, 1024);
    chunk.takeRange(ordered, from, to);
    for (let i = 0; i < chunk.n; i++) chunk.num[i] = this.#nextNum++;
    this.#lastTime = Math.max(this.#lastTime, chunk.time[chunk.n - 1] ?? 0);
    this.#dns.add(chunk);
    const kept = this.#select(chunk);
    this.#stored += kept.n;
    this.#writer.append(kept);
    for (let i = 0; i < chunk.n; i++) if (chunk.type[i] === PROCEXIT) this.#naming.exited(chunk.thread[i]!, chunk.time[i]!);
  }

  #select(chunk: Chunk): Chunk {
    const { step, view } = this.#filter;
    if (step === null) return chunk;
    const count = step.select(chunk, this.#all, chunk.n, this.#selection);
    if (count === chunk.n) return chunk;
    const kept = new OpenChunk(Math.max(1, count), 1024);
    for (let k = 0; k < count; k++) kept.take(chunk, this.#selection[k]!);
    this.#forgetDns(chunk, kept, view);
    return kept;
  }

  /** DNS messages of events that are not stored go too. */
  #forgetDns(chunk: Chunk, kept: Chunk, view: EventView): void {
    const stored = new Set(kept.num.subarray(0, kept.n));
    for (const row of view.dnsBetween(chunk.num[0]!, chunk.num[chunk.n - 1]!)) {
      if (!stored.has(row.num)) this.tables.dns.remove(row);
    }
  }

  /** A loss is a row, for every summary and verdict, and an event at its time, for who reads along. */
  #addLoss(def: LossDef): void {
    const reason = LOSS_REASONS[def.reason] ?? 'ring';
    const fields: Omit<LossRow, 'id'> = {
      reason,
      cpu: def.cpu,
      family: def.family,
      count: def.count.toNumber(),
      from: def.fromNs,
      to: def.toNs,
    };
    this.tables.losses.add(fields);
    this.#lost += fields.count;
    const overflow = this.#order.add(this.#lossEvent(fields));
    if (overflow !== null) this.#store(overflow);
  }

  #lossEvent(loss: Omit<LossRow, 'id'>): Chunk {
    const event = new OpenChunk(1, 256);
    event.time[0] = loss.to;
    event.latency[0] = -1;
    event.type[0] = LOST;
    event.flags[0] = EventFlag.ONE_SIDED;
    event.cpu[0] = loss.cpu;
    event.fdnum[0] = -1;
    this.#args.reset();
    this.#args.blob(Buffer.from(loss.reason));
    this.#args.blob(Buffer.from(loss.family));
    for (const number of [loss.count, loss.from, loss.to]) this.#args.number(Math.round(number));
    event.setArgs(this.#args.bytes());
    event.setData(new Uint8Array(0));
    event.n = 1;
    return event;
  }

  #addCounter(def: CounterDef): void {
    this.tables.counters.putUnder(`${def.cpu} ${def.family}`, {
      cpu: def.cpu,
      family: def.family,
      seen: def.seen.toNumber(),
      filtered: def.filtered.toNumber(),
      emitted: def.emitted.toNumber(),
      lost: def.lost.toNumber(),
      faults: def.faults.toNumber(),
    });
  }
}
