/** Parts of one recording as one capture: what lies between two times, under its own numbers, with only the rows it needs. */
import type { CaptureMeta } from '../capture/meta.ts';
import { compileFilter } from '../filter/compile.ts';
import { OpenChunk } from '../model/chunk.ts';
import { type DimensionTables, newTables } from '../model/rows.ts';
import { NeededRows } from './extract.ts';
import { CaptureReader } from './reader.ts';
import { CaptureWriter } from './writer.ts';

const LEVEL = 3;

export interface JoinOptions {
  readonly from: number;
  readonly to: number;
  readonly meta: Partial<CaptureMeta>;
}

/** `parts`: paths, in order; their rows have the same ids. Gives the number of events. Throws CaptureError. */
export function join(parts: readonly string[], path: string, { from, to, meta }: JoinOptions): number {
  const tables = newTables();
  const writer = new CaptureWriter(path, tables, { level: LEVEL, live: false, small: true });
  let total = 0;
  for (const [i, part] of parts.entries()) {
    const capture = new CaptureReader(part);
    try {
      if (i === 0) {
        const { state: _, begin: _begin, end: _end, ...said } = capture.meta;
        writer.meta(said);
      }
      total += append(capture, writer, tables, { from, to });
    } finally {
      capture.close();
    }
  }
  writer.close({ ...meta, begin: String(from), end: String(to) });
  return total;
}

function append(capture: CaptureReader, writer: CaptureWriter, tables: DimensionTables, range: { from: number; to: number }): number {
  const rows = new NeededRows(capture, tables, range);
  const { dims, epoch } = capture;
  const filter = compileFilter('', { dims, epoch, hostname: '', growing: false });
  let total = 0;
  for (const { chunk, selection, n } of capture.select(filter, { fromTime: range.from, toTime: range.to })) {
    const copy = new OpenChunk(n, 1024);
    for (let k = 0; k < n; k++) copy.take(chunk, selection[k]!);
    rows.need(copy);
    writer.append(copy);
    total += n;
  }
  rows.finish();
  return total;
}
