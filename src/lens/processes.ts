/** Processes as they were last, or at a time; as a list, or as the tree that they make. */
import type { Capture } from '../capture/capture.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import type { ProcessRow } from '../model/rows.ts';
import { columnType } from '../report/column.ts';
import type { Row } from '../report/report.ts';
import type { LensArgs, LensTable } from './lens.ts';
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

/** One row a process: the last that is known of it; with a time, what was known then of those that lived. */
export const processes = (capture: Capture, filter: CompiledFilter, _: LensArgs, at: number | null = null): LensTable =>
  lensTable(
    capture,
    COLUMNS,
    () => processRows(capture, filter, at).map(rowOf),
    ([pid]) => `proc.pid=${String(pid)}`,
  );

const TREE = [...COLUMNS.slice(0, -1), columnType('tree', 'text', 'its command line, under its parent’s')];

/** The same under their parents; of those that a filter finds, with all that stand above them. */
export const processTree = (capture: Capture, filter: CompiledFilter, _: LensArgs, at: number | null = null): LensTable =>
  lensTable(
    capture,
    TREE,
    () => [...branches(processRows(capture, filter, at), processRows(capture, null, at))],
    ([pid]) => `proc.pid=${String(pid)}`,
  );

/** By pid. `filter` null: all. */
export function processRows(capture: Capture, filter: CompiledFilter | null, at: number | null): ProcessRow[] {
  const wanted = filter === null || filter.step === null ? null : pidsOf(capture, filter);
  const last = new Map<string, ProcessRow>();
  for (const row of capture.dims.processes.all()) {
    const lives = at === null || (row.from <= at && (row.to === null || row.to > at));
    if (lives && (wanted === null || wanted.has(row.pid))) last.set(`${row.pid} ${row.started ?? ''}`, row);
  }
  return [...last.values()].sort((a, b) => a.pid - b.pid);
}

/** Levels that are drawn: deeper ones stand at the last. */
const DEEPEST = 64;

/** Parents before their children. A pid that was used twice is one branch: its last owner's. */
function* branches(wanted: readonly ProcessRow[], all: readonly ProcessRow[]): Generator<Row> {
  const byPid = new Map(all.map((row) => [row.pid, row]));
  const shown = new Set<number>();
  for (const row of wanted)
    for (let up: ProcessRow | undefined = row; up !== undefined && !shown.has(up.pid); up = byPid.get(up.ppid)) shown.add(up.pid);
  const rows = all.filter((row) => shown.has(row.pid) && byPid.get(row.pid) === row);
  const children = Map.groupBy(rows, ({ ppid }) => ppid);
  const drawn = new Set<ProcessRow>();
  function* under(row: ProcessRow, level: number): Generator<Row> {
    if (drawn.has(row)) return;
    drawn.add(row);
    const cells = rowOf(row);
    yield [...cells.slice(0, -1), `${'  '.repeat(Math.min(level, DEEPEST))}${String(cells.at(-1))}`];
    for (const child of children.get(row.pid) ?? []) yield* under(child, level + 1);
  }
  for (const row of rows) if (!shown.has(row.ppid) || row.ppid === row.pid) yield* under(row, 0);
  for (const row of rows) yield* under(row, 0); // those whose parents are in a circle, which damaged files have
}

/** Processes of the events that match. */
export function pidsOf(capture: Capture, filter: CompiledFilter): Set<number> {
  const threads = new Set<number>();
  for (const { chunk, selection, n } of capture.select(filter)) for (let k = 0; k < n; k++) threads.add(chunk.thread[selection[k]!]!);
  const { dims } = capture;
  return new Set([...threads].map((id) => dims.processes.get(dims.threads.get(id)?.process ?? 0)?.pid ?? 0));
}

function rowOf({ pid, ppid, uid, container, started, to, comm, exe, args }: ProcessRow): Row {
  return [pid, ppid, uid, container.slice(0, ID_SHOWN), started, to, [exe || comm, ...args].join(' ')];
}
