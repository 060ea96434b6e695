/** `trowel import`: another file, or a part of a capture, as a capture of its own. */
import { existsSync } from 'node:fs';
import { compileFilter } from '../filter/compile.ts';
import { extract } from '../store/extract.ts';
import { UsageError } from './exit.ts';
import { contextOf, openCapture } from './open-capture.ts';

export function importFile(path: string, filterText: string, options: { readonly write?: string }): void {
  const target = options.write ?? `${path.replace(/\.(trowel|scap|scap\.gz)$/, '')}-part.trowel`;
  if (existsSync(target)) throw new UsageError(`${target} exists already: choose another -w FILE`);
  const capture = openCapture(path);
  try {
    const events = extract(capture, compileFilter(filterText, contextOf(capture)), target);
    process.stderr.write(`${target}: ${events} events\n`);
  } finally {
    capture.close();
  }
}
