/** Tables for people: columns that line up, a record as names and values, or the blocks that a report brings. */
import { type Cell, type Column, type ColumnType, columnsFor, type Report, type Row } from '../../report/report.ts';
import { peopleText } from '../cell.ts';
import { sanitize, sanitizeLines } from '../printable.ts';
import { type TableColumn, TableLayout } from '../table.ts';
import { linesText, type Writer } from './writer.ts';

/** So many rows decide how wide columns are; those that come later are written as they come. */
const MEASURED = 5000;
/** Cells of a record's names. */
const NAME_WIDTH = 10;

export class TableWriter<T> implements Writer<T> {
  readonly #width: number | null;
  readonly #measured: number;
  #report: Report<T> | null = null;
  #columns: readonly Column<T>[] = [];
  #held: string[][] = [];
  #layout: TableLayout | null = null;
  #rows = 0;

  /** `width`: cells of the terminal; null: none, so nothing is cut. `measured`: rows that decide how wide columns are. */
  constructor(width: number | null = null, measured = MEASURED) {
    this.#width = width;
    this.#measured = measured;
  }

  begin(report: Report<T>): string {
    this.#report = report;
    this.#columns = columnsFor(report, 'people');
    return '';
  }

  row(item: T): string {
    const report = this.#report!;
    const index = this.#rows++;
    if (report.blocks !== undefined) return linesText(report.blocks.table(item, index).map((line) => sanitizeLines(line)));
    if (report.form === 'record') return linesText(this.#recordLines(item));
    const cells = this.#columns.map((column) => peopleText(column, column.read(item), report.epoch));
    if (this.#layout !== null) return linesText([this.#layout.line(cells)]);
    this.#held.push(cells);
    return this.#held.length < this.#measured ? '' : this.#release();
  }

  end(): string {
    const { blocks, form, empty, notes } = this.#report!;
    const isTable = blocks === undefined && form !== 'record';
    if (this.#rows === 0 && empty !== undefined) return linesText([sanitize(empty), ...(notes?.() ?? []).map(sanitize)]);
    const rest = isTable && this.#layout === null ? this.#release() : '';
    const cut = this.#layout?.cutNote() ?? null;
    return rest + linesText([...(cut === null ? [] : [cut]), ...(notes?.() ?? []).map(sanitize)]);
  }

  #release(): string {
    const titles = titlesOf(this.#columns);
    this.#layout = new TableLayout(titles, this.#held, this.#width);
    const lines = [this.#layout.header(), ...this.#held.map((cells) => this.#layout!.line(cells))];
    this.#held = [];
    return linesText(lines);
  }

  #recordLines(item: T): string[] {
    const { epoch } = this.#report!;
    const lines: string[] = [];
    for (const column of this.#columns) {
      const cell = column.read(item);
      if (column.unit === 'record') lines.push(...nestedLines(column, cell as readonly Row[], epoch));
      else if (cell !== undefined) lines.push(`${column.title.padEnd(NAME_WIDTH)} ${peopleText(column, cell, epoch)}`);
    }
    return lines;
  }
}

/** A record's list of records, as a table; nothing where it is empty. */
function nestedLines({ parts }: ColumnType, rows: readonly Row[], epoch: bigint): string[] {
  if (rows.length === 0) return [];
  const titles = titlesOf(parts);
  const texts = rows.map((row) => parts.map((part, i) => peopleText(part, row[i] as Cell, epoch)));
  const layout = new TableLayout(titles, texts, null);
  return [layout.header(), ...texts.map((cells) => layout.line(cells))];
}

function titlesOf(columns: readonly ColumnType[]): TableColumn[] {
  return columns.map(({ name, title, align, unit }) => ({
    title: title.toUpperCase(),
    ...(align === 'right' ? { align } : {}),
    ...(unit === 'time' || name === 'evt.time' ? { whole: true } : {}),
  }));
}
