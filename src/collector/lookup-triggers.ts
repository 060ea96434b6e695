/**
 * Triggers that ask how a lookup went (`dns.lookup.latency>1s`). When its messages come, it is not over, and of a server that does not
 * answer none follows: so they are asked again while time passes.
 */
import { Matcher } from '../capture/select.ts';
import { lookupPartsAt } from '../dns/parts.ts';
import type { CaptureContext } from '../event/view.ts';
import { type CompiledFilter, compileFilter } from '../filter/compile.ts';
import { CHUNK_EVENTS, type Chunk, OpenChunk } from '../model/chunk.ts';
import type { LookupPart } from '../model/dns.ts';
import { SECOND } from '../model/time.ts';
import type { TriggerHit } from './triggers.ts';

/** ns: messages are asked again for so long, and a name's lookup that was a hit is no news for so long; no resolver pauses longer. */
const KEPT = 60 * SECOND;
/** ms between two looks, and at most this share of the time goes into them: a node may have a thousand lookups a second. */
const EVERY_MS = 500;
const SHARE = 0.05;

export class LookupTriggers {
  readonly #filters: readonly string[];
  readonly #context: CaptureContext;
  readonly #onHit: (hit: TriggerHit) => void;
  #compiled: readonly CompiledFilter[] = [];
  #matchers: readonly Matcher[] = [];
  /** Lookups as they were at the last look. */
  #partOf: (num: number) => LookupPart | null = () => null;
  /** Events with messages that may belong to a lookup that is not over, and room to take those that stay. */
  #messages = new OpenChunk(CHUNK_EVENTS, 1 << 16);
  #spare = new OpenChunk(CHUNK_EVENTS, 1 << 16);
  /** By filter and name: time of the last hit. */
  readonly #hits = new Map<string, number>();
  #nextLookMs = 0;

  /** Throws FilterError. */
  constructor(filters: readonly string[], context: CaptureContext, onHit: (hit: TriggerHit) => void) {
    this.#filters = filters;
    this.#context = { ...context, lookupPart: (num) => this.#partOf(num) };
    this.#onHit = onHit;
    this.renew(0);
  }

  renew(timeBefore: number): void {
    this.#compiled = this.#filters.map((filter) => compileFilter(filter, this.#context));
    this.#matchers = this.#compiled.map((filter) => new Matcher(filter, {}, timeBefore));
  }

  /** Asks of new events what can be said of them at once, and remembers their messages. */
  look(chunk: Chunk): void {
    if (chunk.n === 0) return;
    this.#matchers.forEach((matcher, i) => {
      const match = matcher.next(chunk);
      if (match !== null) this.#hit(this.#filters[i]!, chunk, match.selection[0]!);
    });
    const nums = new Set(this.#compiled[0]!.view.dnsBetween(chunk.num[0]!, chunk.num[chunk.n - 1]!).map(({ num }) => num));
    for (let i = 0; nums.size > 0 && i < chunk.n; i++) {
      if (!nums.has(chunk.num[i]!)) continue;
      if (this.#messages.n === CHUNK_EVENTS) this.#keep(CHUNK_EVENTS / 2);
      this.#messages.take(chunk, i);
    }
  }

  lookAgain(now: number): void {
    const begun = performance.now();
    const messages = this.#messages;
    if (messages.n === 0 || begun < this.#nextLookMs) return;
    this.#partOf = lookupPartsAt(this.#context.dims, now);
    this.#compiled.forEach((filter, i) => {
      const match = new Matcher(filter).next(messages);
      for (let k = 0; match !== null && k < match.n; k++) this.#hit(this.#filters[i]!, messages, match.selection[k]!);
    });
    let old = 0;
    while (old < messages.n && messages.time[old]! < now - KEPT) old++;
    this.#keep(old);
    for (const [key, time] of this.#hits) if (time < now - KEPT) this.#hits.delete(key);
    this.#nextLookMs = begun + Math.max(EVERY_MS, (performance.now() - begun) / SHARE);
  }

  /** Forgets the first `from` messages. */
  #keep(from: number): void {
    if (from === 0) return;
    this.#spare.clear();
    this.#spare.takeRange(this.#messages, from, this.#messages.n);
    [this.#messages, this.#spare] = [this.#spare, this.#messages];
  }

  /** Once for the messages of one lookup. */
  #hit(filter: string, chunk: Chunk, i: number): void {
    const [num, time] = [chunk.num[i]!, chunk.time[i]!];
    const part = this.#partOf(num);
    if (part !== null) {
      const key = `${filter} ${part.lookup.name}`;
      const known = this.#hits.has(key);
      this.#hits.set(key, time);
      if (known) return;
    }
    this.#onHit({ filter, num, time });
  }
}
