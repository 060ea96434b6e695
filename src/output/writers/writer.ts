/** What makes bytes of a report, one kind of output each. */
import type { Report } from '../../report/report.ts';

/** Empty: nothing yet. */
export type Bytes = string | Uint8Array;

export interface Writer<T> {
  begin(report: Report<T>): Bytes;
  row(item: T): Bytes;
  end(): Bytes;
  /** After the end: what the format had no place for, a sentence each. */
  gaps?(): readonly string[];
}

/** Joins lines, each with its end. */
export function linesText(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
