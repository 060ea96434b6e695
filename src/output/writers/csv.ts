/** Comma-separated values (RFC 4180, but lines end as here): a line of names, then plain values; what is nested is JSON. */
import { type Cell, type Column, type ColumnType, columnsFor, type Report } from '../../report/report.ts';
import { cellJson, plainText } from '../cell.ts';
import { jsonText, sanitize } from '../printable.ts';
import type { Writer } from './writer.ts';

export class CsvWriter<T> implements Writer<T> {
  #columns: readonly Column<T>[] = [];
  #epoch = 0n;

  begin(report: Report<T>): string {
    this.#columns = columnsFor(report, 'programs');
    this.#epoch = report.epoch;
    return `${this.#columns.map(({ name }) => quoted(name)).join(',')}\n`;
  }

  row(item: T): string {
    return `${this.#columns.map((column) => quoted(this.#text(column, column.read(item)))).join(',')}\n`;
  }

  end(): string {
    return '';
  }

  #text(column: ColumnType, cell: Cell): string {
    if (column.unit !== 'record') return sanitize(plainText(column, cell, this.#epoch));
    return cell === null || cell === undefined ? '' : jsonText(cellJson(column, cell, { epoch: this.#epoch, bytesAs: 'text' }));
  }
}

function quoted(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
