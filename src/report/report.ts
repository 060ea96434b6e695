/** What a question answers, as data: columns that know field and unit, rows of values. What it looks like is up to a writer. */
import type { BoundField } from '../event/fields/field.ts';

/**
 * What a cell's number or text is. `num`: an event's number; `time`: ns since the capture's start, outside ns since 1970;
 * `number`: a number that counts nothing; `share`: 0 to 1; `payload`: captured bytes; `prose`: our own words, nobody else's;
 * `code`: our own words that are to be typed; `any`: decided by the value; `record`: cells of its own (`parts`).
 */
export type Unit =
  | 'text'
  | 'prose'
  | 'code'
  | 'num'
  | 'count'
  | 'number'
  | 'bytes'
  | 'ns'
  | 'time'
  | 'share'
  | 'bool'
  | 'payload'
  | 'any'
  | 'record';

/** null: there is no such thing; undefined: left out of what programs get. A list where the column is `many`. */
export type Cell = string | number | bigint | boolean | Uint8Array | null | undefined | readonly Cell[];
export type Row = readonly Cell[];

/** A column without the way to its values: what a schema and a heading need. */
export interface ColumnType {
  /** A field of the filter language, or what a program calls it. */
  readonly name: string;
  /** Heading for people, in small letters. */
  readonly title: string;
  readonly unit: Unit;
  readonly align: 'left' | 'right';
  readonly doc: string;
  /** The field of the filter language that it shows; null: none. */
  readonly field: BoundField | null;
  /** `programs`: in JSON and CSV only; `people`: in tables and lines only. */
  readonly audience: 'all' | 'programs' | 'people';
  readonly nullable: boolean;
  /** Programs may find it left out. */
  readonly optional: boolean;
  /** Cells are lists. */
  readonly many: boolean;
  /** Columns of a record. */
  readonly parts: readonly ColumnType[];
}

export interface Column<T> extends ColumnType {
  readonly read: (item: T) => Cell;
}

export const REPORT_IDS = [
  'events',
  'dns',
  'explain',
  'stories',
  'lens',
  'lenses',
  'echo',
  'info',
  'trace-string',
  'fields',
  'sysdig',
  'doctor',
  'checks',
  'net-pods',
  'net-services',
  'net-drops',
  'net-flows',
  'net-endpoints',
  'net-links',
  'net-routes',
  'net-conntrack',
  'net-sysctls',
  'net-rules',
  'net-sockets',
  'net-resolvers',
  'net-cni',
  'net-log',
  'net-processes',
] as const;
/** Names its schema: docs/schema/ID.json. */
export type ReportId = (typeof REPORT_IDS)[number];

/** Lines in which people see an item that is more than cells; captured text in it is made harmless by the writer. */
export type Blocks<T> = (item: T, index: number) => readonly string[];

export interface Report<T> {
  readonly id: ReportId;
  readonly columns: readonly Column<T>[];
  /** An item holds until the next is asked for. */
  readonly items: Iterable<T>;
  /** ns since 1970 of the capture's time zero. */
  readonly epoch: bigint;
  /** `record`: its one item is shown as names and values. */
  readonly form?: 'table' | 'record';
  readonly blocks?: { readonly table: Blocks<T>; readonly markdown?: Blocks<T> };
  readonly heading?: { readonly title: string; readonly text: string };
  /** Said to people where there is no item. */
  readonly empty?: string;
  /** Said to people after the last item. */
  readonly notes?: () => readonly string[];
}

/** The values of an item in the columns that are for an audience. */
export function columnsFor<T>({ columns }: Pick<Report<T>, 'columns'>, audience: 'programs' | 'people'): Column<T>[] {
  return columns.filter((column) => column.audience === 'all' || column.audience === audience);
}
