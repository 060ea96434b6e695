/** Columns that line up, for summaries. */
import stringWidth from 'string-width';

export interface TableColumn {
  readonly title: string;
  readonly align?: 'right';
}

/** Rows of already harmless text, with a line of titles; trailing blanks removed. */
export function tableLines(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ title }, c) => Math.max(stringWidth(title), ...rows.map((row) => stringWidth(row[c] ?? ''))));
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, c) => {
        const cell = cells[c] ?? '';
        const padding = ' '.repeat(Math.max(0, widths[c]! - stringWidth(cell)));
        return align === 'right' ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)];
}
