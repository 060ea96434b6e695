/** What can be measured of a group of events: how many, how much, how long, when. One row each. */
import { type BoundField, type FieldType, type Reading, readField } from '../event/fields/field.ts';
import type { EventView } from '../event/view.ts';
import { fieldNamed } from '../filter/find-field.ts';
import { type Chunk, EventFlag } from '../model/chunk.ts';
import { unitOfField } from '../report/column.ts';
import type { Cell, Unit } from '../report/report.ts';
import { Histogram } from './histogram.ts';
import { LensError } from './lens.ts';

/** Takes the events of many groups; `at` numbers the group. */
export interface Accumulator {
  add(at: number, chunk: Chunk, i: number): void;
  value(at: number): Cell;
}

export interface Measure {
  /** Heading and key: `events`, `bytes`, `p95(evt.latency)`. */
  readonly name: string;
  readonly unit: Unit;
  readonly doc: string;
  readonly start: (view: EventView) => Accumulator;
}

/** A number of an event; 0 adds nothing. */
type NumberOf = (chunk: Chunk, i: number) => number;

const resultOf: NumberOf = (chunk, i) => ((chunk.flags[i]! & EventFlag.HAS_RES) === 0 ? 0 : chunk.res[i]!);

/** Sums in one growing column. */
class Sum implements Accumulator {
  #sums = new Float64Array(64);
  readonly #number: NumberOf;

  constructor(number: NumberOf) {
    this.#number = number;
  }

