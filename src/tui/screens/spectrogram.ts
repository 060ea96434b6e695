/** How long calls took over time: a row a slice of time, a column a power of ten. Counts stand in the cells: it reads without colour. */
import { captureEnd } from '../../capture/capture.ts';
import { compileFilter } from '../../filter/compile.ts';
import { spanText } from '../../model/time.ts';
import { type ScreenRow, type ScreenSpec, screenColumn } from './screen.ts';

const SLICES = 40;
/** Lower bounds of the columns, ns: powers of ten from 1 µs to 10 s. */
const BOUNDS = [0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10];
/** As their columns are called: all of them fit into 80 cells. */
const LABELS = ['0', '1 µs', '10 µs', '100 µs', '1 ms', '10 ms', '100 ms', '1 s', '10 s'];

export const SPECTROGRAM: ScreenSpec = {
  id: 'spectrogram',
  aliases: ['spectro'],
  sentence: 'how many calls took how long, and when; Enter shows the events of a field, or of an area that a begins',
  filter: '',
  enter: 'events',
  keys: [{ keys: ['a'], help: 'an area: from this field to where arrows lead; again: no more', bar: 'area', does: 'area' }],
  area,
  read: ({ capture, context, filter }) => {
    const slice = Math.max(1, Math.ceil((captureEnd(capture) + 1) / SLICES));
    const counts = Array.from({ length: SLICES }, () => new Float64Array(BOUNDS.length));
    for (const { chunk, selection, n } of capture.select(compileFilter(filter, context))) {
      for (let k = 0; k < n; k++) {
        const i = selection[k]!;
        const latency = chunk.latency[i]!;
        if (latency < 0) continue;
        const row = counts[Math.min(SLICES - 1, Math.floor(chunk.time[i]! / slice))]!;
        row[columnOf(latency)]!++;
      }
    }
    return {
      head: [`a row is ${spanText(slice)}; a column holds calls from its time on`],
      columns: [
        screenColumn('from', 'time', null, 'when the slice of time begins'),
        ...BOUNDS.map((bound, c) =>
          screenColumn(LABELS[c]!, 'heat', null, `calls that took ${spanText(bound)} or more, and less than the next`),
        ),
      ],
      rows: counts.map((row, at) => {
        const times = [at * slice, (at + 1) * slice] as const;
        const whole = within(times);
        return {
          cells: [at * slice, ...row],
          num: null,
          times,
          drill: whole,
          drills: [whole, ...BOUNDS.map((_, c) => `${whole} and ${latencies(c, c)}`)],
        };
      }),
    };
  },
};

function columnOf(latency: number): number {
  let c = 0;
  while (c + 1 < BOUNDS.length && latency >= BOUNDS[c + 1]!) c++;
  return c;
}

const within = ([from, to]: readonly [number, number]) => `evt.reltime>=${from} and evt.reltime<${to}`;

/** Columns of counts, from 0. */
function latencies(first: number, last: number): string {
  const above = `evt.latency>=${BOUNDS[first]}`;
  return last + 1 < BOUNDS.length ? `${above} and evt.latency<${BOUNDS[last + 1]}` : above;
}

/** The column of times stands for all of its rows. */
function area([a, b]: readonly [ScreenRow, ScreenRow], [left, right]: readonly [number, number]): string {
  const times = within([Math.min(a.times![0], b.times![0]), Math.max(a.times![1], b.times![1])]);
  return left === 0 ? times : `${times} and ${latencies(left - 1, right - 1)}`;
}
