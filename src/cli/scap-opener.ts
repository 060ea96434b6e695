/** sysdig's captures: as they pass by, or by way of an import, which is kept for the next question. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Opener } from '../capture/opener.ts';
import { looksLikeScap } from '../scap/sniff.ts';
import { cachePath, isImported } from './import-cache.ts';

export const SCAP: Opener = {
  sniff: looksLikeScap,

  async open(file, name) {
    const { CaptureReader } = await import('../store/reader.ts');
    return new CaptureReader(await imported(file), name);
  },

  /** An import that is there already answers sooner. */
  async stream(file, name) {
    if (await isImported(file)) return null;
    return (await import('../scap/stream.ts')).ScapStream.open(file, name);
  },

  async convert(name, target) {
    const { events } = await (await import('./scap-import.ts')).importInto(name, target);
    return events;
  },
};

/** Where its import is, which is made where it is not there yet. */
async function imported(name: string): Promise<string> {
  const cached = await cachePath(name);
  if (existsSync(cached)) return cached;
  mkdirSync(dirname(cached), { recursive: true });
  await (await import('./scap-import.ts')).importInto(name, cached);
  return cached;
}
