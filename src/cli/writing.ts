/** How a command prints its report: which writer, for what terminal. */
import { isatty } from 'node:tty';
import { printReport } from '../output/print.ts';
import { Sink } from '../output/sink.ts';
import { type Format, type WriterOptions, writerOf } from '../output/writers/index.ts';
import type { Report } from '../report/report.ts';
import { UsageError } from './exit.ts';

const STDOUT = 1;
/** Where a terminal does not say how wide it is. */
const USUAL_WIDTH = 80;

/** The options by which people choose a writer. */
export interface WritingOptions {
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly markdown?: boolean;
}

/** The writer that was asked for. Throws UsageError where there is more than one. */
export function formatOf({ json, csv, markdown }: WritingOptions, otherwise: Format): Format {
  const asked: Format[] = [...(json === true ? ['json' as const] : []), ...(csv === true ? ['csv' as const] : [])];
  if (markdown === true) asked.push('markdown');
  if (asked.length > 1) throw new UsageError(`--${asked[0]} and --${asked[1]}: one of them`);
  return asked[0] ?? otherwise;
}

/** Cells of the terminal; null: it is none. */
export function terminalWidth(): number | null {
  if (!isatty(STDOUT)) return null;
  const said = Number(process.env.COLUMNS ?? '') || process.stdout.columns;
  return said > 0 ? said : USUAL_WIDTH;
}

/** Prints a report on standard output; gives how many items it had. */
export function show<T>(report: Report<T>, options: WritingOptions & { readonly limit?: number }, more: WriterOptions = {}): number {
  const sink = new Sink();
  const writer = writerOf<T>(formatOf(options, 'table'), { width: terminalWidth(), ...more });
  try {
    return printReport(report, writer, sink, options.limit);
  } finally {
    sink.flush();
  }
}
