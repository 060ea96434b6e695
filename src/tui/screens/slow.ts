/** The calls that took longest, whatever they did. */
import { EventView } from '../../event/view.ts';
import { compileFilter } from '../../filter/compile.ts';
import { targetOf } from '../../lens/columns.ts';
import { Longest } from './longest.ts';
import { type ScreenSpec, screenColumn } from './screen.ts';

const MOST = 1000;

export const SLOW: ScreenSpec = {
  id: 'slow',
  aliases: ['slowest', 'slow-calls'],
  sentence: 'which calls took longest, and on what',
  filter: '',
  enter: 'event',
  keys: [{ keys: ['o'], help: 'what others did meanwhile', bar: 'meanwhile', does: 'meanwhile' }],
  read: ({ capture, context, filter }) => {
    const view = new EventView(context);
    const slowest = new Longest<{ readonly latency: number; readonly cells: readonly (string | number)[] }>(MOST, ({ latency }) => latency);
    for (const { chunk, selection, n } of capture.select(compileFilter(filter, context))) {
      for (let k = 0; k < n; k++) {
        const latency = chunk.latency[selection[k]!]!;
        if (latency <= 0 || !slowest.wants(latency)) continue;
        const { thread, type, time } = view.at(chunk, selection[k]!);
        const num = view.columnValue('num') ?? 0;
        slowest.add({ latency, cells: [latency, time, thread?.comm ?? '', thread?.tid ?? 0, type.name, targetOf(view) ?? '', num] });
      }
    }
    return {
      head: [],
      columns: [
        screenColumn('latency', 'ns', 'evt.latency', 'from the call’s start to its end'),
        screenColumn('time', 'time', 'evt.reltime', 'when it ended, since the capture’s start'),
        screenColumn('thread', 'text', 'proc.name', 'who called'),
        screenColumn('tid', 'number', 'thread.tid', 'its number'),
        screenColumn('call', 'text', 'evt.type', 'what was called'),
        screenColumn('on', 'text', null, 'the descriptor, or what the call was given'),
        screenColumn('num', 'num', 'evt.num', 'the event'),
      ],
      rows: slowest.items.map(({ latency, cells }) => ({
        cells,
        num: Number(cells.at(-1)),
        drill: null,
        meanwhile: `evt.reltime>=${Number(cells[1]) - latency} and evt.starttime<=${cells[1]} and not thread.tid=${cells[3]}`,
      })),
    };
  },
};
