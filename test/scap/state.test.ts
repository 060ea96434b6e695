/** What events change: who a process is, where it works, what it has open. Each file is made here and read back. */
import { describe, expect, test } from 'vitest';
import { readBack } from './read-back.ts';
import * as scap from './scap-writer.ts';

const { EVENT, FD, cat, i64, nul, u16, u32, u8 } = scap;
const at = (us: number) => scap.EPOCH + BigInt(us) * 1000n;
const bytes = (text: string) => Buffer.from(text);
const START = [scap.section(), scap.machine('node-1'), scap.users(2, [{ uid: 0, name: 'root' }])];
const OK = i64(0);
const AT_FDCWD = i64(-100);

/** A file whose process 10 has the descriptors given, and what comes after it. */
function file(fds: readonly scap.FdSpec[], ...events: readonly Buffer[]): Buffer {
  return cat(...START, scap.processes(9, [{ tid: 10, cwd: '/home' }]), scap.fds(2, 10, fds), ...events);
}

const read = (tid: number, us: number, fd = 3) => scap.call(EVENT.READ, tid, at(us), [i64(fd), u32(9)], [i64(5), bytes('hello')]);
const linesOf = async (bytes: Buffer, format: string, filter = 'evt.type=read') => (await readBack(bytes, format, filter)).lines;

describe('who a process is', () => {
  test('setpgid: by number, of itself, into a group of its own', async () => {
    const set = (tid: number, us: number, pid: number, pgid: number) => scap.call(EVENT.SETPGID, tid, at(us), [i64(pid), i64(pgid)], [OK]);
    const two = scap.processes(9, [{ tid: 10 }, { tid: 20 }]);
    const events = [read(10, 1), set(10, 2, 0, 77), read(10, 3), set(20, 4, 10, 20), read(10, 5), set(10, 6, 0, 0), read(10, 7)];
    expect(await linesOf(cat(...START, two, ...events), '%proc.pgid')).toEqual(['0', '77', '20', '10']);
  });

  test('a setpgid that failed, and one whose process is named in the end of the call', async () => {
    const failed = scap.call(EVENT.SETPGID, 10, at(2), [i64(0), i64(77)], [i64(-1)]);
    const ended = scap.event({ type: EVENT.SETPGID + 1, tid: 10, time: at(4), params: [OK, i64(0), i64(88)] });
    expect(await linesOf(file([], failed, read(10, 3), ended, read(10, 5)), '%proc.pgid')).toEqual(['0', '88']);
  });

  test('setsid: a session and a group, and no terminal', async () => {
    const list = scap.processes(9, [{ tid: 10, sid: 5, pgid: 6, tty: 34816 }]);
    const events = [read(10, 1), scap.call(EVENT.SETSID, 10, at(2), [], [i64(10)]), read(10, 3)];
    expect(await linesOf(cat(...START, list, ...events), '%proc.sid %proc.pgid %proc.tty')).toEqual(['5 6 34816', '10 10 0']);
  });

  test('chroot and fchdir', async () => {
    const events = [
      scap.call(EVENT.FCHDIR, 10, at(1), [i64(4)], [OK]),
      scap.call(EVENT.CHROOT, 10, at(2), [], [OK, nul('jail/../cell')]),
      read(10, 3),
    ];
    expect(await linesOf(file([scap.named(4, FD.DIRECTORY, '/srv')], ...events), '%proc.cwd %proc.root')).toEqual(['/srv/ /srv/cell']);
  });

  test('clone3: a child with all that its parent has open, under its own name', async () => {
    const open = scap.fds(2, 10, [scap.named(3, FD.FILE, '/etc/hosts')]);
    const events = [
      scap.event({ type: EVENT.CLONE3, tid: 10, time: at(1) }),
      scap.event({ type: EVENT.CLONE3 + 1, tid: 10, time: at(2), params: scap.cloned(30, { tid: 10, comm: 'prog' }) }),
      scap.event({ type: EVENT.CLONE3 + 1, tid: 30, time: at(3), params: scap.cloned(0, { tid: 30, ptid: 10, comm: 'child' }) }),
      read(30, 4),
    ];
    const found = await linesOf(
      cat(...START, scap.processes(9, [{ tid: 10 }]), open, ...events),
      '%proc.pid %proc.ppid %proc.pname %fd.name',
    );
    expect(found).toEqual(['30 10 prog /etc/hosts']);
  });

  test('users that come later have no number where calls are two events; those of containers are others', async () => {
    const added = (uid: number, name: string, container: string) =>
      scap.event({ type: EVENT.USER_ADDED, tid: -1, params: [u32(uid), u32(uid), nul(name), nul('/h'), nul('/bin/sh'), nul(container)] });
    const group = scap.event({ type: EVENT.GROUP_ADDED, tid: -1, params: [u32(0), nul('wheel'), nul('')] });
    const gone = scap.event({ type: EVENT.USER_DELETED, tid: -1, params: [u32(0), u32(0), nul('boss'), nul(''), nul(''), nul('')] });
    const events = [added(0, 'boss', ''), added(0, 'other', 'cafe'), group, read(10, 1), gone, read(10, 2)];
    expect(await linesOf(file([], ...events), '%evt.num %user.name %group.name')).toEqual(['2 boss wheel', '4 boss wheel']);
  });
});

