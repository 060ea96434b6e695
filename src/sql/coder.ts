/**
 * Columns of events in SQLite's form (fileformat2, "Record Format"): values of many rows at once, first their sizes, then their bytes.
 * Numbers of a block have one width, that of the largest, so that nothing is decided for each.
 */
import type { EventView } from '../event/view.ts';
import type { Chunk } from '../model/chunk.ts';
import type { Values } from './events.ts';

/** Rows that are encoded at once: their cells stay in a CPU's cache. */
export const BLOCK = 1024;
/** The type of no value. */
export const NULL = 0;

/** Some of a chunk's events, in their order. */
export interface Block {
  readonly chunk: Chunk;
  readonly selection: Uint16Array;
  readonly from: number;
  readonly rows: number;
}

/** Where rows are written: cells, and where in them the next type and the next value of each row belong. */
export interface Target {
  readonly cells: Uint8Array;
  readonly view: DataView;
  readonly types: Uint32Array;
  readonly values: Uint32Array;
}

export interface Coder {
  /** Bytes that a type takes in a row's head. */
  readonly typeSize: number;
  /** Reads the block's values, and adds their sizes to those of the rows. */
  read(block: Block, sizes: Uint32Array): void;
  /** Writes the first `rows` of what was read. */
  write(rows: number, target: Target): void;
}

export type OfRow = Extract<Values, { kind: 'row' }>;
export type OfEach = Extract<Values, { kind: 'each' }>;

/** Null: the event refers to no row, or the row has no such value. */
export function readRow(view: EventView, { of, read }: OfRow, chunk: Chunk, i: number): string | number | null {
  return of !== 'type' && chunk[of][i] === 0 ? null : read(view.at(chunk, i));
}

/** A larger array with what the smaller one has; the rest is `value`. */
export function grown<T extends Float64Array | Int32Array | Uint8Array>(larger: T, smaller: T, value: number): T {
  larger.set(smaller);
  return larger.fill(value, smaller.length) as T;
}
