/**
 * The columns of a chunk: one row each. Their arrays, their place in a file, their width on the wire and how they say "none" follow from
 * it. A new column is a row here, a field of Batch in proto/trowel.proto, and what fills it in native/ (test/collector/wire.test.ts
 * compares the three). The order is that in which the store numbers them: only ever append.
 */

export type NumberArray = Float64Array | Uint16Array | Uint32Array | Int32Array;

/** How a column says that an event has no such number: by one below zero, or by an event without HAS_RES. Null: all have one. */
export type Absence = 'negative' | 'flag' | null;

interface ColumnSpec {
  readonly array: new (length: number) => NumberArray;
  /** A number's type on the wire, where n of them lie back to back; null: the collector gives it. */
  readonly wire: 'f64' | 'u16' | 'u32' | 'i32' | null;
  readonly absent: Absence;
  /** Its values ascend: kept as differences. */
  readonly ascending: boolean;
  /** Most filters read it: packed, but zipped only in captures that are to be small. */
  readonly hot: boolean;
}

// biome-ignore format: a table
export const COLUMNS = {
  /** Event number, from 1, ascending. */
  num:     { array: Float64Array, wire: null,  absent: null,       ascending: true,  hot: false },
  /** ns since the capture's start at which the operation ended. */
  time:    { array: Float64Array, wire: 'f64', absent: null,       ascending: true,  hot: false },
  /** ns from its start to its end; -1: not measured. */
  latency: { array: Float64Array, wire: 'f64', absent: 'negative', ascending: false, hot: true },
  /** Row of the event types. */
  type:    { array: Uint16Array,  wire: 'u16', absent: null,       ascending: false, hot: true },
  /** Bits of EventFlag. */
  flags:   { array: Uint16Array,  wire: 'u16', absent: null,       ascending: false, hot: true },
  cpu:     { array: Uint16Array,  wire: 'u16', absent: null,       ascending: false, hot: true },
  /** Row of the threads; 0: none. */
  thread:  { array: Uint32Array,  wire: 'u32', absent: null,       ascending: false, hot: true },
  /** Row of the fds; 0: none. */
  fd:      { array: Uint32Array,  wire: 'u32', absent: null,       ascending: false, hot: true },
  /** The descriptor's number; -1: none. */
  fdnum:   { array: Int32Array,   wire: 'i32', absent: 'negative', ascending: false, hot: false },
  /** Return value; one message's length for a MESSAGE. Valid with HAS_RES. */
  res:     { array: Float64Array, wire: 'f64', absent: 'flag',     ascending: false, hot: true },
} as const satisfies Readonly<Record<string, ColumnSpec>>;

export type NumberColumn = keyof typeof COLUMNS;
export const NUMBER_COLUMN_NAMES = Object.keys(COLUMNS) as readonly NumberColumn[];

/** One array a column. */
export type ColumnArrays = { readonly [Name in NumberColumn]: InstanceType<(typeof COLUMNS)[Name]['array']> };

/** Columns of bytes: event i's bytes are `bytes.subarray(end[i-1] ?? 0, end[i])`. `lengths`: their type on the wire. */
export const BYTE_COLUMNS = {
  /** Arguments, encoded as args.ts says. */
  args: { lengths: 'u16' },
  /** Payload bytes. */
  data: { lengths: 'u32' },
} as const;

export type ByteColumn = keyof typeof BYTE_COLUMNS;
export const BYTE_COLUMN_NAMES = Object.keys(BYTE_COLUMNS) as readonly ByteColumn[];

/** Columns that come over the wire. */
type Wired = { [Name in NumberColumn]: (typeof COLUMNS)[Name]['wire'] extends null ? never : Name }[NumberColumn];
/** Fields of the wire's Batch: each has the bytes of n numbers of one type. */
export type WireColumn = Wired | `${ByteColumn}Len`;
export type WireType = 'f64' | 'u16' | 'u32' | 'i32';

const wired = NUMBER_COLUMN_NAMES.filter((name): name is Wired => COLUMNS[name].wire !== null);
export const WIRED_COLUMNS: readonly Wired[] = wired;

/** In the order of the table, then the lengths. */
export const WIRE_TYPES = {
  ...Object.fromEntries(wired.map((name) => [name, COLUMNS[name].wire])),
  ...Object.fromEntries(BYTE_COLUMN_NAMES.map((name) => [`${name}Len`, BYTE_COLUMNS[name].lengths])),
} as Readonly<Record<WireColumn, WireType>>;
export const WIRE_COLUMN_NAMES = Object.keys(WIRE_TYPES) as readonly WireColumn[];

/** Bytes of one number. */
export const widthOf = (type: WireType): number => Number(type.slice(1)) / 8;

/** Memory for so many events. Written out, since V8 keeps in the object only what a constructor names; the compiler says what is missing. */
export class ColumnMemory implements ColumnArrays {
  readonly num: ColumnArrays['num'];
  readonly time: ColumnArrays['time'];
  readonly latency: ColumnArrays['latency'];
  readonly type: ColumnArrays['type'];
  readonly flags: ColumnArrays['flags'];
  readonly cpu: ColumnArrays['cpu'];
  readonly thread: ColumnArrays['thread'];
  readonly fd: ColumnArrays['fd'];
  readonly fdnum: ColumnArrays['fdnum'];
  readonly res: ColumnArrays['res'];

  constructor(capacity: number) {
    this.num = new COLUMNS.num.array(capacity);
    this.time = new COLUMNS.time.array(capacity);
    this.latency = new COLUMNS.latency.array(capacity);
    this.type = new COLUMNS.type.array(capacity);
    this.flags = new COLUMNS.flags.array(capacity);
    this.cpu = new COLUMNS.cpu.array(capacity);
    this.thread = new COLUMNS.thread.array(capacity);
    this.fd = new COLUMNS.fd.array(capacity);
    this.fdnum = new COLUMNS.fdnum.array(capacity);
    this.res = new COLUMNS.res.array(capacity);
  }
}

abstract class Lazy {
  abstract number(name: NumberColumn): NumberArray;
}
for (const name of NUMBER_COLUMN_NAMES) {
  Object.defineProperty(Lazy.prototype, name, {
    get(this: Lazy) {
      return this.number(name);
    },
  });
}

/** A class with a getter a column, which asks `number` for its array. */
export const LazyColumns = Lazy as unknown as abstract new () => ColumnArrays & Lazy; // what the loop defined, no type can follow
