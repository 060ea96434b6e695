/**
 * Every kind of event that Trowel itself records: system calls and what the kernel says of processes and of the network.
 * One line is one kind. The probe's table (native/build/calls.h) is generated from these lines, so adding a call is adding a line.
 *
 * `id` is the x86-64 system call number (other machines map to it); from 1024 on it is not a system call.
 * Names are sysdig's, which are the kernel's with a few exceptions (pread64 is pread).
 */

/** What a family of events is switched, counted and lost by. `io`: net, file or ipc, as the descriptor says. */
export const FAMILIES = ['net', 'file', 'process', 'wait', 'ipc', 'trouble', 'io'] as const;
export type Family = (typeof FAMILIES)[number];

/** Where the value of an argument comes from; `reg` counts the call's arguments from 0. */
export type ArgSource =
  | { readonly from: 'res' | 'fd' | 'data' | 'tuple' } // a column of its own: not stored twice
  | { readonly from: 'reg'; readonly reg: number; readonly bits: 's32' | 'u32' | 's64' | 'u64' }
  | { readonly from: 'path'; readonly reg: number; readonly dir?: number } // a string; relative to the descriptor in `dir`
  | { readonly from: 'timespec' | 'timeval'; readonly reg: number } // user memory, as ns
  | { readonly from: 'pollfds'; readonly reg: number; readonly count: number }
  | { readonly from: 'value' | 'text'; readonly reg: number }; // not a call: the reg-th number or string of its record

/** How an argument is printed; flag tables are in src/model/flags.ts. */
export type ArgFormat =
  | 'dec'
  | 'hex'
  | 'oct'
  | 'fd'
  | 'errno'
  | 'path'
  | 'text'
  | 'bytes'
  | 'tuple'
  | 'ns'
  | 'pollfds'
  | `flags:${string}`
  | `enum:${string}`;

export interface ArgSpec {
  readonly name: string;
  readonly format: ArgFormat;
  readonly source: ArgSource;
}

/** Where the bytes that an operation moved lie: `reg` is the pointer; at most as many bytes as the result says. */
export type BufferSpec =
  | { readonly shape: 'flat' | 'msghdr'; readonly reg: number }
  | { readonly shape: 'iovec' | 'mmsghdr'; readonly reg: number; readonly count: number };

export interface CallSpec {
  readonly id: number;
  readonly name: string;
  /** sysdig's evt.category; `io` becomes net or file by the descriptor's kind. */
  readonly category: string;
  readonly family: Family;
  /** The argument that is the descriptor it works on; `ret`: it makes one. */
  readonly fd: number | 'ret' | null;
  readonly io: 'read' | 'write' | null;
  /** It blocks by design: recorded only from Config.wait_over_ns on. */
  readonly wait: boolean;
  readonly buffer: BufferSpec | null;
  /** The argument with a sockaddr, for sockets whose peer the kernel does not keep. */
  readonly addr: number | null;
  readonly args: readonly ArgSpec[];
  /** Recorded when nothing else is asked for; `locks`: only those of its commands that lock. */
  readonly standard: boolean | 'locks';
}

type Options = Partial<Omit<CallSpec, 'id' | 'name' | 'category' | 'family' | 'args'>>;

function call(id: number, name: string, category: string, family: Family, args: ArgSpec[], options: Options = {}): CallSpec {
  return { id, name, category, family, args, fd: null, io: null, wait: false, buffer: null, addr: null, standard: true, ...options };
}

const reg =
  (bits: 's32' | 'u32' | 's64' | 'u64') =>
  (name: string, n: number, format: ArgFormat = 'dec'): ArgSpec => ({
    name,
    format,
    source: { from: 'reg', reg: n, bits },
  });
const int = reg('s32');
const uint = reg('u32');
const long = reg('s64');
const size = reg('u64');
const flags = (name: string, n: number, table: string) => uint(name, n, `flags:${table}`);
const oneOf = (name: string, n: number, table: string) => uint(name, n, `enum:${table}`);
const path = (name: string, n: number, dir?: number): ArgSpec => ({
  name,
  format: 'path',
  source: dir === undefined ? { from: 'path', reg: n } : { from: 'path', reg: n, dir },
});
const value = (name: string, n: number, format: ArgFormat = 'dec'): ArgSpec => ({ name, format, source: { from: 'value', reg: n } });
const text = (name: string, n: number): ArgSpec => ({ name, format: 'text', source: { from: 'text', reg: n } });
const span = (n: number, from: 'timespec' | 'timeval' = 'timespec'): ArgSpec => ({
  name: 'timeout',
  format: 'ns',
  source: { from, reg: n },
});
const pollfds = (n: number, count: number): ArgSpec => ({ name: 'fds', format: 'pollfds', source: { from: 'pollfds', reg: n, count } });

