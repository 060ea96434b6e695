import { fdName } from '../../model/fd-name.ts';
import { FD_KINDS, type FdRow, ProcessFlag, type ProcessRow, type ThreadStatRow } from '../../model/rows.ts';
import { SECOND } from '../../model/time.ts';
import type { EventView } from '../view.ts';
import type { ArgSpec, Field, FieldType, Reading, RowField, Value } from './field.ts';

/** Ancestors that a walk up the tree visits at most: the kernel's pid limit would allow more, people do not. */
const MAX_ANCESTORS = 64;

function ofProcess(
  name: string,
  type: FieldType,
  doc: string,
  example: string,
  read: (process: ProcessRow) => Reading,
  more: Partial<RowField> = {},
): RowField {
  return { name, type, doc, example, scope: 'thread', read: (view) => (view.process === null ? null : read(view.process)), ...more };
}

function parent(view: EventView): ProcessRow | null {
  const process = view.process;
  return process === null || process.ppid <= 0 ? null : view.processAt(process.ppid);
}

function ofParent(name: string, type: FieldType, doc: string, example: string, read: (process: ProcessRow) => Reading): RowField {
  const readParent = (view: EventView) => {
    const found = parent(view);
    return found === null ? null : read(found);
  };
  return { name, type, doc, example, scope: 'thread', read: readParent };
}

/** The process' parents, nearest first, as they were at the view's time. */
function ancestors(view: EventView): ProcessRow[] {
  const found: ProcessRow[] = [];
  let above = parent(view);
  while (above !== null && found.length < MAX_ANCESTORS && !found.includes(above)) {
    found.push(above);
    above = above.ppid <= 0 ? null : view.processAt(above.ppid);
  }
  return found;
}

const LEVEL: ArgSpec = {
  name: 'LEVEL',
  required: false,
  valid: /^[0-9]+$/,
  wanted: 'the level is a number',
  hint: 'for example proc.aname[2]: the parent’s parent',
};

/** `[0]` the process itself, `[1]` its parent …; without argument all of its parents. */
function ofAncestor(
  name: string,
  type: FieldType,
  doc: string,
  read: (process: ProcessRow) => Value,
  example: string,
  more: Partial<RowField> = {},
): RowField {
  const readAt = (view: EventView, arg: string): Reading => {
    if (arg === '') {
      const values = ancestors(view).map(read);
      return values.length === 0 ? null : values;
    }
    const level = Number(arg);
    const process = level === 0 ? view.process : (ancestors(view)[level - 1] ?? null);
    return process === null ? null : read(process);
  };
  return { name, type, doc, example, scope: 'thread', arg: LEVEL, read: readAt, ...more };
}

/** Imported files do not always tell numbers inside a namespace. */
function known(number: number | undefined): number | null {
  return number === undefined || number < 0 ? null : number;
}

function exeline({ exe, args }: ProcessRow): string {
  return [exe, ...args].join(' ');
}

/** `curl -s http://…`: the thread's name and its arguments. */
function cmdline({ comm, args }: ProcessRow): string {
  return [comm, ...args].join(' ');
}

function environment(process: ProcessRow, name: string): string | null {
  if (process.env === null) return null;
  if (name === '') return process.env.join(' ');
  const entry = process.env.find((text) => text.startsWith(`${name}=`));
  return entry === undefined ? null : entry.slice(name.length + 1);
}

function cgroup(process: ProcessRow, controller: string): string | null {
  if (controller === '') return process.cgroups.join(' ') || null;
  const entry = process.cgroups.find((text) => text.startsWith(`${controller}=`)) ?? process.cgroups.find((text) => text.startsWith('='));
  return entry === undefined ? null : entry.slice(entry.indexOf('=') + 1);
}

