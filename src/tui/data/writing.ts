/** What the screen writes into files: rows, events, bytes of a stream. A file that is there is never overwritten. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import type { Capture } from '../../capture/capture.ts';
import { type CaptureContext, EventView } from '../../event/view.ts';
import { compileFilter } from '../../filter/compile.ts';
import { printReport } from '../../output/print.ts';
import { eventReport, programColumns } from '../../output/reports/events.ts';
import { type Format, writerOf } from '../../output/writers/index.ts';
import { columnType, rowColumns } from '../../report/column.ts';
import type { Report, Row } from '../../report/report.ts';
import type { ScreenRow, ScreenTable } from '../screens/screen.ts';
import { pieces, STREAM_FILTER } from '../screens/stream.ts';

/** What is to be written, and where. `rows` are at hand; for the others the capture is read. */
export type WriteJob =
  | {
      readonly what: 'rows';
      readonly path: string;
      readonly table: ScreenTable;
      readonly rows: readonly ScreenRow[];
      readonly epoch: bigint;
    }
  | { readonly what: 'events' | 'stream' | 'capture'; readonly path: string; readonly filter: string };

const FORMATS: Readonly<Record<string, Format>> = { csv: 'csv', json: 'json', jsonl: 'json', md: 'markdown', txt: 'table' };

/** The kind of file that a name asks for; null: none that can be written. */
export function formatOfPath(path: string): Format | 'capture' | null {
  const suffix = /\.([a-z]+)$/.exec(path)?.[1] ?? '';
  return suffix === 'trowel' ? 'capture' : (FORMATS[suffix] ?? null);
}

/** Gives what was written, in words. Throws FilterError, CaptureError, and what the file system says. */
export function write(job: WriteJob, capture: Capture, context: CaptureContext): string {
  switch (job.what) {
    case 'rows':
      return written(job.path, (sink) => printReport(reportOf(job), writerOf(textFormat(job.path)), sink), 'rows');
    case 'events': {
      const report = eventReport(programColumns(), eventsOf(capture, context, job.filter), capture.epoch);
      return written(job.path, (sink) => printReport(report, writerOf(textFormat(job.path)), sink), 'events');
    }
    case 'stream':
      return written(job.path, (sink) => writeStream(capture, context, job.filter, sink), 'bytes');
    case 'capture':
      throw new Error('a part of a capture cannot be written from here');
  }
}

function textFormat(path: string): Format {
  const format = formatOfPath(path);
  if (format === null || format === 'capture') throw new Error(`${path}: the name must end with .csv, .json, .md or .txt`);
  return format;
}

type FileSink = { write(piece: string | Uint8Array): void };

/** Half a file is none. */
function written(path: string, work: (sink: FileSink) => number, what: string): string {
  const file = openSync(path, 'wx', 0o600);
  try {
    const count = work({ write: (piece) => void (typeof piece === 'string' ? writeSync(file, piece) : writeSync(file, piece)) });
    return `${path}: ${count} ${what}`;
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function reportOf({ table, rows, epoch }: Extract<WriteJob, { what: 'rows' }>): Report<Row> {
  const types = table.columns.map(({ title, unit, doc, align }) =>
    columnType(title || 'text', unit === 'heat' ? 'count' : unit === 'bar' ? 'text' : unit, doc, { align, nullable: true }),
  );
  return { id: 'lens', columns: rowColumns(types), items: rows.map(({ cells }) => cells), epoch };
}

function* eventsOf(capture: Capture, context: CaptureContext, filter: string): Generator<EventView> {
  const view = new EventView(context);
  for (const { chunk, selection, n } of capture.select(compileFilter(filter, context))) {
    for (let k = 0; k < n; k++) yield view.at(chunk, selection[k]!);
  }
}

function writeStream(capture: Capture, context: CaptureContext, filter: string, sink: FileSink): number {
  const whole = filter === '' ? STREAM_FILTER : `${STREAM_FILTER} and (${filter})`;
  let bytes = 0;
  for (const { payload } of pieces(new EventView(context), capture.select(compileFilter(whole, context)))) {
    sink.write(payload);
    bytes += payload.length;
  }
  return bytes;
}
