/** A line an item: what `-p` says, its places filled from the report's columns. */
import type { Column, Report } from '../../report/report.ts';
import { plainText } from '../cell.ts';
import type { LineFormat } from '../format.ts';
import { sanitize } from '../printable.ts';
import type { Writer } from './writer.ts';

const ABSENT = '<NA>';

/** Throws where the format has a place for what is no column of the report. */
export class LineWriter<T> implements Writer<T> {
  readonly #format: LineFormat;
  /** A column whose text, where there is any, comes after the line. */
  readonly #tail: string | null;
  #columns: readonly Column<T>[] = [];
  #last: Column<T> | null = null;
  #epoch = 0n;

  constructor(format: LineFormat, tail: string | null = null) {
    this.#format = format;
    this.#tail = tail;
  }

  begin({ columns, epoch }: Report<T>): string {
    const named = (name: string) => {
      const column = columns.find((one) => one.name === name);
      if (column === undefined) throw new Error(`${name} is no column of this report`);
      return column;
    };
    this.#columns = this.#format.bounds.map(({ label }) => named(label));
    this.#last = this.#tail === null ? null : named(this.#tail);
    this.#epoch = epoch;
    return '';
  }

  row(item: T): string {
    const line = this.#format.filled((place) => {
      const column = this.#columns[place]!;
      return plainText(column, column.read(item), this.#epoch, ABSENT);
    });
    return `${line}${this.#tailText(item)}\n`;
  }

  end(): string {
    return '';
  }

  #tailText(item: T): string {
    const cell = this.#last?.read(item);
    return cell === null || cell === undefined ? '' : ` ${this.#tail}="${sanitize(String(cell))}"`;
  }
}