/** Fields of the process that leads a session or a group, under sysdig's names for them. */
function leaderFields(name: string, word: string, pidOf: (process: ProcessRow) => number): RowField[] {
  const of = (field: string, doc: string, example: string, read: (leader: ProcessRow) => string): RowField => {
    const readLeader = (view: EventView) => {
      const leader = view.process === null ? null : view.processAt(pidOf(view.process));
      return leader === null ? null : read(leader);
    };
    return {
      name: field,
      type: 'text',
      doc: `${doc} of the ${word}’s leader`,
      example: `${field}${example}`,
      scope: 'thread',
      read: readLeader,
    };
  };
  return [
    of(`${name}.name`, 'name', '=bash', ({ comm }) => comm),
    of(`${name}.exe`, 'first argument', ' endswith bash', ({ exe }) => exe),
    of(`${name}.exepath`, 'path of the executable', '=/bin/bash', ({ exepath }) => exepath),
  ];
}

/** The uppermost shell above a process: what its user logged in to. */
function loginShell(view: EventView): number | null {
  const shells = ancestors(view).filter(({ comm }) => /^(-?)(ba|z|k|da|a|c|tc|fi)?sh$/.test(comm));
  return shells.at(-1)?.pid ?? null;
}

function age(view: EventView, process: ProcessRow | null): number | null {
  return process === null || process.started === null ? null : view.time - process.started;
}

/** What is known of the size of the event's thread, or of its process' first. */
function ofStats(name: string, doc: string, read: (stats: ThreadStatRow) => Reading, example: string, main = false): RowField {
  const readStats = (view: EventView) => {
    const tid = main ? view.process?.pid : view.thread?.tid;
    const stats = tid === undefined ? null : view.statsOf(tid);
    return stats === null ? null : read(stats);
  };
  return { name, type: 'number', doc, example, scope: 'thread', needs: ['thread sizes'], read: readStats };
}

const KB = 1024;

/** The process' size at its first thread, as sysdig has it; 0 at the others. */
function ofThreadSize(name: string, unit: string, doc: string, read: (stats: ThreadStatRow) => number): RowField {
  const readSize = (view: EventView) => {
    const { thread, process } = view;
    if (thread === null || process === null) return null;
    const stats = view.statsOf(process.pid);
    return stats === null ? null : thread.tid === process.pid ? read(stats) : 0;
  };
  const text = `${doc} in ${unit} at the first thread of a process, 0 at others; imported files only`;
  return { name, type: 'number', unit, doc: text, example: `${name}>0`, scope: 'thread', needs: ['thread sizes'], read: readSize };
}

/** Of switches, which imported files have. */
function ofSwitch(name: string, doc: string, read: (time: { readonly own: number; readonly total: number }) => number): RowField {
  const readTime = (view: EventView) => {
    const found = view.type.name === 'switch' ? view.capture.followed?.execTime(view.columnValue('num') ?? 0) : null;
    return found === null || found === undefined ? null : read(found);
  };
  const needs = ['later rows', 'every event'] as const;
  return { name, type: 'span', doc: `${doc}; imported files only`, example: `${name}>1ms`, scope: 'event', needs, read: readTime };
}

/** What its process had as standard input, output or error at an event. */
function stdioFields(word: string, short: string, num: number): RowField[] {
  const readFd = (view: EventView): FdRow | null => {
    const { process, time, capture } = view;
    const row = process === null ? null : capture.followed?.stdio(process, num, { time, num: view.columnValue('num') ?? 0 });
    return row === null || row === undefined ? null : (capture.dims.fds.get(row) ?? null);
  };
  const of = (part: string, doc: string, example: string, read: (fd: FdRow) => string | null, more: Partial<RowField> = {}): RowField => {
    const name = `proc.${short}.${part}`;
    const whole = `${doc} of the process’ standard ${word} then (descriptor ${num}), as far as its use, or its parent’s, shows it`;
    const readPart = (view: EventView) => {
      const fd = readFd(view);
      return fd === null ? null : read(fd);
    };
    return {
      name,
      type: 'text',
      doc: whole,
      example: `${name}${example}`,
      scope: 'event',
      needs: ['later rows', 'every event'],
      read: readPart,
      ...more,
    };
  };
  return [
    of('name', 'name', '=/dev/null', (fd) => fdName(fd) || null),
    of('type', 'kind', ' in (ipv4, ipv6)', ({ kind }) => (kind === 'unknown' ? null : kind), {
      values: FD_KINDS.filter((kind) => kind !== 'unknown'),
    }),
  ];
}

