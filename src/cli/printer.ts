/** Matching events, as they come, through the writer that was asked for. */

import type { Match } from '../capture/select.ts';
import { TIME_FORMS, type TimeForm } from '../event/fields/evt.ts';
import type { Field } from '../event/fields/field.ts';
import type { EventView } from '../event/view.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { shortened } from '../model/dotted.ts';
import { DEFAULT_FORMAT, LineFormat, NAMED_FORMATS } from '../output/format.ts';
import { Printing, printReport } from '../output/print.ts';
import { asciiText, hexDump } from '../output/printable.ts';
import { DNS_SUMMARY, eventColumns, eventReport, programColumns } from '../output/reports/events.ts';
import type { Sink } from '../output/sink.ts';
import { type WriterOptions, writerOf } from '../output/writers/index.ts';
import { TableWriter } from '../output/writers/table.ts';
import { columnType, rowColumns } from '../report/column.ts';
import type { Cell, Column, Report, Row } from '../report/report.ts';
import { columnFields } from './columns.ts';
import { EXIT, Exit, UsageError } from './exit.ts';
import { formatOf, terminalWidth, type WritingOptions } from './writing.ts';

/** What is printed of an event, and of how many. */
export interface PrintOptions extends WritingOptions {
  readonly format?: string;
  readonly time?: string;
  readonly ascii?: boolean;
  readonly hex?: boolean;
  readonly hexAscii?: boolean;
  readonly base64?: boolean;
  /** Payloads in full, where a line would show their first bytes. */
  readonly verbose?: boolean;
  readonly fields?: string;
  readonly limit?: number;
  readonly count?: boolean;
  readonly quiet?: boolean;
  /** At the end: which kinds of events there were. */
  readonly summary?: boolean;
  readonly exitCode?: boolean;
}

/** Prints matching events, or counts them, up to a limit. */
export class Printer {
  readonly #view: EventView;
  readonly #options: PrintOptions;
  readonly #sink: Sink;
  readonly #columns: readonly Column<EventView>[];
  readonly #printing: Printing<EventView> | null;
  #matched = 0;
  /** By event type. */
  readonly #counts: number[] = [];

  constructor({ view }: CompiledFilter, options: PrintOptions, sink: Sink) {
    this.#view = view;
    this.#options = options;
    this.#sink = sink;
    if (options.count === true || options.quiet === true) {
      this.#columns = [];
      this.#printing = null;
      return;
    }
    setPayloadText(view, options);
    const { columns, writer } = eventWriting(options);
    this.#columns = columns;
    const report = eventReport(columns, [], view.capture.epoch);
    this.#printing = new Printing(report, writerOf<EventView>(formatOf(options, 'line'), writer), sink);
  }

  get fields(): readonly Field[] {
    return this.#columns.flatMap(({ field }) => (field === null ? [] : [field.field]));
  }

  /** It tells of an event's DNS message. */
  get showsDns(): boolean {
    return this.#columns.includes(DNS_SUMMARY);
  }

