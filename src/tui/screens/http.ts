/** Requests and answers of HTTP/1 that are not encrypted, in the order of time. */
import { compileFilter } from '../../filter/compile.ts';
import { written } from '../../filter/literal.ts';
import { list } from '../../lens/list.ts';
import type { ScreenSpec } from './screen.ts';
import { tableOf } from './tables.ts';

const FILTER = 'evt.is_io=true and (http.method exists or http.status exists)';
const COLUMNS = ['evt.num', 'evt.reltime', 'proc.name', 'evt.io_dir', 'http.method', 'http.status', 'http.host', 'http.uri', 'fd.name'];

export const HTTP: ScreenSpec = {
  id: 'http',
  aliases: ['requests'],
  sentence: 'which HTTP requests were made and answered, and how',
  filter: FILTER,
  enter: 'event',
  keys: [{ keys: ['e', 'F5'], help: 'the whole conversation', bar: 'stream', does: { to: 'stream' } }],
  read: ({ capture, context, filter }) => {
    const table = tableOf(list(capture, compileFilter(filter === '' ? FILTER : `(${FILTER}) and (${filter})`, context), COLUMNS));
    const name = COLUMNS.indexOf('fd.name');
    return {
      ...table,
      rows: table.rows.map((row) => ({ ...row, drill: row.cells[name] === null ? null : `fd.name=${written(String(row.cells[name]))}` })),
    };
  },
};
