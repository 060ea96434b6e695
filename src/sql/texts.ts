/** Columns of texts and of bytes. Their types have two bytes, whatever their length. */
import type { EventView } from '../event/view.ts';
import type { Chunk } from '../model/chunk.ts';
import { BLOCK, type Block, type Coder, grown, NULL, type OfEach, type OfRow, readRow, type Target } from './coder.ts';

/** Types of no bytes; two more for each. */
export const TEXT = 13;
export const BLOB = 12;
/** Longer texts are cut: a row with the longest of all columns has room in a page. Of an event: its arguments, its payload. */
const LONGEST_OF_EVENT = 8000;
/** Of what it refers to: names. */
export const LONGEST_NAME = 4096;

/** A row's text is made once, and all of them lie one behind the other. */
export class RowTexts implements Coder {
  readonly typeSize = 2;
  readonly #view: EventView;
  readonly #values: OfRow;
  /** By row: how long its text is (-1: there is none, -2: it was not read yet), and where it lies. */
  #lengths = new Int32Array(0);
  #places = new Int32Array(0);
  #pool = new Uint8Array(4096);
  #end = 0;
  /** Of the block. */
  readonly #ids = new Int32Array(BLOCK);

  constructor(view: EventView, values: OfRow) {
    this.#view = view;
    this.#values = values;
  }

  read({ chunk, selection, from, rows }: Block, sizes: Uint32Array): void {
    const ids = chunk[this.#values.of];
    for (let k = 0; k < rows; k++) {
      const i = selection[from + k]!;
      const id = ids[i]!;
      this.#ids[k] = id;
      if (id >= this.#lengths.length || this.#lengths[id] === -2) this.#learn(id, chunk, i);
      const length = this.#lengths[id]!;
      if (length > 0) sizes[k]! += length;
    }
  }

  #learn(id: number, chunk: Chunk, i: number): void {
    if (id >= this.#lengths.length) {
      const size = 2 * id + 1024;
      this.#lengths = grown(new Int32Array(size), this.#lengths, -2);
      this.#places = grown(new Int32Array(size), this.#places, 0);
    }
    const read = readRow(this.#view, this.#values, chunk, i);
    const text = read === null ? null : Buffer.from(String(read)).subarray(0, LONGEST_NAME);
    this.#lengths[id] = text === null ? -1 : text.length;
    this.#places[id] = this.#end;
    if (text === null) return;
    if (this.#end + text.length > this.#pool.length) this.#pool = grown(new Uint8Array(2 * (this.#end + text.length)), this.#pool, 0);
    this.#pool.set(text, this.#end);
    this.#end += text.length;
  }

  write(rows: number, { cells, types, values }: Target): void {
    const [ids, lengths, places, pool] = [this.#ids, this.#lengths, this.#places, this.#pool];
    for (let k = 0; k < rows; k++) {
      const id = ids[k]!;
      const length = lengths[id]!;
      const code = length < 0 ? NULL : TEXT + 2 * length;
      const type = types[k]!;
      cells[type] = 0x80 | (code >> 7);
      cells[type + 1] = code & 0x7f;
      types[k] = type + 2;
      if (length <= 0) continue;
      const [place, at] = [places[id]!, values[k]!];
      values[k] = at + length;
      if (length > 32) cells.set(pool.subarray(place, place + length), at);
      else for (let i = 0; i < length; i++) cells[at + i] = pool[place + i]!;
    }
  }
}

/** Texts and bytes of the events themselves. */
export class Texts implements Coder {
  readonly typeSize = 2;
  readonly #view: EventView;
  readonly #read: OfEach['read'];
  readonly #kind: number;
  readonly #texts: (Uint8Array | null)[] = Array.from({ length: BLOCK }, () => null);
  readonly #lengths = new Uint16Array(BLOCK);

  constructor(view: EventView, { read }: OfEach, kind: number) {
    this.#view = view;
    this.#read = read;
    this.#kind = kind;
  }

  read({ chunk, selection, from, rows }: Block, sizes: Uint32Array): void {
    for (let k = 0; k < rows; k++) {
      const text = this.#read(this.#view, chunk, selection[from + k]!) as Uint8Array | null;
      const length = text === null ? 0 : Math.min(text.length, LONGEST_OF_EVENT);
      this.#texts[k] = text;
      this.#lengths[k] = length;
      sizes[k]! += length;
    }
  }

  write(rows: number, { cells, types, values }: Target): void {
    for (let k = 0; k < rows; k++) {
      const text = this.#texts[k]!;
      const length = this.#lengths[k]!;
      const code = text === null ? NULL : this.#kind + 2 * length;
      const [type, at] = [types[k]!, values[k]!];
      cells[type] = 0x80 | (code >> 7);
      cells[type + 1] = code & 0x7f;
      types[k] = type + 2;
      if (text === null) continue;
      values[k] = at + length;
      if (length > 32) cells.set(length === text.length ? text : text.subarray(0, length), at);
      else for (let i = 0; i < length; i++) cells[at + i] = text[i]!;
    }
  }
}
