/** `trowel read`: matching events as lines. */
import { type CompiledFilter, compileFilter } from '../filter/compile.ts';
import { outputTime } from '../filter/fields/evt.ts';
import type { EventView } from '../filter/view.ts';
import { MS } from '../model/time.ts';
import { DEFAULT_FORMAT, LineFormat, NAMED_FORMATS } from '../output/format.ts';
import { JsonFormat } from '../output/json.ts';
import { asciiText, hexDump } from '../output/printable.ts';
import type { CaptureReader } from '../store/reader.ts';
import { type Range, scan } from '../store/scan.ts';
import { columnFields, summaryText } from './columns.ts';
import { EXIT, Exit, UsageError } from './exit.ts';
import { explainFilter } from './explain-filter.ts';
import { contextOf, openCapture } from './open-capture.ts';
import { Out } from './out.ts';
import { parseSpan } from './span.ts';

export interface ReadOptions {
  readonly format?: string;
  readonly time?: string;
  readonly ascii?: boolean;
  readonly hex?: boolean;
  readonly hexAscii?: boolean;
  readonly base64?: boolean;
  readonly json?: boolean;
  readonly fields?: string;
  readonly limit?: number;
  readonly count?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly around?: string;
  readonly exitCode?: boolean;
  readonly explainFilter?: boolean;
}

/** How one event becomes a line. */
type Line = (view: EventView) => string;

export function read(path: string, filterText: string, options: ReadOptions): void {
  const capture = openCapture(path);
  const filter = compileFilter(filterText, contextOf(capture));
  const out = new Out();
  try {
    if (options.explainFilter === true) {
      out.lines(explainFilter(capture, filter));
      return;
    }
    warn(filter);
    const range = rangeOf(options, capture);
    const matched = options.count === true ? count(capture, filter, range) : print(capture, filter, range, options, out);
    if (options.count === true) out.line(String(matched));
    if (matched === 0 && options.exitCode === true) throw new Exit(EXIT.NOTHING_MATCHED);
  } finally {
    out.flush();
    capture.close();
  }
}

function warn(filter: CompiledFilter): void {
  for (const note of filter.notes) process.stderr.write(`note: ${note}\n`);
}

function count(capture: CaptureReader, filter: CompiledFilter, range: Range): number {
  let total = 0;
  for (const { n } of scan(capture, filter, range)) total += n;
  return total;
}

function print(capture: CaptureReader, filter: CompiledFilter, range: Range, options: ReadOptions, out: Out): number {
  const { view } = filter;
  const line = lineOf(view, options);
  const limit = options.limit ?? Infinity;
  let printed = 0;
  for (const { chunk, selection, n } of scan(capture, filter, range)) {
    for (let k = 0; k < n && printed < limit; k++, printed++) out.line(line(view.at(chunk, selection[k]!)));
    if (printed >= limit) break;
  }
  return printed;
}

function lineOf(view: EventView, options: ReadOptions): Line {
  setPayloadText(view, options);
  const fields = options.fields === undefined ? null : columnFields(options.fields);
  if (options.json === true) {
    const json = new JsonFormat(fields, options.base64 === true ? 'base64' : 'text');
    return (event) => json.line(event);
  }
  const time = timeOf(options.time ?? 'a');
  const named = options.format === undefined ? undefined : NAMED_FORMATS[options.format];
  const text = fields === null ? (named ?? options.format ?? DEFAULT_FORMAT) : fields.map(({ label }) => `%${label}`).join('\t');
  const multiline = options.ascii === true || options.hex === true || options.hexAscii === true;
  const format = new LineFormat(text, multiline);
  const summarise = options.format === undefined && fields === null;
  return (event) => {
    const written = format.line(event, time(event));
    return summarise ? written + summaryText(event) : written;
  };
}

function setPayloadText(view: EventView, options: ReadOptions): void {
  if (options.base64 === true) view.payloadText = (bytes) => Buffer.from(bytes).toString('base64');
  else if (options.hexAscii === true) view.payloadText = (bytes) => `\n${hexDump(bytes, true).join('\n')}\n`;
  else if (options.hex === true) view.payloadText = (bytes) => `\n${hexDump(bytes, false).join('\n')}\n`;
  else if (options.ascii === true) view.payloadText = (bytes) => `\n${asciiText(bytes)}\n`;
}

function timeOf(form: string): (view: EventView) => string {
  if (form !== 'a' && form !== 'r' && form !== 'd' && form !== 'D') throw new UsageError(`-t takes a, r, d or D, not ${form}`);
  let printedBefore: number | null = null;
  return (view) => {
    const text = outputTime(view, form, printedBefore);
    printedBefore = view.time;
    return text;
  };
}

/** `--from`, `--to`: seconds since the capture's start; `--around NUM:MS`: events within so many ms of event NUM. */
function rangeOf(options: ReadOptions, capture: CaptureReader): Range {
  if (options.around !== undefined) return aroundRange(options.around, capture);
  const range: { -readonly [Key in keyof Range]: Range[Key] } = {};
  if (options.from !== undefined) range.fromTime = parseSpan('--from', options.from);
  if (options.to !== undefined) range.toTime = parseSpan('--to', options.to);
  return range;
}

function aroundRange(text: string, capture: CaptureReader): Range {
  const found = /^([0-9]+)(?::([0-9]+))?$/.exec(text);
  if (found === null) throw new UsageError(`--around takes an event's number and perhaps milliseconds, such as 10049:5, not ${text}`);
  const time = capture.timeOf(Number(found[1]));
  if (time === null) throw new UsageError(`--around ${text}: there is no event ${found[1]}`);
  const reach = Number(found[2] ?? 1) * MS;
  return { fromTime: time - reach, toTime: time + reach };
}
