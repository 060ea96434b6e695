/** What search suffixes cost: of each workload the queries and seconds that no answer needed, and the setting that saves them. */
import type { Capture } from '../capture/capture.ts';
import type { Lookup } from '../dns/lookup.ts';
import { lowerNdots } from '../dns/ndots.ts';
import { EventView } from '../event/view.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { SECOND } from '../model/time.ts';
import { columnType } from '../report/column.ts';
import type { Row } from '../report/report.ts';
import { lookupsOf } from './dns.ts';
import type { LensTable } from './lens.ts';
import { lensTable } from './table.ts';

const HOUR = 3600 * SECOND;

const COLUMNS = [
  columnType('queries.wasted', 'count', 'queries for names under search domains that did not answer'),
  columnType('queries', 'count', 'all that were sent'),
  columnType('time.wasted', 'ns', 'spent on those'),
  columnType('queries.per_hour', 'number', 'wasted, an hour, if it goes on so'),
  columnType('seconds.per_hour', 'number', 'lost, an hour, if it goes on so'),
  columnType('lookups', 'count', 'names that were looked up'),
  columnType('workload', 'text', 'namespace/kind/name, else the pod, else the process'),
  columnType('dnsConfig', 'text', 'for its pod template: names with that many dots are then tried as they are first', { nullable: true }),
];

/** Lookups that match, by the workload that made them, the most wasteful first. */
export const dnsBill = (capture: Capture, filter: CompiledFilter): LensTable =>
  lensTable(capture, COLUMNS, () => billRows(capture, lookupsOf(capture, filter), filter));

function billRows(capture: Capture, lookups: readonly Lookup[], filter: CompiledFilter): Row[] {
  const view = new EventView(filter.view.capture);
  const hours = Math.max(1e-9, (capture.last()?.time ?? 0) / HOUR);
  const rows = [...Map.groupBy(lookups, (lookup) => workloadOf(lookup, capture, view))].map(([workload, all]) =>
    billOf(workload, all, hours),
  );
  return rows.filter(([wasted]) => Number(wasted) > 0).sort(([a], [b]) => Number(b) - Number(a));
}

function billOf(workload: string, all: readonly Lookup[], hours: number): Row {
  const attempts = all.flatMap((lookup) => lookup.attempts);
  const wasted = attempts.filter(({ suffix, wasted: lost }) => lost && suffix !== '');
  const queries = (of: typeof attempts) => of.reduce((sum, one) => sum + one.queries.length, 0);
  const time = wasted.reduce((sum, { start, end }) => sum + end - start, 0);
  const perHour = (n: number) => Math.round((n / hours) * 10) / 10;
  return [queries(wasted), queries(attempts), time, perHour(queries(wasted)), perHour(time / SECOND), all.length, workload, patchOf(all)];
}

/** For the names that were complete as they were. null: lowering ndots helps none. */
function patchOf(all: readonly Lookup[]): string | null {
  const costly = all.filter(
    ({ attempts, addresses }) =>
      addresses.length > 0 && attempts.at(-1)?.suffix === '' && attempts.some(({ wasted, suffix }) => wasted && suffix !== ''),
  );
  const ndots = lowerNdots(costly);
  return ndots === null ? null : `dnsConfig: {options: [{name: ndots, value: "${ndots}"}]}`;
}

/** Whose lookups these are, as far as names are known. */
function workloadOf(lookup: Lookup, { dims }: Capture, view: EventView): string {
  const thread = dims.threads.get(lookup.thread);
  const process = dims.processes.get(thread?.process ?? 0);
  const container = process?.container ?? '';
  const pod = container === '' ? null : view.kube.pod(container, lookup.start, view);
  return pod === null || pod === undefined ? `${thread?.comm ?? ''} (${lookup.pid})` : `${pod.namespace}/${pod.name}`;
}