describe('what it has open', () => {
  test('calls that make descriptors, of all years', async () => {
    const calls = [
      scap.call(
        EVENT.OPENAT2,
        10,
        at(1),
        [AT_FDCWD, nul('a'), u32(1), u32(0), u32(0)],
        [i64(5), AT_FDCWD, nul('a'), u32(1), u32(0), u32(0), u32(1), i64(2)],
      ),
      scap.call(EVENT.MEMFD_CREATE, 10, at(2), [], [i64(6), nul('scratch'), u32(0)]),
      scap.call(EVENT.EPOLL_CREATE1, 10, at(3), [u32(0)], [i64(7), u32(0)]),
      scap.call(EVENT.PIDFD_OPEN, 10, at(4), [], [i64(8), i64(20), u32(0)]),
      scap.call(320, 10, at(5), [], [i64(9), u32(0)]),
      scap.call(338, 10, at(6), [], [i64(11), u32(8), u32(8), u32(16), u32(0), u32(0), u32(0), u32(0)]),
      scap.call(368, 10, at(7), [i64(0)], [i64(12), u32(0)]),
      scap.call(296, 10, at(8), [i64(0)], [cat(u8(0), i64(13))]),
      scap.call(296, 10, at(9), [i64(0)], [cat(u8(1), i64(0))]),
    ];
    const reads = [5, 6, 7, 8, 9, 11, 12, 13, 0].map((fd, i) => read(10, 20 + i, fd));
    expect(await linesOf(file([], ...calls, ...reads), '%fd.num %fd.type %fd.name')).toEqual([
      '5 file /home/a', '6 memfd scratch', '7 eventpoll ', '8 pidfd /proc/20', '9 userfaultfd ', '11 io_uring ', '12 bpf ', '13 bpf ', '0 <NA> ',
    ]); // biome-ignore format: a table
  });

  test('pidfd_getfd: what another process has open', async () => {
    const two = scap.processes(9, [{ tid: 10 }, { tid: 20 }]);
    const open = scap.fds(2, 20, [scap.named(4, FD.FILE, '/secret')]);
    const events = [
      scap.call(EVENT.PIDFD_OPEN, 10, at(1), [], [i64(8), i64(20), u32(0)]),
      scap.call(EVENT.PIDFD_GETFD, 10, at(2), [], [i64(9), i64(8), i64(4), u32(0)]),
      read(10, 3, 9),
    ];
    expect(await linesOf(cat(...START, two, open, ...events), '%fd.name')).toEqual(['/secret']);
  });

  test('close_range closes; with a flag it only says that exec will', async () => {
    const open = [3, 4, 5].map((fd) => scap.named(fd, FD.FILE, `/${fd}`));
    const close = (us: number, first: number, last: number, flags: number) =>
      scap.call(EVENT.CLOSE_RANGE, 10, at(us), [], [OK, u32(first), u32(last), u32(flags)]);
    const events = [close(1, 3, 0xffffffff, 4), read(10, 2, 5), close(3, 4, 0xffffffff, 0), read(10, 4, 3), read(10, 5, 5)];
    expect(await linesOf(file(open, ...events), '%fd.num %fd.name')).toEqual(['5 /5', '3 /3', '5 ']);
  });

  test('unshare: a thread whose descriptors are its own', async () => {
    const CLONE_FILES = 1;
    const CLONE_THREAD = 1 << 13;
    const list = scap.processes(9, [{ tid: 10 }, { tid: 11, pid: 10, flags: CLONE_FILES | CLONE_THREAD }]);
    const open = (tid: number, us: number, fd: number) =>
      scap.call(EVENT.OPEN, tid, at(us), [], [i64(fd), nul(`/by-${tid}`), u32(1), u32(0)]);
    const unshare = scap.call(EVENT.UNSHARE, 11, at(2), [u32(CLONE_FILES)], [OK]);
    const events = [open(10, 1, 3), unshare, open(11, 3, 4), read(11, 5, 3), read(11, 6, 4), read(10, 7, 4)];
    expect(await linesOf(cat(...START, list, ...events), '%thread.tid %fd.name')).toEqual(['11 /by-10', '11 /by-11', '10 ']);
  });

  test('a datagram socket that is connected twice, to addresses of two kinds', async () => {
    const connect = (us: number, to: string) =>
      scap.call(EVENT.CONNECT, 10, at(us), [i64(5)], [OK, scap.tuple(to.includes(':') ? '::1' : '10.0.0.1', 99, to, 53)]);
    const socket = scap.call(EVENT.SOCKET, 10, at(1), [u32(scap.AF.INET6), u32(2), u32(0)], [i64(5)]);
    const events = [socket, connect(2, '8.8.8.8'), connect(3, 'fd00::8'), connect(4, '9.9.9.9'), read(10, 5, 5)];
    expect(await linesOf(file([], ...events), '%fd.name', 'evt.type in (connect,read)')).toEqual([
      '10.0.0.1:99->8.8.8.8:53', '[::1]:99->[fd00::8]:53', '10.0.0.1:99->9.9.9.9:53', '10.0.0.1:99->9.9.9.9:53',
    ]); // biome-ignore format: a table
  });

  test('a connect that failed is named after whom it meant', async () => {
    const socket = (fd: number, domain: number) => scap.call(EVENT.SOCKET, 10, at(1), [u32(domain), u32(1), u32(0)], [i64(fd)]);
    const connect = (fd: number, to: Buffer) => scap.call(EVENT.CONNECT, 10, at(2), [i64(fd)], [i64(-111), to]);
    const events = [
      socket(5, scap.AF.UNIX), connect(5, scap.unixTuple('/run/nscd')), socket(6, scap.AF.INET), connect(6, scap.tuple('10.0.0.1', 99, '10.0.0.2', 80)), read(10, 5, 5),
    ]; // biome-ignore format: a table
    const found = await linesOf(file([], ...events), '%evt.type %fd.name', 'evt.type in (connect,read)');
    expect(found).toEqual(['connect /run/nscd', 'connect 10.0.0.1:99->10.0.0.2:80', 'read ']);
  });

  test('a listed UDP server has another peer with each message', async () => {
    const exits = [1, 2].map((us) =>
      scap.event({
        type: EVENT.RECVMMSG + 1,
        tid: 10,
        time: at(us),
        params: [i64(5), i64(3), u32(9), bytes('query'), scap.tuple(`10.0.0.${us}`, 999, '10.0.0.9', 53), Buffer.alloc(0)],
      }),
    );
    const found = await linesOf(
      file([scap.listening(3, FD.IPV4_SERVER, '0.0.0.0', 53, 3)], ...exits),
      '%fd.name %fd.sport %evt.buffer',
      'evt.type=recvmmsg',
    );
    expect(found).toEqual(['10.0.0.1:999->10.0.0.9:53 53 query', '10.0.0.2:999->10.0.0.9:53 53 query']);
  });
});

