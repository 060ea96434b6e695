/** One file of each age and kind of writer, small, with something of all that the format has. For tests that damage files. */
import * as scap from './scap-writer.ts';

const { EVENT, FD, FORM, cat, i64, nul, u16, u32, u8 } = scap;
const at = (us: number) => scap.EPOCH + BigInt(us) * 1000n;
const bytes = (text: string) => Buffer.from(text);
const OK = i64(0);
const CGROUP = `cpu=/kubepods/burstable/pod0123/${'c'.repeat(64)}`;

const PROCESSES: readonly scap.ProcessSpec[] = [
  { tid: 10, comm: 'srv', args: ['-v'], env: ['PATH=/bin'], cwd: '/home', cgroups: [CGROUP], uid: 33 },
  { tid: 11, pid: 10, comm: 'srv', flags: 1 | (1 << 13) },
  { tid: 20, ptid: 10, comm: 'curl', vtid: 1, vpid: 1 },
];

const FDS: readonly scap.FdSpec[] = [
  scap.named(0, FD.FILE, '/dev/null'),
  scap.opened(3, '/etc/resolv.conf', 1),
  scap.connection(4, FD.IPV4, '10.0.0.1', 40000, '10.0.0.9', 80),
  scap.connection(5, FD.IPV6, 'fd00::1', 40001, 'fd00::9', 53, 3),
  scap.listening(6, FD.IPV4_SERVER, '0.0.0.0', 53, 3),
  scap.unix(7, '/run/x.sock'),
  scap.named(8, FD.PIPE, 'pipe:[1]'),
];

function lists(version: number): Buffer[] {
  const late = version > 4 ? 2 : 1;
  return [
    scap.section(version % 2 === 0 ? scap.comment('edited') : Buffer.alloc(0)),
    scap.machine('node-1'),
    scap.interfaces(late, [{ name: 'eth0', ip: '10.0.0.9', mask: '255.0.0.0' }, { name: 'eth0', ip: 'fd00::9', mask: 'ffff::' }]),
    scap.users(late, [{ uid: 33, name: 'www' }], [{ gid: 0, name: 'wheel' }]),
    scap.processes(version, PROCESSES, version % 2 === 0 ? 'short' : 'long'),
    scap.fds(late, 10, FDS),
    scap.fds(late, 20, FDS.slice(0, 2)),
  ]; // biome-ignore format: a table
}

/** Calls of two events each. */
function pairs(form: number): Buffer[] {
  const call = (type: number, tid: number, us: number, begin: readonly Uint8Array[], end: readonly Uint8Array[]) =>
    scap.call(type, tid, at(us), begin, end, form);
  const container = {
    container: { id: 'c'.repeat(12), name: 'web', image: 'nginx', type: 0, ip: '10.0.0.1', Mounts: [], labels: { a: 'b' } },
  };
  const pod = {
    kind: 'Pod',
    type: 'ADDED',
    items: [{ uid: 'u', name: 'web', namespace: 'n', containerStatuses: [{ containerID: `docker://${'c'.repeat(64)}` }] }],
  };
  return [
    scap.event({ type: EVENT.CONTAINER, tid: -1, params: [nul(JSON.stringify(container))], form }),
    scap.event({ type: EVENT.CONTAINER_LARGE, tid: -1, params: [nul(JSON.stringify(container))], form: FORM.LARGE }),
    scap.event({ type: 260, tid: 0, params: [nul(JSON.stringify(pod))], form }),
    scap.event({ type: EVENT.USER_ADDED, tid: -1, params: [u32(1), u32(1), nul('bin'), nul('/'), nul(''), nul('')], form }),
    call(EVENT.READ, 10, 1, [i64(3), u32(99)], [i64(11), bytes('nameserver ')]),
    call(EVENT.OPEN, 10, 2, [], [i64(9), nul('x/../y'), u32(1), u32(0)]),
    call(EVENT.OPENAT, 20, 3, [i64(-100), nul('z'), u32(1), u32(0)], [i64(-2), i64(-100), nul('z'), u32(1), u32(0)]),
    call(EVENT.SOCKET, 20, 4, [u32(2), u32(2), u32(0)], [i64(4)]),
    call(EVENT.CONNECT, 20, 5, [i64(4)], [OK, scap.tuple('10.0.0.1', 999, '10.0.0.9', 53)]),
    call(30, 20, 6, [i64(4), u32(9), Buffer.alloc(0)], [i64(9), bytes('\0\x01\x01\0\0\x01\0\0\0')]),
    call(52, 10, 7, [i64(6)], [i64(9), u32(99), bytes('\0\x01\x01\0\0\x01\0\0\0'), scap.tuple('10.0.0.1', 999, '10.0.0.9', 53)]),
    call(254, 10, 8, [cat(u16(2), i64(3), u16(1), i64(77), u16(4)), i64(-1), u32(5)], [i64(1), cat(u16(1), i64(3), u16(1))]),
    call(EVENT.CLONE_20, 10, 9, [], scap.cloned(30, { tid: 10, comm: 'srv', cgroups: [CGROUP] })),
    call(EVENT.DUP, 10, 10, [i64(3)], [i64(12)]),
    call(EVENT.SETPGID, 20, 11, [i64(0), i64(0)], [OK]),
    call(44, 10, 12, [], [OK, i64(4), u8(1), u8(3), cat(u8(1), i64(0)), u32(4)]),
    call(EVENT.CLOSE, 10, 13, [i64(9)], [OK]),
    call(0, 10, 14, [u16(16), u16(39)], [u16(16)]),
    scap.event({ type: EVENT.READ, tid: 11, time: at(15), params: [i64(8), u32(1)], form }),
    scap.event({ type: 152, tid: 10, time: at(16), params: [i64(20), i64(0), i64(1), u32(9), u32(8), u32(0)], form }),
    scap.event({ type: EVENT.PROCEXIT, tid: 20, time: at(17), params: [OK, OK, u8(0), u8(0), i64(1)], form }),
  ]; // biome-ignore format: a table
}

