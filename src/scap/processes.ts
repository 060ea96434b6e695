/** Events that change threads and processes. Parameters are found by name: their places differ from version to version. */

import { texts } from './bytes.ts';
import type { EventContext } from './event-context.ts';
import type { Params } from './params.ts';
import { joinPath } from './paths.ts';
import { type EventSchema, indexOf } from './schema.ts';
import type { MachineState } from './state.ts';
import { CloneFlag, Thread } from './thread.ts';

/** A thread that was cloned longer ago than this is another, whose end was not recorded; ns. */
const STALE = 2e9;
const NOBODY = 0xffffffff;
const AT_FDCWD = -100;
const AT_EMPTY_PATH = 1;

const EMPTY = new Uint8Array(0);

/** The parameters of the event at hand by name. */
class Named {
  constructor(
    readonly schema: EventSchema,
    readonly params: Params,
  ) {}

  int(name: string): number | null {
    return this.params.int(indexOf(this.schema, name));
  }

  uint(name: string): number | null {
    return this.params.uint(indexOf(this.schema, name));
  }

  text(name: string): string | null {
    return this.params.text(indexOf(this.schema, name));
  }

  raw(name: string): Uint8Array | null {
    return this.params.raw(indexOf(this.schema, name));
  }
}

export function cloneEnded(state: MachineState, event: EventContext): void {
  const named = new Named(event.schema, event.params);
  const child = event.params.int(0);
  const flags = named.uint('flags');
  if (child === null || child < 0 || flags === null) return;
  const vtid = named.int('vtid') ?? event.tid;
  const inNamespace = (flags & CloneFlag.CHILD_IN_PIDNS) !== 0 || event.tid !== vtid;
  if (child === 0) inChild(state, event, named, flags, inNamespace);
  else if (!inNamespace) born(state, event, named, flags, { tid: child, parent: event.tid, inverted: false, inNamespace });
}

/** The child returns from clone: either it is known from its parent's return, or this is the first that is heard of it. */
function inChild(state: MachineState, event: EventContext, named: Named, flags: number, inNamespace: boolean): void {
  let { thread } = event;
  if (thread !== null && thread.cloned > 0 && event.time - thread.cloned > STALE) {
    state.remove(event.tid, event.time);
    thread = event.thread = null;
  }
  if (thread !== null) {
    if (thread.cloned === 0) {
      thread.cloned = event.time; // who wrote the file listed it, too: it is new all the same
      thread.changed();
    }
    if (!inNamespace) return;
    thread.vtid = named.int('vtid') ?? event.tid;
    thread.vpid = named.int('vpid') ?? -1;
    thread.changed();
    return;
  }
  const parent = named.int(flags & CloneFlag.THREAD ? 'pid' : 'ptid') ?? -1;
  born(state, event, named, flags, { tid: event.tid, parent, inverted: true, inNamespace });
  event.thread = state.threads.get(event.tid) ?? null;
}

interface Birth {
  readonly tid: number;
  readonly parent: number;
  readonly inverted: boolean;
  readonly inNamespace: boolean;
}

function born(state: MachineState, event: EventContext, named: Named, flags: number, birth: Birth): void {
  const parent = state.threadOf(birth.parent);
  if (parent === null) return;
  const before = state.threads.get(birth.tid);
  if (before !== undefined) {
    if (before.flags & CloneFlag.INVERTED) return;
    state.remove(birth.tid, event.time);
  }
  const child = new Thread(birth.tid);
  child.ptid = birth.parent;
  child.flags = flags | (birth.inverted ? CloneFlag.INVERTED : 0);
  if (!parent.isUnknown) inherit(child, parent);
  else enrich(state, event, parent, named);
  child.pid = flags & CloneFlag.THREAD ? (named.int('pid') ?? birth.tid) : birth.tid;
  if (!(flags & CloneFlag.THREAD)) {
    child.cwd = state.cwdOf(parent);
    child.env = parent.env;
  }
  describe(child, named);
  child.uid = named.uint('uid') ?? child.uid;
  child.gid = named.uint('gid') ?? child.gid;
  child.vtid = birth.inNamespace ? (named.int('vtid') ?? birth.tid) : birth.tid;
  child.vpid = birth.inNamespace ? (named.int('vpid') ?? -1) : child.pid;
  child.cloned = event.time;
  const opened = state.fdTable(parent);
  if (!state.add(child)) return;
  if (!(flags & CloneFlag.THREAD)) state.copyFds(opened, child.fds);
  state.threadRow(child, event.time);
}

