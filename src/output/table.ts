/** Columns that line up, for summaries. */
import { createRequire } from 'node:module';
import type stringWidth from 'string-width';

const load = createRequire(import.meta.url);
/** ASCII, and what our own tables draw with: a cell each. */
const NARROW = /^[\x20-\x7eµ·…→█]*$/;

/** Cells that a harmless text takes. The package spends 30 ms on its tables of emoji: only a text that needs them has it loaded. */
function widthOf(text: string): number {
  if (NARROW.test(text)) return text.length;
  return (load('string-width') as { default: typeof stringWidth }).default(text);
}

export interface TableColumn {
  readonly title: string;
  readonly align?: 'right';
}

/** Rows of already harmless text, with a line of titles; trailing blanks removed. */
export function tableLines(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ title }, c) => Math.max(widthOf(title), ...rows.map((row) => widthOf(row[c] ?? ''))));
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, c) => {
        const cell = cells[c] ?? '';
        const padding = ' '.repeat(Math.max(0, widths[c]! - widthOf(cell)));
        return align === 'right' ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)];
}
