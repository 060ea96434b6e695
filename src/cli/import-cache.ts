/** Where imports are kept, so that a file is imported once. */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { SCHEMA_VERSION } from '../store/schema.ts';
import { VERSION } from './version.ts';

/** What an import makes of a file may change with any version of this code. */
const IMPORT_VERSION = 5;
/** Bytes at a file's beginning and end that tell it from others. */
const SAMPLE = 1 << 16;

function folder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'trowel', 'imports');
}

const originals = new Map<string, string>();

/** Remembers for this run what an import was made of. */
export function noteOriginal(imported: string, original: string): void {
  originals.set(imported, original);
}

/** The file that the user named. */
export function namedFile(path: string): string {
  return originals.get(path) ?? path;
}

/** One place per content: what a file says of itself by size, beginning and end. */
export async function cachePath(path: string): Promise<string> {
  const { createHash } = await import('node:crypto');
  const { size } = statSync(path);
  const hash = createHash('sha256').update(`${VERSION} ${SCHEMA_VERSION} ${IMPORT_VERSION}\n`);
  const file = openSync(path, 'r');
  try {
    for (const from of [0, Math.max(0, size - SAMPLE)]) {
      const sample = Buffer.alloc(SAMPLE);
      hash.update(sample.subarray(0, readSync(file, sample, 0, SAMPLE, from)));
    }
  } finally {
    closeSync(file);
  }
  return join(folder(), `${size}-${hash.digest('hex').slice(0, 32)}.trowel`);
}

/** Whether a file has been imported. Hashing is loaded only where an import of that size is there: it takes longer than a look. */
export async function isImported(path: string): Promise<boolean> {
  if (!existsSync(folder())) return false;
  const { size } = statSync(path);
  return readdirSync(folder()).some((name) => name.startsWith(`${size}-`)) && existsSync(await cachePath(path));
}
