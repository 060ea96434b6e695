/** The matching events themselves, a row each, with what matters to the question. */

import type { Capture } from '../capture/capture.ts';
import type { EventView } from '../event/view.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { rowColumns, rowOf } from '../report/column.ts';
import type { Column, Row } from '../report/report.ts';
import { listColumn } from './columns.ts';
import type { LensTable } from './lens.ts';

export function list(capture: Capture, filter: CompiledFilter, names: readonly string[]): LensTable {
  const columns = names.map(listColumn);
  const num = names.indexOf('evt.num');
  return {
    kind: 'table',
    id: 'lens',
    columns: rowColumns(columns),
    items: { [Symbol.iterator]: () => rows(capture, filter, columns) },
    epoch: capture.epoch,
    drill: (row) => (num < 0 ? null : `evt.num=${String(row[num])}`),
  };
}

function* rows(capture: Capture, filter: CompiledFilter, columns: readonly Column<EventView>[]): Generator<Row> {
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) yield rowOf(columns, filter.view.at(chunk, selection[k]!));
  }
}
