/** Where a new capture goes. */
import { existsSync, lstatSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from './exit.ts';

let asked = false;

/** Whether this command makes a new file. */
export const hasNewTarget = (): boolean => asked;

/** The path itself, when a capture can be made there. Throws UsageError for what is taken, for what is no file's name or in no folder. */
export function newTarget(path: string): string {
  if (path === '') throw new UsageError('-w takes the name of a file, not an empty one');
  if (path === '-') throw new UsageError('-w - is no file: a capture is a database and cannot be piped; name a file, or ./-');
  if (path === ':memory:' || /^file:/i.test(path))
    throw new UsageError(`-w ${path} is a name of SQLite’s, not a file: write ./${path} for a file of that name`);
  requireFolder(path);
  for (const taken of [path, ...['-wal', '-shm', '-journal'].map((suffix) => path + suffix)]) {
    if (lstatSync(taken, { throwIfNoEntry: false }) !== undefined) throw new UsageError(`${taken} exists already: choose another -w FILE`);
  }
  asked = true;
  return path;
}

/** Throws UsageError where there is no folder for a file of this name. */
export function requireFolder(path: string): void {
  if (!existsSync(dirname(path))) throw new UsageError(`-w ${path}: there is no folder ${dirname(path)}`);
}

/** What an answer is written to, opened. It holds what others' programs said: its owner alone may read it. Throws UsageError. */
export function createFile(path: string): number {
  try {
    const fd = openSync(path, 'wx', 0o600);
    asked = true;
    return fd;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new UsageError(`${path} exists already: choose another -o FILE`);
    throw new UsageError(code === 'ENOENT' ? `-o ${path}: there is no folder ${dirname(path)}` : message);
  }
}