  add(at: number, chunk: Chunk, i: number): void {
    if (at >= this.#sums.length) this.#grow(at);
    this.#sums[at]! += this.#number(chunk, i);
  }

  value(at: number): number {
    return this.#sums[at] ?? 0;
  }

  #grow(at: number): void {
    const larger = new Float64Array(Math.max(at + 1, 2 * this.#sums.length));
    larger.set(this.#sums);
    this.#sums = larger;
  }
}

/** Bytes of the direction, or of both: by event type, looked up once each. What other calls return are no bytes. */
function moved(direction: 'read' | 'write' | null): (view: EventView) => Accumulator {
  return (view) => {
    const known: boolean[] = [];
    const { types } = view.capture.dims;
    return new Sum((chunk, i) => {
      const type = chunk.type[i]!;
      known[type] ??= direction === null ? (types.get(type)?.io ?? null) !== null : types.get(type)?.io === direction;
      return known[type] ? Math.max(0, resultOf(chunk, i)) : 0;
    });
  };
}

const sum = (number: NumberOf) => () => new Sum(number);
const time = (keep: (before: number, now: number) => number) => () => new Kept((chunk, i) => chunk.time[i]!, keep);

/** One number a group: the first, the least … */
class Kept implements Accumulator {
  readonly #values: (number | undefined)[] = [];
  readonly #number: (chunk: Chunk, i: number) => number | null;
  readonly #keep: (before: number, now: number) => number;

  constructor(number: (chunk: Chunk, i: number) => number | null, keep: (before: number, now: number) => number) {
    this.#number = number;
    this.#keep = keep;
  }

  add(at: number, chunk: Chunk, i: number): void {
    const now = this.#number(chunk, i);
    if (now === null) return;
    const before = this.#values[at];
    this.#values[at] = before === undefined ? now : this.#keep(before, now);
  }

  value(at: number): number | null {
    return this.#values[at] ?? null;
  }
}

class Mean implements Accumulator {
  readonly #sums: number[] = [];
  readonly #counts: number[] = [];
  readonly #number: (chunk: Chunk, i: number) => number | null;

  constructor(number: (chunk: Chunk, i: number) => number | null) {
    this.#number = number;
  }

  add(at: number, chunk: Chunk, i: number): void {
    const now = this.#number(chunk, i);
    if (now === null) return;
    this.#sums[at] = (this.#sums[at] ?? 0) + now;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  value(at: number): number | null {
    const count = this.#counts[at] ?? 0;
    return count === 0 ? null : this.#sums[at]! / count;
  }
}

/** A quantile to some 3 %. */
class Quantile implements Accumulator {
  readonly #groups: Histogram[] = [];
  readonly #number: (chunk: Chunk, i: number) => number | null;
  readonly #share: number;

  constructor(number: (chunk: Chunk, i: number) => number | null, share: number) {
    this.#number = number;
    this.#share = share;
  }

  add(at: number, chunk: Chunk, i: number): void {
    const now = this.#number(chunk, i);
    if (now === null) return;
    this.#groups[at] ??= new Histogram();
    this.#groups[at].add(now);
  }

  value(at: number): number | null {
    return this.#groups[at]?.quantile(this.#share) ?? null;
  }
}

/** How many different values. */
class Distinct implements Accumulator {
  readonly #groups: Set<string>[] = [];
  readonly #text: (chunk: Chunk, i: number) => string;

  constructor(text: (chunk: Chunk, i: number) => string) {
    this.#text = text;
  }

  add(at: number, chunk: Chunk, i: number): void {
    const text = this.#text(chunk, i);
    if (text === '') return;
    this.#groups[at] ??= new Set();
    this.#groups[at].add(text);
  }

  value(at: number): number {
    return this.#groups[at]?.size ?? 0;
  }
}

// biome-ignore format: a table
const PLAIN: readonly (Measure & { readonly word: string })[] = [
  { word: 'count', name: 'events', unit: 'count', doc: 'how many events', start: sum(() => 1) },
  { word: 'bytes', name: 'bytes', unit: 'bytes', doc: 'bytes that were read or written', start: moved(null) },
  { word: 'bytes.in', name: 'bytes.in', unit: 'bytes', doc: 'bytes that were read', start: moved('read') },
  { word: 'bytes.out', name: 'bytes.out', unit: 'bytes', doc: 'bytes that were written', start: moved('write') },
  { word: 'time', name: 'time', unit: 'ns', doc: 'time that calls took', start: sum((chunk, i) => Math.max(0, chunk.latency[i]!)) },
  { word: 'errors', name: 'errors', unit: 'count', doc: 'calls that failed', start: sum((chunk, i) => (resultOf(chunk, i) < 0 ? 1 : 0)) },
  { word: 'first', name: 'first', unit: 'time', doc: 'time of the first event', start: time((before) => before) },
  { word: 'last', name: 'last', unit: 'time', doc: 'time of the last event', start: time((_, now) => now) },
];

/** Of a field's numbers; of latencies where no field is named. */
// biome-ignore format: a table
const OF_FIELD: readonly { readonly word: string; readonly doc: string; readonly make: (number: (chunk: Chunk, i: number) => number | null) => Accumulator }[] = [
  { word: 'sum', doc: 'sum', make: (number) => new Sum((chunk, i) => number(chunk, i) ?? 0) },
  { word: 'min', doc: 'least', make: (number) => new Kept(number, Math.min) },
  { word: 'avg', doc: 'mean', make: (number) => new Mean(number) },
  { word: 'p50', doc: 'median, to some 3 %', make: (number) => new Quantile(number, 0.5) },
  { word: 'p95', doc: '95th percentile, to some 3 %', make: (number) => new Quantile(number, 0.95) },
  { word: 'p99', doc: '99th percentile, to some 3 %', make: (number) => new Quantile(number, 0.99) },
  { word: 'max', doc: 'greatest', make: (number) => new Kept(number, Math.max) },
];

const LATENCY = 'evt.latency';

/** What `--measure` takes. */
export const MEASURE_WORDS: readonly string[] = [
  ...PLAIN.map(({ word }) => word),
  ...OF_FIELD.map(({ word }) => (word === 'sum' ? 'sum(FIELD)' : word)),
  'max(FIELD)',
  'distinct(FIELD)',
];

/** Types whose values are no numbers. */
const TEXTS: ReadonlySet<FieldType> = new Set(['text', 'bytes', 'bool', 'ip', 'net']);
const typeOf = ({ field, arg }: BoundField): FieldType => field.typeOf?.(arg) ?? field.type;

/** A measure by its word: `count`, `p95`, `max(evt.res)`, `distinct(fd.name)`. Throws LensError, or FilterError for an unknown field. */
export function measureNamed(text: string): Measure {
  const plain = PLAIN.find(({ word }) => word === text);
  if (plain !== undefined) return plain;
  const [, word, field] = /^(\w+)(?:\((.+)\))?$/.exec(text) ?? [];
  if (word === 'distinct' && field !== undefined) return distinct(fieldNamed(field));
  const found = OF_FIELD.find((one) => one.word === word);
  if (found === undefined || (word === 'sum' && field === undefined))
    throw new LensError(`${text} is no measure; there are ${MEASURE_WORDS.join(', ')}`);
  const bound = fieldNamed(field ?? LATENCY);
  if (TEXTS.has(typeOf(bound)))
    throw new LensError(`${word} is of numbers, and ${bound.label} is text: distinct(${bound.label}) counts its values`);
  const unit = unitOfField(bound.field);
  const start = (view: EventView) => found.make(numberOf(bound, view));
  return {
    name: field === undefined ? text : `${word}(${bound.label})`,
    unit: unit === 'text' ? 'number' : unit,
    doc: `${found.doc} of ${bound.label}`,
    start,
  };
}

function distinct(bound: BoundField): Measure {
  const start = (view: EventView) => new Distinct((chunk, i) => readingText(readField(bound, view.at(chunk, i))));
  return { name: `distinct(${bound.label})`, unit: 'count', doc: `different values of ${bound.label}`, start };
}

/** A field's number of an event; columns are read as they stand. */
function numberOf(bound: BoundField, view: EventView): (chunk: Chunk, i: number) => number | null {
  if (bound.field.name === LATENCY) return ({ latency }, i) => (latency[i]! < 0 ? null : latency[i]!);
  return (chunk, i) => {
    const reading = readField(bound, view.at(chunk, i));
    return typeof reading === 'number' ? reading : null;
  };
}

/** A reading as the key of a group; empty: there is none. */
export function readingText(reading: Reading): string {
  if (reading === null) return '';
  return Array.isArray(reading) ? reading.join(',') : String(reading);
}
