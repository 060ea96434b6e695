/** How long calls took over time: a row a slice of time, a column a power of ten. Counts stand in the cells: it reads without colour. */
import { captureEnd } from '../../capture/capture.ts';
import { compileFilter } from '../../filter/compile.ts';
import { spanText } from '../../model/time.ts';
import { type ScreenSpec, screenColumn } from './screen.ts';

const SLICES = 40;
/** Lower bounds of the columns, ns: powers of ten from 1 µs to 10 s. */
const BOUNDS = [0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10];
/** As their columns are called: all of them fit into 80 cells. */
const LABELS = ['0', '1 µs', '10 µs', '100 µs', '1 ms', '10 ms', '100 ms', '1 s', '10 s'];

export const SPECTROGRAM: ScreenSpec = {
  id: 'spectrogram',
  aliases: ['spectro'],
  sentence: 'how many calls took how long, and when; arrows choose a field, Enter shows its events',
  filter: '',
  enter: 'events',
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
        const times = `evt.reltime>=${at * slice} and evt.reltime<${(at + 1) * slice}`;
        return {
          cells: [at * slice, ...row],
          num: null,
          drill: times,
          drills: [times, ...BOUNDS.map((_, c) => `${times} and ${latencies(c)}`)],
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

function latencies(column: number): string {
  const above = `evt.latency>=${BOUNDS[column]}`;
  return column + 1 < BOUNDS.length ? `${above} and evt.latency<${BOUNDS[column + 1]}` : above;
}
