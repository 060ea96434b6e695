/** Something over time, a row for each stretch: bytes, events; and how latencies are spread in each. */
import type { Capture } from '../capture/capture.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { CHUNK_EVENTS } from '../model/chunk.ts';
import { MS, SECOND, US } from '../model/time.ts';
import { columnType } from '../report/column.ts';
import type { Row } from '../report/report.ts';
import type { Accumulator, Batch } from './accumulators.ts';
import type { LensTable } from './lens.ts';
import { measureNamed } from './measures.ts';
import { lensTable } from './table.ts';

/** No more rows than this, with stretches as long as that takes. */
const MOST_ROWS = 60;
const STRETCHES = [MS, 10 * MS, 100 * MS, SECOND, 10 * SECOND, 60 * SECOND, 600 * SECOND, 3600 * SECOND];
const BAR = 40;
const EIGHTHS = ' ▏▎▍▌▋▊▉';

/** ns: the shortest stretch with which the capture has few enough rows. */
function stretchOf(capture: Capture): number {
  const span = capture.last()?.time ?? 0;
  return STRETCHES.find((one) => span / one <= MOST_ROWS) ?? Math.ceil(span / MOST_ROWS);
}

/** Calls `add` with the events, by stretches; gives how many stretches there are. */
function eachStretch(capture: Capture, filter: CompiledFilter, stretch: number, add: (batch: Batch) => void): number {
  const groups = new Int32Array(CHUNK_EVENTS);
  let size = 0;
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      groups[k] = Math.max(0, Math.floor(chunk.time[selection[k]!]! / stretch));
      size = Math.max(size, groups[k]! + 1);
    }
    add({ chunk, selection, n, groups, size });
  }
  return size;
}

/** Measures over time, with a line of blocks for the first of them. */
export function series(capture: Capture, filter: CompiledFilter, words: readonly string[]): LensTable {
  const measures = words.map(measureNamed);
  const columns = [
    columnType('from', 'ns', 'since the capture began'),
    ...measures.map(({ name, unit, doc }) => columnType(name, unit, doc, { nullable: true })),
    columnType('bar', 'prose', 'the first of them', { audience: 'people' }),
  ];
  const stretch = stretchOf(capture);
  const rows = () => {
    const sums = measures.map(({ start }) => start(filter.view));
    const n = eachStretch(capture, filter, stretch, (batch) => {
      for (const one of sums) one.add(batch);
    });
    return seriesRows(sums, n, stretch);
  };
  return lensTable(capture, columns, rows, ([from]) => `evt.reltime>=${String(from)} and evt.reltime<${Number(from) + stretch}`);
}

function seriesRows(sums: readonly Accumulator[], n: number, stretch: number): Row[] {
  const sizes = Array.from({ length: n }, (_, at) => Number(sums[0]!.value(at) ?? 0));
  const most = sizes.reduce((a, b) => Math.max(a, b), 0);
  return sizes.map((size, at) => [at * stretch, ...sums.map((one) => one.value(at)), bar(most === 0 ? 0 : size / most)]);
}

/** Blocks for a share, to an eighth of a cell. */
function bar(share: number): string {
  const eighths = Math.round(share * BAR * 8);
  return ('█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '')).trimEnd();
}

const BOUND_NAMES = ['1us', '10us', '100us', '1ms', '10ms', '100ms', '1s'];
const BOUNDS = [US, 10 * US, 100 * US, MS, 10 * MS, 100 * MS, SECOND, Infinity];

/** How many calls took how long, in each stretch. */
export const spectrogram = (capture: Capture, filter: CompiledFilter): LensTable => {
  const stretch = stretchOf(capture);
  const columns = [
    columnType('from', 'ns', 'since the capture began'),
    ...BOUNDS.map((bound, i) => {
      const name = bound === Infinity ? `≥${BOUND_NAMES.at(-1)}` : `<${BOUND_NAMES[i]}`;
      return columnType(name, 'count', 'calls that took so long, and no less than the column before');
    }),
  ];
  const rows = () => {
    const counts = new Map<number, number>();
    const n = eachStretch(capture, filter, stretch, ({ chunk: { latency }, selection, groups, n: events }) => {
      for (let k = 0; k < events; k++) {
        const took = latency[selection[k]!]!;
        const key = groups[k]! * BOUNDS.length + BOUNDS.findIndex((bound) => took < bound);
        if (took >= 0) counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    });
    return Array.from({ length: n }, (_, at): Row => [at * stretch, ...BOUNDS.map((_, c) => counts.get(at * BOUNDS.length + c) ?? 0)]);
  };
  return lensTable(capture, columns, rows, ([from]) => `evt.reltime>=${String(from)} and evt.reltime<${Number(from) + stretch}`);
};

const OFFSETS = 50;

/** When within the seconds of the clock events come: what is started by a timer shows. */
export const subsecond = (capture: Capture, filter: CompiledFilter): LensTable => {
  const columns = [
    columnType('offset', 'ns', 'since the last full second of the clock'),
    columnType('events', 'count', 'how many'),
    columnType('bar', 'prose', 'how much, beside the longest of all', { audience: 'people' }),
  ];
  const rows = () => {
    const counts = new Array<number>(OFFSETS).fill(0);
    const begin = Number(capture.epoch % BigInt(SECOND));
    for (const { chunk, selection, n } of capture.select(filter)) {
      for (let k = 0; k < n; k++) {
        const at = (begin + chunk.time[selection[k]!]!) % SECOND;
        counts[Math.floor(((at + SECOND) % SECOND) / (SECOND / OFFSETS))]!++;
      }
    }
    const most = Math.max(1, ...counts);
    return counts.map((count, i): Row => [(i * SECOND) / OFFSETS, count, bar(count / most)]);
  };
  return lensTable(capture, columns, rows);
};
