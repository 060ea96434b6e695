/** Everything between a probe's stream and the capture: order, numbers, names, DNS, filter, store, and what was lost. */

import { type BlindSpot, blindSpots } from '../capture/blind-spots.ts';
import type { CaptureMeta } from '../capture/meta.ts';
import { DnsIndex } from '../dns/index.ts';
import { lookupParts } from '../dns/parts.ts';
import { PassingHttp2 } from '../event/http2/heads.ts';
import type { CaptureContext } from '../event/view.ts';
import { compileFilter } from '../filter/compile.ts';
import type { Family } from '../model/calls.ts';
import { CHUNK_EVENTS, OpenChunk } from '../model/chunk.ts';
import { STANDARD_TYPES, typeId } from '../model/event-type.ts';
import type { NodeMissing } from '../model/node.ts';
import type { Rule } from '../model/redact.ts';
import { type DimensionTables, newTables } from '../model/rows.ts';
import { appendBatch, checkColumns } from './batch.ts';
import { CaptureFiles } from './capture-files.ts';
import { DnsRows } from './dns-rows.ts';
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
/** Rows that are forgotten before filters look at what there is anew: they remember rows, too. */
const RENEW_AFTER = 20_000;
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
  readonly #files: CaptureFiles;
  readonly #naming: Naming;
  readonly #rows: RowsInUse;
  readonly #dns: DnsIndex;
  readonly #order = new TimeOrder((ordered) => this.#store(ordered));
  readonly #context: CaptureContext;
  readonly #triggers: Triggers | null;
  readonly #messages: DnsRows;
  readonly #kept: KeptEvents;
  readonly #redactor: Redactor | null;
  /** What the file says was taken out. */
  #redactedSaid = '';
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
    this.#messages = new DnsRows(this.tables);
    const seen = { ...this.tables, dns: this.#messages.all };
    this.#dns = new DnsIndex(seen);
    this.#naming = new Naming(this.tables, (row) => this.#rows.threadOver(row));
    this.#rows = new RowsInUse(this.tables, this.#naming, this.#dns);
    const lookupPart = lookupParts(seen, () => this.#lastTime);
    this.#context = { dims: seen, epoch, hostname: meta.hostname ?? '', growing: true, lookupPart, http2: new PassingHttp2(seen) };
    const own = options.ownNetwork === true ? new OwnNetwork(this.tables) : null;
    this.#kept = new KeptEvents(compileFilter(filter, this.#context), own);
    this.#triggers = triggers.length === 0 ? null : new Triggers(triggers, this.#context, onTrigger);
    const said = { ...meta, epoch: epoch.toString(), filter, source: 'trowel', state: 'recording' } as const;
    this.#files = new CaptureFiles(options.path, this.tables, said, options.segments ?? null);
  }

  get totals(): RecorderTotals {
    return { events: this.#nextNum - 1, stored: this.#stored, lost: this.#lost, bytes: this.#files.bytes };
  }

  /** What the recording cannot show, as far as is known by now. */
  get blindSpots(): readonly BlindSpot[] {
    const { state: _, ...meta } = this.#files.meta; // that it goes on is no news while it does
    return blindSpots({ meta, dims: this.tables });
  }

  /** What is in the file that is being written. */
  get segment(): SegmentState {
    return this.#files.segmentTo(this.#lastTime);
  }

  /** Other events are stored from now on; the capture tells both filters. Throws FilterError. */
  refilter(filter: string): void {
    this.#setFilter(filter);
    this.#files.setMeta({ filter: `${this.#files.meta.filter || 'everything'}, then ${filter || 'everything'}` });
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
    this.#files.flush();
    this.#forget();
    if (this.#files.isFull(this.#lastTime)) this.rotate();
  }

  /** Goes on in the next file; the present one is closed and complete. Only with segments. */
  rotate(): void {
    this.#setRedacted();
    this.#files.next(this.#lastTime, () => this.#shed.renew(this.#lastTime));
  }

  /** Lets go of what nothing refers to any more, and of who remembers it. */
  #forget(): void {
    this.#rows.flushed();
    this.#messages.forgetOld(this.#lastTime);
    const forgotten = this.#rows.forgotten + this.#messages.all.lastId;
    if (forgotten - this.#renewedAt < RENEW_AFTER) return;
    this.#renewedAt = forgotten;
    this.#setFilter(this.#kept.filter.text);
    this.#triggers?.renew(this.#context, this.#lastTime);
  }

  /** What was wrong with the sources of names, for readers of the capture. */
  setSourceErrors(errors: readonly string[]): void {
    if (errors.length > 0) this.#files.noteHere({ names: errors.join('; ') });
  }

  /** What of the node's network could not be read, and which namespace was chosen as the node's. */
  setNodeMissing(missing: readonly NodeMissing[], netns: string | null): void {
    this.#files.setMeta({ nodeMissing: JSON.stringify(missing), ...(netns === null ? {} : { netns }) });
  }

  /** The command that the recording is made for runs, as that process. */
  setCommand(pid: number): void {
    this.#files.setMeta({ command_pid: String(pid) });
  }

  #setRedacted(): void {
    if (this.#redactor === null) return;
    const redacted = JSON.stringify(this.#redactor.count);
    if (redacted === this.#redactedSaid) return;
    this.#redactedSaid = redacted;
    this.#files.setMeta({ redacted });
  }

  /** Families that are not recorded from now on, since recording costs too much. */
  setShed(families: readonly Family[]): void {
    this.#shed.set(families, this.#lastTime);
  }

  /** What recording cost so far, as JSON. */
  setCost(cost: string): void {
    this.#files.setMeta({ cost });
  }

  /** What each of the probe's programs cost, as JSON. */
  setPrograms(programs: string): void {
    this.#files.setMeta({ programs });
  }

  /** Stores everything and closes the capture. `end`: ns since its start. */
  finish(end: number): void {
    this.#order.drain(true);
    this.#setRedacted();
    this.#files.close(end, {});
  }

  /** The same where the stream ended without a goodbye: what it had still to say is missing, and nobody knows how much. */
  breakOff(reason: string): void {
    const meta = { state: 'broke off', broke: reason } as const;
    try {
      this.#order.drain(true);
      this.#setRedacted();
      this.#files.close(this.#lastTime, meta);
    } catch (error) {
      this.#files.abandon(this.#lastTime, meta);
      throw error;
    }
  }

  #store(ordered: OpenChunk): void {
    for (let i = 0; i < ordered.n; i++) ordered.num[i] = this.#nextNum++;
    this.#dns.add(ordered);
    const others = this.#kept.othersIn(ordered);
    if (this.#kept.unfiltered && others.size === 0 && this.#triggers === null) this.#keep(ordered);
    else for (let from = 0; from < ordered.n; from += CHUNK_EVENTS) this.#storePart(ordered, from, others);
    this.#messages.store(this.#kept);
    this.#lastTime = Math.max(this.#lastTime, ordered.time[ordered.n - 1]!);
    for (let i = 0; i < ordered.n; i++) if (ordered.type[i] === PROCEXIT) this.#naming.exited(ordered.thread[i]!, ordered.time[i]!);
  }

  #keep(chunk: OpenChunk): void {
    this.#stored += chunk.n;
    for (let from = 0; from < chunk.n; ) {
      const to = Math.min(chunk.n, from + this.#files.room);
      this.#files.append(chunk, from, to);
      this.#lastTime = Math.max(this.#lastTime, chunk.time[to - 1]!);
      from = to;
      if (from < chunk.n) {
        this.#messages.store(this.#kept, chunk.num[to - 1]);
        this.rotate();
      }
    }
  }

  #storePart(ordered: OpenChunk, from: number, others: ReadonlySet<number>): void {
    const part = this.#part;
    part.clear();
    part.takeRange(ordered, from, Math.min(ordered.n, from + CHUNK_EVENTS));
    this.#triggers?.look(part);
    const kept = this.#kept.of(part, others, from);
    if (kept.n > 0) this.#keep(kept);
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
