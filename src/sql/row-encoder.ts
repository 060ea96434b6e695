/**
 * Events as rows of an SQLite table, written where its pages take them from: many at once, column by column. Lengths are padded numbers
 * of fixed size, so that nothing has to be known before it is written.
 */
import type { EventView } from '../event/view.ts';
import type { Chunk } from '../model/chunk.ts';
import { BLOCK, type Block, type Coder, type OfEach, type Target } from './coder.ts';
import type { EventColumn } from './events.ts';
import { Integers, numbersOf, Wall } from './integers.ts';
import { PAGE, type TableFiller } from './pages.ts';
import { BLOB, RowTexts, TEXT, Texts } from './texts.ts';
import { putVarint } from './varint.ts';

/** Bytes that say how long a row is. */
const LENGTH = 3;
/** Of a block; so much more than a page's rest has room. */
const MOST_OF_BLOCK = 6 * PAGE;

export class RowEncoder {
  readonly #table: TableFiller;
  readonly #coders: readonly Coder[];
  readonly #head: number;
  readonly #sizes = new Uint32Array(BLOCK);
  readonly #target: Target;

  constructor(columns: readonly EventColumn[], view: EventView, table: TableFiller) {
    this.#table = table;
    this.#coders = columns.map((column) => coderOf(column, view));
    this.#head = this.#coders.reduce((sum, { typeSize }) => sum + typeSize, 2);
    const { cells } = table;
    this.#target = { cells, view: new DataView(cells.buffer), types: new Uint32Array(BLOCK), values: new Uint32Array(BLOCK) };
  }

  add(chunk: Chunk, selection: Uint16Array, n: number): void {
    for (let from = 0; from < n; ) from += this.#addBlock({ chunk, selection, from, rows: Math.min(BLOCK, n - from) });
  }

  /** Gives how many of its rows there was room for. */
  #addBlock(block: Block): number {
    const sizes = this.#sizes;
    sizes.fill(0, 0, block.rows);
    for (const coder of this.#coders) coder.read(block, sizes);
    const rows = this.#place(block);
    for (const coder of this.#coders) coder.write(rows, this.#target);
    this.#table.add(rows);
    return rows;
  }

  /** Writes what stands before the values, and where those of each row belong. */
  #place({ chunk, selection, from, rows }: Block): number {
    const [sizes, table, { cells, types, values }, head] = [this.#sizes, this.#table, this.#target, this.#head];
    const { starts, nums, rows: before } = table;
    let at = starts[before]!;
    const full = at + MOST_OF_BLOCK;
    for (let k = 0; k < rows; k++) {
      const num = chunk.num[selection[from + k]!]!;
      const record = putVarint(cells, at + LENGTH, num);
      const size = head + sizes[k]!;
      if (record + size > full) return k;
      cells[at] = 0x80 | (size >> 14);
      cells[at + 1] = 0x80 | (size >> 7);
      cells[at + 2] = size & 0x7f;
      cells[record] = head;
      cells[record + 1] = 0; // the row's number stands for it
      types[k] = record + 2;
      values[k] = record + head;
      nums[before + k] = num;
      at = record + size;
      starts[before + k + 1] = at;
    }
    return rows;
  }
}

function coderOf({ values, type }: EventColumn, view: EventView): Coder {
  if (values.kind === 'wall') return new Wall(view.capture.epoch);
  if (type === 'INTEGER') return new Integers(numbersOf(values, view));
  return values.kind === 'row' ? new RowTexts(view, values) : new Texts(view, values as OfEach, type === 'BLOB' ? BLOB : TEXT);
}