function inherit(child: Thread, parent: Thread): void {
  child.comm = parent.comm;
  child.exe = parent.exe;
  child.exepath = parent.exepath;
  child.args = parent.args;
  child.root = parent.root;
  child.sid = parent.sid;
  child.pgid = parent.pgid;
  child.tty = parent.tty;
  child.loginuid = parent.loginuid;
  child.cgroups = parent.cgroups;
  child.container = parent.container;
}

/** A parent that the file does not list is described by its child's event: they are the same program. */
function enrich(state: MachineState, event: EventContext, parent: Thread, named: Named): void {
  parent.exe = named.text('exe') ?? parent.exe;
  parent.comm = named.text('comm') ?? parent.exe;
  parent.args = texts(named.raw('args') ?? EMPTY);
  parent.changed();
  state.threadRow(parent, event.time);
}

/** What clone and exec both say of a program. */
function describe(thread: Thread, named: Named): void {
  thread.exe = named.text('exe') ?? thread.exe;
  thread.comm = named.text('comm') ?? thread.exe;
  thread.args = texts(named.raw('args') ?? EMPTY);
  thread.fdlimit = named.int('fdlimit') ?? thread.fdlimit;
  const cgroups = named.raw('cgroups');
  if (cgroups !== null) thread.setCgroups(cgroups);
  thread.pfmajor = named.uint('pgft_maj') ?? thread.pfmajor;
  thread.pfminor = named.uint('pgft_min') ?? thread.pfminor;
  thread.vmsize = named.uint('vm_size') ?? thread.vmsize;
  thread.vmrss = named.uint('vm_rss') ?? thread.vmrss;
  thread.vmswap = named.uint('vm_swap') ?? thread.vmswap;
}

export function execEnded(state: MachineState, event: EventContext): void {
  const { thread } = event;
  const res = event.params.int(0);
  if (thread === null || res === null || res < 0) return;
  const named = new Named(event.schema, event.params);
  const wasUnknown = thread.isUnknown;
  describe(thread, named);
  thread.pid = named.int('pid') ?? thread.pid;
  if (wasUnknown && named.text('trusted_exepath') !== null) inNoNamespace(thread);
  if (thread.ptid === -1) thread.ptid = named.int('ptid') ?? -1;
  const env = named.raw('env');
  if (env !== null) thread.env = texts(env);
  thread.tty = named.int('tty') ?? thread.tty;
  thread.pgid = named.int('vpgid') ?? thread.pgid;
  thread.loginuid = named.uint('loginuid') ?? thread.loginuid;
  thread.uid = named.uint('uid') ?? thread.uid;
  thread.gid = named.uint('gid') ?? thread.gid;
  thread.exepath = exePath(state, event, named, thread) ?? thread.exepath;
  thread.flags &= CloneFlag.MAIN | CloneFlag.INVERTED;
  thread.changed();
}

/** Newer readers take it so, where the file does not say. */
function inNoNamespace(thread: Thread): void {
  thread.vtid = thread.tid;
  thread.vpid = thread.pid;
}

function exePath(state: MachineState, event: EventContext, named: Named, thread: Thread): string | null {
  const trusted = named.text('trusted_exepath');
  if (trusted !== null && trusted !== '') return trusted;
  const enter = event.enter;
  if (enter === null || enter.count === 0) return null;
  const at = event.schema.name === 'execveat';
  const path = enter.text(at ? 1 : 0) ?? '<NA>';
  if (path.startsWith('<NA>')) return '<NA>';
  if (!at) return joinPath(thread.cwd, path);
  const folder = folderOf(state, thread, enter.int(0) ?? AT_FDCWD, path);
  return path === '' && (enter.uint(2) ?? 0) & AT_EMPTY_PATH ? folder.replace(/\/$/, '') : joinPath(folder, path);
}

/** The folder that a path given relative to a descriptor starts from; ends with a slash. */
export function folderOf(state: MachineState, thread: Thread, dirfd: number, path: string): string {
  if (path.startsWith('/')) return '.';
  if (dirfd === AT_FDCWD) return state.cwdOf(thread);
  const fd = state.fdOf(thread, dirfd);
  return fd === null ? '<UNKNOWN>' : `${fd.name}/`;
}