const res: ArgSpec = { name: 'res', format: 'errno', source: { from: 'res' } };
const newFd: ArgSpec = { name: 'fd', format: 'fd', source: { from: 'res' } };
const fd: ArgSpec = { name: 'fd', format: 'fd', source: { from: 'fd' } };
const data: ArgSpec = { name: 'data', format: 'bytes', source: { from: 'data' } };
const tuple: ArgSpec = { name: 'tuple', format: 'tuple', source: { from: 'tuple' } };

const flat = (n: number): BufferSpec => ({ shape: 'flat', reg: n });
const iovec = (n: number, count: number): BufferSpec => ({ shape: 'iovec', reg: n, count });
const msghdr = (n: number): BufferSpec => ({ shape: 'msghdr', reg: n });
const mmsghdr = (n: number, count: number): BufferSpec => ({ shape: 'mmsghdr', reg: n, count });

const io = (direction: 'read' | 'write', buffer: BufferSpec | null, more: Options = {}): Options => ({
  fd: 0,
  io: direction,
  buffer,
  ...more,
});
const onFd: Options = { fd: 0 };
const makesFd: Options = { fd: 'ret' };
const waits: Options = { wait: true };
const optional: Options = { standard: false };

// biome-ignore format: a table
export const CALLS: readonly CallSpec[] = [
  // Sockets
  call(41, 'socket', 'net', 'net', [newFd, oneOf('domain', 0, 'domain'), oneOf('type', 1, 'socktype'), uint('proto', 2)], makesFd),
  call(53, 'socketpair', 'ipc', 'ipc', [res, oneOf('domain', 0, 'domain'), oneOf('type', 1, 'socktype')]),
  call(42, 'connect', 'net', 'net', [res, fd, tuple], { fd: 0, addr: 1 }),
  call(43, 'accept', 'net', 'net', [newFd, tuple], makesFd),
  call(288, 'accept4', 'net', 'net', [newFd, tuple, flags('flags', 3, 'sockflags')], makesFd),
  call(49, 'bind', 'net', 'net', [res, fd, tuple], { fd: 0, addr: 1 }),
  call(50, 'listen', 'net', 'net', [res, fd, int('backlog', 1)], onFd),
  call(48, 'shutdown', 'net', 'net', [res, fd, oneOf('how', 1, 'shutdown')], onFd),
  call(55, 'getsockopt', 'net', 'net', [res, fd, int('level', 1), int('optname', 2), value('val', 0)], onFd),
  call(44, 'sendto', 'io', 'net', [res, fd, size('size', 2), tuple, data], io('write', flat(1), { addr: 4 })),
  call(45, 'recvfrom', 'io', 'net', [res, fd, size('size', 2), tuple, data], io('read', flat(1), { addr: 4 })),
  call(46, 'sendmsg', 'io', 'net', [res, fd, tuple, data], io('write', msghdr(1))),
  call(47, 'recvmsg', 'io', 'net', [res, fd, tuple, data], io('read', msghdr(1))),
  call(307, 'sendmmsg', 'io', 'net', [res, fd, uint('vlen', 2), tuple, data], io('write', mmsghdr(1, 2))),
  call(299, 'recvmmsg', 'io', 'net', [res, fd, uint('vlen', 2), tuple, data], io('read', mmsghdr(1, 2))),
  // Bytes through any descriptor
  call(0, 'read', 'io', 'io', [res, fd, size('size', 2), data], io('read', flat(1))),
  call(1, 'write', 'io', 'io', [res, fd, size('size', 2), data], io('write', flat(1))),
  call(17, 'pread', 'io', 'io', [res, fd, size('size', 2), long('pos', 3), data], io('read', flat(1))),
  call(18, 'pwrite', 'io', 'io', [res, fd, size('size', 2), long('pos', 3), data], io('write', flat(1))),
  call(19, 'readv', 'io', 'io', [res, fd, uint('vlen', 2), data], io('read', iovec(1, 2))),
  call(20, 'writev', 'io', 'io', [res, fd, uint('vlen', 2), data], io('write', iovec(1, 2))),
  call(295, 'preadv', 'io', 'io', [res, fd, uint('vlen', 2), long('pos', 3), data], io('read', iovec(1, 2))),
  call(296, 'pwritev', 'io', 'io', [res, fd, uint('vlen', 2), long('pos', 3), data], io('write', iovec(1, 2))),
  call(327, 'preadv2', 'io', 'io', [res, fd, uint('vlen', 2), long('pos', 3), data], io('read', iovec(1, 2))),
  call(328, 'pwritev2', 'io', 'io', [res, fd, uint('vlen', 2), long('pos', 3), data], io('write', iovec(1, 2))),
  call(40, 'sendfile', 'io', 'io', [res, fd, int('in_fd', 1, 'fd'), size('size', 3)], io('write', null)),
  call(275, 'splice', 'io', 'io', [res, fd, int('out_fd', 2, 'fd'), size('size', 4)], io('read', null)),
  call(326, 'copy_file_range', 'io', 'io', [res, fd, int('out_fd', 2, 'fd'), size('size', 4)], io('read', null)),
  // Files
  call(2, 'open', 'file', 'file', [newFd, path('name', 0), flags('flags', 1, 'open'), uint('mode', 2, 'oct')], makesFd),
  call(257, 'openat', 'file', 'file', [newFd, int('dirfd', 0, 'fd'), path('name', 1, 0), flags('flags', 2, 'open'), uint('mode', 3, 'oct')], makesFd),
  call(437, 'openat2', 'file', 'file', [newFd, int('dirfd', 0, 'fd'), path('name', 1, 0)], makesFd),
  call(85, 'creat', 'file', 'file', [newFd, path('name', 0), uint('mode', 1, 'oct')], makesFd),
  call(3, 'close', 'file', 'io', [res, fd], onFd),
  call(436, 'close_range', 'file', 'file', [res, uint('first', 0), uint('last', 1)]),
  call(74, 'fsync', 'file', 'file', [res, fd], onFd),
  call(75, 'fdatasync', 'file', 'file', [res, fd], onFd),
  call(277, 'sync_file_range', 'file', 'file', [res, fd], onFd),
  call(76, 'truncate', 'file', 'file', [res, path('path', 0), long('length', 1)]),
  call(77, 'ftruncate', 'file', 'file', [res, fd, long('length', 1)], onFd),
  call(285, 'fallocate', 'file', 'file', [res, fd, uint('mode', 1, 'hex'), long('offset', 2), long('length', 3)], onFd),
  call(8, 'lseek', 'file', 'file', [res, fd, long('offset', 1), oneOf('whence', 2, 'whence')], { fd: 0, standard: false }),
  call(73, 'flock', 'file', 'file', [res, fd, flags('operation', 1, 'flock')], onFd),
  call(217, 'getdents64', 'file', 'file', [res, fd], onFd),
  call(87, 'unlink', 'file', 'file', [res, path('path', 0)]),
  call(263, 'unlinkat', 'file', 'file', [res, int('dirfd', 0, 'fd'), path('name', 1, 0), uint('flags', 2, 'hex')]),
  call(82, 'rename', 'file', 'file', [res, path('oldpath', 0), path('newpath', 1)]),
  call(264, 'renameat', 'file', 'file', [res, int('olddirfd', 0, 'fd'), path('oldpath', 1, 0), int('newdirfd', 2, 'fd'), path('newpath', 3, 2)]),
  call(316, 'renameat2', 'file', 'file', [res, int('olddirfd', 0, 'fd'), path('oldpath', 1, 0), int('newdirfd', 2, 'fd'), path('newpath', 3, 2), uint('flags', 4, 'hex')]),
  call(83, 'mkdir', 'file', 'file', [res, path('path', 0), uint('mode', 1, 'oct')]),
  call(258, 'mkdirat', 'file', 'file', [res, int('dirfd', 0, 'fd'), path('path', 1, 0), uint('mode', 2, 'oct')]),
  call(84, 'rmdir', 'file', 'file', [res, path('path', 0)]),
  call(86, 'link', 'file', 'file', [res, path('oldpath', 0), path('newpath', 1)]),
  call(265, 'linkat', 'file', 'file', [res, int('olddirfd', 0, 'fd'), path('oldpath', 1, 0), int('newdirfd', 2, 'fd'), path('newpath', 3, 2)]),
  call(88, 'symlink', 'file', 'file', [res, path('target', 0), path('linkpath', 1)]),
  call(266, 'symlinkat', 'file', 'file', [res, path('target', 0), int('linkdirfd', 1, 'fd'), path('linkpath', 2, 1)]),
  call(90, 'chmod', 'file', 'file', [res, path('filename', 0), uint('mode', 1, 'oct')]),
  call(268, 'fchmodat', 'file', 'file', [res, int('dirfd', 0, 'fd'), path('filename', 1, 0), uint('mode', 2, 'oct')]),
  call(4, 'stat', 'file', 'file', [res, path('path', 0)], optional),
  call(5, 'fstat', 'file', 'file', [res, fd], { fd: 0, standard: false }),
  call(6, 'lstat', 'file', 'file', [res, path('path', 0)], optional),
  call(262, 'newfstatat', 'file', 'file', [res, int('dirfd', 0, 'fd'), path('path', 1, 0)], optional),
  call(332, 'statx', 'file', 'file', [res, int('dirfd', 0, 'fd'), path('path', 1, 0)], optional),
  call(21, 'access', 'file', 'file', [res, path('name', 0), uint('mode', 1, 'oct')], optional),
  call(269, 'faccessat', 'file', 'file', [res, int('dirfd', 0, 'fd'), path('name', 1, 0), uint('mode', 2, 'oct')], optional),
  call(89, 'readlink', 'file', 'file', [res, path('path', 0)], optional),
  call(267, 'readlinkat', 'file', 'file', [res, int('dirfd', 0, 'fd'), path('path', 1, 0)], optional),
  call(165, 'mount', 'file', 'file', [res, path('dev', 0), path('dir', 1)]),
  call(166, 'umount2', 'file', 'file', [res, path('name', 0)]),
  // Descriptors
  call(22, 'pipe', 'ipc', 'ipc', [res]),
  call(293, 'pipe2', 'ipc', 'ipc', [res, flags('flags', 1, 'open')]),
  call(32, 'dup', 'ipc', 'ipc', [newFd, int('oldfd', 0, 'fd')], makesFd),
  call(33, 'dup2', 'ipc', 'ipc', [newFd, int('oldfd', 0, 'fd'), int('newfd', 1, 'fd')], makesFd),
  call(292, 'dup3', 'ipc', 'ipc', [newFd, int('oldfd', 0, 'fd'), int('newfd', 1, 'fd'), flags('flags', 2, 'open')], makesFd),
  call(72, 'fcntl', 'file', 'ipc', [res, fd, oneOf('cmd', 1, 'fcntl'), value('type', 2, 'enum:locktype')], { fd: 0, standard: 'locks' }),
  call(253, 'inotify_init', 'ipc', 'file', [newFd], makesFd),
  call(294, 'inotify_init1', 'ipc', 'file', [newFd, flags('flags', 0, 'open')], makesFd),
  call(254, 'inotify_add_watch', 'ipc', 'file', [res, fd, path('path', 1), uint('mask', 2, 'hex')], onFd),
  call(290, 'eventfd2', 'ipc', 'ipc', [newFd], { fd: 'ret', standard: false }),
  call(291, 'epoll_create1', 'ipc', 'ipc', [newFd], { fd: 'ret', standard: false }),
  call(233, 'epoll_ctl', 'ipc', 'ipc', [res, fd, oneOf('op', 1, 'epollctl'), int('target', 2, 'fd')], { fd: 0, standard: false }),
  call(300, 'fanotify_init', 'ipc', 'ipc', [newFd], makesFd),
  // Waiting
  call(7, 'poll', 'wait', 'wait', [res, pollfds(0, 1), int('timeout', 2)], waits),
  call(271, 'ppoll', 'wait', 'wait', [res, pollfds(0, 1), span(2)], waits),
  call(23, 'select', 'wait', 'wait', [res, int('nfds', 0), span(4, 'timeval')], waits),
  call(270, 'pselect6', 'wait', 'wait', [res, int('nfds', 0), span(4)], waits),
  call(232, 'epoll_wait', 'wait', 'wait', [res, fd, int('maxevents', 2), int('timeout', 3)], { fd: 0, wait: true }),
  call(281, 'epoll_pwait', 'wait', 'wait', [res, fd, int('maxevents', 2), int('timeout', 3)], { fd: 0, wait: true }),
  call(441, 'epoll_pwait2', 'wait', 'wait', [res, fd, int('maxevents', 2), span(3)], { fd: 0, wait: true }),
  call(202, 'futex', 'ipc', 'wait', [res, size('addr', 0, 'hex'), oneOf('op', 1, 'futex'), uint('val', 2), span(3)], waits),
  call(35, 'nanosleep', 'sleep', 'wait', [res, span(0)], waits),
  call(230, 'clock_nanosleep', 'sleep', 'wait', [res, int('clockid', 0), flags('flags', 1, 'timer'), span(2)], waits),
  call(61, 'wait4', 'wait', 'wait', [res, int('pid', 0), flags('options', 2, 'wait')], waits),
  call(247, 'waitid', 'wait', 'wait', [res, int('idtype', 0), int('id', 1)], waits),
  call(34, 'pause', 'wait', 'wait', [res], waits),
  call(130, 'rt_sigsuspend', 'wait', 'wait', [res], waits),
  call(128, 'rt_sigtimedwait', 'wait', 'wait', [res], waits),
  call(426, 'io_uring_enter', 'wait', 'wait', [res, fd, uint('to_submit', 1), uint('min_complete', 2), uint('flags', 3, 'hex')], { fd: 0, wait: true }),
  // Processes
  call(56, 'clone', 'process', 'process', [res, flags('flags', 0, 'clone')]),
  call(435, 'clone3', 'process', 'process', [res]),
  call(57, 'fork', 'process', 'process', [res]),
  call(58, 'vfork', 'process', 'process', [res]),
  call(59, 'execve', 'process', 'process', [res, path('filename', 0)]),
  call(322, 'execveat', 'process', 'process', [res, int('dirfd', 0, 'fd'), path('filename', 1, 0)]),
  call(80, 'chdir', 'process', 'process', [res, path('path', 0)]),
  call(81, 'fchdir', 'process', 'process', [res, fd], onFd),
  call(105, 'setuid', 'user', 'process', [res, uint('uid', 0)]),
  call(106, 'setgid', 'user', 'process', [res, uint('gid', 0)]),
  call(117, 'setresuid', 'user', 'process', [res, int('ruid', 0), int('euid', 1), int('suid', 2)]),
  call(119, 'setresgid', 'user', 'process', [res, int('rgid', 0), int('egid', 1), int('sgid', 2)]),
  call(161, 'chroot', 'process', 'process', [res, path('path', 0)]),
  call(272, 'unshare', 'process', 'process', [res, flags('flags', 0, 'clone')]),
  call(308, 'setns', 'process', 'process', [res, fd, flags('nstype', 1, 'clone')], onFd),
  call(302, 'prlimit', 'process', 'process', [res, int('pid', 0), oneOf('resource', 1, 'rlimit')]),
  call(62, 'kill', 'signal', 'process', [res, int('pid', 0), oneOf('sig', 1, 'signal')]),
  call(425, 'io_uring_setup', 'process', 'process', [newFd, uint('entries', 0)], makesFd),
  // Not calls: what the kernel says of processes
  call(1024, 'procexit', 'process', 'process', [value('status', 0), value('ret', 1), value('sig', 2, 'enum:signal'), value('duration', 3, 'ns'), value('core', 4), value('spid', 5), text('sname', 0)]),
  call(1025, 'signaldeliver', 'signal', 'process', [value('spid', 0), value('dpid', 1), value('sig', 2, 'enum:signal')]),
  // and of the network
  call(1040, 'tcp_retransmit', 'net', 'trouble', [tuple, value('state', 0, 'enum:tcpstate'), value('seq', 1), value('length', 2)]),
  call(1041, 'tcp_reset_sent', 'net', 'trouble', [tuple, value('state', 0, 'enum:tcpstate')]),
  call(1042, 'tcp_reset_received', 'net', 'trouble', [tuple, value('state', 0, 'enum:tcpstate')]),
  call(1043, 'tcp_state', 'net', 'trouble', [tuple, value('old', 0, 'enum:tcpstate'), value('new', 1, 'enum:tcpstate'), value('snd_seq', 2), value('rcv_seq', 3)]),
  call(1044, 'packet_drop', 'net', 'trouble', [tuple, text('reason', 0), value('netns', 0), value('ifindex', 1)]),
  call(1045, 'udp_queue_full', 'net', 'trouble', [tuple]),
  call(1046, 'accept_queue_full', 'net', 'trouble', [tuple, value('length', 0), value('max', 1)]),
  call(1047, 'connect_unanswered', 'net', 'trouble', [tuple, value('tries', 0)]),
  // and what Trowel says of itself
  call(1056, 'lost', 'other', 'trouble', [text('reason', 0), text('family', 1), value('count', 0), value('from', 1, 'ns'), value('to', 2, 'ns')]),
];

/** Calls that open a file by its path: what later events call it by. */
export const OPEN_CALLS: readonly string[] = CALLS.filter(
  ({ fd, family, args }) => fd === 'ret' && family === 'file' && args.some(({ source }) => source.from === 'path'),
).map(({ name }) => name);
/** Calls that make a process another program. */
export const EXEC_CALLS: readonly string[] = ['execve', 'execveat'];
