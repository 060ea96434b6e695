/** `trowel read` on a .scap file as it is: nothing is written, and nothing is read twice. */

import { Matcher } from '../capture/select.ts';
import { looksAhead } from '../event/fields/field.ts';
import { compileFilter } from '../filter/compile.ts';
import { isImported, namedFile } from './import-cache.ts';
import { Out } from './out.ts';
import { Printer } from './printer.ts';
import { type ReadOptions, timeRange, warn } from './read.ts';
import { warnOf } from './scap-outcome.ts';
import { ScapStream } from './scap-stream.ts';

/** A .scap file as it is, with nothing written. False: that question needs an import, or there is one already. */
export async function readStream(path: string, filterText: string, options: ReadOptions): Promise<boolean> {
  if (options.around !== undefined || options.explainFilter === true || options.time === 'd' || (await isImported(path))) return false;
  const stream = await ScapStream.open(path);
  const filter = compileFilter(filterText, stream.context);
  const out = new Out();
  const printer = new Printer(filter, options, out);
  const fields = [...filter.fields, ...printer.fields];
  if (fields.some(looksAhead)) return false;
  try {
    warn(filter);
    const range = timeRange(options);
    const matcher = new Matcher(filter, range);
    const result = await stream.read({ dns: printer.showsDns, sizes: fields.some(({ name }) => SIZES.test(name)) }, (chunk) => {
      const match = matcher.match(chunk);
      matcher.timeBefore = chunk.time[chunk.n - 1]!;
      return match === null || printer.print(match);
    });
    warnOf(namedFile(path), result);
    printer.end();
  } finally {
    out.flush();
  }
  return true;
}

/** Fields that tell how large threads are. */
const SIZES = /\.(vm|nthreads|nchilds)/;
