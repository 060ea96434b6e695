/** .scap files out of nothing, block by block, as writers of all ages made them. Everything is a Buffer; what a test leaves out is empty or zero. */

export const cat = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);

const number = (size: number, write: (into: Buffer) => void): Buffer => {
  const bytes = Buffer.alloc(size);
  write(bytes);
  return bytes;
};
export const u8 = (n: number): Buffer => Buffer.from([n & 0xff]);
export const u16 = (n: number): Buffer => number(2, (b) => b.writeUInt16LE(n));
export const u32 = (n: number): Buffer => number(4, (b) => b.writeUInt32LE(n >>> 0));
export const i64 = (n: number | bigint): Buffer => number(8, (b) => b.writeBigInt64LE(BigInt(n)));
/** A text as lists have it: length and bytes. */
export const text = (value: string): Buffer => cat(u16(Buffer.byteLength(value)), Buffer.from(value));
/** Texts that each end with NUL, as lists have them. */
export const texts = (...values: readonly string[]): Buffer => text(values.map((value) => `${value}\0`).join(''));
/** A text as events have it. */
export const nul = (value: string): Buffer => Buffer.from(`${value}\0`);

const ip = (address: string): Buffer => {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail = ''] = address.split('::');
  const words = (part: string) => part.split(':').filter((word) => word !== '');
  const zeros = new Array<string>(8 - words(head).length - words(tail).length).fill('0');
  return cat(...[...words(head), ...zeros, ...words(tail)].map((word) => number(2, (b) => b.writeUInt16BE(Number.parseInt(word, 16)))));
};

const padded = (body: Uint8Array): Buffer => cat(body, Buffer.alloc((4 - (body.length % 4)) % 4));

export function block(type: number, body: Uint8Array): Buffer {
  const inner = padded(body);
  const length = u32(inner.length + 12);
  return cat(u32(type), length, inner, length);
}

/** `options`: what pcapng puts behind the fields, as editcap does. */
export function section(options: Uint8Array = Buffer.alloc(0)): Buffer {
  return block(0x0a0d0d0a, cat(u32(0x1a2b3c4d), u16(1), u16(2), i64(-1), options));
}

/** A pcapng option: a comment. */
export const comment = (words: string): Buffer => cat(u16(1), u16(Buffer.byteLength(words)), padded(Buffer.from(words)), u32(0));

export function machine(host: string, cpus = 2): Buffer {
  const name = Buffer.alloc(128);
  name.write(host);
  return block(0x201, cat(u32(cpus), i64(1n << 33n), i64(32768), name, Buffer.alloc(32)));
}

export interface ProcessSpec {
  readonly tid: number;
  readonly pid?: number;
  readonly ptid?: number;
  readonly sid?: number;
  readonly pgid?: number;
  readonly comm?: string;
  readonly exe?: string;
  readonly exepath?: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  readonly flags?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly env?: readonly string[];
  readonly vtid?: number;
  readonly vpid?: number;
  readonly cgroups?: readonly string[];
  readonly root?: string;
  readonly loginuid?: number;
  readonly tty?: number;
}

const PROCESS_BLOCKS = [0x202, 0x207, 0x209, 0x210, 0x211, 0x212, 0x213, 0x214, 0x215];

/** How an entry of version 9 ends: as the libraries before 0.10 have it, and as those after. */
export type Tail = 'short' | 'long';

/** `version`: 1 to 9. */
export function processes(version: number, specs: readonly ProcessSpec[], tail: Tail = 'long'): Buffer {
  return block(PROCESS_BLOCKS[version - 1]!, cat(...specs.map((spec) => processEntry(version, spec, tail))));
}

