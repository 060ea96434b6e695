/** A question to the node's network: what its rows are about, and how they are read. */
import type { Capture } from '../../capture/capture.ts';
import type { NodeKind } from '../../model/node.ts';
import type { Cluster } from '../../node/cluster.ts';
import type { Held } from '../../node/state.ts';
import { column, rowOf } from '../../report/column.ts';
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

/** A fact, with the node, the pod or the namespace that it is of. */
export interface Placed<Kind extends NodeKind> {
  readonly fact: Held<Kind>;
  readonly where: string;
}

/** Facts of a kind at the cluster's time, with the name of their namespace. */
export const facts =
  <Kind extends NodeKind>(kind: Kind) =>
  (cluster: Cluster): Placed<Kind>[] =>
    cluster.node.at(kind, cluster.time).map((fact) => ({ fact, where: cluster.placeOf(fact.netns)?.name ?? '' }));

export const where = <Kind extends NodeKind>(): Column<Placed<Kind>> =>
  column('of', 'text', 'the node, a pod, or a namespace', (placed) => placed.where);
export const netns = <Kind extends NodeKind>(): Column<Placed<Kind>> =>
  column('netns', 'number', 'inode of the network namespace', ({ fact }) => fact.netns, { audience: 'programs' });
