/** Where a new capture goes. */
import { lstatSync } from 'node:fs';
import { UsageError } from './exit.ts';

/** The path itself, when a capture can be made there. Throws UsageError for what is taken, and for what is no file's name. */
export function newTarget(path: string): string {
  if (path === '') throw new UsageError('-w takes the name of a file, not an empty one');
  if (path === '-') throw new UsageError('-w - is no file: a capture is a database and cannot be piped; name a file, or ./-');
  if (path === ':memory:' || /^file:/i.test(path))
    throw new UsageError(`-w ${path} is a name of SQLite’s, not a file: write ./${path} for a file of that name`);
  for (const taken of [path, ...['-wal', '-shm', '-journal'].map((suffix) => path + suffix)]) {
    if (lstatSync(taken, { throwIfNoEntry: false }) !== undefined) throw new UsageError(`${taken} exists already: choose another -w FILE`);
  }
  return path;
}
