/**
 * Which events of a chunk may have a text in their rows, found in its columns: by thread, descriptor and type once per row,
 * in results and arguments once per value, in payloads all at once. It may name too many, never too few; the row decides.
 * Columns that cannot have it are not decoded.
 */
import { type CaptureContext, EventView } from '../../event/view.ts';
import { argBytes, CHUNK_EVENTS, type Chunk, type ChunkHead, EventFlag } from '../../model/chunk.ts';
import { errnoName } from '../../model/errno.ts';
import type { ArgType } from '../../model/event-type.ts';
import { firstIndex } from '../../model/search.ts';
import { targetText } from '../../output/summary.ts';
import { harmless } from '../kit/text.ts';
import { rowOf, rowText, whoText } from '../screens/events/rows.ts';
import { LONG, PackedArgs, UNKNOWN } from './packed-args.ts';
import { SMALL, WordFinder } from './word-finder.ts';

/** What plain numbers, spans and hexadecimals are written with. */
const NUMERIC = /^[0-9a-fx.,=+\-µnmsih ]*$/;
/** Different values of results and arguments that are remembered. */
const MOST_KNOWN = 200_000;
const MOST_ERRNO = 200;
/** Shorter ends of words are looked for byte by byte. */
const LONG_TAIL = 4;
const NONE = new Uint16Array(0);

/** What is known of a row. */
const NO = 1;
const YES = 2;

export class TextScan {
  readonly #word: string;
  readonly #view: EventView;
  readonly #context: CaptureContext;
  /** By row, 0: not looked at yet. */
  readonly #fds: Uint8Array;
  readonly #types: Uint8Array;
  readonly #threads: Uint8Array;
  /** Of threads whose names change: the times, ns, for which what is known holds. */
  readonly #times = new Map<number, { readonly from: number; readonly until: number }>();
  /** 1: an argument of the type may say it; by row of the types. */
  readonly #argTypes: Uint8Array;
  readonly #results: Map<number, boolean> | null;
  readonly #args = new Map<string, boolean>();
  readonly #packedArgs = new PackedArgs();
  readonly #seeksPending: boolean;
  /** Used again for every chunk: what is thrown away by the megabyte makes a process grow. */
  readonly #marks = new Uint8Array(CHUNK_EVENTS);
  readonly #finder: WordFinder;
  /** What is left of the word where its beginning may be the end of an escape. */
  readonly #tails: readonly WordFinder[];
  readonly #shortTails: readonly Uint8Array[];
  /** Numbers of events with a DNS message, ascending. */
  readonly #messages: Float64Array;

  /** Null: the text has no word by which columns could be searched. `text`: in small letters. */
  static of(context: CaptureContext, text: string): TextScan | null {
    const [word = ''] = text.split(/[^\x21-\x7e]+/).sort((a, b) => b.length - a.length);
    return word.length < 2 ? null : new TextScan(context, word);
  }

