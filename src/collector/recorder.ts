/** Everything between a probe's stream and the capture: order, numbers, names, DNS, filter, store, and what was lost. */

import { type BlindSpot, blindSpots } from '../capture/blind-spots.ts';
import type { CaptureMeta } from '../capture/meta.ts';
import { Matcher } from '../capture/select.ts';
import { DnsIndex } from '../dns/index.ts';
import type { CaptureContext } from '../event/view.ts';
import { type CompiledFilter, compileFilter } from '../filter/compile.ts';
import { ArgWriter } from '../model/args.ts';
import { CHUNK_EVENTS, EventFlag, OpenChunk } from '../model/chunk.ts';
import type { DnsRow } from '../model/dns.ts';
import { STANDARD_TYPES, typeId } from '../model/event-type.ts';
import { type DimensionTables, type LossRow, newTables, Table } from '../model/rows.ts';
import { CaptureWriter } from '../store/writer.ts';
import { appendBatch, checkColumns, type IdMap } from './batch.ts';
import { Naming } from './naming.ts';
import { OwnNetwork } from './own-network.ts';
import { TimeOrder } from './time-order.ts';
import { readUsers } from './users.ts';
import { checkBatch } from './validate.ts';
import type { BatchDef, CounterDef, LossDef } from './wire.ts';

const PROCEXIT = typeId('procexit');
const LOST = typeId('lost');
const LOSS_REASONS = ['ring', 'queue'] as const;
const LEVEL = 1;
const NOTHING = new Uint8Array(0);

export interface RecorderOptions {
  readonly path: string;
  /** Only matching events are stored; empty: all. */
  readonly filter: string;
  /** ns since 1970 of the stream's time zero. */
  readonly epoch: bigint;
  readonly meta: Partial<CaptureMeta>;
  /** The node is this machine: its users have the names that they have here. */
  readonly here?: boolean;
  /** Of network events only those of the sockets and namespaces of the processes that are recorded. */
  readonly ownNetwork?: boolean;
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
  readonly #meta: Partial<CaptureMeta>;
  readonly #order = new TimeOrder((ordered) => this.#store(ordered));
  readonly #context: CaptureContext;
  /** DNS messages of all events, which a filter may ask for before it is known whether their event is stored. */
  readonly #messages = new Table<DnsRow>();
  readonly #own: OwnNetwork | null;
  #filter: CompiledFilter;
  #matcher: Matcher;
  #filters: string;
  #arrived = false;
  readonly #threads: IdMap = new Map();
  readonly #fds: IdMap = new Map();
  /** Numbers of the events of the present round that a filter let through. */
  readonly #storedNums = new Set<number>();
  readonly #parts = [new OpenChunk(CHUNK_EVENTS, 1 << 16), new OpenChunk(CHUNK_EVENTS, 1 << 16)] as const;
  readonly #args = new ArgWriter();
  #nextNum = 1;
  #stored = 0;
  #lost = 0;
  #lastTime = 0;