describe('calls that are one event', () => {
  const end = (type: number, us: number, ...params: Buffer[]) => scap.event({ type: type + 1, tid: 10, time: at(us), params });
  const readEnd = (us: number) => end(EVENT.READ, us, i64(5), bytes('hello'), i64(3), u32(9));

  test('with the beginnings of those whose paths may change meanwhile', async () => {
    const open = (us: number) => [
      scap.event({ type: EVENT.OPENAT, tid: 10, time: at(us), params: [AT_FDCWD, nul('asked'), u32(1), u32(0)] }),
      end(EVENT.OPENAT, us + 1, i64(3), AT_FDCWD, nul('swapped'), u32(1), u32(0), u32(1), i64(7)),
    ];
    const added = scap.event({
      type: EVENT.USER_ADDED,
      tid: -1,
      params: [u32(0), u32(0), nul('boss'), nul('/h'), nul('/bin/sh'), nul('')],
    });
    const lines = await linesOf(
      file([], added, ...open(1), readEnd(3), ...open(5), readEnd(7)),
      '%evt.num %evt.type %user.name %fd.name',
      'proc.pid=10',
    );
    expect(lines).toEqual(['3 openat boss /home/asked', '4 read boss /home/asked', '6 openat boss /home/asked', '7 read boss /home/asked']);
  });

  test('types that are newer than the last reader of pairs', async () => {
    const events = [
      end(EVENT.NEWFSTATAT, 1, OK, AT_FDCWD, nul('x'), u32(0)),
      end(EVENT.PROCESS_VM_READV, 2, i64(4), i64(20), bytes('peek')),
      end(EVENT.ACCEPT4, 3, i64(5), scap.tuple('10.0.0.1', 99, '10.0.0.9', 80), u8(0), u32(0), u32(0), u32(0)),
    ];
    expect(await linesOf(file([], ...events), '%evt.num %evt.type %evt.res %evt.args', 'proc.pid=10')).toEqual([
      '1 newfstatat SUCCESS res=0 dirfd=-100(AT_FDCWD) path=x(/home/x) flags=0',
      '2 process_vm_readv SUCCESS res=4 pid=20 data=peek',
      '3 accept4 SUCCESS fd=5(<4t>10.0.0.1:99->10.0.0.9:80) tuple=10.0.0.1:99->10.0.0.9:80 queuepct=0 queuelen=0 queuemax=0 flags=0',
    ]);
  });

  test('the same types where calls are two events', async () => {
    const events = [
      read(10, 1),
      scap.call(EVENT.NEWFSTATAT, 10, at(2), [], [OK, AT_FDCWD, nul('x'), u32(0)]),
      scap.call(EVENT.PROCESS_VM_READV, 10, at(3), [], [i64(4), i64(20), bytes('peek')]),
    ];
    expect(await linesOf(file([], ...events), '%evt.num %evt.type %evt.latency', 'proc.pid=10')).toEqual([
      '2 read 100',
      '4 newfstatat 100',
      '6 process_vm_readv 100',
    ]);
  });

  test('a file of nothing but opens has beginnings', async () => {
    const opens = [1, 3].map((us) =>
      scap.call(
        EVENT.OPENAT,
        10,
        at(us),
        [AT_FDCWD, nul('a'), u32(1), u32(0)],
        [i64(3), AT_FDCWD, nul('a'), u32(1), u32(0), u32(1), i64(2)],
      ),
    );
    expect(await linesOf(file([], ...opens), '%evt.num %evt.latency', 'evt.type=openat')).toEqual(['2 100', '4 100']);
  });
});

