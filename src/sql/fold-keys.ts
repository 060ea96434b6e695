/** What makes events alike, as small numbers: a part for each place that keys are read from. */
import type { EventView } from '../event/view.ts';
import { absenceOf } from '../model/chunk.ts';
import { BLOCK, type Block, grown, readRow } from './coder.ts';
import { EVENT_COLUMNS, type EventColumn } from './events.ts';
import type { Comparison, Key } from './fold-plan.ts';
import { type Fill, numbersOf } from './integers.ts';
import type { SqlValue } from './tables.ts';
import { LONGEST_NAME } from './texts.ts';

/** Numbers the values that a block's events have. */
export interface Part {
  readonly names: readonly string[];
  codes(block: Block, into: Int32Array): void;
  /** In the order of the names. */
  values(code: number): readonly SqlValue[];
  readonly size: number;
}

/** A text that a table would cut, or that SQLite would not give back as it is. */
export class Unfit extends Error {}

export function partsFor(keys: ReadonlyMap<string, Key>, view: EventView): readonly Part[] {
  const rows = new Map<string, string[]>();
  const parts: Part[] = [];
  for (const [name, key] of keys) {
    const { values } = columnNamed(key.column);
    if (key.kind === 'column' && values.kind === 'row') rows.set(values.of, [...(rows.get(values.of) ?? []), name]);
    else if (key.kind === 'column' && columnNamed(key.column).type === 'TEXT') parts.push(new TextPart(name, view));
    else parts.push(new NumberPart(name, numbersFor(key.column, view), changeOf(key)));
  }
  return [...[...rows.values()].map((names) => new RowPart(names, view)), ...parts];
}

const NUM: EventColumn = {
  name: 'num',
  type: 'INTEGER',
  doc: '',
  values: { kind: 'number', column: 'num', absent: absenceOf('num') ?? 'none' },
};
const columnNamed = (name: string): EventColumn => EVENT_COLUMNS.find((column) => column.name === name) ?? NUM;

/** A column's whole numbers; NaN: none. */
export function numbersFor(column: string, view: EventView): Fill {
  const { values } = columnNamed(column);
  if (values.kind === 'wall') throw new Unfit();
  const fill = numbersOf(values, view);
  return (block, into) => {
    fill(block, into);
    for (let k = 0; k < block.rows; k++) into[k] = Math.round(into[k]!) + 0; // no -0
  };
}

const UNKNOWN = -1;

/** Columns of one dimension's rows, read once a row. */
class RowPart implements Part {
  readonly names: readonly string[];
  readonly #columns: readonly EventColumn[];
  readonly #view: EventView;
  readonly #rows: (readonly SqlValue[])[] = [];
  readonly #index = new Map<string, number>();
  #known = new Int32Array(0);

  constructor(names: readonly string[], view: EventView) {
    this.names = names;
    this.#columns = names.map(columnNamed);
    this.#view = view;
  }

  get size(): number {
    return this.#rows.length;
  }

  values(code: number): readonly SqlValue[] {
    return this.#rows[code]!;
  }

  codes({ chunk, selection, from, rows }: Block, into: Int32Array): void {
    const { values } = this.#columns[0]!;
    const ids = chunk[values.kind === 'row' ? values.of : 'type'];
    for (let k = 0; k < rows; k++) {
      const i = selection[from + k]!;
      const id = ids[i]!;
      if (id >= this.#known.length) this.#known = grown(new Int32Array(2 * id + 1024), this.#known, UNKNOWN);
      if (this.#known[id] === UNKNOWN) this.#known[id] = this.#learn(chunk, i);
      into[k] = this.#known[id]!;
    }
  }

  #learn(chunk: Block['chunk'], i: number): number {
    const read = this.#columns.map(({ type, values }) => {
      const value = values.kind === 'row' ? readRow(this.#view, values, chunk, i) : null;
      if (value === null) return null;
      return type === 'TEXT' ? textValue(String(value)) : numberValue(Math.round(Number(value)) + 0);
    });
    const key = JSON.stringify(read);
    const known = this.#index.get(key);
    if (known !== undefined) return known;
    this.#index.set(key, this.#rows.length);
    return this.#rows.push(read) - 1;
  }
}

