/** Everything between a probe's stream and the capture: order, numbers, names, DNS, filter, store, and what was lost. */

import { type BlindSpot, blindSpots } from '../capture/blind-spots.ts';
import type { CaptureMeta } from '../capture/meta.ts';
import { DnsIndex } from '../dns/index.ts';
import { lookupParts } from '../dns/parts.ts';
import type { CaptureContext } from '../event/view.ts';
import { compileFilter } from '../filter/compile.ts';
import type { Family } from '../model/calls.ts';
import { CHUNK_EVENTS, OpenChunk } from '../model/chunk.ts';
import type { DnsRow, DnsSocketRow, ResolverRow } from '../model/dns.ts';
import { STANDARD_TYPES, typeId } from '../model/event-type.ts';
import type { NodeMissing } from '../model/node.ts';
import type { Rule } from '../model/redact.ts';
import { type DimensionTables, newTables, Table } from '../model/rows.ts';
import { SECOND } from '../model/time.ts';
import { CaptureWriter } from '../store/writer.ts';
import { appendBatch, checkColumns } from './batch.ts';
import { FloodGuard } from './flood.ts';
import { KeptEvents } from './kept.ts';
import { appendLoss, lossOf } from './loss-event.ts';
import { Naming } from './naming.ts';
import { OwnNetwork } from './own-network.ts';
import { Redactor } from './redactor.ts';
import { RowsInUse } from './rows-in-use.ts';
import type { SegmentState, Segments } from './segments.ts';
import { ShedStretches } from './shedding.ts';
import { TimeOrder } from './time-order.ts';
import { type TriggerHit, Triggers } from './triggers.ts';
import { checkBatch } from './validate.ts';
import type { BatchDef, CounterDef, LossDef } from './wire.ts';

const PROCEXIT = typeId('procexit');
const LEVEL = 1;
/** ns: DNS messages are remembered for so long; longer than any resolver waits. */
const MESSAGES_KEPT = 150 * SECOND;
/** Rows that are forgotten before filters look at what there is anew: they remember rows, too. */
const RENEW_AFTER = 20_000;
/** What a new file begins with; descriptors, of which there are most, follow as they are used. Messages and losses stay where they belong. */
const IN_EVERY_FILE = [
  'types',
  'processes',
  'threads',
  'users',
  'groups',
  'resolvers',
  'counters',
  'nodeFacts',
  'containers',
  'objects',
  'kubeEvents',
] as const;

export interface RecorderOptions {
  readonly path: string;
  /** Only matching events are stored; empty: all. */
  readonly filter: string;
  /** ns since 1970 of the stream's time zero. */
  readonly epoch: bigint;
  readonly meta: Partial<CaptureMeta>;
  /** Of network events only those of the sockets and namespaces of the processes that are recorded. */
  readonly ownNetwork?: boolean;
  /** What is secret is not stored: rules beside those of `src/model/redact.ts`; absent: everything is stored. */
  readonly redact?: readonly Rule[];
  /** Where it goes on when a file is full; absent: `path` holds everything. */
  readonly segments?: Segments;
  /** Filters that `onTrigger` is told of when an event matches, whether it is stored or not. */
  readonly triggers?: readonly string[];
  readonly onTrigger?: (hit: TriggerHit) => void;
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
  #writer: CaptureWriter;
  readonly #naming: Naming;
  readonly #rows: RowsInUse;
  readonly #dns: DnsIndex;
  #meta: Partial<CaptureMeta>;
  readonly #order = new TimeOrder((ordered) => this.#store(ordered));
  readonly #context: CaptureContext;
  readonly #segments: Segments | null;
  /** Of the file that is being written: events, and the time at which it began. */
  #segment = { events: 0, from: 0 };
  readonly #fdsInFile = new Set<number>();
  readonly #triggers: Triggers | null;
  /** DNS messages of all events, which a filter may ask for before it is known whether their event is stored. */
  readonly #messages = new Table<DnsRow>();
  readonly #kept: KeptEvents;
  readonly #redactor: Redactor | null;
  /** What the file says was taken out. */
  #redactedSaid = '';
  #filters: string;
  #arrived = false;
  readonly #shed = new ShedStretches(this.tables);
  readonly #flood = new FloodGuard(this.tables);
  readonly #part = new OpenChunk(CHUNK_EVENTS, 1 << 16);
  #nextNum = 1;
  #stored = 0;
  #lost = 0;
  #lastTime = 0;
  /** Rows that had been forgotten when filters were made. */
  #renewedAt = 0;

