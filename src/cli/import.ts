/** `trowel import`: another file, or a part of a capture, as a capture of its own. */
import type { Capture } from '../capture/capture.ts';
import { STDIN } from '../capture/opener.ts';
import { compileFilter } from '../filter/compile.ts';
import { say } from '../output/stderr.ts';
import { extract } from '../store/extract.ts';
import { contextOf } from './capture-context.ts';
import { UsageError } from './exit.ts';
import { convertCapture, openCapture } from './open-capture.ts';
import { newTarget } from './target.ts';

export interface ImportOptions {
  readonly write?: string;
  readonly limit?: number;
  readonly seconds?: number;
}

export async function importFile(path: string, filterText: string, options: ImportOptions): Promise<void> {
  const { write, limit, seconds } = options;
  if (path === STDIN && write === undefined) throw new UsageError('import - needs -w FILE');
  const isAll = filterText === '' && limit === undefined && seconds === undefined;
  const whole = isAll ? await importAll(path, write ?? `${stem(path)}.trowel`) : false;
  if (!whole) await importPart(path, filterText, options);
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

const stem = (path: string) => path.replace(/\.(trowel|scap|scap\.gz)$/, '');

/** All of what is no Trowel capture. False: it is one. */
async function importAll(path: string, target: string): Promise<boolean> {
  const events = await convertCapture(path, () => newTarget(target));
  if (events !== null) tell(target, events);
  return events !== null;
}

async function importPart(path: string, filterText: string, options: ImportOptions): Promise<void> {
  const target = newTarget(options.write ?? `${stem(path)}-part.trowel`);
  const capture = await openCapture(path);
  try {
    tell(target, extract(capture, compileFilter(narrowed(capture, filterText, options), contextOf(capture)), target));
  } finally {
    capture.close();
  }
}

function tell(target: string, events: number): void {
  say(`${target}: ${events} events`);
}
