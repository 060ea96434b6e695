/** The paths that a call was given, as what they mean: joined with the directory that they start from. */
import { posix } from 'node:path';
import type { ArgType } from '../model/event-type.ts';
import { argAt } from './args-text.ts';
import type { EventView } from './view.ts';

/** dirfd of a path that starts from the working directory. */
const AT_FDCWD = -100;

/** Calls that make one name out of another: their first path is the source, the second the target. */
const TWO_PATHS = /^(rename|link|symlink)/;

/** The one path of a call on files; null for calls without, and for those that have a source and a target. */
export function onePath(view: EventView, resolve: boolean): string | null {
  return TWO_PATHS.test(view.type.name) ? null : pathAt(view, 0, resolve);
}

/** `which` 0: source, 1: target, of a call that has both. */
export function eitherPath(view: EventView, which: 0 | 1, resolve: boolean): string | null {
  return TWO_PATHS.test(view.type.name) ? pathAt(view, which, resolve) : null;
}

/** A call's n-th path; null where it has none, or where it starts from a directory that is not known. */
export function pathAt(view: EventView, n: number, resolve: boolean): string | null {
  const paths = view.type.args.flatMap((arg, position) => (arg.format === 'path' ? [{ arg, position }] : []));
  const place = paths[n];
  if (place === undefined) return null;
  const value = argAt(view, String(place.position))?.value;
  if (!(value instanceof Uint8Array)) return null;
  const written = Buffer.from(value).toString();
  return resolve ? absolute(view, written, view.type.args[place.position - 1]) : written;
}

function absolute(view: EventView, path: string, before: ArgType | undefined): string | null {
  if (path.startsWith('/')) return posix.normalize(path);
  const opened = view.type.makesFd && view.fd?.name.startsWith('/') ? view.fd.name : null;
  if (opened !== null) return opened;
  const dirfd = before?.format === 'fd' && before.column === null ? argAt(view, before.name)?.value : AT_FDCWD;
  const cwd = view.process?.cwd ?? '';
  return dirfd === AT_FDCWD && cwd !== '' && path !== '' ? posix.join(cwd, path) : null;
}
