/** Which event changes what. By name: the versions of a type differ in their parameters, and each handler finds its own. */
import type { EventContext } from './event-context.ts';
import * as files from './files.ts';
import * as processes from './processes.ts';
import { type EventSchema, schemaOf, sidesOf, TYPE_COUNT } from './schema.ts';
import * as sockets from './sockets.ts';
import type { MachineState } from './state.ts';
import * as users from './users.ts';

export type Handler = (state: MachineState, event: EventContext) => void;

const AT_BEGIN: Readonly<Record<string, Handler>> = {
  close: files.closeBegun,
  connect: sockets.connectBegun,
  sendto: sockets.sendBegun,
};

const AT_END: Readonly<Record<string, Handler>> = {
  open: files.opened,
  openat: files.opened,
  openat2: files.opened,
  creat: files.opened,
  open_by_handle_at: files.opened,
  close: files.closed,
  pipe: files.madePipe,
  pipe2: files.madePipe,
  dup: files.duplicated,
  dup2: files.duplicated,
  dup3: files.duplicated,
  fcntl: files.controlled,
  eventfd: files.madeEvent,
  eventfd2: files.madeEvent,
  signalfd: files.madeSignal,
  signalfd4: files.madeSignal,
  timerfd_create: files.madeTimer,
  inotify_init: files.madeInotify,
  inotify_init1: files.madeInotify,
  epoll_create: files.madeEventPoll,
  epoll_create1: files.madeEventPoll,
  memfd_create: files.madeMemory,
  pidfd_open: files.madePidFd,
  pidfd_getfd: files.takenOver,
  close_range: files.closedRange,
  bpf: files.madeProgram,
  userfaultfd: files.madeFaultHandler,
  io_uring_setup: files.madeRing,
  socket: sockets.madeSocket,
  socketpair: sockets.madePair,
  bind: sockets.bound,
  connect: sockets.connected,
  accept: sockets.accepted,
  accept4: sockets.accepted,
  recvfrom: sockets.transferred,
  recvmsg: sockets.transferred,
  recvmmsg: sockets.transferred,
  sendto: sockets.transferred,
  sendmsg: sockets.transferred,
  sendmmsg: sockets.transferred,
  clone: processes.cloneEnded,
  clone3: processes.cloneEnded,
  fork: processes.cloneEnded,
  vfork: processes.cloneEnded,
  execve: processes.execEnded,
  execveat: processes.execEnded,
  chdir: processes.folderChanged,
  fchdir: processes.folderChanged,
  getcwd: processes.folderChanged,
  setuid: processes.identityChanged,
  setgid: processes.identityChanged,
  setresuid: processes.identityChanged,
  setresgid: processes.identityChanged,
  setreuid: processes.identityChanged,
  setregid: processes.identityChanged,
  setpgid: processes.groupChanged,
  setsid: processes.sessionMade,
  chroot: processes.rootChanged,
  unshare: processes.unshared,
  brk: processes.memoryChanged,
  mmap: processes.memoryChanged,
  mmap2: processes.memoryChanged,
  munmap: processes.memoryChanged,
};

const ALONE: Readonly<Record<string, Handler>> = {
  procexit: processes.threadEnded,
  switch: processes.switched,
  useradded: users.userAdded,
  groupadded: users.groupAdded,
};

/** Those that only note how large a thread is. */
export const SIZE_HANDLERS: ReadonlySet<Handler> = new Set([processes.memoryChanged, processes.switched]);

/** By type. */
export const HANDLERS: readonly (Handler | undefined)[] = Array.from({ length: TYPE_COUNT }, (_, id) => {
  const schema: EventSchema | undefined = schemaOf(id);
  if (schema === undefined) return undefined;
  const side = sidesOf(id);
  return (side === 'one' ? ALONE : side === 'enter' ? AT_BEGIN : AT_END)[schema.name];
});