function textValue(text: string): string {
  if (Buffer.byteLength(text) > LONGEST_NAME || !text.isWellFormed()) throw new Unfit();
  return text;
}

const numberValue = (value: number) => (Number.isNaN(value) ? null : value);

/** Texts that each event makes. */
class TextPart implements Part {
  readonly names: readonly string[];
  readonly #read: (block: Block, k: number) => Uint8Array | number | null;
  readonly #texts: (string | null)[] = [];
  readonly #index = new Map<string | null, number>();

  constructor(name: string, view: EventView) {
    this.names = [name];
    const { values } = columnNamed(name);
    if (values.kind !== 'each') throw new Unfit();
    this.#read = ({ chunk, selection, from }, k) => values.read(view, chunk, selection[from + k]!);
  }

  get size(): number {
    return this.#texts.length;
  }

  values(code: number): readonly SqlValue[] {
    return [this.#texts[code]!];
  }

  codes(block: Block, into: Int32Array): void {
    for (let k = 0; k < block.rows; k++) {
      const read = this.#read(block, k);
      const text = read instanceof Uint8Array ? Buffer.from(read.buffer, read.byteOffset, read.length).toString() : null;
      let code = this.#index.get(text);
      if (code === undefined) {
        code = this.#texts.push(text === null ? null : textValue(text)) - 1;
        this.#index.set(text, code);
      }
      into[k] = code;
    }
  }
}

/** Numbers below this are found in a table. */
const SMALL = 1 << 16;

class NumberPart implements Part {
  readonly names: readonly string[];
  readonly #fill: Fill;
  readonly #change: Change;
  readonly #numbers = new Float64Array(BLOCK);
  readonly #values: (number | null)[] = [];
  readonly #small = new Int32Array(SMALL).fill(UNKNOWN);
  readonly #index = new Map<number, number>();

  constructor(name: string, fill: Fill, change: Change) {
    this.names = [name];
    this.#fill = fill;
    this.#change = change;
  }

  get size(): number {
    return this.#values.length;
  }

  values(code: number): readonly SqlValue[] {
    return [this.#values[code]!];
  }

  codes(block: Block, into: Int32Array): void {
    const [numbers, small] = [this.#numbers, this.#small];
    this.#fill(block, numbers);
    this.#change(numbers, block.rows);
    for (let k = 0; k < block.rows; k++) {
      const number = numbers[k]!;
      const isSmall = number >= 0 && number < SMALL;
      let code = isSmall ? small[number]! : (this.#index.get(number) ?? UNKNOWN);
      if (code === UNKNOWN) {
        code = this.#values.push(numberValue(number)) - 1;
        if (isSmall) small[number] = code;
        else this.#index.set(number, code);
      }
      into[k] = code;
    }
  }
}

/** Makes what is asked of numbers out of them; NaN stays what it is: SQL's null. */
type Change = (numbers: Float64Array, rows: number) => void;

function changeOf(key: Key): Change {
  if (key.kind === 'column') return () => undefined;
  const of = key.kind === 'divide' ? quotient(key.by) : compared(key.with, key.value);
  return (numbers, rows) => {
    for (let k = 0; k < rows; k++) numbers[k] = of(numbers[k]!);
  };
}

/** Towards 0; exact, since what is divided is a multiple. */
const quotient = (by: number) => (number: number) => (number - (number % by)) / by + 0;

/** 1: it holds, 0: not; NaN: there is no number. */
export function compared(how: Comparison, value: number): (number: number) => number {
  if (how === 'is null') return (number) => (Number.isNaN(number) ? 1 : 0);
  if (how === 'is not null') return (number) => (Number.isNaN(number) ? 0 : 1);
  const holds = COMPARED[how];
  return (number) => (Number.isNaN(number) ? Number.NaN : holds(number, value) ? 1 : 0);
}

const COMPARED: Readonly<Record<Exclude<Comparison, 'is null' | 'is not null'>, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};
