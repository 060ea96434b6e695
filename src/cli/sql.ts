/** `trowel sql`: a capture as SQL tables. */
import { columnType, rowColumns } from '../report/column.ts';
import type { Row } from '../report/report.ts';
import { query, SqlError, type SqlResult, tableDocs } from '../sql/database.ts';
import { contextOf } from './capture-context.ts';
import { UsageError } from './exit.ts';
import { openCapture } from './open-capture.ts';
import { show, type WritingOptions } from './writing.ts';

export interface SqlOptions extends WritingOptions {
  readonly filter?: string;
  readonly limit?: number;
}

/** Without a query: the tables. */
export async function sql(path: string, text: string, options: SqlOptions): Promise<void> {
  const capture = await openCapture(path);
  try {
    if (text === '') showTables(options);
    else query({ capture, context: contextOf(capture) }, text, options.filter ?? '', (result) => showRows(result, options));
  } catch (error) {
    throw error instanceof SqlError ? new UsageError(error.message) : error;
  } finally {
    capture.close();
  }
}

function showRows({ columns, rows }: SqlResult, options: SqlOptions): void {
  const types = columns.map((name) => columnType(name, 'any', '', { nullable: true }));
  show<Row>({ id: 'lens', columns: rowColumns(types), items: rows, epoch: 0n }, options, { bytesAs: 'base64' });
}

function showTables(options: SqlOptions): void {
  const types = ['table', 'column', 'type', 'doc'].map((name) => columnType(name, 'text', ''));
  const items = tableDocs().map(({ table, column, type, doc }): Row => [table, column, type, doc]);
  show<Row>({ id: 'lens', columns: rowColumns(types), items, epoch: 0n }, options);
}
