/** NDJSON: one object a line, named as the columns are; docs/schema says what is in it. */

import { rowOf } from '../../report/column.ts';
import { type Column, columnsFor, type Report } from '../../report/report.ts';
import { type JsonCells, rowJson } from '../cell.ts';
import { jsonText } from '../printable.ts';
import type { Writer } from './writer.ts';

export class JsonWriter<T> implements Writer<T> {
  readonly #bytesAs: JsonCells['bytesAs'];
  #columns: readonly Column<T>[] = [];
  #how: JsonCells = { epoch: 0n, bytesAs: 'text' };

  constructor(bytesAs: JsonCells['bytesAs'] = 'text') {
    this.#bytesAs = bytesAs;
  }

  begin(report: Report<T>): string {
    this.#columns = columnsFor(report, 'programs');
    this.#how = { epoch: report.epoch, bytesAs: this.#bytesAs };
    return '';
  }

  row(item: T): string {
    return `${jsonText(rowJson(this.#columns, rowOf(this.#columns, item), this.#how))}\n`;
  }

  end(): string {
    return '';
  }
}
