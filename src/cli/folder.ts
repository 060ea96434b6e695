/** Where files of a recording go that is not one file. */
import { mkdirSync } from 'node:fs';
import { giveFolder } from '../store/owner.ts';
import { UsageError } from './exit.ts';

/** A folder that there is or that is made, for whoever used sudo. Throws UsageError where it is none. */
export function makeFolder(option: string, path: string): void {
  if (path === '') throw new UsageError(`${option} takes the name of a folder, not an empty one`);
  try {
    giveFolder(mkdirSync(path, { recursive: true, mode: 0o700 }));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`${option} ${path}: ${code === 'EEXIST' || code === 'ENOTDIR' ? 'is no folder' : message}`);
  }
}
