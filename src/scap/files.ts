/** Events that make, copy and close descriptors other than sockets. */
import { i64 } from './bytes.ts';
import type { EventContext } from './event-context.ts';
import { Fd, FdType } from './fd.ts';
import type { Params } from './params.ts';
import { joinPath } from './paths.ts';
import { folderOf } from './processes.ts';
import { indexOf, schemaOf } from './schema.ts';
import { CANCELLED, type MachineState } from './state.ts';

const O_DIRECTORY = 1024;
const AT_FDCWD = -100;
const F_DUPFD = [1, 12, 1030];
const CLOSE_RANGE_UNSHARE = 2;
const CLOSE_RANGE_CLOEXEC = 4;

/** What open and its kin asked for. */
interface Opening {
  readonly path: string;
  readonly flags: number;
}

/** Of the call's beginning where that was recorded, since its end may have cut it. */
function openingOf(state: MachineState, event: EventContext): Opening | null {
  const { thread } = event;
  if (thread === null) return null;
  const enter = event.enter;
  const enterSchema = schemaOf(event.type - 1);
  const name = enter === null || enterSchema === undefined ? null : enter.text(indexOf(enterSchema, 'name'));
  const fromEnter = name !== null && name !== '' && name !== '(NULL)';
  const [params, schema]: [Params, typeof event.schema] = fromEnter ? [enter!, enterSchema!] : [event.params, event.schema];
  const path = params.text(indexOf(schema, 'name')) ?? params.text(indexOf(schema, 'path'));
  if (path === null) return null;
  const folder = folderOf(state, thread, params.int(indexOf(schema, 'dirfd')) ?? AT_FDCWD, path);
  return { path: joinPath(folder, path), flags: params.uint(indexOf(schema, 'flags')) ?? 0 };
}

export function opened(state: MachineState, event: EventContext): void {
  const number = event.params.int(0);
  const opening = openingOf(state, event);
  if (event.thread === null || number === null || number < 0 || opening === null) return;
  const fd = new Fd(opening.flags & O_DIRECTORY ? FdType.DIRECTORY : FdType.FILE_2, opening.path);
  fd.openFlags = opening.flags;
  fd.dev = event.params.uint(indexOf(event.schema, 'dev')) ?? 0;
  fd.ino = event.params.uint(indexOf(event.schema, 'ino')) ?? 0;
  event.fd = state.addFd(event.thread, number, fd);
}

/** The path that a failed open was about. */
export function failedPath(state: MachineState, event: EventContext): string | null {
  return openingOf(state, event)?.path ?? null;
}

/** eventfd, signalfd, timerfd …: things without a path. */
function makes(type: number): (state: MachineState, event: EventContext) => void {
  return (state, event) => {
    const number = event.params.int(0);
    if (event.thread === null || number === null || number < 0) return;
    const name = type === FdType.MEMFD ? event.params.text(indexOf(event.schema, 'name')) : null;
    event.fd = state.addFd(event.thread, number, new Fd(type, name ?? ''));
  };
}

export const madeEvent = makes(FdType.EVENT);
export const madeSignal = makes(FdType.SIGNALFD);
export const madeTimer = makes(FdType.TIMERFD);
export const madeInotify = makes(FdType.INOTIFY);
export const madeEventPoll = makes(FdType.EVENTPOLL);
export const madeMemory = makes(FdType.MEMFD);
export const madeFaultHandler = makes(FdType.USERFAULTFD);
export const madeRing = makes(FdType.IO_URING);

/** bpf: older files say whether its result is a descriptor. */
export function madeProgram(state: MachineState, event: EventContext): void {
  const raw = event.params.raw(0);
  const number = raw?.length === VARIANT + 8 && raw[0] === IS_FD ? i64(raw, VARIANT) : event.params.int(0);
  if (event.thread === null || number === null || number < 0) return;
  event.fd = state.addFd(event.thread, number, new Fd(FdType.BPF));
}

/** A value with its type in a byte before it. */
const VARIANT = 1;
const IS_FD = 0;

export function madePidFd(state: MachineState, event: EventContext): void {
  const number = event.params.int(0);
  const pid = event.params.int(indexOf(event.schema, 'pid'));
  if (event.thread === null || number === null || number < 0 || pid === null) return;
  const fd = new Fd(FdType.PIDFD, `/proc/${pid}`);
  fd.pid = pid;
  event.fd = state.addFd(event.thread, number, fd);
}

/** pidfd_getfd: what another process has open. */
export function takenOver(state: MachineState, { params, schema, thread }: EventContext): void {
  const number = params.int(0);
  const [pidFd, target] = ['pid_fd', 'target_fd'].map((name) => params.int(indexOf(schema, name)) ?? -1);
  if (thread === null || number === null || number < 0) return;
  const owner = state.threads.get(state.fdOf(thread, pidFd!)?.pid ?? -1);
  const fd = owner === undefined ? null : state.fdOf(owner, target!);
  if (fd !== null) state.addFd(thread, number, fd.copy());
}

/** close_range: all from the first to the last. */
export function closedRange(state: MachineState, { params, schema, thread }: EventContext): void {
  const [first, last, flags] = ['first', 'last', 'flags'].map((name) => params.uint(indexOf(schema, name)) ?? 0);
  if (thread === null || params.int(0) !== 0 || (flags! & CLOSE_RANGE_CLOEXEC) !== 0) return;
  if (flags! & CLOSE_RANGE_UNSHARE) state.ownTable(thread);
  state.dropFds(state.fdTable(thread), first!, last!);
}

export function madePipe(state: MachineState, event: EventContext): void {
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

export function duplicated(state: MachineState, event: EventContext): void {
  const number = event.params.int(0);
  if (event.thread === null || event.fd === null || number === null || number < 0) return;
  event.fd = state.addFd(event.thread, number, event.fd.copy());
}

export function controlled(state: MachineState, event: EventContext): void {
  const command = event.enter?.uint(1) ?? event.params.uint(indexOf(event.schema, 'cmd'));
  if (command !== null && F_DUPFD.includes(command)) duplicated(state, event);
}

export function closeBegun(_state: MachineState, { fd }: EventContext): void {
  if (fd !== null) fd.closing = true;
}

export function closed(state: MachineState, event: EventContext): void {
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