export function processEntry(version: number, spec: ProcessSpec, tail: Tail = 'long'): Buffer {
  const { tid, pid = tid, ptid = 1, comm = 'prog', uid = 0, gid = 0 } = spec;
  const parts = [i64(tid), i64(pid), i64(ptid)];
  if (version >= 6) parts.push(i64(spec.sid ?? 0));
  if (version >= 8) parts.push(i64(spec.pgid ?? 0));
  parts.push(text(comm), text(spec.exe ?? comm));
  if (version >= 7) parts.push(text(spec.exepath ?? ''));
  parts.push(texts(...(spec.args ?? [])), text(spec.cwd ?? '/'), i64(1024), u32(spec.flags ?? 0), u32(uid), u32(gid));
  if (version >= 2) parts.push(u32(100), u32(50), u32(0), i64(1), i64(2));
  if (version >= 3) parts.push(texts(...(spec.env ?? [])));
  if (version >= 4) parts.push(i64(spec.vtid ?? tid), i64(spec.vpid ?? pid), texts(...(spec.cgroups ?? [])));
  if (version >= 5) parts.push(text(spec.root ?? '/'));
  if (version < 9) return cat(...parts);
  const login = u32(spec.loginuid ?? -1);
  if (tail === 'short') parts.push(login, u8(0), i64(0), i64(0), i64(0));
  else {
    parts.push(i64(0), u32(spec.tty ?? 0), login, u8(0), i64(0), i64(0), i64(0));
    parts.push(u8(0), i64(7), i64(0), i64(0), u8(0), u8(0), i64(0));
  }
  return sized(cat(...parts));
}

/** A length that counts itself, before an entry. */
const sized = (entry: Buffer): Buffer => cat(u32(entry.length + 4), entry);

export const FD = {
  FILE: 1,
  DIRECTORY: 2,
  IPV4: 3,
  IPV6: 4,
  IPV4_SERVER: 5,
  IPV6_SERVER: 6,
  PIPE: 7,
  UNIX: 8,
  EVENT: 9,
  FILE_2: 16,
  PIDFD: 21,
};

/** One open file: what comes behind its type. */
export interface FdSpec {
  readonly fd: number;
  readonly type: number;
  readonly body: Buffer;
}

export const named = (fd: number, type: number, name: string): FdSpec => ({ fd, type, body: text(name) });
/** `dev` left out: as the first writers of this kind did. */
export const opened = (fd: number, name: string, flags: number, dev?: number): FdSpec => ({
  fd,
  type: FD.FILE_2,
  body: cat(u32(flags), text(name), dev === undefined ? Buffer.alloc(0) : u32(dev)),
});
export const connection = (fd: number, type: number, from: string, fromPort: number, to: string, toPort: number, l4 = 2): FdSpec => ({
  fd,
  type,
  body: cat(ip(from), ip(to), u16(fromPort), u16(toPort), u8(l4)),
});
export const listening = (fd: number, type: number, address: string, port: number, l4 = 2): FdSpec => ({
  fd,
  type,
  body: cat(ip(address), u16(port), u8(l4)),
});
export const unix = (fd: number, name: string): FdSpec => ({ fd, type: FD.UNIX, body: cat(i64(1), i64(2), text(name)) });

export function fds(version: 1 | 2, tid: number, specs: readonly FdSpec[]): Buffer {
  const entry = ({ fd, type, body }: FdSpec) => cat(i64(fd), i64(1000 + fd), u8(type), body);
  const all = specs.map((spec) => (version === 2 ? sized(entry(spec)) : entry(spec)));
  return block(version === 2 ? 0x218 : 0x203, cat(i64(tid), ...all));
}

/** Addresses of this machine. Version 2 precedes each with its length, which here does not count itself. */
export function interfaces(
  version: 1 | 2,
  specs: readonly { readonly name: string; readonly ip: string; readonly mask: string }[],
): Buffer {
  const entry = (spec: (typeof specs)[number]) => {
    const kind = spec.ip.includes(':') ? 2 : 1;
    return cat(u16(kind), u16(spec.name.length), ip(spec.ip), ip(spec.mask), ip(spec.ip), i64(1000), Buffer.from(spec.name));
  };
  const all = specs.map((spec) => (version === 2 ? cat(u32(entry(spec).length), entry(spec)) : entry(spec)));
  return block(version === 2 ? 0x219 : 0x205, cat(...all));
}

export function users(
  version: 1 | 2,
  people: readonly { readonly uid: number; readonly name: string }[],
  groups: readonly { readonly gid: number; readonly name: string }[] = [],
): Buffer {
  const entries = [
    ...people.map(({ uid, name }) => cat(u8(0), u32(uid), u32(uid), text(name), text(`/home/${name}`), text('/bin/sh'))),
    ...groups.map(({ gid, name }) => cat(u8(1), u32(gid), text(name))),
  ];
  return block(version === 2 ? 0x220 : 0x206, cat(...entries.map((entry) => (version === 2 ? sized(entry) : entry))));
}

