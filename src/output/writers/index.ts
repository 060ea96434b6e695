/** All writers, by the names that options and `trowel export` use. */
import type { JsonCells } from '../cell.ts';
import type { LineFormat } from '../format.ts';
import { CsvWriter } from './csv.ts';
import { JsonWriter } from './json.ts';
import { LineWriter } from './line.ts';
import { MarkdownWriter } from './markdown.ts';
import { TableWriter } from './table.ts';
import type { Writer } from './writer.ts';

export interface WriterOptions {
  /** What `line` writes; it needs one. */
  readonly line?: LineFormat;
  /** A column that `line` adds where there is something in it. */
  readonly tail?: string;
  readonly bytesAs?: JsonCells['bytesAs'];
  /** Cells of the terminal; absent: output is not cut. */
  readonly width?: number | null;
  /** Of tables: rows after which columns have their widths. */
  readonly measured?: number;
}

interface WriterRow {
  readonly name: string;
  readonly doc: string;
  readonly make: <T>(options: WriterOptions) => Writer<T>;
}

export const WRITERS = [
  {
    name: 'line',
    doc: 'a line an item, as -p says',
    make: <T>(o: WriterOptions) => new LineWriter<T>(formatIn(o), o.tail),
  },
  { name: 'json', doc: 'one JSON object a line', make: <T>(o: WriterOptions) => new JsonWriter<T>(o.bytesAs) },
  { name: 'csv', doc: 'comma-separated values', make: <T>() => new CsvWriter<T>() },
  { name: 'table', doc: 'columns that line up', make: <T>(o: WriterOptions) => new TableWriter<T>(o.width, o.measured) },
  { name: 'markdown', doc: 'a Markdown table', make: <T>() => new MarkdownWriter<T>() },
] as const satisfies readonly WriterRow[];

function formatIn({ line }: WriterOptions): LineFormat {
  if (line === undefined) throw new Error('lines need a format');
  return line;
}

export type Format = (typeof WRITERS)[number]['name'];

export function writerOf<T>(format: Format, options: WriterOptions = {}): Writer<T> {
  return WRITERS.find(({ name }) => name === format)!.make<T>(options);
}
