/** Markdown: a table to paste into a ticket or a document. What is captured cannot mean anything in it. */
import { type Cell, type Column, type ColumnType, columnsFor, type Report } from '../../report/report.ts';
import { peopleText } from '../cell.ts';
import { sanitize } from '../printable.ts';
import { linesText, type Writer } from './writer.ts';

export class MarkdownWriter<T> implements Writer<T> {
  #report: Report<T> | null = null;
  #columns: readonly Column<T>[] = [];
  #rows = 0;

  begin(report: Report<T>): string {
    this.#report = report;
    this.#columns = columnsFor(report, 'people').filter(({ unit }) => unit !== 'record');
    const { heading, blocks } = report;
    const above = heading === undefined ? [] : [`# ${heading.title}`, '', heading.text, ''];
    return linesText(blocks?.markdown !== undefined ? above : [...above, ...this.#titles()]);
  }

  row(item: T): string {
    const report = this.#report!;
    const index = this.#rows++;
    if (report.blocks?.markdown !== undefined) return linesText(report.blocks.markdown(item, index).map(sanitize));
    return `| ${this.#columns.map((column) => cellMarkdown(column, column.read(item), report.epoch)).join(' | ')} |\n`;
  }

  end(): string {
    const { empty, notes } = this.#report!;
    const last = this.#rows === 0 && empty !== undefined ? [empty] : [];
    return linesText([...last, ...(notes?.() ?? [])].map((line) => sanitize(line)));
  }

  #titles(): string[] {
    const marks = this.#columns.map(({ align }) => (align === 'right' ? '---:' : '---'));
    return [`| ${this.#columns.map(({ title }) => title).join(' | ')} |`, `|${marks.join('|')}|`];
  }
}

function cellMarkdown(column: ColumnType, cell: Cell, epoch: bigint): string {
  const piped = (text: string) => text.replaceAll('|', '\\|');
  if (column.unit !== 'code') {
    const text = peopleText(column, cell, epoch);
    return column.unit === 'prose' ? piped(text) : markdownText(text);
  }
  const all = Array.isArray(cell) ? (cell as readonly Cell[]) : [cell];
  const texts = all.map((one) => peopleText(column, one, epoch)).filter((text) => text !== '');
  return texts.map((text) => `\`${piped(text)}\``).join(' ');
}

/** What is special in Markdown or HTML loses its meaning. */
export function markdownText(text: string): string {
  return sanitize(text).replace(/[\\`*_[\]<>#|]/g, (character) => `\\${character}`);
}
