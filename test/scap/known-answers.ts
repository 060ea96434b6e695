/**
 * A file whose every call is known by what it was made of. The facts stand beside the bytes and are not read from them, so that a
 * filter's answer can be counted without the reader and without the filter.
 */
import * as scap from './scap-writer.ts';

const { EVENT, FD, cat, i64, nul, u32, u8 } = scap;
const OK = i64(0);
const CONTAINER = 'c0ffee'.padEnd(64, '0');
const bytes = (text: string) => Buffer.from(text);

/** Who made it. */
export interface Who {
  readonly tid: number;
  readonly pid: number;
  readonly proc: string;
  readonly parent: string;
  readonly args: string;
  readonly cwd: string;
  readonly user: string;
  readonly uid: number;
  readonly container: string;
  readonly pod: string;
}

/** What is true of one completed call. */
export interface Fact extends Who {
  readonly num: number;
  readonly type: string;
  readonly res: number;
  /** ns from its beginning to its end; null: calls are one event each. */
  readonly latency: number | null;
  readonly direction: 'read' | 'write' | null;
  readonly buffer: string;
  readonly fd: Open | null;
}

/** What is open under a number. */
export interface Open {
  readonly num: number;
  readonly kind: 'file' | 'ipv4' | 'ipv6' | 'unix' | 'pipe' | '';
  readonly name: string;
  readonly l4?: 'tcp' | 'udp';
  readonly client?: readonly [ip: string, port: number];
  readonly server?: readonly [ip: string, port: number];
  /** This machine is the end that was asked. */
  readonly isServer?: boolean;
}

const inPod = { container: CONTAINER.slice(0, 12), pod: 'web-1' };
const onHost = { container: 'host', pod: '' };
const WEB: Who = { tid: 10, pid: 10, proc: 'web', parent: 'init', args: '-p 80', cwd: '/srv/', user: 'www', uid: 33, ...inPod };
const WEB_2: Who = { ...WEB, tid: 11 };
const CURL: Who = { tid: 20, pid: 20, proc: 'curl', parent: 'bash', args: 'http://web/', cwd: '/root/', user: 'root', uid: 0, ...onHost };

const LOG: Open = { num: 3, kind: 'file', name: '/var/log/web.log' };
const ACCEPTED: Open = {
  num: 4, kind: 'ipv4', l4: 'tcp', name: '10.0.0.7:40000->10.0.0.9:80', client: ['10.0.0.7', 40000], server: ['10.0.0.9', 80], isServer: true,
}; // biome-ignore format: a table
const SOCK: Open = { num: 5, kind: 'unix', name: '/run/web.sock' };
const PIPE: Open = { num: 6, kind: 'pipe', name: 'pipe:[7]' };
const CONF: Open = { num: 7, kind: 'file', name: '/srv/conf/web.conf' };
const NO_FILE: Open = { num: -2, kind: '', name: '/root/missing' };
const DNS: Open = {
  num: 8, kind: 'ipv4', l4: 'udp', name: '10.0.0.9:999->10.0.0.53:53', client: ['10.0.0.9', 999], server: ['10.0.0.53', 53], isServer: false,
}; // biome-ignore format: a table
const V6: Open = {
  num: 9, kind: 'ipv6', l4: 'tcp', name: 'fd00::9:41000->fd00::5:443', client: ['fd00::9', 41000], server: ['fd00::5', 443], isServer: false,
}; // biome-ignore format: a table

interface Call {
  readonly who: Who;
  /** Number of its begin event's type. */
  readonly id: number;
  readonly type: string;
  readonly begin: readonly Uint8Array[];
  readonly end: readonly Uint8Array[];
  readonly ns: number;
  readonly res: number;
  readonly fd: Open | null;
  readonly direction?: 'read' | 'write';
  readonly buffer?: string;
}

const READ = { id: EVENT.READ, type: 'read', direction: 'read' } as const;
const WRITE = { id: EVENT.READ + 2, type: 'write', direction: 'write' } as const;
const RESOLV = '\0\x01\x01\0\0\x01\0\0\0\0\0\0\x03web\x07default\x05local\0\0\x01\0\x01';

function transfer(who: Who, what: typeof READ | typeof WRITE, fd: Open, buffer: string, ns: number): Call {
  const length = buffer.length;
  return {
    ...what,
    who,
    fd,
    buffer,
    ns,
    res: length,
    begin: [i64(fd.num), u32(length)],
    end: [i64(length), Buffer.from(buffer, 'latin1')],
  };
}

function failed(who: Who, what: typeof READ | typeof WRITE, fd: Open, errno: number, ns: number): Call {
  return { ...what, who, fd, ns, res: -errno, begin: [i64(fd.num), u32(9)], end: [i64(-errno), bytes('')] };
}

/** Where calls are one event each, the end has what the beginning would have. */
function opening(who: Who, fd: Open, path: string, ns: number): Call {
  const asked = [i64(-100), nul(path), u32(1), u32(0)];
  return { who, id: EVENT.OPENAT, type: 'openat', begin: asked, end: [i64(fd.num), ...asked, u32(0), i64(0)], ns, res: fd.num, fd };
}

