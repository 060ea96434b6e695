/** `trowel import`: another file, or a part of a capture, as a capture of its own. */
import type { Capture } from '../capture/capture.ts';
import { compileFilter } from '../filter/compile.ts';
import { say } from '../output/stderr.ts';
import { extract } from '../store/extract.ts';
import { fileKind } from './file-kind.ts';
import { contextOf, openCapture } from './open-capture.ts';
import { capturePath, importInto } from './scap-import.ts';
import { newTarget } from './target.ts';

export async function importFile(path: string, filterText: string, options: ImportOptions): Promise<void> {
  const kind = fileKind(path);
  if (kind === 'scap' || kind === 'gzip') await importForeign(path, filterText, options);
  else importPart(path, path, filterText, options);
}

export interface ImportOptions {
  readonly write?: string;
  readonly limit?: number;
  readonly seconds?: number;
}

/** The filter, up to so many events and seconds. */
function narrowed(capture: Capture, filterText: string, { limit, seconds }: ImportOptions): string {
  const parts = filterText === '' ? [] : [`(${filterText})`];
  if (seconds !== undefined) parts.push(`evt.reltime<=${seconds}s`);
  if (limit !== undefined) parts.push(`evt.num<=${nthMatch(capture, parts.join(' and '), limit)}`);
  return parts.join(' and ');
}

/** Number of the n-th event that matches; the last one's where there are fewer. */
function nthMatch(capture: Capture, filterText: string, nth: number): number {
  let left = nth;
  for (const { chunk, selection, n } of capture.select(compileFilter(filterText, contextOf(capture)))) {
    if (n >= left) return left === 0 ? 0 : chunk.num[selection[left - 1]!]!;
    left -= n;
  }
  return capture.last()?.num ?? 0;
}

/** A sysdig capture: all of it, or by way of the cache what matches. */
async function importForeign(path: string, filterText: string, options: ImportOptions): Promise<void> {
  const { write, limit, seconds } = options;
  if (filterText !== '' || limit !== undefined || seconds !== undefined) {
    importPart(await capturePath(path), path, filterText, options);
    return;
  }
  const target = newTarget(write ?? `${stem(path)}.trowel`);
  const { events } = await importInto(path, target);
  say(`${target}: ${events} events`);
}

const stem = (path: string) => path.replace(/\.(trowel|scap|scap\.gz)$/, '');

function importPart(path: string, named: string, filterText: string, options: ImportOptions): void {
  const { write } = options;
  const target = newTarget(write ?? `${stem(named)}-part.trowel`);
  const capture = openCapture(path);
  try {
    const events = extract(capture, compileFilter(narrowed(capture, filterText, options), contextOf(capture)), target);
    say(`${target}: ${events} events`);
  } finally {
    capture.close();
  }
}