/** Where an executable lies that was never in a file system. */
const MEMFD = /^\/?memfd:/;

// biome-ignore format: a table
export const PROC_FIELDS: readonly Field[] = [
  ofProcess('proc.pid', 'number', 'process id', 'proc.pid=1', (p) => p.pid, { aliases: ['thread.pid'], short: ['pid'], pushdown: 'pid' }),
  { name: 'proc.name', type: 'text', scope: 'thread', doc: 'name of the program, up to 15 bytes', example: 'proc.name=curl', read: (view) => view.thread?.comm ?? null, aliases: ['thread.name'], short: ['name', 'process', 'proc', 'comm'], pushdown: 'comm' },
  ofProcess('proc.exe', 'text', 'first argument (argv[0])', 'proc.exe endswith curl', (p) => p.exe),
  ofProcess('proc.exepath', 'text', 'path of the executable', 'proc.exepath=/usr/bin/curl', (p) => p.exepath),
  ofProcess('proc.args', 'text', 'arguments after the first, with blanks between', 'proc.args contains --wait', (p) => p.args.join(' ')),
  { name: 'proc.cmdline', type: 'text', scope: 'thread', doc: 'name and arguments', example: 'proc.cmdline contains backend', read: (view) => (view.process === null ? null : cmdline({ ...view.process, comm: view.thread?.comm ?? '' })), short: ['cmd', 'cmdline'] },
  ofProcess('proc.cmdnargs', 'number', 'how many arguments it has', 'proc.cmdnargs>10', (p) => p.args.length),
  ofProcess('proc.cmdlenargs', 'number', 'characters that its arguments have together', 'proc.cmdlenargs>500', (p) => p.args.join('').length),
  ofProcess('proc.exeline', 'text', 'all arguments', 'proc.exeline contains iptables', exeline),
  ofProcess('proc.cwd', 'text', 'working directory', 'proc.cwd=/', (p) => p.cwd || null),
  { name: 'proc.env', type: 'text', scope: 'thread', doc: 'environment, or one variable; recorded only on request', example: 'proc.env[PATH] exists', arg: { name: 'NAME', required: false }, read: (view, name) => (view.process === null ? null : environment(view.process, name)) },
  ofProcess('proc.ppid', 'number', 'process id of the parent', 'proc.ppid=1', (p) => p.ppid, { short: ['ppid'], pushdown: 'pid' }),
  ofParent('proc.pvpid', 'number', 'process id of the parent inside its own pid namespace', 'proc.pvpid=1', (p) => known(p.vpid)),
  ofParent('proc.pname', 'text', 'name of the parent', 'proc.pname=bash', (p) => p.comm),
  ofParent('proc.pexe', 'text', 'first argument of the parent', 'proc.pexe contains bash', (p) => p.exe),
  ofParent('proc.pexepath', 'text', 'path of the parent’s executable', 'proc.pexepath=/bin/bash', (p) => p.exepath),
  ofParent('proc.pcmdline', 'text', 'name and arguments of the parent', 'proc.pcmdline contains bash', cmdline),
  ofAncestor('proc.apid', 'number', 'process id of an ancestor; without level, of any', (p) => p.pid, 'proc.apid=1', { pushdown: 'pid' }),
  ofAncestor('proc.aname', 'text', 'name of an ancestor; without level, of any', (p) => p.comm, 'proc.aname[2]=sshd'),
  ofAncestor('proc.aexe', 'text', 'first argument of an ancestor', (p) => p.exe, 'proc.aexe contains bash'),
  ofAncestor('proc.aexepath', 'text', 'executable of an ancestor', (p) => p.exepath, 'proc.aexepath contains bash'),
  ofAncestor('proc.aargs', 'text', 'arguments of an ancestor after the first', (p) => p.args.join(' '), 'proc.aargs contains --wait'),
  ofAncestor('proc.acmdline', 'text', 'name and arguments of an ancestor', cmdline, 'proc.acmdline contains bash'),
  ofProcess('proc.vpid', 'number', 'process id inside its pid namespace', 'proc.vpid=1', (p) => known(p.vpid)),
  ofProcess('proc.sid', 'number', 'session id', 'proc.sid>0', (p) => p.sid),
  { name: 'proc.sname', type: 'text', scope: 'thread', doc: 'name of the session’s leader', example: 'proc.sname=bash', read: (view) => (view.process === null ? null : (view.processAt(view.process.sid)?.comm ?? null)) },
  ...leaderFields('proc.sid', 'session', ({ sid }) => sid),
  ofProcess('proc.is_sid_leader', 'bool', 'it leads its session', 'proc.is_sid_leader=true', (p) => p.pid === p.sid),
  ofProcess('proc.pgid', 'number', 'process group id', 'proc.pgid>0', (p) => p.pgid, { aliases: ['proc.pgid.pid'] }),
  ...leaderFields('proc.pgid', 'process group', ({ pgid }) => pgid),
  ofProcess('proc.is_pgid_leader', 'bool', 'it leads its process group', 'proc.is_pgid_leader=true', (p) => p.pid === p.pgid),
  { name: 'proc.loginshellid', type: 'number', scope: 'thread', doc: 'process id of the uppermost shell above it', example: 'proc.loginshellid exists', read: loginShell },
  ofProcess('proc.tty', 'number', 'controlling terminal, 0: none', 'proc.tty=0', (p) => p.tty),
  { name: 'proc.duration', type: 'span', scope: 'event', doc: 'ns since the process began', example: 'proc.duration<1s', read: (view) => age(view, view.process) },
  { name: 'proc.pid.ts', type: 'walltime', scope: 'thread', doc: 'when the process began, ns since 1970', example: 'proc.pid.ts>0', read: (view) => view.process?.started ?? null },
  { name: 'proc.ppid.duration', type: 'span', scope: 'event', doc: 'ns since the parent began', example: 'proc.ppid.duration<1s', read: (view) => age(view, parent(view)) },
  { name: 'proc.ppid.ts', type: 'walltime', scope: 'thread', doc: 'when the parent began, ns since 1970', example: 'proc.ppid.ts>0', read: (view) => parent(view)?.started ?? null },
  ofProcess('proc.age.s', 'number', 'whole seconds that it had run when the capture began', 'proc.age.s>60', (p) => (p.started === null ? null : Math.max(0, Math.floor(-p.started / SECOND)))),
  ofProcess('proc.is_exe_from_memfd', 'bool', 'its program was never in a file system, but in memory alone', 'proc.is_exe_from_memfd=true', (p) => (p.exepath === '' ? null : MEMFD.test(p.exepath))),
  ofProcess('proc.is_vpgid_leader', 'bool', 'it leads its process group', 'proc.is_vpgid_leader=true', (p) => (p.pgid <= 0 ? null : p.pgid === p.pid || p.pgid === p.vpid)),
  ...stdioFields('input', 'stdin', 0),
  ...stdioFields('output', 'stdout', 1),
  ...stdioFields('error', 'stderr', 2),
  ofProcess('proc.root', 'text', 'root directory', 'proc.root!=/', (p) => p.root || null),
  ofProcess('proc.netns', 'number', 'inode of its network namespace', 'proc.netns>0', (p) => p.netns || null),
  ofProcess('proc.pidns', 'number', 'inode of its pid namespace', 'proc.pidns>0', (p) => p.pidns || null),
  ofProcess('proc.mntns', 'number', 'inode of its mount namespace', 'proc.mntns>0', (p) => p.mntns || null),
  ofProcess('proc.is_kernel', 'bool', 'a thread of the kernel', 'proc.is_kernel=false', (p) => (p.flags & ProcessFlag.KERNEL) !== 0),
  ofProcess('proc.uses_io_uring', 'bool', 'it uses io_uring; what it does that way: evt.io_uring', 'proc.uses_io_uring=true', (p) => (p.flags & ProcessFlag.IO_URING) !== 0),
  ofStats('proc.nthreads', 'how many threads the process has; imported files only', ({ children }) => children + 1, 'proc.nthreads>1', true),
  ofStats('proc.nchilds', 'how many threads the process has beside its first; imported files only', ({ children }) => children, 'proc.nchilds>0', true),
  ofStats('proc.vmsize', 'virtual memory in kB; imported files only', ({ vmsize }) => vmsize, 'proc.vmsize>100000'),
  ofStats('proc.vmrss', 'resident memory in kB; imported files only', ({ vmrss }) => vmrss, 'proc.vmrss>10000'),
  ofStats('proc.vmswap', 'swapped memory in kB; imported files only', ({ vmswap }) => vmswap, 'proc.vmswap=0'),
  ofThreadSize('thread.vmsize', 'kB', 'virtual memory', ({ vmsize }) => vmsize),
  ofThreadSize('thread.vmrss', 'kB', 'resident memory', ({ vmrss }) => vmrss),
  ofThreadSize('thread.vmsize.b', 'bytes', 'virtual memory', ({ vmsize }) => vmsize * KB),
  ofThreadSize('thread.vmrss.b', 'bytes', 'resident memory', ({ vmrss }) => vmrss * KB),
  ofSwitch('thread.exectime', 'ns that the thread which a switch takes off a CPU had it', ({ own }) => own),
  ofSwitch('thread.totexectime', 'ns that it had CPUs since the capture began', ({ total }) => total),
  { name: 'thread.tid', type: 'number', scope: 'thread', doc: 'thread id', example: 'thread.tid>1000', read: (view) => view.thread?.tid ?? null, aliases: ['proc.tid'], short: ['tid'] },
  { name: 'thread.nametid', type: 'text', scope: 'thread', doc: 'name and thread id, one behind the other', example: 'thread.nametid startswith curl', read: (view) => (view.thread === null ? null : `${view.thread.comm}${view.thread.tid}`) },
  { name: 'thread.vtid', type: 'number', scope: 'thread', doc: 'thread id inside its pid namespace', example: 'thread.vtid=1', read: (view) => known(view.thread?.vtid), aliases: ['proc.vtid'] },
  { name: 'thread.ismain', type: 'bool', scope: 'thread', doc: 'the first thread of its process', example: 'thread.ismain=true', read: (view) => (view.process === null ? null : view.thread?.tid === view.process.pid) },
  ofProcess('thread.cgroups', 'text', 'all cgroups, controller=path', 'thread.cgroups contains kubepods', (p) => cgroup(p, ''), { aliases: ['proc.cgroups'] }),
  { name: 'thread.cgroup', type: 'text', scope: 'thread', doc: 'cgroup of one controller', example: 'thread.cgroup.memory contains docker', arg: { name: 'CONTROLLER', required: true }, read: (view, name) => (view.process === null ? null : cgroup(view.process, name)) },
];

