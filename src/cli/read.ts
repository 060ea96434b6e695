/** `trowel read`: matching events as lines. */

import type { Capture } from '../capture/capture.ts';
import type { EventStream } from '../capture/event-stream.ts';
import type { Range } from '../capture/select.ts';
import { isStoreName } from '../cluster/address.ts';
import type { Field } from '../event/fields/field.ts';
import { type CompiledFilter, compileFilter } from '../filter/compile.ts';
import { MS } from '../model/time.ts';
import { Sink } from '../output/sink.ts';
import { say } from '../output/stderr.ts';
import { contextOf } from './capture-context.ts';
import { UsageError } from './exit.ts';
import { parseMoments } from './moment.ts';
import { openCapture, openFor, warnOf } from './open-capture.ts';
import { Printer, type PrintOptions } from './printer.ts';

export interface ReadOptions extends PrintOptions {
  readonly from?: string;
  readonly to?: string;
  readonly around?: string;
  readonly explainFilter?: boolean;
}

/** What is asked, and what becomes of the answer. */
interface Reading {
  readonly filter: CompiledFilter;
  readonly printer: Printer;
  readonly fields: readonly Field[];
}

export async function read(path: string, filterText: string, options: ReadOptions): Promise<void> {
  const ask = (stream: EventStream) => readingOf(stream, filterText, options);
  if (options.explainFilter === true && isStoreName(path)) return explainThere(path, filterText);
  if (await isCountedThere(path, filterText, options)) return;
  if (options.around !== undefined || options.explainFilter === true || options.time === 'd') await readCapture(path, ask, options);
  else {
    const { stream, question } = await openFor(path, ask);
    await print(stream, question, timeRange(options, stream)).finally(() => stream.close());
  }
}

/** A store counts its events itself, where it can decide the filter. */
async function isCountedThere(path: string, filterText: string, options: ReadOptions): Promise<boolean> {
  const { count, quiet, limit, summary, exitCode, around, explainFilter } = options;
  const isPlain = [quiet, summary, exitCode, explainFilter].every((one) => one !== true) && limit === undefined && around === undefined;
  if (count !== true || !isPlain || !isStoreName(path)) return false;
  const { filterNotes, storeCount } = await import('./store-fold.ts');
  const n = await storeCount(path, filterText, (stream) => timeRange(options, stream));
  if (n === null) return false;
  for (const note of filterNotes(filterText)) say(`note: ${note}`);
  process.stdout.write(`${n}\n`);
  return true;
}

function readingOf(stream: EventStream, filterText: string, options: ReadOptions): Reading {
  const filter = compileFilter(filterText, contextOf(stream));
  const printer = new Printer(filter, options, new Sink());
  return { filter, printer, fields: [...filter.fields, ...printer.fields] };
}

/** Questions to a capture as a whole. */
async function readCapture(path: string, ask: (stream: EventStream) => Reading, options: ReadOptions): Promise<void> {
  const capture = await openCapture(path);
  try {
    const question = ask(capture);
    if (options.explainFilter === true) await explain(capture, question.filter);
    else await print(capture, question, rangeOf(options, capture));
  } finally {
    capture.close();
  }
}

async function print(stream: EventStream, { filter, printer, fields }: Reading, range: Range): Promise<void> {
  try {
    for (const note of filter.notes) say(`note: ${note}`);
    const outcome = await stream.read({ filter, range, fields, dns: printer.showsDns }, (match) => printer.print(match));
    warnOf(stream.path, outcome);
    printer.end();
  } finally {
    printer.flush();
  }
}

async function explain(capture: Capture, filter: CompiledFilter): Promise<void> {
  const sink = new Sink();
  sink.lines((await import('./explain-filter.ts')).explainFilter(capture, filter));
  sink.flush();
}

async function explainThere(name: string, filterText: string): Promise<void> {
  const sink = new Sink();
  sink.lines(await (await import('./explain-store.ts')).explainOnStore(name, filterText));
  sink.flush();
}

function rangeOf(options: ReadOptions, capture: Capture): Range {
  return options.around === undefined ? timeRange(options, capture) : aroundRange(options.around, capture);
}

/** `--from`, `--to`. */
function timeRange(options: ReadOptions, stream: EventStream): Range {
  const { from, to } = parseMoments(options, stream);
  return { ...(from === undefined ? {} : { fromTime: from }), ...(to === undefined ? {} : { toTime: to }) };
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
