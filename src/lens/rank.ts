/** Who has most of something: events grouped by what some fields say, each group measured. */

import type { Capture } from '../capture/capture.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { fieldNamed } from '../filter/find-field.ts';
import { written } from '../filter/literal.ts';
import { columnType, rowColumns } from '../report/column.ts';
import type { Row } from '../report/report.ts';
import { Groups } from './groups.ts';
import type { LensTable } from './lens.ts';
import { type Accumulator, type Measure, measureNamed } from './measures.ts';

/** As many rows as fit on a screen. */
const ROWS = 30;

/** `by`: fields; none: one group of all. `measures`: the first decides the order; groups of which it is 0 are left out. */
export function rank(capture: Capture, filter: CompiledFilter, by: readonly string[], measures: readonly string[], most = ROWS): LensTable {
  const bounds = by.map((field) => fieldNamed(field.replace(/\?$/, '')));
  const fields = bounds.map((bound, i) => ({ bound, required: !by[i]!.endsWith('?') }));
  const wanted = measures.map(measureNamed);
  const types = [
    ...wanted.map(({ name, unit, doc }) => columnType(name, unit, doc, { nullable: true })),
    ...bounds.map((bound) => columnType(bound.label, 'text', bound.field.doc, { field: bound })),
  ];
  return {
    kind: 'table',
    id: 'lens',
    columns: rowColumns(types),
    items: {
      *[Symbol.iterator]() {
        const groups = new Groups(filter.view, fields);
        yield* largest(measured(capture, filter, groups, wanted), groups, most);
      },
    },
    epoch: capture.epoch,
    drill: (row) => bounds.map(({ label }, i) => clause(label, String(row[wanted.length + i]))).join(' and ') || null,
  };
}

/** A field that has this text; none where it is empty. */
function clause(label: string, text: string): string {
  return text === '' ? `not ${label} exists` : `${label}=${written(text)}`;
}

function measured(capture: Capture, filter: CompiledFilter, groups: Groups, measures: readonly Measure[]): Accumulator[] {
  const sums = measures.map(({ start }) => start(filter.view));
  const [first, ...more] = sums;
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const i = selection[k]!;
      const at = groups.of(chunk, i);
      if (at < 0) continue;
      first?.add(at, chunk, i);
      for (const one of more) one.add(at, chunk, i);
    }
  }
  return sums;
}

function largest(sums: readonly Accumulator[], groups: Groups, most: number): Row[] {
  const size = Array.from({ length: groups.size }, (_, at) => Number(sums[0]?.value(at) ?? 0));
  const order = [...size.keys()].filter((at) => size[at] !== 0);
  order.sort((a, b) => size[b]! - size[a]!);
  return order.slice(0, most).map((at) => [...sums.map((one) => one.value(at)), ...groups.texts(at)]);
}
