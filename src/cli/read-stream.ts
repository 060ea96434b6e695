/** `trowel read` on a .scap file as it is: nothing is written, and nothing is read twice. */

import { Matcher } from '../capture/select.ts';
import { looksAhead, needs } from '../event/fields/field.ts';
import { compileFilter } from '../filter/compile.ts';
import { Sink } from '../output/sink.ts';
import { isImported } from './import-cache.ts';
import { Printer } from './printer.ts';
import { type ReadOptions, timeRange, warn } from './read.ts';
import { warnOf } from './scap-outcome.ts';
import { ScapStream } from './scap-stream.ts';

/** A .scap file as it is, with nothing written. False: that question needs an import, or there is one already. */
export async function readStream(path: string, filterText: string, options: ReadOptions): Promise<boolean> {
  if (options.around !== undefined || options.explainFilter === true || (await isImported(path))) return false;
  const stream = await ScapStream.open(path);
  const filter = compileFilter(filterText, stream.context);
  const sink = new Sink();
  const printer = new Printer(filter, options, sink);
  const fields = [...filter.fields, ...printer.fields];
  if (fields.some(looksAhead)) return false;
  try {
    warn(filter);
    const range = timeRange(options);
    const matcher = new Matcher(filter, range);
    const result = await stream.read({ dns: printer.showsDns, sizes: fields.some((field) => needs(field, 'thread sizes')) }, (chunk) => {
      const match = matcher.next(chunk);
      return match === null || printer.print(match);
    });
    warnOf(path, result);
    printer.end();
  } finally {
    sink.flush();
  }
  return true;
}
