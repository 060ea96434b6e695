/** A question to the node's network: what its rows are about, and how they are read. */
import type { Capture } from '../../capture/capture.ts';
import type { Cluster } from '../../node/cluster.ts';
import { rowOf } from '../../report/column.ts';
import type { Column, ColumnType, Row } from '../../report/report.ts';

interface View<T> {
  readonly doc: string;
  readonly columns: readonly Column<T>[];
  readonly items: (cluster: Cluster, capture: Capture) => readonly T[];
}

/** A view of any items: its rows are read already. */
export interface NetReader {
  readonly doc: string;
  readonly columns: readonly ColumnType[];
  rows(cluster: Cluster, capture: Capture): Row[];
}

export function view<T>({ doc, columns, items }: View<T>): NetReader {
  return { doc, columns, rows: (cluster, capture) => items(cluster, capture).map((item) => rowOf(columns, item)) };
}