test('how arguments print: what is cut, what has names, what starts from a descriptor', async () => {
  const long = 'x'.repeat(100);
  const events = [
    scap.call(EVENT.READ, 10, at(1), [i64(3), u32(200)], [i64(100), bytes(long)]),
    scap.call(EVENT.OPENAT, 10, at(2), [], [i64(5), i64(4), nul('../b'), u32(1), u32(0), u32(1), i64(2)]),
    scap.call(128, 10, at(3), [i64(10), u8(9)], [i64(-513)]),
    scap.call(234 + 8, 10, at(4), [], []),
    scap.call(44, 10, at(4), [], [i64(0), i64(4), u8(1), u8(3), cat(u8(0), bytes('raw')), u32(3)]),
    scap.call(44, 10, at(4), [], [i64(0), i64(4), u8(1), u8(3), cat(u8(1), i64(-111)), u32(4)]),
    scap.call(44, 10, at(4), [], [i64(0), i64(4), u8(1), u8(3), cat(u8(4), i64(1_500_000_000)), u32(16)]),
    scap.call(254, 10, at(5), [cat(u16(2), i64(4), u16(0x41), i64(77), u16(1)), i64(-1), u32(0x204)], [i64(0), cat(u16(0))]),
  ];
  const bytesOf = file([scap.named(4, FD.DIRECTORY, '/srv/x')], ...events);
  const lines = await linesOf(bytesOf, '%evt.type %evt.info', 'evt.type in (read,openat,kill,ppoll,setsockopt)');
  expect(lines).toEqual([
    `read res=100 data=${'x'.repeat(77)}... fd=3 size=200`,
    'openat fd=5(<f>/srv/b) dirfd=4(<d>/srv/x) name=../b(/srv/b) flags=1(O_RDONLY) mode=0 dev=1 ino=2',
    'kill res=-513(ERESTARTNOINTR) pid=10(prog) sig=9(SIGKILL)',
    'setsockopt res=0 fd=4(<d>/srv/x) level=1(SOL_SOCKET) optname=3(SO_TYPE) val=raw optlen=3',
    'setsockopt res=0 fd=4(<d>/srv/x) level=1(SOL_SOCKET) optname=3(SO_TYPE) val=-111(ECONNREFUSED) optlen=4',
    'setsockopt res=0 fd=4(<d>/srv/x) level=1(SOL_SOCKET) optname=3(SO_TYPE) val=1500000000(1.5s) optlen=16',
    'ppoll res=0 fds= fds=4:d41 77:?1 timeout=none sigmask=SIGQUIT SIGUSR1',
  ]);
  expect(await linesOf(bytesOf, '%evt.num', `evt.info contains ${long}`)).toEqual(['2']);
});