  constructor(options: RecorderOptions) {
    for (const type of STANDARD_TYPES) this.tables.types.put(type);
    this.#redactor = options.redact === undefined ? null : new Redactor(options.redact, this.tables.types);
    const { epoch, filter, meta, triggers = [], onTrigger = () => {} } = options;
    this.#meta = { ...meta, epoch: epoch.toString(), filter, source: 'trowel', state: 'recording' };
    const seen = { ...this.tables, dns: this.#messages };
    this.#dns = new DnsIndex(seen);
    this.#naming = new Naming(this.tables, (row) => this.#rows.threadOver(row));
    this.#rows = new RowsInUse(this.tables, this.#naming, this.#dns);
    const lookupPart = lookupParts(seen, () => this.#lastTime);
    this.#context = { dims: seen, epoch, hostname: meta.hostname ?? '', growing: true, lookupPart };
    const own = options.ownNetwork === true ? new OwnNetwork(this.tables) : null;
    this.#kept = new KeptEvents(compileFilter(filter, this.#context), own);
    this.#filters = filter;
    this.#triggers = triggers.length === 0 ? null : new Triggers(triggers, this.#context, onTrigger);
    this.#segments = options.segments ?? null;
    this.#writer = this.#newFile(options.path);
  }

  #newFile(path: string): CaptureWriter {
    const writer = new CaptureWriter(path, this.tables, { level: LEVEL, live: true });
    writer.meta({ ...this.#meta, filter: this.#filters });
    writer.flush();
    return writer;
  }

  get totals(): RecorderTotals {
    return { events: this.#nextNum - 1, stored: this.#stored, lost: this.#lost, bytes: this.#writer.bytes };
  }

  /** What the recording cannot show, as far as is known by now. */
  get blindSpots(): readonly BlindSpot[] {
    const { state: _, ...meta } = this.#meta; // that it goes on is no news while it does
    return blindSpots({ meta, dims: this.tables });
  }

  /** What is in the file that is being written. */
  get segment(): SegmentState {
    return { ...this.#segment, bytes: this.#writer.bytes, to: this.#lastTime };
  }

  /** Other events are stored from now on; the capture tells both filters. Throws FilterError. */
  refilter(filter: string): void {
    this.#setFilter(filter);
    this.#filters = `${this.#filters || 'everything'}, then ${filter || 'everything'}`;
    this.#writer.meta({ filter: this.#filters });
  }

  #setFilter(filter: string): void {
    this.#kept.use(compileFilter(filter, this.#context), this.#lastTime);
  }

  /** Takes a batch in. Throws WireError or BatchError for one that makes no sense. */
  add(given: BatchDef): void {
    checkBatch(given);
    checkColumns(given);
    const batch = this.#redactor?.batch(given) ?? given;
    for (const def of batch.threads) this.#rows.defineThread(def.id, this.#naming.thread(def));
    for (const def of batch.fds) this.#rows.defineFd(def.id, this.#naming.fd(def));
    for (const loss of batch.losses) this.#addLoss(loss);
    for (const counter of batch.counters) this.#addCounter(counter);
    this.#flood.checkCounters();
    if (batch.n > 0) {
      this.#arrived = true;
      appendBatch(this.#order.room(batch.n), batch, this.#rows.threads, this.#rows.fds);
    }
    if (this.#flood.take(batch)) this.#storeRows();
  }

  /** Rows leave memory when they are stored: a flood of them does not wait for the timer. */
  #storeRows(): void {
    this.flush();
    this.#arrived = true; // more may come that is as old
  }

  /** Stores what is in order and lets readers see it; everything, when nothing came since the last time. */
  flush(): void {
    this.#order.drain(!this.#arrived);
    this.#arrived = false;
    this.#flood.flushed();
    this.#triggers?.lookAgain(this.#lastTime);
    this.#shed.extend(this.#lastTime);
    this.#setRedacted();
    this.#writer.flush();
    this.#forget();
    if (this.#segments?.isFull(this.segment) === true) this.rotate();
  }

  /** Goes on in the next file; the present one is closed and complete. Only with segments. */
  rotate(): void {
    if (this.#segments === null) return;
    const segment = this.segment;
    this.#close(this.#lastTime, {});
    for (const name of IN_EVERY_FILE) this.tables[name].touchAll();
    this.#segment = { events: 0, from: this.#lastTime };
    this.#fdsInFile.clear();
    this.#shed.renew(this.#lastTime);
    this.#writer = this.#newFile(this.#segments.next(segment));
  }

  #close(end: number, meta: Partial<CaptureMeta>): void {
    this.#setRedacted();
    const begin = this.#segment.from === 0 ? {} : { begin: String(this.#segment.from) };
    this.#writer.close({ ...begin, end: String(end), ...meta });
  }

  /** Lets go of what nothing refers to any more, and of who remembers it. */
  #forget(): void {
    this.#rows.flushed();
    for (const table of [this.#messages, this.tables.dns]) forgetBefore(table, this.#lastTime - MESSAGES_KEPT);
    for (const table of [this.tables.dnsSockets, this.tables.resolvers]) this.#forgetUnused(table);
    if (this.#rows.forgotten + this.#messages.lastId - this.#renewedAt < RENEW_AFTER) return;
    this.#renewedAt = this.#rows.forgotten + this.#messages.lastId;
    this.#setFilter(this.#kept.filter.text);
    this.#triggers?.renew(this.#context, this.#lastTime);
  }

  /** Of threads that are gone, in the order of their rows as far as they are. */
  #forgetUnused(table: Table<DnsSocketRow> | Table<ResolverRow>): void {
    for (const { id, thread } of table.all()) {
      if (this.tables.threads.get(thread) !== undefined) return;
      table.delete(id);
    }
  }

  /** What was wrong with the sources of names, for readers of the capture. */
  setSourceErrors(errors: readonly string[]): void {
    if (errors.length > 0) this.#writer.meta({ names: errors.join('; ') });
  }

  /** What of the node's network could not be read, and which namespace was chosen as the node's. */
  setNodeMissing(missing: readonly NodeMissing[], netns: string | null): void {
    this.#setMeta({ nodeMissing: JSON.stringify(missing), ...(netns === null ? {} : { netns }) });
  }

  /** The command that the recording is made for runs, as that process. */
  setCommand(pid: number): void {
    this.#setMeta({ command_pid: String(pid) });
  }

  #setRedacted(): void {
    if (this.#redactor === null) return;
    const redacted = JSON.stringify(this.#redactor.count);
    if (redacted === this.#redactedSaid) return;
    this.#redactedSaid = redacted;
    this.#setMeta({ redacted });
  }

  /** Families that are not recorded from now on, since recording costs too much. */
  setShed(families: readonly Family[]): void {
    this.#shed.set(families, this.#lastTime);
  }

  /** What recording cost so far, as JSON. */
  setCost(cost: string): void {
    this.#setMeta({ cost });
  }

  /** What each of the probe's programs cost, as JSON. */
  setPrograms(programs: string): void {
    this.#setMeta({ programs });
  }

  /** Says it in this file and in those that follow. */
  #setMeta(meta: Partial<CaptureMeta>): void {
    this.#meta = { ...this.#meta, ...meta };
    this.#writer.meta(meta);
  }

  /** Stores everything and closes the capture. `end`: ns since its start. */
  finish(end: number): void {
    this.#order.drain(true);
    this.#close(end, {});
  }

  /** The same where the stream ended without a goodbye: what it had still to say is missing, and nobody knows how much. */
  breakOff(reason: string): void {
    const meta = { state: 'broke off', broke: reason } as const;
    try {
      this.#order.drain(true);
      this.#close(this.#lastTime, meta);
    } catch (error) {
      this.#writer.abandon({ end: String(this.#lastTime), ...meta });
      throw error;
    }
  }

  #store(ordered: OpenChunk): void {
    for (let i = 0; i < ordered.n; i++) ordered.num[i] = this.#nextNum++;
    this.#dns.add(ordered);
    if (this.#kept.all && this.#triggers === null) this.#keep(ordered);
    else for (let from = 0; from < ordered.n; from += CHUNK_EVENTS) this.#storePart(ordered, from);
    this.#keepMessages();
    this.#lastTime = Math.max(this.#lastTime, ordered.time[ordered.n - 1]!);
    for (let i = 0; i < ordered.n; i++) if (ordered.type[i] === PROCEXIT) this.#naming.exited(ordered.thread[i]!, ordered.time[i]!);
  }

  #keep(chunk: OpenChunk): void {
    this.#stored += chunk.n;
    for (let from = 0; from < chunk.n; ) {
      const room = (this.#segments?.maxEvents ?? Infinity) - this.#segment.events;
      const to = Math.min(chunk.n, from + room);
      if (this.#segments !== null) this.#nameFds(chunk, from, to);
      this.#writer.append(chunk, from, to);
      this.#segment.events += to - from;
      from = to;
      this.#lastTime = Math.max(this.#lastTime, chunk.time[to - 1]!);
      if (from < chunk.n) {
        this.#keepMessages(chunk.num[to - 1]);
        this.rotate();
      }
    }
  }

  /** Each file has the descriptors that its events use. */
  #nameFds(chunk: OpenChunk, from: number, to: number): void {
    const known = this.#fdsInFile;
    for (let i = from, last = 0; i < to; i++) {
      const id = chunk.fd[i]!;
      if (id === last) continue;
      last = id;
      if (known.has(id)) continue;
      known.add(id);
      const row = this.tables.fds.get(id);
      if (row !== undefined) this.tables.fds.touch(row);
    }
  }

  #storePart(ordered: OpenChunk, from: number): void {
    const part = this.#part;
    part.clear();
    part.takeRange(ordered, from, Math.min(ordered.n, from + CHUNK_EVENTS));
    this.#triggers?.look(part);
    const kept = this.#kept.of(part);
    if (kept.n > 0) this.#keep(kept);
  }

  /** DNS messages of stored events up to a number become rows of the capture; those that are there already may have changed. */
  #keepMessages(upTo = Infinity): void {
    for (const row of this.#messages.takeChanged()) {
      if (row.num > upTo) this.#messages.touch(row);
      else if (this.#kept.hasMessage(row) || this.tables.dns.get(row.id) !== undefined) this.tables.dns.put(row);
    }
    if (upTo === Infinity) this.#kept.messagesTaken();
  }

  #addLoss(def: LossDef): void {
    const loss = lossOf(def);
    this.#flood.keepLoss(loss);
    this.#lost += loss.count;
    appendLoss(this.#order.room(1), loss);
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

/** Rows come in the order of their times. */
function forgetBefore(table: Table<DnsRow>, time: number): void {
  for (const row of table.all()) {
    if (row.time >= time) return;
    table.delete(row.id);
  }
}
