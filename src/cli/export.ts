/** `trowel export`: events, or lookups, requests and waits, for other tools. */
import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { Capture } from '../capture/capture.ts';
import type { EventView } from '../event/view.ts';
import { compileFilter } from '../filter/compile.ts';
import { type Span, spansOf } from '../lens/spans.ts';
import { LOG_EVENTS } from '../output/otlp.ts';
import { Printing, printReport } from '../output/print.ts';
import { eventColumns, eventReport } from '../output/reports/events.ts';
import { spansReport } from '../output/reports/spans.ts';
import { Sink } from '../output/sink.ts';
import { say } from '../output/stderr.ts';
import { type EventExport, EXPORTS, type SpanExport } from '../output/writers/exports.ts';
import type { Writer } from '../output/writers/writer.ts';
import { contextOf } from './capture-context.ts';
import { columnFields } from './columns.ts';
import { UsageError } from './exit.ts';
import { openCapture } from './open-capture.ts';
import { parseSpan } from './span.ts';
import { createFile } from './target.ts';

export interface ExportOptions {
  readonly format: string;
  readonly output?: string;
  readonly fields?: string;
  readonly over: string;
  /** Where a collector listens, as http://HOST:PORT or grpc://HOST:PORT. */
  readonly to?: string;
}

const STDOUT = 1;

/** What tables of events have where nothing else is asked for. */
const FIELDS =
  'evt.num,evt.rawtime,evt.latency,evt.cpu,evt.type,evt.category,evt.rawres,evt.failed,proc.name,proc.pid,thread.tid,container.id,k8s.ns.name,k8s.pod.name,fd.num,fd.type,fd.name,evt.args,dns.qname,dns.qtype,dns.rcode';

export async function exportCapture(path: string, filterText: string, options: ExportOptions): Promise<void> {
  const format = exportNamed(options.format);
  const capture = await openCapture(path);
  try {
    if (options.to !== undefined) await send(capture, filterText, options);
    else await write(capture, filterText, format, options);
  } finally {
    capture.close();
  }
}

function exportNamed(name: string): EventExport | SpanExport {
  const found = EXPORTS.find((one) => one.name === name);
  if (found === undefined) throw new UsageError(`--format takes ${EXPORTS.map((one) => one.name).join(', ')}; not ${name}`);
  return found;
}

async function write(capture: Capture, filterText: string, format: EventExport | SpanExport, options: ExportOptions): Promise<void> {
  const { output } = options;
  const isStdout = output === undefined || output === '-';
  if (isStdout && format.binary && isatty(STDOUT))
    throw new UsageError(`--format ${format.name} is nothing for a terminal: name a file with -o`);
  const file = isStdout ? STDOUT : createFile(output);
  const sink = new Sink(file);
  try {
    if (format.of === 'events') writeEvents(capture, both(format.filter ?? '', filterText), await format.make(), sink, options);
    else writeSpans(capture, filterText, await format.make(), sink, options);
    sink.flush();
  } finally {
    if (!isStdout) closeSync(file);
  }
}

function writeEvents(capture: Capture, filterText: string, writer: Writer<EventView>, sink: Sink, options: ExportOptions): void {
  const filter = compileFilter(filterText, contextOf(capture));
  const columns = eventColumns(columnFields(options.fields ?? FIELDS));
  const printing = new Printing(eventReport(columns, [], capture.epoch), writer, sink);
  for (const note of filter.notes) say(`note: ${note}`);
  let rows = 0;
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) printing.row(filter.view.at(chunk, selection[k]!));
    rows += n;
  }
  printing.end();
  if (rows === 0) say('note: no event matches: nothing but the frame of the format was written');
  for (const gap of writer.gaps?.() ?? []) say(`note: ${gap}`);
}

/** Both filters, either of which may be empty. */
const both = (own: string, more: string): string => (own === '' || more === '' ? own + more : `(${own}) and (${more})`);

const spansFor = (capture: Capture, filter: string, { over }: ExportOptions) =>
  spansReport(spansOf({ capture, context: contextOf(capture), filter, over: parseSpan('--over', over) }), capture.epoch);

function writeSpans(capture: Capture, filterText: string, writer: Writer<Span>, sink: Sink, options: ExportOptions): void {
  const spans = printReport(spansFor(capture, filterText, options), writer, sink);
  if (spans === 0)
    say(`note: no lookup, request or wait that took ${options.over} or more matches: nothing but the frame of the format was written`);
}

/** To a collector; nothing of it is written to a file. */
async function send(capture: Capture, filterText: string, options: ExportOptions): Promise<void> {
  const { sendLogs, sendSpans } = await import('./export-send.ts');
  const to = options.to!;
  if (options.output !== undefined) throw new UsageError('--to sends, -o writes a file: one of them');
  if (options.format === 'otlp') say(await sendSpans(spansFor(capture, filterText, options), to));
  else if (options.format === 'otlp-logs')
    say(await sendLogs(capture, compileFilter(both(LOG_EVENTS, filterText), contextOf(capture)), to));
  else throw new UsageError('--to is for --format otlp and otlp-logs: it sends spans or log records to a collector');
}
