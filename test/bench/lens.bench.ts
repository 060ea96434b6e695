/** What a lens costs an event, beside what its filter costs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFilter } from '../../src/filter/compile.ts';
import { ask } from '../../src/lens/ask.ts';
import { lensNamed } from '../../src/lens/index.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { assertEqual, cpuNs, report } from './measure.ts';
import { writeSynthetic } from './synthetic.ts';

const EVENTS = Number(process.env.BENCH_EVENTS ?? 4_000_000);
const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));
const path = join(folder, 'synthetic.trowel');
writeSynthetic(path, EVENTS);

const capture = new CaptureReader(path);
const context = { dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false };
const all = compileFilter('', context);

/** Reads the columns that a lens reads. */
function readOnly(): number {
  let sum = 0;
  for (const { chunk, selection, n } of capture.select(all)) {
    const { thread, fd, type } = chunk;
    for (let k = 0; k < n; k++) sum += thread[selection[k]!]! + fd[selection[k]!]! + type[selection[k]!]!;
  }
  return sum;
}

function sumOf(by: readonly string[], measures: readonly string[]): number {
  const table = ask({ lens: lensNamed('events')!, instead: { by, measures, most: Infinity } }, capture, context);
  if (table.kind !== 'table') throw new Error('no table');
  return [...table.items].reduce((sum, row) => sum + Number(row[0]), 0);
}

const base = cpuNs(3, readOnly) / EVENTS;
report('select everything', base, 'ns/event');
assertEqual(sumOf(['evt.type'], ['count']), EVENTS, 'events by type');
const CASES: readonly (readonly [by: readonly string[], measures: readonly string[], budget: number])[] = [
  [['proc.name'], ['count'], 40],
  [['evt.type'], ['count'], 40],
  [['fd.name'], ['count'], 40],
  [['fd.name'], ['bytes'], 100],
  [['proc.name', 'evt.type'], ['count'], 100],
  [['evt.type'], ['count', 'errors', 'time', 'avg', 'p95', 'max'], 300],
];
for (const [by, measures, budget] of CASES) {
  const cost = cpuNs(3, () => sumOf(by, measures)) / EVENTS;
  report(`lens: ${measures.join(', ')} by ${by.join(', ')}, beside its filter`, cost - base, 'ns/event', budget);
}
capture.close();
rmSync(folder, { recursive: true });
