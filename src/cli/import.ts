/** `trowel import`: another file, or a part of a capture, as a capture of its own. */
import { existsSync } from 'node:fs';
import { compileFilter } from '../filter/compile.ts';
import { extract } from '../store/extract.ts';
import { UsageError } from './exit.ts';
import { contextOf, convertCapture, openCapture } from './open-capture.ts';

export async function importFile(path: string, filterText: string, options: { readonly write?: string }): Promise<void> {
  const whole = filterText === '' ? await importAll(path, options.write ?? `${stem(path)}.trowel`) : false;
  if (!whole) await importPart(path, filterText, options.write ?? `${stem(path)}-part.trowel`);
}

const stem = (path: string) => path.replace(/\.(trowel|scap|scap\.gz)$/, '');

/** All of what is no Trowel capture. False: it is one. */
async function importAll(path: string, target: string): Promise<boolean> {
  const events = await convertCapture(path, () => newTarget(target));
  if (events !== null) tell(target, events);
  return events !== null;
}

async function importPart(path: string, filterText: string, target: string): Promise<void> {
  newTarget(target);
  const capture = await openCapture(path);
  try {
    tell(target, extract(capture, compileFilter(filterText, contextOf(capture)), target));
  } finally {
    capture.close();
  }
}

function newTarget(target: string): string {
  if (existsSync(target)) throw new UsageError(`${target} exists already: choose another -w FILE`);
  return target;
}

function tell(target: string, events: number): void {
  process.stderr.write(`${target}: ${events} events\n`);
}