  /** False: that is enough. */
  print(match: Match): boolean {
    const { chunk, selection, n } = match;
    const limit = this.#options.limit ?? Infinity;
    if (this.#options.summary === true) this.#count(match, limit - this.#matched);
    const printing = this.#printing;
    if (printing === null) {
      this.#matched = Math.min(limit, this.#matched + n);
      return this.#matched < limit;
    }
    for (let k = 0; k < n && this.#matched < limit; k++, this.#matched++) printing.row(this.#view.at(chunk, selection[k]!));
    return this.#matched < limit;
  }

  #count({ chunk, selection, n }: Match, most: number): void {
    for (let k = 0; k < Math.min(n, most); k++) {
      const type = chunk.type[selection[k]!]!;
      this.#counts[type] = (this.#counts[type] ?? 0) + 1;
    }
  }

  /** Writes what is still to be written. */
  flush(): void {
    this.#sink.flush();
  }

  /** Throws Exit where nothing matched and that was to be told. */
  end(): void {
    this.#printing?.end();
    if (this.#options.summary === true)
      printReport(summaryReport(this.#view, this.#counts), new TableWriter<Row>(terminalWidth()), this.#sink);
    if (this.#options.count === true) this.#sink.write(`${this.#matched}\n`);
    if (this.#matched === 0 && this.#options.exitCode === true) throw new Exit(EXIT.NOTHING_MATCHED);
  }
}

function summaryReport({ capture }: EventView, counts: readonly number[]): Report<Row> {
  const rows = counts.map((n, type): Row => [n, capture.dims.types.get(type)?.name ?? '']).filter(([n]) => n !== undefined);
  rows.sort(([a], [b]) => Number(b) - Number(a));
  const types = [columnType('events', 'count', 'how many'), columnType('evt.type', 'text', 'kind')];
  return { id: 'lens', columns: rowColumns(types), items: rows, epoch: capture.epoch };
}

/** Which columns are read, and what the writer has to know. */
function eventWriting(options: PrintOptions): { readonly columns: readonly Column<EventView>[]; readonly writer: WriterOptions } {
  const time = timeForm(options.time ?? 'h');
  if (options.fields !== undefined && options.format !== undefined)
    throw new UsageError('--fields and -p both say what is printed of an event: give one of them');
  const fields = options.fields === undefined ? null : columnFields(options.fields);
  if (fields?.length === 0) throw new UsageError('--fields names at least one field, such as evt.num');
  const named = options.format === undefined ? undefined : NAMED_FORMATS[options.format];
  const asked = fields === null ? (named ?? options.format) : fields.map(({ label }) => `%${label}`).join('\t');
  const common = { bytesAs: options.base64 === true ? 'base64' : 'text', width: terminalWidth() } as const;
  const isLine = formatOf(options, 'line') === 'line';
  if (!isLine && asked === undefined) return { columns: programColumns(), writer: common };
  const multiline = options.ascii === true || options.hex === true || options.hexAscii === true;
  const line = new LineFormat(asked ?? DEFAULT_FORMAT, multiline);
  const byLabel = new Map(line.bounds.map((bound) => [bound.label, bound]));
  const made = eventColumns([...byLabel.values()], time);
  const columns = isLine ? made.map(payloadColumn) : made;
  if (asked !== undefined) return { columns, writer: { ...common, line } };
  return { columns: [...columns, DNS_SUMMARY], writer: { ...common, line, tail: DNS_SUMMARY.name } };
}

/** Bytes as `-A`, `-x`, `-X` or `-b` show them, also where a field is printed alone. */
function payloadColumn(made: Column<EventView>): Column<EventView> {
  if (made.field?.field.type !== 'bytes') return made;
  const read = (view: EventView): Cell => {
    const cell = made.read(view);
    return cell instanceof Uint8Array ? (view.payloadText?.(cell) ?? cell) : cell;
  };
  return { ...made, read };
}

function setPayloadText(view: EventView, options: PrintOptions): void {
  if (options.base64 === true) view.payloadText = (bytes) => Buffer.from(bytes).toString('base64');
  else if (options.hexAscii === true) view.payloadText = (bytes) => `\n${hexDump(bytes, true).join('\n')}\n`;
  else if (options.hex === true) view.payloadText = (bytes) => `\n${hexDump(bytes, false).join('\n')}\n`;
  else if (options.ascii === true) view.payloadText = (bytes) => `\n${asciiText(bytes)}\n`;
  else if (options.verbose === true) view.payloadText = (bytes) => shortened(bytes, Number.POSITIVE_INFINITY);
}

function timeForm(form: string): TimeForm {
  if (form in TIME_FORMS) return form as TimeForm;
  throw new UsageError(
    `-t takes ${Object.entries(TIME_FORMS)
      .map(([letter, doc]) => `${letter} (${doc})`)
      .join(', ')}; not ${form}`,
  );
}
