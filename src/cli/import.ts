/** `trowel import`: another file, or a part of a capture, as a capture of its own. */
import { compileFilter } from '../filter/compile.ts';
import { say } from '../output/stderr.ts';
import { extract } from '../store/extract.ts';
import { fileKind } from './file-kind.ts';
import { contextOf, openCapture } from './open-capture.ts';
import { capturePath, importInto } from './scap-import.ts';
import { newTarget } from './target.ts';

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
  const target = newTarget(write ?? `${stem(path)}.trowel`);
  const { events } = await importInto(path, target);
  say(`${target}: ${events} events`);
}

const stem = (path: string) => path.replace(/\.(trowel|scap|scap\.gz)$/, '');

function importPart(path: string, named: string, filterText: string, write: string | undefined): void {
  const target = newTarget(write ?? `${stem(named)}-part.trowel`);
  const capture = openCapture(path);
  try {
    const events = extract(capture, compileFilter(filterText, contextOf(capture)), target);
    say(`${target}: ${events} events`);
  } finally {
    capture.close();
  }
}
