/** Where time went without events: gaps in the whole capture, and what each process' threads did between their calls and in them. */
import type { Capture } from '../capture/capture.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { MS } from '../model/time.ts';
import { columnType } from '../report/column.ts';
import type { Row } from '../report/report.ts';
import type { LensArgs, LensTable } from './lens.ts';
import { lensTable } from './table.ts';

const GAPS = [
  columnType('evt.num', 'num', 'the event that ended it'),
  columnType('from', 'time', 'of the event before'),
  columnType('gap', 'ns', 'how long no event ended'),
];

/** Times in which no event that matches ended. */
export const gaps = (capture: Capture, filter: CompiledFilter, { ms }: LensArgs): LensTable =>
  lensTable(
    capture,
    GAPS,
    () => gapRows(capture, filter, Number(ms) * MS),
    ([num]) => `evt.num=${String(num)}`,
  );

function* gapRows(capture: Capture, filter: CompiledFilter, least: number): Generator<Row> {
  let before: number | null = null;
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const time = chunk.time[selection[k]!]!;
      if (before !== null && time - before >= least) yield [chunk.num[selection[k]!]!, before, time - before];
      before = time;
    }
  }
}

const STALLS = [
  columnType('idle', 'ns', 'waiting to be asked or for time to pass: poll, epoll_wait, nanosleep, futex …'),
  columnType('blocked', 'ns', 'in calls that do something: reads, writes, connects …'),
  columnType('working', 'ns', 'between calls: computing, or waiting for a CPU'),
  columnType('threads', 'count', 'that made calls'),
  columnType('proc.name', 'text', ''),
  columnType('proc.pid', 'number', ''),
];

export interface Spent {
  idle: number;
  blocked: number;
  working: number;
  /** When the thread's last call ended. */
  last: number;
}

/** Of each process the time of its threads, from their first call to their last. */
export const stalls = (capture: Capture, filter: CompiledFilter): LensTable =>
  lensTable(
    capture,
    STALLS,
    () => stallRows(capture, filter),
    (row) => `proc.pid=${String(row[5])}`,
  );

function stallRows(capture: Capture, filter: CompiledFilter): Row[] {
  const { threads, processes } = capture.dims;
  const byProcess = Map.groupBy(spentOf(capture, filter), ([thread]) => processes.get(threads.get(thread)?.process ?? 0)?.pid ?? 0);
  const rows = [...byProcess].map(([pid, all]): Row => {
    const sum = (part: 'idle' | 'blocked' | 'working') => all.reduce((total, [, spent]) => total + spent[part], 0);
    const comm = threads.get(all[0]![0])?.comm ?? '';
    return [sum('idle'), sum('blocked'), sum('working'), all.length, comm, pid];
  });
  return rows.sort((a, b) => Number(b[1]) - Number(a[1]));
}

/** By thread row. */
export function spentOf(capture: Capture, filter: CompiledFilter): Map<number, Spent> {
  const found = new Map<number, Spent>();
  const waits: boolean[] = [];
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const i = selection[k]!;
      const [thread, type] = [chunk.thread[i]!, chunk.type[i]!];
      const latency = Math.max(0, chunk.latency[i]!);
      const end = chunk.time[i]!;
      const spent = found.get(thread) ?? { idle: 0, blocked: 0, working: 0, last: end - latency };
      if (!found.has(thread)) found.set(thread, spent);
      waits[type] ??= capture.dims.types.get(type)?.wait === true;
      spent.working += Math.max(0, end - latency - spent.last);
      spent[waits[type] ? 'idle' : 'blocked'] += latency;
      spent.last = end;
    }
  }
  return found;
}

const SLOWEST = [
  columnType('latency', 'ns', 'how long it took'),
  columnType('evt.num', 'num', ''),
  columnType('time', 'time', 'when it ended'),
  columnType('evt.type', 'text', ''),
  columnType('proc.name', 'text', ''),
  columnType('proc.pid', 'number', ''),
];
const MOST = 10;

/** The longest calls, without those that only waited to be asked. */
export const bottlenecks = (capture: Capture, filter: CompiledFilter): LensTable =>
  lensTable(
    capture,
    SLOWEST,
    () => slowestRows(capture, filter),
    (row) => `evt.num=${String(row[1])}`,
  );

function slowestRows(capture: Capture, filter: CompiledFilter): Row[] {
  let rows: Row[] = [];
  let least = 0;
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const i = selection[k]!;
      if (!(chunk.latency[i]! > least)) continue;
      const { type, thread, process } = filter.view.at(chunk, i);
      rows.push([chunk.latency[i]!, chunk.num[i]!, chunk.time[i]!, type.name, thread?.comm ?? '', process?.pid ?? 0]);
      if (rows.length < 2 * MOST) continue;
      rows = longest(rows);
      least = Number(rows.at(-1)![0]);
    }
  }
  return longest(rows);
}

function longest(rows: Row[]): Row[] {
  return rows.sort(([a], [b]) => Number(b) - Number(a)).slice(0, MOST);
}