const CALLS: readonly Call[] = [
  transfer(WEB, READ, ACCEPTED, 'GET / HTTP/1.1\r\nHost: web\r\n\r\n', 500),
  transfer(WEB, WRITE, LOG, 'GET / 200', 100),
  transfer(WEB, WRITE, ACCEPTED, 'HTTP/1.1 200 OK\r\n\r\nhello', 300),
  failed(WEB_2, READ, SOCK, 11, 50),
  transfer(WEB_2, WRITE, SOCK, 'ping', 70),
  transfer(WEB_2, READ, SOCK, 'pong', 2_000_000),
  transfer(WEB, WRITE, PIPE, 'x', 20),
  opening(WEB, CONF, 'conf/web.conf', 900),
  transfer(WEB, READ, CONF, 'listen 80', 40),
  opening(CURL, NO_FILE, 'missing', 60),
  { who: CURL, id: EVENT.SOCKET, type: 'socket', begin: [u32(2), u32(2), u32(0)], end: [i64(8)], ns: 30, res: 8, fd: { ...DNS, name: '', kind: 'ipv4' } },
  { who: CURL, id: EVENT.CONNECT, type: 'connect', begin: [i64(8)], end: [OK, scap.tuple('10.0.0.9', 999, '10.0.0.53', 53)], ns: 80, res: 0, fd: DNS },
  transfer(CURL, WRITE, DNS, RESOLV, 90),
  transfer(CURL, READ, DNS, RESOLV.replace('\x01\0\0\x01', '\x81\x83\0\x01'), 5_000_000),
  transfer(CURL, WRITE, V6, 'hello over tls', 110),
  { who: CURL, id: EVENT.CLOSE, type: 'close', begin: [i64(8)], end: [OK], ns: 10, res: 0, fd: DNS },
  failed(CURL, READ, { num: 8, kind: '', name: '' }, 9, 15),
]; // biome-ignore format: a table

const CONTAINER_JSON = JSON.stringify({
  container: { id: CONTAINER.slice(0, 12), full_id: CONTAINER, name: 'web', image: 'nginx:1', type: 0, ip: '10.0.0.9', Mounts: [] },
});
const POD_JSON = JSON.stringify({
  kind: 'Pod',
  type: 'ADDED',
  items: [
    { uid: 'u1', name: 'web-1', namespace: 'shop', labels: { app: 'web' }, containerStatuses: [{ containerID: `docker://${CONTAINER}` }] },
  ],
});

function lists(): Buffer[] {
  const cgroups = [`cpu=/kubepods/pod-u1/${CONTAINER}`];
  const { tuple: _, ...web } = { tid: 10, comm: 'web', args: ['-p', '80'], cwd: '/srv', uid: 33, cgroups, tuple: 0 };
  const openOf = (fd: Open) =>
    fd.client === undefined || fd.server === undefined
      ? scap.named(fd.num, fd.kind === 'pipe' ? FD.PIPE : FD.FILE, fd.name)
      : scap.connection(fd.num, fd.kind === 'ipv6' ? FD.IPV6 : FD.IPV4, ...(fd.isServer === true ? [...fd.server, ...fd.client] as const : [...fd.client, ...fd.server] as const), fd.l4 === 'udp' ? 3 : 2); // biome-ignore format: the near end first
  return [
    scap.section(),
    scap.machine('node-1'),
    scap.interfaces(2, [
      { name: 'eth0', ip: '10.0.0.9', mask: '255.255.255.0' },
      { name: 'eth0', ip: 'fd00::9', mask: 'ffff:ffff::' },
    ]),
    scap.users(2, [
      { uid: 0, name: 'root' },
      { uid: 33, name: 'www' },
    ]),
    scap.processes(9, [
      { tid: 1, ptid: 0, comm: 'init' },
      { tid: 5, ptid: 1, comm: 'bash' },
      { ...web, ptid: 1 },
      { ...web, tid: 11, pid: 10, ptid: 1, flags: 1 | (1 << 13) },
      { tid: 20, ptid: 5, comm: 'curl', args: ['http://web/'], cwd: '/root' },
    ]),
    scap.fds(2, 10, [
      openOf(LOG),
      scap.listening(2, FD.IPV4_SERVER, '0.0.0.0', 80),
      openOf(ACCEPTED),
      scap.unix(5, SOCK.name),
      openOf(PIPE),
    ]),
    scap.fds(2, 20, [openOf(V6)]),
  ];
}

export type Form = 'two events a call' | 'one event a call';

/** The file, and what is true of its calls. */
export function knownFile(form: Form): { readonly bytes: Buffer; readonly facts: readonly Fact[] } {
  const isPairs = form === 'two events a call';
  const parts = [
    ...lists(),
    scap.event({ type: EVENT.CONTAINER, tid: -1, params: [nul(CONTAINER_JSON)] }),
    scap.event({ type: 260, tid: 0, params: [nul(POD_JSON)] }),
  ];
  const facts: Fact[] = [];
  let num = 2;
  CALLS.forEach(({ who, id, type, begin, end, ns, res, fd, direction = null, buffer = '' }, i) => {
    const time = scap.EPOCH + BigInt(i) * 10_000_000n;
    const whole = [...end, ...(id === EVENT.OPENAT ? [] : begin)];
    // Of opens and connects the beginning is recorded in any case.
    const hasBegin = isPairs || id === EVENT.OPENAT || id === EVENT.CONNECT;
    if (hasBegin) parts.push(scap.event({ type: id, tid: who.tid, time, params: begin }));
    parts.push(scap.event({ type: id + 1, tid: who.tid, time: time + BigInt(ns), params: isPairs ? end : whole }));
    num += hasBegin ? 2 : 1;
    facts.push({ ...who, num, type, res, latency: hasBegin ? ns : null, direction, buffer, fd });
  });
  parts.push(scap.event({ type: EVENT.PROCEXIT, tid: 20, time: scap.EPOCH + 10n ** 9n, params: [OK, OK, u8(0), u8(0), i64(1)] }));
  return { bytes: cat(...parts), facts };
}
