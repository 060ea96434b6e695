/** Processes as they were at the capture's end, or of those that a filter finds. */
import type { Capture } from '../capture/capture.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import type { ProcessRow } from '../model/rows.ts';
import { columnType } from '../report/column.ts';
import type { Row } from '../report/report.ts';
import type { LensTable } from './lens.ts';
import { lensTable } from './table.ts';

const COLUMNS = [
  columnType('proc.pid', 'number', ''),
  columnType('proc.ppid', 'number', 'its parent'),
  columnType('user.uid', 'number', ''),
  columnType('container.id', 'text', 'empty: on the node itself'),
  columnType('started', 'time', 'when it began', { nullable: true }),
  columnType('ended', 'time', 'when it ended', { nullable: true }),
  columnType('proc.cmdline', 'text', ''),
];
/** As names of containers are shown. */
const ID_SHOWN = 12;

/** One row a process: the last that is known of it. */
export const processes = (capture: Capture, filter: CompiledFilter): LensTable =>
  lensTable(
    capture,
    COLUMNS,
    () => [...lastRows(capture, filter)].map(rowOf),
    ([pid]) => `proc.pid=${String(pid)}`,
  );

function* lastRows(capture: Capture, filter: CompiledFilter): Iterable<ProcessRow> {
  const wanted = filter.step === null ? null : pidsOf(capture, filter);
  const last = new Map<string, ProcessRow>();
  for (const row of capture.dims.processes.all()) {
    if (wanted === null || wanted.has(row.pid)) last.set(`${row.pid} ${row.started ?? ''}`, row);
  }
  yield* [...last.values()].sort((a, b) => a.pid - b.pid);
}

function pidsOf(capture: Capture, filter: CompiledFilter): Set<number> {
  const threads = new Set<number>();
  for (const { chunk, selection, n } of capture.select(filter)) for (let k = 0; k < n; k++) threads.add(chunk.thread[selection[k]!]!);
  const { dims } = capture;
  return new Set([...threads].map((id) => dims.processes.get(dims.threads.get(id)?.process ?? 0)?.pid ?? 0));
}

function rowOf({ pid, ppid, uid, container, started, to, comm, exe, args }: ProcessRow): Row {
  return [pid, ppid, uid, container.slice(0, ID_SHOWN), started, to, [exe || comm, ...args].join(' ')];
}
