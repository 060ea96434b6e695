/** `trowel read`: matching events as lines. */

import type { Capture } from '../capture/capture.ts';
import type { Range } from '../capture/select.ts';
import { type CompiledFilter, compileFilter } from '../filter/compile.ts';
import { MS } from '../model/time.ts';
import { Sink } from '../output/sink.ts';
import { say } from '../output/stderr.ts';
import { UsageError } from './exit.ts';
import { fileKind } from './file-kind.ts';
import { Printer, type PrintOptions } from './printer.ts';
import { parseSpan } from './span.ts';

export interface ReadOptions extends PrintOptions {
  readonly from?: string;
  readonly to?: string;
  readonly around?: string;
  readonly explainFilter?: boolean;
}

/** A .scap file is read as it is where that answers the question, else by way of its import. */
export async function read(path: string, filterText: string, options: ReadOptions): Promise<void> {
  const kind = fileKind(path);
  if (kind !== 'scap' && kind !== 'gzip') return readCapture(path, filterText, options);
  const { readStream } = await import('./read-stream.ts');
  if (await readStream(path, filterText, options)) return;
  const { capturePath } = await import('./scap-import.ts');
  await readCapture(await capturePath(path), filterText, options);
}

async function readCapture(path: string, filterText: string, options: ReadOptions): Promise<void> {
  const { contextOf, openCapture } = await import('./open-capture.ts');
  const capture = openCapture(path);
  const filter = compileFilter(filterText, contextOf(capture));
  const sink = new Sink();
  try {
    if (options.explainFilter === true) {
      const { explainFilter } = await import('./explain-filter.ts');
      sink.lines(explainFilter(capture, filter));
      return;
    }
    warn(filter);
    const printer = new Printer(filter, options, sink);
    for (const match of capture.select(filter, rangeOf(options, capture))) if (!printer.print(match)) break;
    printer.end();
  } finally {
    sink.flush();
    capture.close();
  }
}

export function warn(filter: CompiledFilter): void {
  for (const note of filter.notes) say(`note: ${note}`);
}

function rangeOf(options: ReadOptions, capture: Capture): Range {
  return options.around === undefined ? timeRange(options) : aroundRange(options.around, capture);
}

/** `--from`, `--to`: seconds since the capture's start. */
export function timeRange(options: ReadOptions): Range {
  const range: { -readonly [Key in keyof Range]: Range[Key] } = {};
  if (options.from !== undefined) range.fromTime = parseSpan('--from', options.from);
  if (options.to !== undefined) range.toTime = parseSpan('--to', options.to);
  return range;
}

/** `--around NUM:MS`: events within so many ms of event NUM. */
function aroundRange(text: string, capture: Capture): Range {
  const found = /^([0-9]+)(?::([0-9]+))?$/.exec(text);
  if (found === null) throw new UsageError(`--around takes an event's number and perhaps milliseconds, such as 10049:5, not ${text}`);
  const time = capture.timeOf(Number(found[1]));
  if (time === null) throw new UsageError(`--around ${text}: there is no event ${found[1]}`);
  const reach = Number(found[2] ?? 1) * MS;
  return { fromTime: time - reach, toTime: time + reach };
}
