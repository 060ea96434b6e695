/**
 * Events as rows in SQLite's form (fileformat2, "Record Format"), written straight into the cells of a page: lengths are padded
 * numbers of fixed size, so that nothing has to be known before it is written.
 */
import type { EventView } from '../event/view.ts';
import { type Chunk, EventFlag } from '../model/chunk.ts';
import type { EventColumn, Values } from './events.ts';
import type { TableFiller } from './pages.ts';
import { putVarint } from './varint.ts';

const TWO_32 = 2 ** 32;
const TEXT = 13;
const BLOB = 12;
/** Longer texts and payloads are cut: their length has room in two bytes, and a row in a page. */
export const LONGEST_VALUE = 8_000;
type Known = (Uint8Array | number | null | undefined)[];

/** A column with what was made of its rows so far. */
interface Source {
  readonly values: Values;
  readonly bytesKind: number;
  /** Columns of texts have room for a type of two bytes. */
  readonly isWide: boolean;
  readonly known: Known;
}

export class RowEncoder {
  readonly #view: EventView;
  readonly #table: TableFiller;
  readonly #sources: readonly Source[];
  readonly #head: number;
  readonly #epoch: { readonly high: number; readonly low: number };
  readonly #bytes: Uint8Array;
  #end = 0;

  constructor(columns: readonly EventColumn[], view: EventView, table: TableFiller) {
    this.#view = view;
    this.#table = table;
    this.#bytes = table.cells;
    this.#sources = columns.map(({ values, type }) => ({
      values,
      bytesKind: type === 'BLOB' ? BLOB : TEXT,
      isWide: type !== 'INTEGER',
      known: [],
    }));
    this.#head = 2 + this.#sources.reduce((sum, { isWide }) => sum + (isWide ? 2 : 1), 0);
    const { epoch } = view.capture;
    this.#epoch = { high: Number(epoch >> 32n), low: Number(epoch & 0xffffffffn) };
  }

  add(chunk: Chunk, selection: Uint16Array, n: number): void {
    for (let k = 0; k < n; k++) this.#row(chunk, selection[k]!);
  }

  #row(chunk: Chunk, i: number): void {
    const num = chunk.num[i]!;
    const sources = this.#sources;
    const start = this.#table.cellStart;
    const bytes = this.#bytes;
    const record = putVarint(bytes, start + 3, num);
    bytes[record] = this.#head;
    bytes[record + 1] = 0; // the row's number stands for it
    let type = record + 2;
    this.#end = record + this.#head;
    for (let c = 0; c < sources.length; c++) {
      const { values, known, bytesKind, isWide } = sources[c]!;
      if (values.kind === 'number') bytes[type++] = this.#number(values, chunk, i);
      else {
        const value = values.kind === 'wall' ? null : this.#value(values, known, chunk, i);
        if (values.kind === 'wall') bytes[type++] = this.#wall(chunk.time[i]!);
        else if (!isWide) bytes[type++] = typeof value === 'number' ? this.#int(value) : 0;
        else {
          const code = value === null ? 0 : this.#text(value as Uint8Array, bytesKind);
          bytes[type++] = 0x80 | (code >> 7);
          bytes[type++] = code & 0x7f;
        }
      }
    }
    const size = this.#end - record;
    bytes[start] = 0x80 | (size >> 14);
    bytes[start + 1] = 0x80 | ((size >> 7) & 0x7f);
    bytes[start + 2] = size & 0x7f;
    this.#table.endCell(num, this.#end);
  }

  #number({ column, absent }: Extract<Values, { kind: 'number' }>, chunk: Chunk, i: number): number {
    const value = chunk[column][i]!;
    if (absent === 'flag' && (chunk.flags[i]! & EventFlag.HAS_RES) === 0) return 0;
    if ((absent === 'negative' && value < 0) || (absent === 'zero' && value === 0)) return 0;
    return this.#int(Math.round(value));
  }

  #value(values: Extract<Values, { kind: 'row' | 'each' }>, known: Known, chunk: Chunk, i: number): Uint8Array | number | null {
    if (values.kind === 'each') return values.read(this.#view, chunk, i);
    const id = chunk[values.of][i]!;
    let value = known[id];
    if (value === undefined) {
      const read = values.of !== 'type' && id === 0 ? null : values.read(this.#view.at(chunk, i));
      value = typeof read === 'string' ? Buffer.from(read) : read;
      known[id] = value;
    }
    return value;
  }

  #wall(time: number): number {
    const sum = this.#epoch.low + Math.round(time);
    const carried = Math.floor(sum / TWO_32);
    return this.#wide(this.#epoch.high + carried, sum - carried * TWO_32);
  }

  /** Appends a whole number, and gives its type. */
  #int(value: number): number {
    if (value === 0) return 8;
    if (value === 1) return 9;
    const bytes = this.#bytes;
    if (value >= -128 && value < 128) {
      bytes[this.#end++] = value;
      return 1;
    }
    if (value >= -32_768 && value < 32_768) {
      bytes[this.#end++] = value >> 8;
      bytes[this.#end++] = value;
      return 2;
    }
    if (value >= -2_147_483_648 && value < 2_147_483_648) {
      bytes[this.#end++] = value >> 24;
      bytes[this.#end++] = value >> 16;
      bytes[this.#end++] = value >> 8;
      bytes[this.#end++] = value;
      return 4;
    }
    const high = Math.floor(value / TWO_32);
    return this.#wide(high, value - high * TWO_32);
  }

  #wide(high: number, low: number): number {
    const bytes = this.#bytes;
    for (let shift = 24; shift >= 0; shift -= 8) bytes[this.#end++] = high >> shift;
    for (let shift = 24; shift >= 0; shift -= 8) bytes[this.#end++] = low >>> shift;
    return 6;
  }

  #text(text: Uint8Array, kind: number): number {
    const length = Math.min(text.length, LONGEST_VALUE);
    const bytes = this.#bytes;
    if (length > 32) bytes.set(length === text.length ? text : text.subarray(0, length), this.#end);
    else for (let i = 0; i < length; i++) bytes[this.#end + i] = text[i]!;
    this.#end += length;
    return kind + 2 * length;
  }
}
