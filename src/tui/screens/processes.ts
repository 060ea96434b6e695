/** Processes as a tree: each with what it did, below the one that started it. */
import { compileFilter } from '../../filter/compile.ts';
import { rank } from '../../lens/rank.ts';
import type { ProcessRow } from '../../model/rows.ts';
import { ABOUT_PLACE } from './rankings.ts';
import { type ScreenCell, type ScreenRow, type ScreenSpec, screenColumn } from './screen.ts';
import { MOST_ROWS } from './tables.ts';

const MEASURES = ['time', 'count', 'bytes.in', 'bytes.out', 'errors'] as const;
/** A chain of parents longer than this is no tree of processes. */
const DEEPEST = 40;
const INDENT = '  ';

export const PROCESSES: ScreenSpec = {
  id: 'processes',
  aliases: ['procs', 'ps', 'tree'],
  sentence: 'which processes were busy, with what, and who started them',
  filter: '',
  enter: { to: 'descriptors' },
  keys: ABOUT_PLACE,
  read: ({ capture, context, filter }) => {
    const measured = new Map<number, readonly ScreenCell[]>();
    const report = rank(
      capture,
      compileFilter(filter, context),
      ['proc.pid'],
      ['count', ...MEASURES.filter((one) => one !== 'count')],
      MOST_ROWS,
    );
    for (const [events, time, bytesIn, bytesOut, errors, pid] of report.items)
      measured.set(Number(pid), [time, events, bytesIn, bytesOut, errors].map(Number));
    const known = new Map<number, ProcessRow>();
    for (const row of capture.dims.processes.all()) if (measured.has(row.pid)) known.set(row.pid, row);
    const rows = inOrder(measured, known).map(({ pid, depth }): ScreenRow => {
      const row = known.get(pid);
      const command = row === undefined ? '' : [row.exe, ...row.args].join(' ');
      const container = row === undefined || row.container === '' ? null : row.container.slice(0, 12);
      return {
        cells: [...measured.get(pid)!, pid, INDENT.repeat(depth) + (row?.comm ?? '?'), container, command],
        num: null,
        drill: `proc.pid=${pid}`,
      };
    });
    return {
      head: rows.length === 0 ? ['no process did anything that matches'] : [],
      columns: [
        screenColumn('time', 'ns', null, 'time that its calls took, of all threads together'),
        screenColumn('events', 'count', null, 'events of the process'),
        screenColumn('bytes.in', 'bytes', null, 'bytes that it read and received'),
        screenColumn('bytes.out', 'bytes', null, 'bytes that it wrote and sent'),
        screenColumn('errors', 'count', null, 'calls that failed'),
        screenColumn('pid', 'number', 'proc.pid', 'its number, as the node counts'),
        screenColumn('process', 'text', null, 'its name, below the process that started it'),
        screenColumn('container', 'text', 'container.id', 'the container that it ran in; empty: none'),
        screenColumn('command', 'text', null, 'its command line'),
      ],
      rows,
    };
  },
};

interface Placed {
  readonly pid: number;
  readonly depth: number;
}

/** Children below their parents, the busiest first. */
function inOrder(measured: ReadonlyMap<number, readonly ScreenCell[]>, known: ReadonlyMap<number, ProcessRow>): Placed[] {
  const busiest = [...measured.keys()].sort((a, b) => Number(measured.get(b)![1]) - Number(measured.get(a)![1]));
  const children = Map.groupBy(busiest, (pid) => {
    const parent = known.get(pid)?.ppid ?? 0;
    return measured.has(parent) && parent !== pid ? parent : 0;
  });
  const placed: Placed[] = [];
  const seen = new Set<number>();
  const place = (pid: number, depth: number): void => {
    if (seen.has(pid) || depth > DEEPEST) return;
    seen.add(pid);
    placed.push({ pid, depth });
    for (const child of children.get(pid) ?? []) place(child, depth + 1);
  };
  for (const pid of children.get(0) ?? []) place(pid, 0);
  for (const pid of busiest) place(pid, 0); // those of a circle, which a hostile capture may hold
  return placed;
}
