/** The table of a lens that finds its rows itself. */
import type { Capture } from '../capture/capture.ts';
import { rowColumns } from '../report/column.ts';
import type { ColumnType, Row } from '../report/report.ts';
import type { LensTable } from './lens.ts';

/** `rows` is asked only when the table is read; `drill`: a filter for the events behind a row. */
export function lensTable(
  { epoch }: Capture,
  columns: readonly ColumnType[],
  rows: () => Iterable<Row>,
  drill: (row: Row) => string | null = () => null,
): LensTable {
  const items = { [Symbol.iterator]: () => rows()[Symbol.iterator]() };
  return { kind: 'table', id: 'lens', columns: rowColumns(columns), items, epoch, drill };
}
