/** Where imports are kept, so that a file is imported once. */
import { closeSync, existsSync, lstatSync, mkdirSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCHEMA_VERSION } from '../store/schema.ts';
import { VERSION } from './version.ts';

/** What an import makes of a file may change with any version of this code. */
const IMPORT_VERSION = 5;
/** Bytes at a file's beginning and end that tell it from others. */
const SAMPLE = 1 << 16;

/** Where imports lie; null: no such place is ours alone, and what another put there would pass for the user's file. */
function folder(make: boolean): string | null {
  const caches = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const path = join(caches, 'trowel', 'imports');
  try {
    if (make) mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch {
    return null; // no home, or one that cannot be written to
  }
  return [join(caches, 'trowel'), path].every(isOurs) ? path : null;
}

/** A folder, not a link to one, to which nobody else can write. */
function isOurs(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && stat.uid === process.geteuid?.() && (stat.mode & 0o022) === 0;
}

let ownFolder: string | null = null;

/** For imports of this run alone. */
function temporaryFolder(): string {
  if (ownFolder === null) {
    const made = mkdtempSync(join(tmpdir(), 'trowel-import-'));
    process.on('exit', () => rmSync(made, { recursive: true, force: true }));
    ownFolder = made;
  }
  return ownFolder;
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
  return join(folder(true) ?? temporaryFolder(), `${size}-${hash.digest('hex').slice(0, 32)}.trowel`);
}

/** One place for what is made of several files in this order. `how`: what else decides on it. */
export async function cachePathOfAll(paths: readonly string[], how: string): Promise<string> {
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256').update(how);
  for (const path of paths) hash.update(`${await cachePath(path)}\n`);
  return join(folder(true) ?? temporaryFolder(), `several-${hash.digest('hex').slice(0, 32)}.trowel`);
}

/** Whether a file has been imported. Hashing is loaded only where an import of that size is there: it takes longer than a look. */
export async function isImported(path: string): Promise<boolean> {
  const imports = folder(false);
  if (imports === null) return false;
  const { size } = statSync(path);
  return readdirSync(imports).some((name) => name.startsWith(`${size}-`)) && existsSync(await cachePath(path));
}
