/** Lookups, requests and waits as a report. */
import type { Span } from '../../lens/spans.ts';
import { column } from '../../report/column.ts';
import type { Column, Report } from '../../report/report.ts';

export const SPAN_COLUMNS: readonly Column<Span>[] = [
  column('id', 'number', 'in the order in which they begin', (s) => s.id),
  column('parent', 'number', 'what it belongs to', (s) => s.parent?.id ?? null, { nullable: true }),
  column('kind', 'text', 'lookup, attempt, request, wait', (s) => s.kind),
  column('name', 'text', '', (s) => s.name),
  column('start', 'time', '', (s) => s.start),
  column('duration', 'ns', '', (s) => s.end - s.start),
  column('side', 'text', 'client, server, internal', (s) => s.side),
  column('error', 'text', 'what went wrong', (s) => s.error, { nullable: true }),
  column('evt.num', 'num', 'the event that shows it', (s) => s.num),
  column('proc.pid', 'number', '', (s) => s.owner.pid),
  column('thread.tid', 'number', '', (s) => s.owner.tid),
  column('proc.name', 'text', '', (s) => s.owner.comm),
  column('k8s.ns.name', 'text', '', (s) => s.owner.namespace),
  column('k8s.pod.name', 'text', '', (s) => s.owner.pod),
];

export function spansReport(spans: readonly Span[], epoch: bigint): Report<Span> {
  return { id: 'lens', columns: SPAN_COLUMNS, items: spans, epoch };
}
