import { argAt, decodePollfds } from '../args-text.ts';
import type { Field, RowField } from '../field.ts';
import { eitherPath, onePath, pathAt } from '../paths.ts';
import type { EventView } from '../view.ts';

function ofPath(name: string, doc: string, example: string, read: (view: EventView) => string | null): RowField {
  return { name, type: 'text', doc, example, scope: 'event', read };
}

/** `evt.abspath`: the first path; `.src`, `.dst`: of a call with two. */
function abspath(view: EventView, which: string): string | null {
  if (which === '') return pathAt(view, 0, true);
  return which === 'src' || which === 'dst' ? eitherPath(view, which === 'src' ? 0 : 1, true) : null;
}

function polled(view: EventView): number[] | null {
  const found = argAt(view, 'fds');
  return found?.value instanceof Uint8Array ? decodePollfds(found.value).map(({ fd }) => fd) : null;
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
];