export function threadEnded(state: MachineState, event: EventContext): void {
  if (event.thread !== null) state.leaving(event.thread);
}

export function folderChanged(state: MachineState, event: EventContext): void {
  const path = event.schema.name === 'fchdir' ? event.fd?.name : event.params.text(1);
  const res = event.params.int(0);
  if (event.thread === null || path === undefined || path === null || res === null || res < 0) return;
  const main = state.mainOf(event.thread);
  if (main === null) return;
  const cwd = joinPath(main.cwd, path);
  main.cwd = cwd.endsWith('/') ? cwd : `${cwd}/`;
  main.changed();
  event.thread.changed();
}

/** setpgid: of the caller where it names nobody, to a group of its own where it names none. */
export function groupChanged(state: MachineState, event: EventContext): void {
  const { thread, params, schema } = event;
  const res = params.int(0);
  if (thread === null || res === null || res < 0) return;
  const own = indexOf(schema, 'pid');
  const [from, first] = params.has(own) ? [params, own] : [event.enter, 0];
  const [pid, pgid] = [from?.int(first) ?? null, from?.int(first + 1) ?? null];
  if (pid === null || pgid === null) return;
  const target = pid === 0 ? state.mainOf(thread) : state.processNamed(pid, thread);
  if (target === null) return;
  target.pgid = pgid === 0 ? (target.vpid < 0 ? target.pid : target.vpid) : pgid;
  target.changed();
}

/** setsid: a session and a process group of its own, without a terminal. */
export function sessionMade(state: MachineState, { params, thread }: EventContext): void {
  const res = params.int(0);
  const main = thread === null ? null : state.mainOf(thread);
  if (main === null || res === null || res < 0) return;
  main.sid = main.pgid = res;
  main.tty = 0;
  main.changed();
}

export function rootChanged(state: MachineState, { params, thread }: EventContext): void {
  const path = params.text(1);
  if (thread === null || path === null || params.int(0) !== 0) return;
  thread.root = joinPath(state.cwdOf(thread), path);
  thread.changed();
}

/** unshare: from now on its descriptors are its own. */
export function unshared(state: MachineState, event: EventContext): void {
  const { thread, params, schema } = event;
  const own = indexOf(schema, 'flags');
  const flags = params.has(own) ? params.uint(own) : event.enter?.uint(0);
  if (thread !== null && params.int(0) === 0 && (flags ?? 0) & CloneFlag.FILES) state.ownTable(thread);
}

/** setuid, setresuid and their like: the effective id counts. */
export function identityChanged(_state: MachineState, event: EventContext): void {
  const res = event.params.int(0);
  if (event.thread === null || res === null || res < 0) return;
  const { name } = event.schema;
  const parameter = name.includes('gid') ? (name === 'setgid' ? 'gid' : 'egid') : name === 'setuid' ? 'uid' : 'euid';
  const own = indexOf(event.schema, parameter);
  const id = event.params.uint(own) ?? event.enter?.uint(name.startsWith('setr') ? 1 : 0) ?? NOBODY;
  if (id === NOBODY) return;
  if (name.includes('gid')) event.thread.gid = id;
  else event.thread.uid = id;
  event.thread.changed();
}

/** brk, mmap, munmap: the thread's own sizes. */
export function memoryChanged(_state: MachineState, { params, thread }: EventContext): void {
  if (thread === null) return;
  thread.vmsize = params.uint(1) ?? thread.vmsize;
  thread.vmrss = params.uint(2) ?? thread.vmrss;
  thread.vmswap = params.uint(3) ?? thread.vmswap;
}

/** A thread leaves the CPU: its process' sizes. */
export function switched(state: MachineState, { params, thread }: EventContext): void {
  if (thread === null || params.count < 6) return;
  thread.pfmajor = params.uint(1) ?? thread.pfmajor;
  thread.pfminor = params.uint(2) ?? thread.pfminor;
  const main = state.mainOf(thread);
  if (main === null) return;
  main.vmsize = params.uint(3) ?? main.vmsize;
  main.vmrss = params.uint(4) ?? main.vmrss;
  main.vmswap = params.uint(5) ?? main.vmswap;
}
