/**
 * Which events of a chunk may have a text in their rows, found in its columns: by thread, descriptor and type once per row,
 * in results and arguments once per value, in payloads all at once. It may name too many, never too few; the row decides.
 * Columns that cannot have it are not decoded.
 */
import { type CaptureContext, EventView } from '../../event/view.ts';
import { argBytes, CHUNK_EVENTS, type Chunk, EventFlag } from '../../model/chunk.ts';
import { errnoName } from '../../model/errno.ts';
import type { ArgType } from '../../model/event-type.ts';
import { targetText } from '../../output/summary.ts';
import { harmless } from '../kit/text.ts';
import { rowOf, rowText, whoText } from '../screens/events/rows.ts';
import { Lowered } from './lowered.ts';
import { LONG, PackedArgs, UNKNOWN } from './packed-args.ts';

/** What plain numbers, spans and hexadecimals are written with. */
const NUMERIC = /^[0-9a-fx.,=+\-µnmsih ]*$/;
/** Different values of results and arguments that are remembered. */
const MOST_KNOWN = 200_000;
const MOST_ERRNO = 200;
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
  #lower = new Lowered();
  readonly #needle: Buffer;
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
    this.#needle = Buffer.from(word);
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
    this.#results = numeric || inErrors ? new Map() : null;
    this.#seeksPending = this.#has('pending ') || 'pending'.includes(word);
    this.#messages = Float64Array.from(dims.dns.all(), ({ num }) => num).sort();
  }

  /** Those of the events `indices` that may have it. */
  narrow(chunk: Chunk, indices: Uint16Array): Uint16Array {
    const marks = this.#marks.fill(0);
    this.#markPayloads(chunk, marks);
    this.#markMessages(chunk, marks);
    this.#markRows(chunk, marks);
    if (this.#results !== null) this.#markResults(chunk, this.#results, marks);
    if (this.#argTypes.includes(1)) this.#markArgs(chunk, indices, marks);
    return marks.includes(1) ? indices.filter((i) => marks[i] === 1) : NONE;
  }

  #has(text: string): boolean {
    return harmless(text).toLowerCase().includes(this.#word);
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
    const text = this.#lower.of(chunk.data, length);
    for (const tail of escapeTails(this.#word)) markEscaped(chunk, marks, text, tail);
    for (let at = text.indexOf(this.#needle), i = 0; at >= 0; at = text.indexOf(this.#needle, at + 1)) {
      while (dataEnd[i]! <= at) i++;
      if (at + this.#word.length <= dataEnd[i]!) marks[i] = 1;
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
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What is left of a word where its beginning may be the end of an escape: `nco` is in `\\ncontent`. */
function escapeTails(word: string): Buffer[] {
  const lengths = [1, 2, 3, 4, 5].filter((k) => k <= word.length && /^([nrtbfv]|x?[0-9a-f]{1,2}|u?[0-9a-f]{1,4})$/.test(word.slice(0, k)));
  return lengths.map((k) => Buffer.from(word.slice(k)));
}

/** Marks each event in whose payload the tail follows a byte that is written as an escape. */
function markEscaped(chunk: Chunk, marks: Uint8Array, text: Buffer, tail: Buffer): void {
  const { dataEnd } = chunk;
  if (tail.length === 0) markFilled(chunk, marks);
  else
    for (let at = text.indexOf(tail), i = 0; at >= 0; at = text.indexOf(tail, at + 1)) {
      const before = text[at - 1] ?? 0x20;
      if (before >= 0x20 && before < 0x7f) continue;
      while (dataEnd[i]! <= at) i++;
      marks[i] = 1;
    }
}
