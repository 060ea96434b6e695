import { type End, endsOf, fdName, isIpSocket } from '../../model/fd-name.ts';
import type { FdRow } from '../../model/rows.ts';
import { argAt, decodePollfds } from '../args-text.ts';
import { eitherPath, onePath, pathAt } from '../paths.ts';
import { fdlistEntries, isScap } from '../scap-text.ts';
import type { EventView } from '../view.ts';
import type { Field, RowField } from './field.ts';

function ofPath(name: string, doc: string, example: string, read: (view: EventView) => string | null): RowField {
  return { name, type: 'text', doc, example, scope: 'event', read };
}

/** `evt.abspath`: the first path; `.src`, `.dst`: of a call with two. */
function abspath(view: EventView, which: string): string | null {
  if (which === '') return pathAt(view, 0, true);
  return which === 'src' || which === 'dst' ? eitherPath(view, which === 'src' ? 0 : 1, true) : null;
}

/** Poll's list; `row`: what the descriptor was then, 0 where that was not told. */
function entries(view: EventView): readonly { readonly fd: number; readonly row: number }[] | null {
  const found = argAt(view, 'fds');
  if (!(found?.value instanceof Uint8Array)) return null;
  return isScap(found.type) ? fdlistEntries(found.value) : decodePollfds(found.value).map(({ fd }) => ({ fd, row: 0 }));
}

function polled(view: EventView): number[] | null {
  return entries(view)?.map(({ fd }) => fd) ?? null;
}

/** What is said of each polled descriptor of which it is known what it was; null: of none. */
function ofPolled<T extends string | number>(view: EventView, read: (fd: FdRow) => T | null): T[] | null {
  const found = (entries(view) ?? []).flatMap(({ row }) => {
    const fd = view.capture.dims.fds.get(row);
    return fd === undefined ? [] : (read(fd) ?? []);
  });
  return found.length === 0 ? null : found;
}

/** One end of the sockets among them. */
function polledEnds<T extends string | number>(view: EventView, end: 'client' | 'server', read: (found: End) => T): T[] | null {
  return ofPolled(view, (fd) => {
    const found = isIpSocket(fd) ? endsOf(fd)[end] : null;
    return found === null ? null : read(found);
  });
}

// biome-ignore format: a table
export const PATH_FIELDS: readonly Field[] = [
  { name: 'evt.abspath', type: 'text', scope: 'event', doc: 'path that a call was given, from the root on; [src] and [dst] of calls with two', example: 'evt.abspath startswith /etc', arg: { name: 'src or dst', required: false }, read: abspath },
  ofPath('fs.path.name', 'path of a call on one file, from the root on', 'fs.path.name=/etc/hosts', (view) => onePath(view, true)),
  ofPath('fs.path.nameraw', 'the same as the program wrote it', 'fs.path.nameraw startswith ./', (view) => onePath(view, false)),
  ofPath('fs.path.source', 'the old name, of rename, link and symlink', 'fs.path.source startswith /tmp', (view) => eitherPath(view, 0, true)),
  ofPath('fs.path.sourceraw', 'the same as the program wrote it', 'fs.path.sourceraw exists', (view) => eitherPath(view, 0, false)),
  ofPath('fs.path.target', 'the new name, of rename, link and symlink', 'fs.path.target endswith .conf', (view) => eitherPath(view, 1, true)),
  ofPath('fs.path.targetraw', 'the same as the program wrote it', 'fs.path.targetraw exists', (view) => eitherPath(view, 1, false)),
  { name: 'fdlist.nums', type: 'number', scope: 'event', doc: 'descriptors that a poll watched', example: 'fdlist.nums=3', read: polled },
  { name: 'fdlist.names', type: 'text', scope: 'event', doc: 'names of the descriptors that a poll watched; imported files only', example: 'fdlist.names contains 10.0', read: (view) => ofPolled(view, fdName) },
  { name: 'fdlist.cips', type: 'ip', scope: 'event', doc: 'client addresses of the sockets that a poll watched; imported files only', example: 'fdlist.cips=10.0.0.7', read: (view) => polledEnds(view, 'client', ({ ip }) => ip) },
  { name: 'fdlist.sips', type: 'ip', scope: 'event', doc: 'server addresses of the same', example: 'fdlist.sips=10.0.0.7', read: (view) => polledEnds(view, 'server', ({ ip }) => ip) },
  { name: 'fdlist.cports', type: 'number', scope: 'event', doc: 'client ports of the same', example: 'fdlist.cports>1024', read: (view) => polledEnds(view, 'client', ({ port }) => port) },
  { name: 'fdlist.sports', type: 'number', scope: 'event', doc: 'server ports of the same', example: 'fdlist.sports=53', read: (view) => polledEnds(view, 'server', ({ port }) => port) },
];
