/**
 * Who had the CPUs. Where the capture has switches (sysdig's have), the time between two of them on a CPU is that of the thread that the second
 * takes off it. Where it has none, the time of threads between their calls stands for it: they computed then, or waited for a CPU.
 */
import type { Capture } from '../capture/capture.ts';
import { type CompiledFilter, compileFilter } from '../filter/compile.ts';
import { columnType } from '../report/column.ts';
import type { ColumnType, Row } from '../report/report.ts';
import type { LensTable } from './lens.ts';
import { spentOf } from './stalls.ts';
import { lensTable } from './table.ts';

const SWITCHES = 'evt.type=switch';
const MEASURES = [
  columnType('cpu', 'ns', 'time on CPUs'),
  columnType('share', 'share', 'of one CPU, over the whole capture'),
  columnType('told.by', 'text', 'switches, or gaps: the time between calls, which is the most that it can have been'),
];

/** ns by row of the threads. */
type Used = ReadonlyMap<number, number>;

/** Whose the time of a thread is: a key, and its cells. */
interface Owner {
  readonly columns: readonly ColumnType[];
  readonly of: (filter: CompiledFilter, thread: number) => { readonly key: string; readonly cells: Row } | null;
  readonly drill: (cells: Row) => string;
}

const PROCESS: Owner = {
  columns: [columnType('proc.name', 'text', ''), columnType('proc.pid', 'number', '')],
  of: ({ view }, thread) => {
    const { process, thread: row } = view.onRow('thread', thread, 0);
    return process === null ? null : { key: String(process.pid), cells: [row?.comm ?? process.comm, process.pid] };
  },
  drill: ([, pid]) => `proc.pid=${String(pid)}`,
};

const ID_SHOWN = 12;

const CONTAINER: Owner = {
  columns: [columnType('container.name', 'text', 'empty: not known'), columnType('container.id', 'text', '')],
  of: ({ view }, thread) => {
    const process = view.onRow('thread', thread, 0).process;
    if (process === null) return null;
    const id = process.container.slice(0, ID_SHOWN) || 'host';
    const row = view.kube.container(process.container, process.from, view);
    return { key: id, cells: [id === 'host' ? 'host' : (row?.name ?? ''), id] };
  },
  drill: ([, id]) => `container.id=${String(id)}`,
};

const look =
  ({ columns, of, drill }: Owner) =>
  (capture: Capture, filter: CompiledFilter): LensTable =>
    lensTable(
      capture,
      [...MEASURES, ...columns],
      () => rowsOf(capture, filter, of),
      (row) => drill(row.slice(MEASURES.length)),
    );

export const procsCpu = look(PROCESS);
export const containersCpu = look(CONTAINER);

function rowsOf(capture: Capture, filter: CompiledFilter, of: Owner['of']): Row[] {
  const switches = onCpus(capture, filter);
  const used = switches ?? new Map([...spentOf(capture, filter)].map(([thread, { working }]) => [thread, working]));
  const span = capture.last()?.time ?? 0;
  const rows = summed(used, (thread) => of(filter, thread)).map(
    ({ ns, cells }): Row => [ns, span === 0 ? 0 : ns / span, switches === null ? 'gaps' : 'switches', ...cells],
  );
  return rows.sort(([a], [b]) => Number(b) - Number(a));
}

/** The name is the last that a process had. */
function summed(used: Used, of: (thread: number) => ReturnType<Owner['of']>): { ns: number; cells: Row }[] {
  const byKey = new Map<string, { ns: number; cells: Row }>();
  for (const [thread, ns] of used) {
    const owner = ns === 0 ? null : of(thread);
    if (owner === null) continue;
    const sum = byKey.get(owner.key) ?? { ns: 0, cells: owner.cells };
    sum.ns += ns;
    sum.cells = owner.cells;
    byKey.set(owner.key, sum);
  }
  return [...byKey.values()];
}

/** By the switches of each CPU, of the events that the filter finds; null: the capture has none. */
function onCpus(capture: Capture, filter: CompiledFilter): Used | null {
  const wanted = filter.step === null ? null : numbersOf(capture, filter);
  const used = new Map<number, number>();
  const before: number[] = [];
  let any = false;
  for (const { chunk, selection, n } of capture.select(compileFilter(SWITCHES, filter.view.capture))) {
    any = any || n > 0;
    for (let k = 0; k < n; k++) {
      const i = selection[k]!;
      const [cpu, time, thread] = [chunk.cpu[i]!, chunk.time[i]!, chunk.thread[i]!];
      const since = before[cpu];
      before[cpu] = time;
      if (since !== undefined && (wanted === null || wanted.has(chunk.num[i]!))) used.set(thread, (used.get(thread) ?? 0) + time - since);
    }
  }
  return any ? used : null;
}

/** Which of the switches the filter finds. */
function numbersOf(capture: Capture, filter: CompiledFilter): ReadonlySet<number> {
  const switches = capture.dims.types;
  const isSwitch: boolean[] = [];
  const found = new Set<number>();
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const [type, num] = [chunk.type[selection[k]!]!, chunk.num[selection[k]!]!];
      isSwitch[type] ??= switches.get(type)?.name === 'switch';
      if (isSwitch[type]) found.add(num);
    }
  }
  return found;
}
