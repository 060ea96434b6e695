/** Names of the numbers that calls take, by table. Values are those of Linux on x86-64 (include/uapi of the kernel). */

type Table = Readonly<Record<string, number>>;

const FLAGS: Readonly<Record<string, Table>> = {
  open: {
    O_WRONLY: 0o1,
    O_RDWR: 0o2,
    O_CREAT: 0o100,
    O_EXCL: 0o200,
    O_NOCTTY: 0o400,
    O_TRUNC: 0o1000,
    O_APPEND: 0o2000,
    O_NONBLOCK: 0o4000,
    O_DSYNC: 0o10000,
    O_DIRECT: 0o40000,
    O_LARGEFILE: 0o100000,
    O_DIRECTORY: 0o200000,
    O_NOFOLLOW: 0o400000,
    O_NOATIME: 0o1000000,
    O_CLOEXEC: 0o2000000,
    O_PATH: 0o10000000,
    O_TMPFILE: 0o20000000,
  },
  sockflags: { SOCK_NONBLOCK: 0o4000, SOCK_CLOEXEC: 0o2000000 },
  flock: { LOCK_SH: 1, LOCK_EX: 2, LOCK_NB: 4, LOCK_UN: 8 },
  timer: { TIMER_ABSTIME: 1 },
  wait: { WNOHANG: 1, WUNTRACED: 2, WEXITED: 4, WCONTINUED: 8, WNOWAIT: 0x1000000 },
  clone: {
    CLONE_NEWTIME: 0x80,
    CLONE_VM: 0x100,
    CLONE_FS: 0x200,
    CLONE_FILES: 0x400,
    CLONE_SIGHAND: 0x800,
    CLONE_PIDFD: 0x1000,
    CLONE_PTRACE: 0x2000,
    CLONE_VFORK: 0x4000,
    CLONE_PARENT: 0x8000,
    CLONE_THREAD: 0x10000,
    CLONE_NEWNS: 0x20000,
    CLONE_SYSVSEM: 0x40000,
    CLONE_SETTLS: 0x80000,
    CLONE_PARENT_SETTID: 0x100000,
    CLONE_CHILD_CLEARTID: 0x200000,
    CLONE_CHILD_SETTID: 0x1000000,
    CLONE_NEWCGROUP: 0x2000000,
    CLONE_NEWUTS: 0x4000000,
    CLONE_NEWIPC: 0x8000000,
    CLONE_NEWUSER: 0x10000000,
    CLONE_NEWPID: 0x20000000,
    CLONE_NEWNET: 0x40000000,
  },
};

const ENUMS: Readonly<Record<string, Table>> = {
  domain: { AF_UNSPEC: 0, AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, AF_NETLINK: 16, AF_PACKET: 17, AF_VSOCK: 40 },
  socktype: { SOCK_STREAM: 1, SOCK_DGRAM: 2, SOCK_RAW: 3, SOCK_SEQPACKET: 5 },
  shutdown: { SHUT_RD: 0, SHUT_WR: 1, SHUT_RDWR: 2 },
  whence: { SEEK_SET: 0, SEEK_CUR: 1, SEEK_END: 2, SEEK_DATA: 3, SEEK_HOLE: 4 },
  fcntl: {
    F_DUPFD: 0,
    F_GETFD: 1,
    F_SETFD: 2,
    F_GETFL: 3,
    F_SETFL: 4,
    F_GETLK: 5,
    F_SETLK: 6,
    F_SETLKW: 7,
    F_OFD_GETLK: 36,
    F_OFD_SETLK: 37,
    F_OFD_SETLKW: 38,
    F_DUPFD_CLOEXEC: 1030,
  },
  locktype: { F_RDLCK: 0, F_WRLCK: 1, F_UNLCK: 2 },
  rlimit: {
    RLIMIT_CPU: 0,
    RLIMIT_FSIZE: 1,
    RLIMIT_DATA: 2,
    RLIMIT_STACK: 3,
    RLIMIT_CORE: 4,
    RLIMIT_RSS: 5,
    RLIMIT_NPROC: 6,
    RLIMIT_NOFILE: 7,
    RLIMIT_MEMLOCK: 8,
    RLIMIT_AS: 9,
    RLIMIT_LOCKS: 10,
    RLIMIT_SIGPENDING: 11,
    RLIMIT_MSGQUEUE: 12,
    RLIMIT_NICE: 13,
    RLIMIT_RTPRIO: 14,
    RLIMIT_RTTIME: 15,
  },
  epollctl: { EPOLL_CTL_ADD: 1, EPOLL_CTL_DEL: 2, EPOLL_CTL_MOD: 3 },
  futex: {
    FUTEX_WAIT: 0,
    FUTEX_WAKE: 1,
    FUTEX_REQUEUE: 3,
    FUTEX_LOCK_PI: 6,
    FUTEX_WAIT_BITSET: 9,
    FUTEX_WAKE_BITSET: 10,
  },
  signal: Object.fromEntries(
    (
      'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ ' +
      'VTALRM PROF WINCH IO PWR SYS'
    )
      .split(' ')
      .map((name, i) => [`SIG${name}`, i + 1]),
  ),
  tcpstate: Object.fromEntries(
    'ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING NEW_SYN_RECV'
      .split(' ')
      .map((name, i) => [name, i + 1]),
  ),
};

/** Bits beside the value proper, that an enum's number may carry. */
const ENUM_MASKS: Readonly<Record<string, number>> = { socktype: 0xf, futex: 0x7f };

/** `O_RDONLY|O_CLOEXEC`; bits without a name as hex; empty where nothing is set and nothing is named so. */
export function flagNames(table: string, value: number): string {
  const flags = FLAGS[table] ?? {};
  const names = table === 'open' && (value & 3) === 0 ? ['O_RDONLY'] : [];
  let rest = value;
  for (const [name, bits] of Object.entries(flags).reverse()) {
    if ((rest & bits) !== bits) continue;
    names.push(name);
    rest &= ~bits;
  }
  if (rest !== 0) names.push(`0x${(rest >>> 0).toString(16)}`);
  return names.join('|');
}

/** `AF_INET`; empty for a number without a name. */
export function enumName(table: string, value: number): string {
  const mask = ENUM_MASKS[table];
  const proper = mask === undefined ? value : value & mask;
  return Object.entries(ENUMS[table] ?? {}).find(([, number]) => number === proper)?.[0] ?? '';
}
