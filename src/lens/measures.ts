/** What can be measured of a group of events: how many, how much, how long, when. One row each. */
import { type BoundField, type FieldType, type Reading, readField } from '../event/fields/field.ts';
import type { EventView } from '../event/view.ts';
import { fieldNamed } from '../filter/find-field.ts';
import { unitOfField } from '../report/column.ts';
import type { Unit } from '../report/report.ts';
import { type Accumulator, Count, Distinct, type Keep, Kept, Mean, NONE, type NumberOf, Quantile, resultOf, Sum } from './accumulators.ts';
import { LensError } from './lens.ts';

export interface Measure {
  /** Heading and key: `events`, `bytes`, `p95(evt.latency)`. */
  readonly name: string;
  readonly unit: Unit;
  readonly doc: string;
  readonly start: (view: EventView) => Accumulator;
}

/** Bytes of the direction, or of both: by event type, looked up once each. What other calls return are no bytes. */
function moved(direction: 'read' | 'write' | null): (view: EventView) => Accumulator {
  return (view) => {
    const known: boolean[] = [];
    const { types } = view.capture.dims;
    const isMoved = (type: number) => (direction === null ? (types.get(type)?.io ?? null) !== null : types.get(type)?.io === direction);
    return new Sum((chunk) => {
      const { type } = chunk;
      const result = resultOf(chunk);
      return (i) => {
        known[type[i]!] ??= isMoved(type[i]!);
        return known[type[i]!] ? Math.max(0, result(i)) : 0;
      };
    });
  };
}

const sum = (number: NumberOf) => () => new Sum(number);
const time = (keep: Keep) => () =>
  new Kept(
    ({ time: times }) =>
      (i) =>
        times[i]!,
    keep,
  );

const failures: NumberOf = (chunk) => {
  const result = resultOf(chunk);
  return (i) => (result(i) < 0 ? 1 : 0);
};

const orZero =
  (number: NumberOf): NumberOf =>
  (chunk) => {
    const of = number(chunk);
    return (i) => of(i) || 0;
  };

// biome-ignore format: a table
const PLAIN: readonly (Measure & { readonly word: string })[] = [
  { word: 'count', name: 'events', unit: 'count', doc: 'how many events', start: () => new Count() },
  { word: 'bytes', name: 'bytes', unit: 'bytes', doc: 'bytes that were read or written', start: moved(null) },
  { word: 'bytes.in', name: 'bytes.in', unit: 'bytes', doc: 'bytes that were read', start: moved('read') },
  { word: 'bytes.out', name: 'bytes.out', unit: 'bytes', doc: 'bytes that were written', start: moved('write') },
  { word: 'time', name: 'time', unit: 'ns', doc: 'time that calls took', start: sum(({ latency }) => (i) => Math.max(0, latency[i]!)) },
  { word: 'errors', name: 'errors', unit: 'count', doc: 'calls that failed', start: sum(failures) },
  { word: 'first', name: 'first', unit: 'time', doc: 'time of the first event', start: time(() => false) },
  { word: 'last', name: 'last', unit: 'time', doc: 'time of the last event', start: time(() => true) },
];

/** Of a field's numbers; of latencies where no field is named. */
// biome-ignore format: a table
const OF_FIELD: readonly { readonly word: string; readonly doc: string; readonly make: (number: NumberOf) => Accumulator }[] = [
  { word: 'sum', doc: 'sum', make: (number) => new Sum(orZero(number)) },
  { word: 'min', doc: 'least', make: (number) => new Kept(number, (before, now) => now < before) },
  { word: 'avg', doc: 'mean', make: (number) => new Mean(number) },
  { word: 'p50', doc: 'median, to some 3 %', make: (number) => new Quantile(number, 0.5) },
  { word: 'p95', doc: '95th percentile, to some 3 %', make: (number) => new Quantile(number, 0.95) },
  { word: 'p99', doc: '99th percentile, to some 3 %', make: (number) => new Quantile(number, 0.99) },
  { word: 'max', doc: 'greatest', make: (number) => new Kept(number, (before, now) => now > before) },
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
function numberOf(bound: BoundField, view: EventView): NumberOf {
  if (bound.field.name === LATENCY)
    return ({ latency }) =>
      (i) =>
        latency[i]! < 0 ? NONE : latency[i]!;
  return (chunk) => (i) => {
    const reading = readField(bound, view.at(chunk, i));
    return typeof reading === 'number' ? reading : NONE;
  };
}

/** A reading as the key of a group; empty: there is none. */
export function readingText(reading: Reading): string {
  if (reading === null) return '';
  return Array.isArray(reading) ? reading.join(',') : String(reading);
}