  private constructor(context: CaptureContext, word: string) {
    const { dims } = context;
    const numeric = NUMERIC.test(word);
    this.#word = word;
    this.#finder = new WordFinder(word);
    const tails = escapeTails(word);
    this.#tails = tails.filter((tail) => tail.length >= LONG_TAIL).map((tail) => new WordFinder(tail));
    this.#shortTails = tails.filter((tail) => tail.length < LONG_TAIL).map((tail) => Buffer.from(tail));
    this.#view = new EventView(context);
    this.#context = context;
    this.#fds = new Uint8Array(dims.fds.lastId + 1);
    this.#fds[0] = NO;
    this.#threads = new Uint8Array(dims.threads.lastId + 1);
    this.#types = new Uint8Array(dims.types.lastId + 1);
    this.#argTypes = new Uint8Array(dims.types.lastId + 1);
    for (const { id, name, args } of dims.types.all()) {
      this.#types[id] = this.#has(name) ? YES : NO;
      this.#argTypes[id] = Number(args.some((arg) => mayHold(arg, word, numeric)));
    }
    const inErrors = Array.from({ length: MOST_ERRNO }, (_, errno) => errnoName(errno)).some((name) => this.#has(name));
    this.#seeksPending = this.#has('pending ') || 'pending'.includes(word);
    this.#results = numeric || inErrors || this.#seeksPending ? new Map() : null;
    this.#messages = Float64Array.from(dims.dns.all(), ({ num }) => num).sort();
  }

  /** Those of the events `indices` that may have it. */
  narrow(chunk: Chunk, indices: Uint16Array, head: ChunkHead): Uint16Array {
    const marks = this.#marks.fill(0);
    const types = head.presence('type');
    this.#markPayloads(chunk, marks);
    this.#markMessages(chunk, marks);
    if (this.#rowsMayHave(head, types)) this.#markRows(chunk, marks);
    if (this.#results !== null) this.#markResults(chunk, this.#results, marks);
    if (types?.some((id) => this.#argTypes[id] === 1) ?? true) this.#markArgs(chunk, indices, marks);
    return marks.includes(1) ? indices.filter((i) => marks[i] === 1) : NONE;
  }

  #has(text: string): boolean {
    return harmless(text).toLowerCase().includes(this.#word);
  }

  /** False: no thread, descriptor or type of the chunk has it, for sure: its columns need not be read. */
  #rowsMayHave(head: ChunkHead, types: Uint32Array | null): boolean {
    const [threads, fds] = [head.presence('thread'), head.presence('fd')];
    if (types === null || threads === null || fds === null) return true;
    return (
      types.some((id) => this.#types[id] !== NO) ||
      threads.some((id) => this.#threads[id] !== NO || this.#times.has(id)) ||
      fds.some((id) => (this.#fds[id] || this.#fdLookedAt(id)) === YES)
    );
  }

  #markRows(chunk: Chunk, marks: Uint8Array): void {
    const { n, thread, fd, type } = chunk;
    const [threads, fds, types] = [this.#threads, this.#fds, this.#types];
    for (let i = 0; i < n; i++) {
      let known = threads[thread[i]!] ?? 0;
      if (known === 0 || (this.#times.size > 0 && this.#times.has(thread[i]!))) known = this.#lookedAt(chunk, i);
      if (known === YES || types[type[i]!] !== NO || (fds[fd[i]!] || this.#fdLookedAt(fd[i]!)) === YES) marks[i] = 1;
    }
  }

  /** Whether it stands in what the event's thread is called, at its time. */
  #lookedAt(chunk: Chunk, i: number): number {
    const id = chunk.thread[i]!;
    const times = this.#times.get(id);
    const time = chunk.time[i]!;
    if (times !== undefined && time >= times.from && time < times.until) return this.#threads[id]!;
    const view = this.#view.at(chunk, i);
    view.from = -Infinity;
    view.until = Infinity;
    const known = this.#has(whoText(view)) ? YES : NO;
    this.#threads[id] = known;
    const { from, until } = view;
    if (from !== -Infinity || until !== Infinity) this.#times.set(id, { from, until });
    return known;
  }

  #fdLookedAt(id: number): number {
    const fd = this.#context.dims.fds.get(id);
    const known = fd !== undefined && this.#has(targetText(fd)) ? YES : NO;
    this.#fds[id] = known;
    return known;
  }

  /** `ENOENT`, `pending`, `87 B`, `→ 4711`. */
  #markResults({ n, res, flags }: Chunk, known: Map<number, boolean>, marks: Uint8Array): void {
    for (let i = 0; i < n; i++) {
      const result = res[i]!;
      let hit = known.get(result);
      if (hit === undefined) {
        hit = this.#has(result < 0 ? errnoName(-result) : `→ ${result} b`);
        if (known.size < MOST_KNOWN) known.set(result, hit);
      }
      if (hit || (this.#seeksPending && (flags[i]! & EventFlag.PENDING) !== 0)) marks[i] = 1;
    }
  }

  /** Columns are taken out of the chunk once: it looks each up by its name. */
  #markArgs(chunk: Chunk, indices: Uint16Array, marks: Uint8Array): void {
    const { type, args, argsEnd } = chunk;
    const [argTypes, packed] = [this.#argTypes, this.#packedArgs];
    for (const i of indices) {
      if (marks[i] === 1 || argTypes[type[i]!] === 0) continue;
      const from = i === 0 ? 0 : argsEnd[i - 1]!;
      const known = packed.look(type[i]!, args, from, argsEnd[i]!);
      marks[i] = known === LONG ? Number(this.#inLongArgs(chunk, i)) : known === UNKNOWN ? packed.keep(this.#rowHas(chunk, i)) : known;
    }
  }

  #inLongArgs(chunk: Chunk, i: number): boolean {
    const key = `${chunk.type[i]} ${Buffer.from(argBytes(chunk, i)).toString('latin1')}`;
    let hit = this.#args.get(key);
    if (hit === undefined) {
      hit = this.#rowHas(chunk, i);
      if (this.#args.size < MOST_KNOWN) this.#args.set(key, hit);
    }
    return hit;
  }

  #rowHas(chunk: Chunk, i: number): boolean {
    return rowText(rowOf(this.#view.at(chunk, i)))
      .toLowerCase()
      .includes(this.#word);
  }

  /** Marks each event in whose payload it stands. What JSON would escape is looked for in every payload's row. */
  #markPayloads(chunk: Chunk, marks: Uint8Array): void {
    const { n, dataEnd } = chunk;
    const length = n === 0 ? 0 : dataEnd[n - 1]!;
    if (length === 0) return;
    if (/["\\]/.test(this.#word)) markFilled(chunk, marks);
    const { data } = chunk;
    for (const tail of this.#tails) markTail(chunk, tail, marks);
    if (this.#shortTails.length > 0) markShortTails(chunk, this.#shortTails, marks);
    for (let at = this.#finder.next(data, 0, length), i = 0; at >= 0; at = this.#finder.next(data, at + 1, length)) {
      while (dataEnd[i]! <= at) i++;
      if (at + this.#finder.length <= dataEnd[i]!) marks[i] = 1;
    }
  }

  /** DNS messages are few, and their rows are made of them: each is looked at. */
  #markMessages(chunk: Chunk, marks: Uint8Array): void {
    const { n } = chunk;
    if (this.#messages.length === 0 || n === 0) return;
    const { num } = chunk;
    for (let k = lowerBound(this.#messages, this.#messages.length, num[0]!); (this.#messages[k] ?? Infinity) <= num[n - 1]!; k++) {
      const i = lowerBound(num, n, this.#messages[k]!);
      if (num[i] === this.#messages[k]) marks[i] = 1;
    }
  }
}

/** An argument of the type may be shown with a word in it. */
function mayHold({ column, storage, format, name }: ArgType, word: string, numeric: boolean): boolean {
  if (column !== null) return false;
  if (numeric || word.includes('=') || name.toLowerCase().includes(word)) return true;
  return storage !== 'number' || /^(flags|enum|errno|fd|scap)/.test(format);
}

function markFilled(chunk: Chunk, marks: Uint8Array): void {
  for (let i = 0; i < chunk.n; i++) if (chunk.dataEnd[i]! > (i === 0 ? 0 : chunk.dataEnd[i - 1]!)) marks[i] = 1;
}

/** Index of the first of `n` ascending numbers that is not below `wanted`. */
function lowerBound(numbers: Float64Array, n: number, wanted: number): number {
  return firstIndex(n, (i) => numbers[i]! >= wanted);
}

/** An escape of JSON, or its end: `n` of \\n, `1f` of \\u001f. A whole word may be a part of it, too. */
const ESCAPE_END = /^([nrtbf]|[0-9a-f]{1,4}|u[0-9a-f]{4})$/;
const IN_ESCAPE = /^u[0-9a-f]{1,3}$/;

/** What is left of a word where its beginning may be the end of an escape: `content` of `ncontent`; empty: all of it may be one. */
function escapeTails(word: string): string[] {
  const lengths = [1, 2, 3, 4, 5].filter((k) => k <= word.length && ESCAPE_END.test(word.slice(0, k)));
  return IN_ESCAPE.test(word) ? [''] : lengths.map((k) => word.slice(k));
}

/** Only printable ASCII is written as it is. */
const isEscaped = (byte: number) => byte < 0x20 || byte > 0x7e;

/** Marks each event in whose payload the tail follows a byte that is written as an escape. */
function markTail({ n, data, dataEnd }: Chunk, tail: WordFinder, marks: Uint8Array): void {
  const length = dataEnd[n - 1]!;
  for (let at = tail.next(data, 0, length), i = 0; at >= 0; at = tail.next(data, at + 1, length)) {
    if (!isEscaped(data[at - 1] ?? 0x20)) continue;
    while (dataEnd[i]! <= at) i++;
    marks[i] = 1;
  }
}

/** The same for tails that stand nearly everywhere, of all at once: an empty one after any such byte. */
function markShortTails({ n, data, dataEnd }: Chunk, tails: readonly Uint8Array[], marks: Uint8Array): void {
  const length = dataEnd[n - 1]!;
  const begins = Uint8Array.from(SMALL, (small) => Number(tails.some((tail) => tail.length === 0 || tail[0] === small)));
  for (let at = 0, i = 0; at < length; at++) {
    if (!isEscaped(data[at]!) || begins[data[at + 1] ?? 0] === 0) continue;
    while (dataEnd[i]! <= at) i++;
    if (marks[i] === 0 && tails.some((tail) => standsAt(data, at + 1, tail))) marks[i] = 1;
  }
}

/** In capitals or small letters. */
function standsAt(data: Uint8Array, at: number, word: Uint8Array): boolean {
  for (let k = 0; k < word.length; k++) if (SMALL[data[at + k] ?? 0] !== word[k]) return false;
  return true;
}
