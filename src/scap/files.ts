/** Events that make, copy and close descriptors other than sockets. */
import { Fd, FdType } from './fd.ts';
import type { Params } from './params.ts';
import { joinPath } from './paths.ts';
import { folderOf, indexOf } from './processes.ts';
import { schemaOf } from './schema.ts';
import { CANCELLED, type EventAtHand, type State } from './state.ts';

const O_DIRECTORY = 1024;
const AT_FDCWD = -100;
const F_DUPFD = [1, 12, 1030];

/** What open and its kin asked for. */
interface Opening {
  readonly path: string;
  readonly flags: number;
}

/** Of the call's beginning where that was recorded, since its end may have cut it. */
function openingOf(state: State, event: EventAtHand): Opening | null {
  const { thread } = event;
  if (thread === null) return null;
  const enter = event.enter();
  const enterSchema = schemaOf(event.type - 1);
  const begun = enter === null || enterSchema === undefined ? -1 : indexOf(enterSchema, 'name');
  const name = begun < 0 ? null : (enter?.text(begun) ?? null);
  const fromEnter = name !== null && name !== '' && name !== '(NULL)';
  const [params, schema]: [Params, typeof event.schema] = fromEnter ? [enter!, enterSchema!] : [event.params, event.schema];
  const path = params.text(indexAt(schema, 'name')) ?? params.text(indexAt(schema, 'path'));
  if (path === null) return null;
  const dirfd = indexOf(schema, 'dirfd');
  const folder = folderOf(state, thread, dirfd < 0 ? AT_FDCWD : (params.int(dirfd) ?? AT_FDCWD), path);
  return { path: joinPath(folder, path), flags: params.uint(indexAt(schema, 'flags')) ?? 0 };
}

function indexAt(schema: EventAtHand['schema'], name: string): number {
  const index = indexOf(schema, name);
  return index < 0 ? Number.MAX_SAFE_INTEGER : index;
}

export function opened(state: State, event: EventAtHand): void {
  const number = event.params.int(0);
  const opening = openingOf(state, event);
  if (event.thread === null || number === null || number < 0 || opening === null) return;
  const fd = new Fd(opening.flags & O_DIRECTORY ? FdType.DIRECTORY : FdType.FILE_2, opening.path);
  fd.openFlags = opening.flags;
  fd.dev = event.params.uint(indexAt(event.schema, 'dev')) ?? 0;
  fd.ino = event.params.uint(indexAt(event.schema, 'ino')) ?? 0;
  event.fd = state.addFd(event.thread, number, fd);
}

/** The path that a failed open was about. */
export function failedPath(state: State, event: EventAtHand): string | null {
  return openingOf(state, event)?.path ?? null;
}

/** eventfd, signalfd, timerfd …: things without a path. */
function makes(type: number): (state: State, event: EventAtHand) => void {
  return (state, event) => {
    const number = event.params.int(0);
    if (event.thread === null || number === null || number < 0) return;
    const name = indexOf(event.schema, 'name');
    const fd = new Fd(type, type === FdType.MEMFD && name >= 0 ? (event.params.text(name) ?? '') : '');
    event.fd = state.addFd(event.thread, number, fd);
  };
}

export const madeEvent = makes(FdType.EVENT);
export const madeSignal = makes(FdType.SIGNALFD);
export const madeTimer = makes(FdType.TIMERFD);
export const madeInotify = makes(FdType.INOTIFY);
export const madeEventPoll = makes(FdType.EVENTPOLL);
export const madeMemory = makes(FdType.MEMFD);
export const madePidFd = makes(FdType.PIDFD);

export function madePipe(state: State, event: EventAtHand): void {
  const { params, thread } = event;
  const res = params.int(0);
  if (thread === null || res === null || res < 0) return;
  for (const i of [1, 2]) {
    const number = params.int(i);
    if (number === null) continue;
    const fd = new Fd(FdType.PIPE);
    fd.ino = params.uint(3) ?? 0;
    event.fd = state.addFd(thread, number, fd);
  }
}

export function duplicated(state: State, event: EventAtHand): void {
  const number = event.params.int(0);
  if (event.thread === null || event.fd === null || number === null || number < 0) return;
  event.fd = state.addFd(event.thread, number, event.fd.copy());
}

export function controlled(state: State, event: EventAtHand): void {
  const command = event.enter()?.uint(1) ?? event.params.uint(indexAt(event.schema, 'cmd'));
  if (command !== null && F_DUPFD.includes(command)) duplicated(state, event);
}

export function closeBegun(_state: State, { fd }: EventAtHand): void {
  if (fd !== null) fd.closing = true;
}

export function closed(state: State, event: EventAtHand): void {
  const { fd, thread } = event;
  const res = event.params.int(0);
  if (fd === null || thread === null || res === null) return;
  if (res < 0) {
    fd.closing = false;
    return;
  }
  if (!fd.closeCancelled) {
    state.closing(thread, thread.lastFd);
    return;
  }
  fd.closeCancelled = false;
  if (state.fdOf(thread, CANCELLED) !== null) state.closing(thread, CANCELLED);
}