/** Forms of events: plain, with the number of parameters, with lengths of four bytes; each also with a word of flags. */
export const FORM = { V1: 0x204, V2: 0x216, LARGE: 0x221, V1_FLAGS: 0x208, V2_FLAGS: 0x217, LARGE_FLAGS: 0x222 };

export interface EventSpec {
  readonly type: number;
  readonly tid: number;
  /** ns since 1970. */
  readonly time?: bigint;
  readonly params?: readonly Uint8Array[];
  readonly form?: number;
  readonly cpu?: number;
  /** What pcapng puts behind an event. */
  readonly after?: Uint8Array;
}

export const EPOCH = 1_500_000_000_000_000_000n;

export function event({ type, tid, time = EPOCH, params = [], form = FORM.V2, cpu = 0, after = Buffer.alloc(0) }: EventSpec): Buffer {
  const large = type === EVENT.CONTAINER_LARGE; // by the type, not by the form
  const counted = form !== FORM.V1 && form !== FORM.V1_FLAGS;
  const flagged = form === FORM.V1_FLAGS || form === FORM.V2_FLAGS || form === FORM.LARGE_FLAGS;
  const lengths = params.map(({ length }) => (large ? u32(length) : u16(length)));
  const payload = cat(...lengths, ...params);
  const size = (counted ? 26 : 22) + payload.length;
  const header = [i64(time), i64(tid), u32(size), u16(type), ...(counted ? [u32(params.length)] : [])];
  const body = cat(u16(cpu), ...(flagged ? [u32(0)] : []), ...header, payload);
  return block(form, after.length === 0 ? body : cat(padded(body), after));
}

/** A whole call: its beginning, and its end 100 ns later. `type` is that of its beginning. */
export function call(
  type: number,
  tid: number,
  time: bigint,
  begin: readonly Uint8Array[],
  end: readonly Uint8Array[],
  form = FORM.V2,
): Buffer {
  return cat(event({ type, tid, time, params: begin, form }), event({ type: type + 1, tid, time: time + 100n, params: end, form }));
}

/** Numbers of the events that tests use; of pairs the beginning's. */
export const EVENT = {
  OPEN: 2, CLOSE: 4, READ: 6, SOCKET: 18, CONNECT: 22, CLONE_11: 14, CLONE_20: 222, CLONE3: 334, DROP: 16, SENDMMSG: 50, RECVMMSG: 54,
  FCHDIR: 96, DUP: 124, PROCEXIT: 186, CONTAINER_OLD: 228, CONTAINER: 272, CONTAINER_LARGE: 324, CHROOT: 266, SETSID: 274, UNSHARE: 284, SETPGID: 294,
  OPENAT: 306, OPENAT2: 326, USER_ADDED: 354, USER_DELETED: 356, GROUP_ADDED: 358, EPOLL_CREATE1: 376, ACCEPT4: 388, MEMFD_CREATE: 404,
  PIDFD_GETFD: 406, PIDFD_OPEN: 408, NEWFSTATAT: 418, PROCESS_VM_READV: 420, CLOSE_RANGE: 450, UNUSED: 361, FUTURE: 4000,
} as const; // biome-ignore format: a table

export const AF = { UNIX: 1, INET: 2, INET6: 10 } as const;

export const tuple = (from: string, fromPort: number, to: string, toPort: number): Buffer =>
  cat(u8(from.includes(':') ? AF.INET6 : AF.INET), ip(from), u16(fromPort), ip(to), u16(toPort));
export const unixTuple = (path: string): Buffer => cat(u8(AF.UNIX), i64(0), i64(0x1234), nul(path));

/** The parameters of clone’s end, as the libraries have had them since 2015. */
export function cloned(child: number, spec: ProcessSpec & { readonly flags?: number }): Buffer[] {
  const { tid, pid = tid, ptid = 1, comm = 'prog' } = spec;
  return [
    i64(child), nul(spec.exe ?? comm), Buffer.from((spec.args ?? []).map((arg) => `${arg}\0`).join('')), i64(tid), i64(pid), i64(ptid), nul(''), i64(1024),
    i64(0), i64(0), u32(10), u32(5), u32(0), nul(comm), Buffer.from((spec.cgroups ?? []).map((path) => `${path}\0`).join('')),
    u32(spec.flags ?? 0), u32(spec.uid ?? 0), u32(spec.gid ?? 0), i64(spec.vtid ?? tid), i64(spec.vpid ?? pid),
  ]; // biome-ignore format: a table
}
