/** Columns of whole numbers. */
import type { EventView } from '../event/view.ts';
import { EventFlag, type NumberColumn } from '../model/chunk.ts';
import { BLOCK, type Block, type Coder, grown, NULL, type OfEach, type OfRow, readRow, type Target } from './coder.ts';
import type { Absent, Values } from './events.ts';

const TWO_32 = 2 ** 32;
/** Bytes of a number of each type. */
const WIDTHS = [0, 1, 2, 3, 4, 6, 8];

function typeOf(least: number, most: number): number {
  const size = Math.max(most, -1 - least);
  if (size < 2 ** 7) return 1;
  if (size < 2 ** 15) return 2;
  if (size < 2 ** 23) return 3;
  if (size < 2 ** 31) return 4;
  return size < 2 ** 47 ? 5 : 6;
}

/** Puts a block's numbers into an array; NaN: none. */
export type Fill = (block: Block, into: Float64Array) => void;

export class Integers implements Coder {
  readonly typeSize = 1;
  readonly #fill: Fill;
  readonly #numbers = new Float64Array(BLOCK);
  #type = NULL;
  #hasNone = false;

  constructor(fill: Fill) {
    this.#fill = fill;
  }

  read(block: Block, sizes: Uint32Array): void {
    const numbers = this.#numbers;
    this.#fill(block, numbers);
    let [least, most, known] = [0, 0, 0];
    for (let k = 0; k < block.rows; k++) {
      const number = Math.round(numbers[k]!);
      numbers[k] = number;
      if (number < least) least = number;
      if (number > most) most = number;
      if (!Number.isNaN(number)) known++;
    }
    this.#type = typeOf(least, most);
    this.#hasNone = known < block.rows;
    const width = WIDTHS[this.#type]!;
    for (let k = 0; k < block.rows; k++) sizes[k]! += Number.isNaN(numbers[k]!) ? 0 : width;
  }

  write(rows: number, { cells, view, types, values }: Target): void {
    const [type, numbers, hasNone] = [this.#type, this.#numbers, this.#hasNone];
    const width = WIDTHS[type]!;
    for (let k = 0; k < rows; k++) {
      const number = numbers[k]!;
      const isThere = !hasNone || !Number.isNaN(number);
      cells[types[k]!++] = isThere ? type : NULL;
      if (!isThere) continue;
      const at = values[k]!;
      values[k] = at + width;
      if (width === 1) cells[at] = number;
      else if (width === 2) view.setInt16(at, number);
      else if (width === 4) view.setInt32(at, number);
      else if (width === 3) {
        cells[at] = number >> 16;
        view.setInt16(at + 1, number);
      } else putWide(view, at, number, width);
    }
  }
}

/** 6 or 8 bytes. */
function putWide(view: DataView, at: number, number: number, width: number): void {
  const high = Math.floor(number / TWO_32);
  if (width === 6) view.setInt16(at, high);
  else view.setInt32(at, high);
  view.setUint32(at + width - 4, number - high * TWO_32);
}

function fromColumn(column: NumberColumn, absent: Absent): Fill {
  return ({ chunk, selection, from, rows }, into) => {
    const [array, { flags }] = [chunk[column], chunk];
    const [first, last] = [selection[from]!, selection[from + rows - 1]!];
    if (last - first + 1 === rows) into.set(array.subarray(first, last + 1));
    else for (let k = 0; k < rows; k++) into[k] = array[selection[from + k]!]!;
    if (absent === 'flag') {
      for (let k = 0; k < rows; k++) if ((flags[selection[from + k]!]! & EventFlag.HAS_RES) === 0) into[k] = Number.NaN;
    } else if (absent !== 'none') {
      const least = absent === 'zero' ? 1 : 0;
      for (let k = 0; k < rows; k++) if (into[k]! < least) into[k] = Number.NaN;
    }
  };
}

export function numbersOf(values: Exclude<Values, { kind: 'wall' }>, view: EventView): Fill {
  if (values.kind === 'number') return fromColumn(values.column, values.absent);
  return values.kind === 'row' ? fromRows(view, values) : fromEach(view, values);
}

function fromEach(view: EventView, { read }: OfEach): Fill {
  return ({ chunk, selection, from, rows }, into) => {
    for (let k = 0; k < rows; k++) {
      const value = read(view, chunk, selection[from + k]!);
      into[k] = typeof value === 'number' ? value : Number.NaN;
    }
  };
}

const UNKNOWN = Number.NEGATIVE_INFINITY;

/** A row's number is read once. */
function fromRows(view: EventView, values: OfRow): Fill {
  let known = new Float64Array(0);
  return ({ chunk, selection, from, rows }, into) => {
    const ids = chunk[values.of];
    for (let k = 0; k < rows; k++) {
      const i = selection[from + k]!;
      const id = ids[i]!;
      if (id >= known.length) known = grown(new Float64Array(2 * id + 1024), known, UNKNOWN);
      if (known[id] === UNKNOWN) known[id] = Number(readRow(view, values, chunk, i) ?? Number.NaN);
      into[k] = known[id]!;
    }
  };
}

/** ns since 1970: more than a double holds. */
export class Wall implements Coder {
  readonly typeSize = 1;
  readonly #times = new Float64Array(BLOCK);
  readonly #high: number;
  readonly #low: number;

  constructor(epoch: bigint) {
    this.#high = Number(epoch >> 32n);
    this.#low = Number(epoch & 0xffffffffn);
  }

  read({ chunk, selection, from, rows }: Block, sizes: Uint32Array): void {
    for (let k = 0; k < rows; k++) {
      this.#times[k] = Math.round(chunk.time[selection[from + k]!]!);
      sizes[k]! += 8;
    }
  }

  write(rows: number, { cells, view, types, values }: Target): void {
    for (let k = 0; k < rows; k++) {
      cells[types[k]!++] = 6;
      const sum = this.#low + this.#times[k]!;
      const carried = Math.floor(sum / TWO_32);
      view.setInt32(values[k]!, this.#high + carried);
      view.setUint32(values[k]! + 4, sum - carried * TWO_32);
      values[k]! += 8;
    }
  }
}
