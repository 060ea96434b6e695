/** Columns from little: what is not said is as usual. */
import { type BoundField, type Field, type FieldType, readField } from '../event/fields/field.ts';
import type { EventView } from '../event/view.ts';
import type { Cell, Column, ColumnType, Row, Unit } from './report.ts';

type Extra = Partial<Omit<ColumnType, 'name' | 'unit' | 'parts'>>;

const RIGHT: ReadonlySet<Unit> = new Set(['num', 'count', 'number', 'bytes', 'ns', 'share']);

export function columnType(name: string, unit: Unit, doc: string, extra: Extra = {}): ColumnType {
  const usual = { field: null, audience: 'all', nullable: false, optional: false, many: false, parts: [] } as const;
  return { ...usual, name, unit, doc, title: name, align: RIGHT.has(unit) ? 'right' : 'left', ...extra };
}

export function column<T>(name: string, unit: Unit, doc: string, read: (item: T) => Cell, extra: Extra = {}): Column<T> {
  return { ...columnType(name, unit, doc, extra), read };
}

/** Columns of a record; a function where the record may hold others of its kind. */
type Parts<U> = readonly Column<U>[] | (() => readonly Column<U>[]);
const partsOf = <U>(parts: Parts<U>) => (typeof parts === 'function' ? parts() : parts);

/** A column whose cells are records; null where the item has none. */
export function record<T, U>(
  name: string,
  doc: string,
  parts: Parts<U>,
  of: (item: T) => U | null | undefined,
  extra: Extra = {},
): Column<T> {
  return {
    ...columnType(name, 'record', doc, extra),
    get parts() {
      return partsOf(parts);
    },
    read: (item) => {
      const inner = of(item);
      if (inner === null) return null;
      return inner === undefined ? undefined : rowOf(partsOf(parts), inner);
    },
  };
}

/** A column whose cells are lists of records: small tables. */
export function records<T, U>(
  name: string,
  doc: string,
  parts: Parts<U>,
  of: (item: T) => readonly U[] | undefined,
  extra: Extra = {},
): Column<T> {
  return {
    ...columnType(name, 'record', doc, { ...extra, many: true }),
    get parts() {
      return partsOf(parts);
    },
    read: (item) => of(item)?.map((inner) => rowOf(partsOf(parts), inner)),
  };
}

/** Columns of rows that are lists already. */
export function rowColumns(types: readonly ColumnType[]): Column<Row>[] {
  return types.map((type, i) => ({ ...type, read: (row) => row[i] }));
}

export function rowOf<T>(columns: readonly Column<T>[], item: T): Row {
  return columns.map(({ read }) => read(item));
}

const UNITS: Readonly<Record<FieldType, Unit>> = {
  text: 'text',
  bytes: 'payload',
  number: 'number',
  bool: 'bool',
  ip: 'text',
  net: 'text',
  port: 'number',
  span: 'ns',
  size: 'bytes',
  walltime: 'time',
};

export function unitOfField(field: Field): Unit {
  if (field.typeOf !== undefined) return 'any';
  return field.name === 'evt.num' ? 'num' : UNITS[field.type];
}

/** What a field says of an event. */
export function fieldColumn(bound: BoundField, extra: Extra = {}): Column<EventView> {
  const { field, label } = bound;
  return {
    ...columnType(label, unitOfField(field), field.doc, { field: bound, nullable: true, ...extra }),
    read: (view) => readField(bound, view),
  };
}