  constructor(options: RecorderOptions) {
    for (const type of STANDARD_TYPES) this.tables.types.put(type);
    this.#naming = new Naming(this.tables);
    this.#own = options.ownNetwork === true ? new OwnNetwork(this.tables) : null;
    const { epoch } = options;
    const meta = this.#withUsers(options);
    this.#meta = { ...meta, epoch: epoch.toString(), filter: options.filter, source: 'trowel', state: 'recording' };
    const seen = { ...this.tables, dns: this.#messages };
    this.#dns = new DnsIndex(seen);
    this.#context = { dims: seen, epoch, hostname: meta.hostname ?? '', growing: true };
    this.#filter = compileFilter(options.filter, this.#context);
    this.#matcher = new Matcher(this.#filter);
    this.#filters = options.filter;
    this.#writer = new CaptureWriter(options.path, this.tables, { level: LEVEL, live: true });
    this.#writer.meta(this.#meta);
    this.#writer.flush();
  }

  get totals(): RecorderTotals {
    return { events: this.#nextNum - 1, stored: this.#stored, lost: this.#lost, bytes: this.#writer.bytes };
  }

  /** What the recording cannot show, as far as is known by now. */
  get blindSpots(): readonly BlindSpot[] {
    const { state: _, ...meta } = this.#meta; // that it goes on is no news while it does
    return blindSpots({ meta, dims: this.tables });
  }

  /** Names of users, where they are those of the node; of another node there are none. */
  #withUsers({ meta, here = false }: RecorderOptions): Partial<CaptureMeta> {
    if (here) readUsers(this.tables);
    return here ? meta : { ...meta, users: 'none' };
  }

  /** Other events are stored from now on; the capture tells both filters. Throws FilterError. */
  refilter(filter: string): void {
    this.#filter = compileFilter(filter, this.#context);
    this.#matcher = new Matcher(this.#filter, {}, this.#lastTime);
    this.#filters = `${this.#filters || 'everything'}, then ${filter || 'everything'}`;
    this.#writer.meta({ filter: this.#filters });
  }

  /** Takes a batch in. Throws WireError or BatchError for one that makes no sense. */
  add(batch: BatchDef): void {
    checkBatch(batch);
    checkColumns(batch);
    for (const def of batch.threads) this.#threads.set(def.id, this.#naming.thread(def));
    for (const def of batch.fds) this.#fds.set(def.id, this.#naming.fd(def));
    for (const loss of batch.losses) this.#addLoss(loss);
    for (const counter of batch.counters) this.#addCounter(counter);
    if (batch.n === 0) return;
    this.#arrived = true;
    appendBatch(this.#order.room(batch.n), batch, this.#threads, this.#fds);
  }

  /** Stores what is in order and lets readers see it; everything, when nothing came since the last time. */
  flush(): void {
    this.#order.drain(!this.#arrived);
    this.#arrived = false;
    this.#writer.flush();
  }

  /** What was wrong with where names come from, for who reads the capture. */
  tellNames(troubles: readonly string[]): void {
    if (troubles.length > 0) this.#writer.meta({ names: troubles.join('; ') });
  }

  /** The command that the recording is made for runs, as that process. */
  tellCommand(pid: number): void {
    this.#writer.meta({ command_pid: String(pid) });
  }

  /** Stores everything and closes the capture. `end`: ns since its start. */
  finish(end: number): void {
    this.#order.drain(true);
    this.#writer.close({ end: String(end) });
  }

  /** The same where the stream ended without a goodbye: what it had still to say is missing, and nobody knows how much. */
  breakOff(reason: string): void {
    const meta = () => ({ end: String(this.#lastTime), state: 'broke off', broke: reason }) as const;
    try {
      this.#order.drain(true);
      this.#writer.close(meta());
    } catch (error) {
      this.#writer.abandon(meta());
      throw error;
    }
  }

  #store(ordered: OpenChunk): void {
    for (let i = 0; i < ordered.n; i++) ordered.num[i] = this.#nextNum++;
    this.#dns.add(ordered);
    if (this.#filter.step === null && this.#own === null) this.#keep(ordered);
    else for (let from = 0; from < ordered.n; from += CHUNK_EVENTS) this.#storeMatching(ordered, from);
    this.#keepMessages();
    this.#lastTime = Math.max(this.#lastTime, ordered.time[ordered.n - 1]!);
    for (let i = 0; i < ordered.n; i++) if (ordered.type[i] === PROCEXIT) this.#naming.exited(ordered.thread[i]!, ordered.time[i]!);
  }

  #keep(chunk: OpenChunk): void {
    this.#stored += chunk.n;
    this.#writer.append(chunk);
  }

  #storeMatching(ordered: OpenChunk, from: number): void {
    const [part, kept] = this.#parts;
    part.clear();
    part.takeRange(ordered, from, Math.min(ordered.n, from + CHUNK_EVENTS));
    const match = this.#matcher.next(part);
    kept.clear();
    for (let i = 0, k = 0; i < part.n; i++) {
      const matches = match !== null && k < match.n && match.selection[k] === i;
      if (matches) k++;
      const own = this.#own === null || this.#own.keeps(part, i);
      if ((matches && own) || part.type[i] === LOST) kept.take(part, i); // what is missing is told whatever was asked for
    }
    for (let i = 0; i < kept.n; i++) this.#storedNums.add(kept.num[i]!);
    if (kept.n > 0) this.#keep(kept);
  }

  /** DNS messages of stored events become rows of the capture; those that are there already may have changed. */
  #keepMessages(): void {
    const all = this.#filter.step === null;
    for (const row of this.#messages.takeChanged()) {
      if (all || this.#storedNums.has(row.num) || this.tables.dns.get(row.id) !== undefined) this.tables.dns.put(row);
    }
    this.#storedNums.clear();
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
    this.#addLossEvent(this.#order.room(1), fields);
  }

  #addLossEvent(chunk: OpenChunk, loss: Omit<LossRow, 'id'>): void {
    const { n } = chunk;
    chunk.time[n] = loss.to;
    chunk.latency[n] = -1;
    chunk.type[n] = LOST;
    chunk.flags[n] = EventFlag.ONE_SIDED;
    chunk.cpu[n] = loss.cpu;
    chunk.thread[n] = chunk.fd[n] = 0;
    chunk.fdnum[n] = -1;
    chunk.res[n] = 0;
    this.#args.reset();
    this.#args.blob(Buffer.from(loss.reason));
    this.#args.blob(Buffer.from(loss.family));
    for (const number of [loss.count, loss.from, loss.to]) this.#args.number(Math.round(number));
    chunk.setArgs(this.#args.bytes());
    chunk.setData(NOTHING);
    chunk.n++;
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