// biome-ignore format: a table
export const USER_FIELDS: readonly Field[] = [
  ofProcess('user.uid', 'number', 'user id', 'user.uid=0', (p) => p.uid, { short: ['uid'] }),
  ofUser('user.name', 'name of the user', 'user.name=root', (user) => user.name, { short: ['user'] }),
  ofUser('user.homedir', 'home directory', 'user.homedir=/root', (user) => user.home),
  ofUser('user.shell', 'login shell', 'user.shell=/bin/bash', (user) => user.shell),
  ofProcess('user.loginuid', 'number', 'user id at login, -1: none', 'user.loginuid=-1', (p) => p.loginuid),
  { name: 'user.loginname', type: 'text', scope: 'thread', doc: 'user name at login', example: 'user.loginname=root', read: (view) => (view.process === null ? null : (view.userOf(view.process.loginuid)?.name ?? null)) },
  ofProcess('group.gid', 'number', 'group id', 'group.gid=0', (p) => p.gid),
  { name: 'group.name', type: 'text', scope: 'thread', doc: 'name of the group', example: 'group.name=root', read: (view) => (view.process === null ? null : (view.groupOf(view.process.gid)?.name ?? null)) },
];

function ofUser(
  name: string,
  doc: string,
  example: string,
  read: (user: { name: string; home: string; shell: string }) => string,
  more: Partial<RowField> = {},
): RowField {
  const readUser = (view: EventView) => {
    const user = view.process === null ? null : view.userOf(view.process.uid);
    return user === null ? null : read(user);
  };
  return { name, type: 'text', doc, example, scope: 'thread', read: readUser, ...more };
}
