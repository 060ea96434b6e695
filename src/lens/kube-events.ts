/** What the cluster itself reported while the capture was made; with a filter, of the pods whose events match. */

import type { Capture } from '../capture/capture.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import type { KubeEventRow } from '../model/kube.ts';
import { clockText } from '../model/time.ts';
import { columnType, rowColumns } from '../report/column.ts';
import type { Row } from '../report/report.ts';
import type { LensTable } from './lens.ts';

/** The cluster's clocks tell no more. */
const TO_THE_SECOND = '2026-11-21 08:00:00'.length;

export const kubeEvents = (capture: Capture, filter: CompiledFilter): LensTable => ({
  kind: 'table',
  id: 'lens',
  columns: rowColumns(COLUMNS),
  items: rowsOf(capture, eventsOf(capture, filter)),
  epoch: capture.epoch,
  drill: () => null,
});

const COLUMNS = [
  columnType('first', 'text', 'date and time of its first occurrence'),
  columnType('last', 'text', 'date and time of its last occurrence'),
  columnType('count', 'count', 'how often'),
  columnType('type', 'text', 'Normal or Warning'),
  columnType('reason', 'text', 'in a word'),
  columnType('object', 'text', 'kind/namespace/name'),
  columnType('message', 'text', 'in words'),
];

function eventsOf(capture: Capture, filter: CompiledFilter): KubeEventRow[] {
  const all = [...capture.dims.kubeEvents.all()].sort((a, b) => a.last - b.last);
  if (filter.step === null) return all;
  const pods = podsOf(capture, filter);
  return all.filter(({ object }) => pods.has(object));
}

/** uids of the pods that matching events were in. */
function podsOf(capture: Capture, filter: CompiledFilter): Set<string> {
  const containers = new Set<string>();
  const uids = new Set<string>();
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const view = filter.view.at(chunk, selection[k]!);
      const container = view.process?.container ?? '';
      if (containers.has(container)) continue;
      containers.add(container);
      const pod = view.kube.pod(container, view.time, view);
      if (pod !== null) uids.add(pod.uid);
    }
  }
  return uids;
}

function rowsOf({ epoch }: Capture, events: readonly KubeEventRow[]): Row[] {
  const clock = (time: number) => clockText(epoch, time, true).slice(0, TO_THE_SECOND);
  return events.map(({ first, last, count, type, reason, kind, namespace, name, message }) => [
    clock(first),
    clock(last),
    count,
    type,
    reason,
    [kind, namespace, name].filter((part) => part !== '').join('/'),
    message,
  ]);
}
