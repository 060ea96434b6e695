/** `trowel import`: another file, or a part of a capture, as a capture of its own. */
import { existsSync } from 'node:fs';
import { compileFilter } from '../filter/compile.ts';
import { extract } from '../store/extract.ts';
import { UsageError } from './exit.ts';
import { fileKind } from './file-kind.ts';
import { namedFile } from './import-cache.ts';
import { contextOf, openCapture } from './open-capture.ts';
import { capturePath, importInto } from './scap-import.ts';
import { warnOf } from './scap-outcome.ts';

export async function importFile(path: string, filterText: string, options: { readonly write?: string }): Promise<void> {
  const kind = fileKind(path);
  if (kind === 'scap' || kind === 'gzip') await importForeign(path, filterText, options.write);
  else importPart(path, path, filterText, options.write);
}

/** A sysdig capture: all of it, or by way of the cache what matches. */
async function importForeign(path: string, filterText: string, write: string | undefined): Promise<void> {
  if (filterText !== '') {
    importPart(await capturePath(path), path, filterText, write);
    return;
  }
  const target = write ?? `${stem(path)}.trowel`;
  if (existsSync(target)) throw new UsageError(`${target} exists already: choose another -w FILE`);
  const result = await importInto(path, target);
  warnOf(namedFile(path), result);
  process.stderr.write(`${target}: ${result.events} events\n`);
}

const stem = (path: string) => path.replace(/\.(trowel|scap|scap\.gz)$/, '');

function importPart(path: string, named: string, filterText: string, write: string | undefined): void {
  const target = write ?? `${stem(named)}-part.trowel`;
  if (existsSync(target)) throw new UsageError(`${target} exists already: choose another -w FILE`);
  const capture = openCapture(path);
  try {
    const events = extract(capture, compileFilter(filterText, contextOf(capture)), target);
    process.stderr.write(`${target}: ${events} events\n`);
  } finally {
    capture.close();
  }
}
