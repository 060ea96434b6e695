/** Which of the events that came are stored: those that match the filter, of network events those of the recorded processes, and losses always. */
import { Matcher } from '../capture/select.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { CHUNK_EVENTS, OpenChunk } from '../model/chunk.ts';
import type { DnsRow } from '../model/dns.ts';
import { typeId } from '../model/event-type.ts';
import type { OwnNetwork } from './own-network.ts';

const LOST = typeId('lost');
const ASKS_LOOKUP = /\bdns\.lookup\./;
const NONE: ReadonlySet<number> = new Set();

export class KeptEvents {
  readonly #own: OwnNetwork | null;
  #filter: CompiledFilter;
  #matcher: Matcher;
  readonly #kept = new OpenChunk(CHUNK_EVENTS, 1 << 16);
  /** 1 for each event of a part that is kept. */
  readonly #wanted = new Uint8Array(CHUNK_EVENTS);
  /** Numbers of the events that a filter let through since messages were last asked about. */
  readonly #nums = new Set<number>();

  /** `own`: null, network events of all are kept. */
  constructor(filter: CompiledFilter, own: OwnNetwork | null) {
    this.#filter = filter;
    this.#matcher = new Matcher(filter);
    this.#own = own;
  }

  get filter(): CompiledFilter {
    return this.#filter;
  }

  /** No filter leaves anything out. */
  get unfiltered(): boolean {
    return this.#filter.step === null;
  }

  /** Indices of network events of others than the recorded processes, which are not kept. Events come in their order, each once. */
  othersIn(ordered: OpenChunk): ReadonlySet<number> {
    return this.#own?.othersIn(ordered) ?? NONE;
  }

  /** Another filter from now on. `lastTime`: of the event before those that come, ns since the capture's start. */
  use(filter: CompiledFilter, lastTime: number): void {
    this.#filter = filter;
    this.#matcher = new Matcher(filter, {}, lastTime);
  }

  /**
   * The events to keep of a part of at most CHUNK_EVENTS: the part itself, or a chunk that holds until the next call. `others`: what
   * `othersIn` said of the events of which the part begins at index `from`.
   */
  of(part: OpenChunk, others: ReadonlySet<number>, from: number): OpenChunk {
    const { unfiltered } = this;
    if (unfiltered && others.size === 0) return part;
    const wanted = this.#wanted.fill(unfiltered ? 1 : 0, 0, part.n);
    if (!unfiltered) this.#markMatching(part, wanted);
    for (const i of others) if (i >= from && i < from + part.n) wanted[i - from] = 0;
    // What is missing is told whatever was asked for.
    for (let i = 0; i < part.n; i++) if (part.type[i] === LOST) wanted[i] = 1;
    const kept = this.#kept;
    kept.clear();
    kept.takeWanted(part, wanted);
    if (!unfiltered) for (let i = 0; i < kept.n; i++) this.#nums.add(kept.num[i]!);
    return kept;
  }

  #markMatching(part: OpenChunk, wanted: Uint8Array): void {
    const match = this.#matcher.next(part);
    for (let k = 0; match !== null && k < match.n; k++) wanted[match.selection[k]!] = 1;
    const messages = this.#messagesIn(part);
    if (messages.size > 0) for (let i = 0; i < part.n; i++) if (messages.has(part.num[i]!)) wanted[i] = 1;
  }

  /** What a lookup came to is known when it is over: who asks for that gets all messages, and asks again of the capture. */
  #messagesIn(part: OpenChunk): ReadonlySet<number> {
    if (!ASKS_LOOKUP.test(this.#filter.text)) return NONE;
    return new Set(this.#filter.view.dnsBetween(part.num[0]!, part.num[part.n - 1]!).map(({ num }) => num));
  }

  /** Whether the event of a message was kept. */
  hasMessage({ num }: DnsRow): boolean {
    return this.#filter.step === null || this.#nums.has(num);
  }

  /** Messages of the events up to now were asked about. */
  messagesTaken(): void {
    this.#nums.clear();
  }
}
