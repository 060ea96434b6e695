import type { ByteColumn, NumberColumn } from '../../model/chunk.ts';
import type { EventView } from '../view.ts';

/** What a field's values are, and with it which operators and constants it takes. Times and spans are ns. */
export type FieldType = 'text' | 'bytes' | 'number' | 'bool' | 'ip' | 'net' | 'port' | 'span' | 'size' | 'walltime';

export type Value = string | number | boolean | Uint8Array;

/** What reading a field gives; null: the event has no such thing. Several values: any of them may match. */
export type Reading = Value | readonly Value[] | null;

/**
 * Where a field's value lives, hence how often it must be looked at: once per row of a dimension, or once per event.
 * `column`: in a number column alone; `event`: anywhere.
 */
export type Scope = 'type' | 'thread' | 'fd' | 'dns' | 'column' | 'event';

/** An argument of a field. */
export interface ArgSpec {
  readonly name: string;
  readonly required: boolean;
  /** What it looks like, where not everything will do; `wanted` and `hint` answer one that looks otherwise. */
  readonly valid?: RegExp;
  readonly wanted?: string;
  readonly hint?: string;
}

/**
 * What a field's value comes from beside its own event: rows that arrive later than it; the sizes of threads, which an import
 * reads only on request; events before it on the same connection; other events on IP sockets; every other event.
 */
export type Need = 'later rows' | 'thread sizes' | 'connection events' | 'socket events' | 'every event';

/** What the kernel can compare of a field: with a list of calls, names of threads, process ids, ports or kinds, or with a least latency. */
export type Pushdown = 'call' | 'comm' | 'pid' | 'port' | 'fdKind' | 'latency';

interface FieldBase {
  readonly name: string;
  readonly type: FieldType;
  readonly doc: string;
  /** Of numbers whose type does not say it: `s`, `ms`, `ns`. */
  readonly unit?: string;
  /** A filter that uses it, valid as it stands. */
  readonly example: string;
  /** It takes `[argument]` or `.argument`; what that is called. */
  readonly arg?: ArgSpec;
  /** The type of its values, where the argument decides. */
  readonly typeOf?: (arg: string) => FieldType;
  /** Both ends of a connection: `=` any of them, `!=` none of them. */
  readonly ends?: true;
  /** The distance from what its argument names: `=` is up to that far. */
  readonly distance?: true;
  readonly needs?: readonly Need[];
  readonly pushdown?: Pushdown;
  /** Its value is this column of bytes as it stands; filters may search the column itself. */
  readonly bytes?: ByteColumn;
  /** The values that it can have, where those are few. */
  readonly values?: readonly string[];
  /** A word about one of these values. */
  readonly remark?: (value: string) => string | null;
  /** A word about a value that is none of them. */
  readonly mistaken?: (value: string) => string | null;
  /** Names that it has elsewhere, or had. */
  readonly aliases?: readonly string[];
  /** Words that people write in haste where they mean it. */
  readonly short?: readonly string[];
  /** Of an address: the fields of its network and of its port. */
  readonly companions?: { readonly net: string; readonly port: string };
  /** Of a field that is only printed: what filters take in its place. */
  readonly instead?: readonly string[];
  /** Of a thread's pod: the fields that say the same of the two ends of a packet, which belongs to no thread. */
  readonly packets?: readonly [src: string, dst: string];
  /** Only for printing, or only for filtering. */
  readonly only?: 'print' | 'filter';
  /** How a value is printed where its type does not say. */
  readonly text?: (value: Value, view: EventView) => string;
}

/** `value` gets the column's number; null where the event has none (no result, no latency, no descriptor). */
export interface ColumnField extends FieldBase {
  readonly scope: 'column';
  readonly column: NumberColumn;
  readonly value: (number: number | null) => Value | null;
}

/** The `value` of a field that is its column as it stands; filters may then compare the column itself. */
export const asIs = (number: number | null): number | null => number;

export interface RowField extends FieldBase {
  readonly scope: Exclude<Scope, 'column'>;
  readonly read: (view: EventView, arg: string) => Reading;
  /** What filters compare, where that is more than what is shown. */
  readonly matchValue?: (view: EventView, arg: string) => Reading;
}

export type Field = ColumnField | RowField;

/** A field with its argument: what a filter, a column of output and JSON refer to. */
export interface BoundField {
  readonly field: Field;
  /** Empty: none. */
  readonly arg: string;
  /** As the user wrote it. */
  readonly label: string;
}

/** Whether a field can only be told when the whole recording is known. DNS messages know of their answers. */
export const looksAhead = (field: Field): boolean => field.scope === 'dns' || needs(field, 'later rows');

export function needs({ needs }: Field, need: Need): boolean {
  return needs?.includes(need) === true;
}

const TYPE_UNITS: Readonly<Partial<Record<FieldType, string>>> = { span: 'ns', size: 'bytes', walltime: 'ns since 1970' };

/** In what a field's values are counted; empty where they are not. */
export function unitOf({ type, unit }: Field): string {
  return unit ?? TYPE_UNITS[type] ?? '';
}

/** Reads a field of the event that the view stands on. */
export function readField({ field, arg }: BoundField, view: EventView): Reading {
  return field.scope === 'column' ? field.value(view.columnValue(field.column)) : field.read(view, arg);
}

/** What a filter compares: the same but where lines show less. */
export function readMatchValue(bound: BoundField, view: EventView): Reading {
  const { field, arg } = bound;
  return field.scope !== 'column' && field.matchValue !== undefined ? field.matchValue(view, arg) : readField(bound, view);
}