/** Calls of one event each, as the libraries write them since 2025. */
function ends(): Buffer[] {
  const end = (type: number, tid: number, us: number, ...params: Uint8Array[]) => scap.event({ type: type + 1, tid, time: at(us), params });
  return [
    end(EVENT.READ, 10, 1, i64(5), bytes('hello'), i64(3), u32(9)),
    scap.event({ type: EVENT.OPENAT, tid: 10, time: at(2), params: [i64(-100), nul('a'), u32(1), u32(0)] }),
    end(EVENT.OPENAT, 10, 3, i64(9), i64(-100), nul('a'), u32(1), u32(0), u32(1), i64(7)),
    end(EVENT.SENDMMSG, 20, 4, i64(5), i64(4), u32(5), bytes('query'), scap.tuple('10.0.0.1', 999, '10.0.0.9', 53)),
    end(EVENT.RECVMMSG, 10, 5, i64(5), i64(6), u32(9), bytes('query'), scap.tuple('10.0.0.1', 999, '10.0.0.9', 53), bytes('c')),
    end(EVENT.PIDFD_OPEN, 10, 6, i64(13), i64(20), u32(0)),
    end(EVENT.PIDFD_GETFD, 10, 7, i64(14), i64(13), i64(3), u32(0)),
    end(EVENT.CLONE3, 10, 8, ...scap.cloned(30, { tid: 10, comm: 'srv', cgroups: [CGROUP] })),
    end(EVENT.NEWFSTATAT, 10, 9, OK, i64(-100), nul('b'), u32(0)),
    end(EVENT.PROCESS_VM_READV, 10, 10, i64(4), i64(20), bytes('peek')),
    end(EVENT.MEMFD_CREATE, 10, 11, i64(15), nul('m'), u32(0)),
    end(EVENT.CLOSE_RANGE, 10, 12, OK, u32(9), u32(15), u32(0)),
    end(EVENT.UNSHARE, 11, 13, OK, u32(1)),
    end(EVENT.CHROOT, 10, 14, OK, nul('/jail')),
    end(EVENT.SETSID, 10, 15, i64(10)),
  ]; // biome-ignore format: a table
}

/** By name. */
export function samples(): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let version = 1; version <= 9; version++) {
    const form = version < 5 ? [FORM.V1, FORM.V1_FLAGS][version % 2]! : [FORM.V2, FORM.V2_FLAGS][version % 2]!;
    files.set(`pairs, lists of version ${version}`, cat(...lists(version), ...pairs(form)));
  }
  files.set('single events', cat(...lists(9), ...ends()));
  files.set('two sections', cat(...lists(9), ...ends(), ...lists(8), ...pairs(FORM.V2)));
  return files;
}
