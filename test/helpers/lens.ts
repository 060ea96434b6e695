import type { Capture } from '../../src/capture/capture.ts';
import type { CaptureContext } from '../../src/event/view.ts';
import { ask } from '../../src/lens/ask.ts';
import { lensNamed } from '../../src/lens/index.ts';
import { rowOf } from '../../src/report/column.ts';
import type { Column, Row } from '../../src/report/report.ts';

/** A lens' table, its rows read. */
export function lensTable(
  capture: Capture,
  context: CaptureContext,
  name: string,
  words: readonly string[] = [],
  filter = '',
): { columns: readonly Column<Row>[]; rows: Row[] } {
  const table = ask({ lens: lensNamed(name)!, words, filter }, capture, context);
  if (table.kind !== 'table') throw new Error(`${name} is no table`);
  return { columns: table.columns, rows: [...table.items].map((item) => rowOf(table.columns, item)) };
}
