/** Who has most of something: events grouped by what some fields say, each group measured. */

import type { Capture } from '../capture/capture.ts';
import type { FieldType } from '../event/fields/field.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { fieldNamed } from '../filter/find-field.ts';
import { written } from '../filter/literal.ts';
import { wallNs } from '../model/time.ts';
import { columnType, rowColumns } from '../report/column.ts';
import type { Cell, Row, Unit } from '../report/report.ts';
import type { Accumulator } from './accumulators.ts';
import { type GroupField, Groups } from './groups.ts';
import type { LensTable } from './lens.ts';
import { type Measure, measureNamed } from './measures.ts';

/** As many rows as fit on a screen. */
export const ROWS = 30;

/** `by`: fields; none: one group of all. `measures`: the first decides the order; groups of which it is 0 are left out. */
export function rank(capture: Capture, filter: CompiledFilter, by: readonly string[], measures: readonly string[], most = ROWS): LensTable {
  const fields = groupFields(by);
  const wanted = measures.map(measureNamed);
  const items = {
    *[Symbol.iterator]() {
      const groups = new Groups(filter.view, fields);
      yield* largest(measured(capture, filter, groups, wanted), groups, most);
    },
  };
  return rankTable(fields, wanted, items, capture.epoch);
}

/** Fields to group by, as a lens names them. */
export function groupFields(by: readonly string[]): GroupField[] {
  return by.map((field) => ({ bound: fieldNamed(field.replace(/\?$/, '')), required: !field.endsWith('?') }));
}

/** `items`: of each group its measures, then what the fields say. */
export function rankTable(fields: readonly GroupField[], measures: readonly Measure[], items: Iterable<Row>, epoch: bigint): LensTable {
  const types = [
    ...measures.map(({ name, unit, doc }) => columnType(name, unit, doc, { nullable: true })),
    ...fields.map(({ bound }) =>
      columnType(bound.label, UNITS[bound.field.type] ?? 'text', bound.field.doc, { field: bound, nullable: true }),
    ),
  ];
  const said = (row: Row): Row =>
    row.map((cell, at) => (at < measures.length ? cell : groupCell(fields[at - measures.length]!, cell, epoch)));
  const drill = (row: Row) =>
    fields.map(({ bound }, i) => clause(bound.label, String(row[measures.length + i] ?? ''))).join(' and ') || null;
  return { kind: 'table', id: 'lens', columns: rowColumns(types), items: mapped(items, said), epoch, drill };
}

/** Units of the fields whose numbers have one. */
const UNITS: Readonly<Partial<Record<FieldType, Unit>>> = { span: 'ns', size: 'bytes' };

/** What a group's text says in its column: a number where that has a unit, a time as ns since 1970. */
function groupCell({ bound: { field } }: GroupField, text: Cell, epoch: bigint): Cell {
  const isNumber = typeof text === 'string' && /^-?[0-9]+(\.[0-9]+)?$/.test(text);
  if (isNumber && field.type === 'walltime') return wallNs(epoch, Number(text));
  if (UNITS[field.type] === undefined) return text;
  return isNumber ? Number(text) : text === '' ? null : text;
}

function mapped(rows: Iterable<Row>, of: (row: Row) => Row): Iterable<Row> {
  return {
    *[Symbol.iterator]() {
      for (const row of rows) yield of(row);
    },
  };
}

/** A field that has this text; none where it is empty. */
function clause(label: string, text: string): string {
  return text === '' ? `not ${label} exists` : `${label}=${written(text)}`;
}

function measured(capture: Capture, filter: CompiledFilter, groups: Groups, measures: readonly Measure[]): Accumulator[] {
  const sums = measures.map(({ start }) => start(filter.view));
  for (const events of capture.select(filter)) {
    const batch = { ...events, groups: groups.of(events), size: groups.size };
    for (const one of sums) one.add(batch);
  }
  return sums;
}

function largest(sums: readonly Accumulator[], groups: Groups, most: number): Row[] {
  const size = Array.from({ length: groups.size }, (_, at) => Number(sums[0]?.value(at) ?? 0));
  const order = [...size.keys()].filter((at) => size[at] !== 0);
  order.sort((a, b) => size[b]! - size[a]!);
  return order.slice(0, most).map((at) => [...sums.map((one) => one.value(at)), ...groups.texts(at)]);
}
