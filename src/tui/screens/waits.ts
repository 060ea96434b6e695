/** What threads waited for, and for how long: calls that took long, and the time between calls in which nothing is known of them. */
import { EventView } from '../../event/view.ts';
import { compileFilter } from '../../filter/compile.ts';
import { targetOf } from '../../lens/columns.ts';
import { type Chunk, startTime } from '../../model/chunk.ts';
import { MS } from '../../model/time.ts';
import { Longest } from './longest.ts';
import { type ScreenRow, type ScreenSpec, type ScreenTable, screenColumn } from './screen.ts';

/** Shorter ones are not worth a line. */
const LEAST = MS;
const MOST = 500;

interface Wait {
  readonly num: number;
  readonly length: number;
  readonly start: number;
  readonly tid: number;
  readonly thread: string;
  readonly waited: string;
  readonly on: string;
}

const COLUMNS = [
  screenColumn('length', 'ns', null, 'how long it was'),
  screenColumn('start', 'time', 'evt.reltime', 'when it began, since the capture’s start'),
  screenColumn('thread', 'text', 'proc.name', 'the name of the thread'),
  screenColumn('tid', 'number', 'thread.tid', 'its number'),
  screenColumn(
    'waited',
    'text',
    'evt.type',
    'the call that took so long; between calls: it ran, waited for a CPU, or did what is not recorded',
  ),
  screenColumn('on', 'text', null, 'what the call was about'),
  screenColumn('num', 'num', 'evt.num', 'the event that ended it'),
];

export const WAITS: ScreenSpec = {
  id: 'waits',
  aliases: ['gaps'],
  sentence: 'which threads waited longest, on what, and when',
  filter: '',
  enter: 'event',
  keys: [{ keys: ['o'], help: 'what others did meanwhile', bar: 'meanwhile', does: 'meanwhile' }],
  read: ({ capture, context, filter }): ScreenTable => {
    const compiled = compileFilter(filter, context);
    const view = new EventView(context);
    const waits = new Longest<Wait>(MOST, ({ length }) => length);
    const ended = new Map<number, number>();
    for (const { chunk, selection, n } of capture.select(compiled)) {
      for (let k = 0; k < n; k++) look(chunk, selection[k]!, ended, waits, view);
    }
    const rows = waits.items.map(rowOf);
    return { head: rows.length === 0 ? ['no thread waited for a millisecond'] : [], columns: COLUMNS, rows };
  },
};

function look(chunk: Chunk, i: number, ended: Map<number, number>, waits: Longest<Wait>, view: EventView): void {
  const thread = chunk.thread[i]!;
  if (thread === 0) return;
  const start = startTime(chunk, i);
  const end = chunk.time[i]!;
  const before = ended.get(thread);
  ended.set(thread, end);
  if (end - start >= LEAST && waits.wants(end - start)) waits.add(waitOf(view.at(chunk, i), start, end - start, true));
  const gap = before === undefined ? 0 : start - before;
  if (gap >= LEAST && waits.wants(gap)) waits.add(waitOf(view.at(chunk, i), before!, gap, false));
}

function waitOf(view: EventView, start: number, length: number, inCall: boolean): Wait {
  return {
    num: view.columnValue('num') ?? 0,
    length,
    start,
    tid: view.thread?.tid ?? 0,
    thread: view.thread?.comm ?? '',
    waited: inCall ? view.type.name : 'between calls',
    on: inCall ? (view.dns?.qname ?? targetOf(view) ?? '') : '',
  };
}

function rowOf({ num, length, start, tid, thread, waited, on }: Wait): ScreenRow {
  return {
    cells: [length, start, thread, tid, waited, on, num],
    num,
    drill: null,
    meanwhile: `evt.reltime>=${start} and evt.starttime<=${start + length} and not thread.tid=${tid}`,
  };
}
