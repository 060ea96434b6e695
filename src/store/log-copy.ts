/** A capture with a log beside it, in a folder that cannot be written to: SQLite reads a log only through an index that it has to write. */
import { closeSync, copyFileSync, lstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the file's header says that it has a log: 2. */
const READ_VERSION_AT = 19;
const WITH_LOG = 2;

/** Whether a file that SQLite cannot open is one of these. */
export function needsCopy(file: string): boolean {
  const header = Buffer.alloc(READ_VERSION_AT + 1);
  try {
    const fd = openSync(file, 'r');
    try {
      return readSync(fd, header, 0, header.length, 0) === header.length && header[READ_VERSION_AT] === WITH_LOG;
    } finally {
      closeSync(fd);
    }
  } catch {
    return false; // not ours to read: SQLite has said so
  }
}

/** A copy with its log, where it can be opened; the file first, since the log may only have more. `discard`: once it is open, nobody needs its name. */
export function copyWithLog(file: string): { readonly path: string; discard(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'trowel-log-'));
  const path = join(folder, 'x.trowel');
  const discard = () => rmSync(folder, { recursive: true, force: true });
  try {
    copyFileSync(file, path);
    if (lstatSync(`${file}-wal`, { throwIfNoEntry: false })?.isFile() === true) copyFileSync(`${file}-wal`, `${path}-wal`);
  } catch (error) {
    discard();
    throw error;
  }
  return { path, discard };
}
