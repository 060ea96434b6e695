/** Descriptors as the file's own tool keeps them, and the rows that they become. */
import ipaddr from 'ipaddr.js';
import { endText } from '../model/fd-name.ts';
import type { DimensionTables, FdKind, FdRole, FdRow } from '../model/rows.ts';
import { u16 } from './bytes.ts';
import type { Limits } from './limits.ts';

/** Numbers of descriptor types in the files. */
export const FdType = {
  UNKNOWN: 0,
  FILE: 1,
  DIRECTORY: 2,
  IPV4: 3,
  IPV6: 4,
  IPV4_SERVER: 5,
  IPV6_SERVER: 6,
  PIPE: 7,
  UNIX: 8,
  EVENT: 9,
  UNSUPPORTED: 10,
  SIGNALFD: 11,
  EVENTPOLL: 12,
  INOTIFY: 13,
  TIMERFD: 14,
  NETLINK: 15,
  FILE_2: 16,
  BPF: 17,
  USERFAULTFD: 18,
  IO_URING: 19,
  MEMFD: 20,
  PIDFD: 21,
} as const;

const KINDS: readonly FdKind[] = [
  'unknown',
  'file',
  'directory',
  'ipv4',
  'ipv6',
  'ipv4',
  'ipv6',
  'pipe',
  'unix',
  'event',
  'unsupported',
  'signalfd',
  'eventpoll',
  'inotify',
  'timerfd',
  'netlink',
  'file',
  'bpf',
  'userfaultfd',
  'io_uring',
  'memfd',
  'pidfd',
];

/** Numbers of protocols in the files. */
export const L4 = { UNKNOWN: 0, NONE: 1, TCP: 2, UDP: 3, ICMP: 4, RAW: 5 } as const;
const IP_PROTOCOLS: Readonly<Record<number, number>> = { [L4.TCP]: 6, [L4.UDP]: 17, [L4.ICMP]: 1, [L4.RAW]: 255 };

export const NO_IP4 = '0.0.0.0';
export const NO_IP6 = '::';

/** One end of a connection; the address empty or all zero: unknown. */
export interface Address {
  readonly ip: string;
  readonly port: number;
}

/** What an open file is at present. Copied where a descriptor is duplicated. */
export class Fd {
  type: number = FdType.UNKNOWN;
  name = '';
  l4: number = L4.UNKNOWN;
  /** Of a connection: who asked, and who was asked. Of a server's socket the second alone. */
  clientIp = '';
  clientPort = 0;
  serverIp = '';
  serverPort = 0;
  role: 'none' | 'client' | 'server' = 'none';
  ino = 0;
  dev = 0;
  openFlags = 0;
  /** Of a pidfd: its process. */
  pid = 0;
  /** Its row; 0: to be looked up again, since something changed. */
  row = 0;
  /** A close has begun. */
  closing = false;
  /** It was made again while the close of the one before was on its way. */
  closeCancelled = false;

  constructor(type: number = FdType.UNKNOWN, name = '') {
    this.type = type;
    this.name = name;
  }

  copy(): Fd {
    return Object.assign(new Fd(), this);
  }

  get isConnection(): boolean {
    return this.type === FdType.IPV4 || this.type === FdType.IPV6;
  }

  get isServer(): boolean {
    return this.type === FdType.IPV4_SERVER || this.type === FdType.IPV6_SERVER;
  }

  get isTcp(): boolean {
    return this.isConnection && this.l4 === L4.TCP;
  }

  get isUdp(): boolean {
    return (this.isConnection || this.isServer) && this.l4 === L4.UDP;
  }

  /** `10.0.0.1:40000->10.0.0.2:80` */
  get tuple(): string {
    return arrow({ ip: this.clientIp, port: this.clientPort }, { ip: this.serverIp, port: this.serverPort });
  }

  swap(): void {
    [this.clientIp, this.serverIp] = [this.serverIp, this.clientIp];
    [this.clientPort, this.serverPort] = [this.serverPort, this.clientPort];
    this.row = 0;
  }
}

/** Whether an address is this machine's, from the point of view of a thread. */
export type IsLocal = (ip: string) => boolean;

/** Rows of descriptors: the same thing said twice is one row. */
export class FdRows {
  readonly #tables: DimensionTables;
  readonly #ids = new Map<string, number>();
  readonly #files = new Map<string, number>();

  constructor(
    tables: DimensionTables,
    private readonly limits: Limits,
  ) {
    this.#tables = tables;
  }

  /** The row for a descriptor as it is now. */
  rowOf(fd: Fd, isLocal: IsLocal): number {
    if (fd.row === 0) fd.row = fd.type === FdType.FILE_2 ? this.#file(fd) : this.#intern(fieldsOf(fd, isLocal));
    return fd.row;
  }

  /** Most descriptors are files, and most files are opened again and again. */
  #file(fd: Fd): number {
    const key = `${fd.openFlags} ${fd.ino} ${fd.dev} ${fd.name}`;
    let id = this.#files.get(key);
    if (id === undefined) {
      id = this.#intern({ ...BLANK, kind: 'file', name: fd.name, ino: fd.ino, dev: fd.dev, openFlags: fd.openFlags });
      this.#files.set(key, id);
    }
    return id;
  }

  /** The row for what an operation would have opened, had it not failed; of unknown kind. */
  named(name: string): number {
    return this.#intern({ ...BLANK, name });
  }

  /** The row for one message's ends on a socket that has no peer of its own. */
  message(fd: Fd, local: Address, remote: Address): number {
    const server = fd.role === 'server' || fd.isServer;
    const name = server ? arrow(remote, local) : arrow(local, remote);
    const kind = local.ip.includes(':') ? 'ipv6' : 'ipv4';
    const ends = { localIp: local.ip, localPort: local.port, remoteIp: remote.ip, remotePort: remote.port };
    const role: FdRole = server ? 'server' : 'client';
    return this.#intern({ ...BLANK, kind, role, l4proto: protocol(fd.l4), ino: fd.ino, name, ...ends });
  }

  #intern(fields: Omit<FdRow, 'id'>): number {
    const key = keyOf(fields);
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#tables.fds.add(fields).id;
      this.#ids.set(key, id);
      this.limits.text += key.length + fields.name.length;
    }
    return id;
  }
}

/** Equal for rows that say the same. */
function keyOf({ kind, role, l4proto, localIp, localPort, remoteIp, remotePort, name, ino, dev, openFlags }: Omit<FdRow, 'id'>): string {
  return `${kind} ${role} ${l4proto} ${localIp} ${localPort} ${remoteIp} ${remotePort} ${ino} ${dev} ${openFlags} ${name}`;
}

const BLANK: Omit<FdRow, 'id'> = {
  kind: 'unknown',
  role: 'none',
  l4proto: 0,
  localIp: null,
  localPort: 0,
  remoteIp: null,
  remotePort: 0,
  name: '',
  ino: 0,
  dev: 0,
  netns: 0,
  openFlags: 0,
};

function arrow(client: Address, server: Address): string {
  return `${endText(client)}->${endText(server)}`;
}

export function kindOf(type: number): FdKind {
  return KINDS[type] ?? 'unknown';
}

function protocol(l4: number): number {
  return IP_PROTOCOLS[l4] ?? 0;
}

function fieldsOf(fd: Fd, isLocal: IsLocal): Omit<FdRow, 'id'> {
  const common = { ...BLANK, kind: kindOf(fd.type), name: fd.name, ino: fd.ino, dev: fd.dev, openFlags: fd.openFlags };
  if (fd.isServer) {
    return { ...common, role: 'listen', l4proto: protocol(fd.l4), localIp: fd.serverIp, localPort: fd.serverPort };
  }
  if (!fd.isConnection || (fd.role === 'none' && fd.l4 !== L4.RAW)) return common;
  return { ...common, l4proto: protocol(fd.l4), ...endsOf(fd, isLocal) };
}

type Ends = Pick<FdRow, 'role' | 'localIp' | 'localPort' | 'remoteIp' | 'remotePort'>;

/** The near end is the one whose address is this machine's; where both are or neither, as in a pod, the role tells, and without one the client's. */
function endsOf(fd: Fd, isLocal: IsLocal): Ends {
  const { clientIp, clientPort, serverIp, serverPort, role } = fd;
  const accepted = role === 'server' && (isLocal(serverIp) || !isLocal(clientIp));
  if (!accepted && (clientIp === '' || isLocal(clientIp) || !isLocal(serverIp))) {
    return { role: 'client', localIp: clientIp || null, localPort: clientPort, remoteIp: serverIp || null, remotePort: serverPort };
  }
  return { role: 'server', localIp: serverIp, localPort: serverPort, remoteIp: clientIp, remotePort: clientPort };
}

export function ip4(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

export function ip6(bytes: Uint8Array, at: number): string {
  return ipaddr.fromByteArray([...bytes.subarray(at, at + 16)]).toString();
}

/** An IPv4 address in the form of IPv6, or no address at all, which sysdig takes for one. */
export function isMapped(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 10; i++) if (bytes[at + i] !== 0) return false;
  if (bytes[at + 10] === 0xff && bytes[at + 11] === 0xff) return true;
  for (let i = 10; i < 16; i++) if (bytes[at + i] !== 0) return false;
  return true;
}

/** The ends of a connection as an event tells them. */
export interface Tuple {
  readonly type: typeof FdType.IPV4 | typeof FdType.IPV6;
  readonly source: Address;
  readonly target: Address;
}

const AF_INET = 2;
const AF_INET6 = 10;
const TUPLE_4 = 13;
const TUPLE_6 = 37;

/** A connection's tuple; null: of another family, or cut. */
export function tupleOf(raw: Uint8Array): Tuple | null {
  if (raw[0] === AF_INET && raw.length >= TUPLE_4) {
    return {
      type: FdType.IPV4,
      source: { ip: ip4(raw, 1), port: u16(raw, 5) },
      target: { ip: ip4(raw, 7), port: u16(raw, 11) },
    };
  }
  if (raw[0] !== AF_INET6 || raw.length < TUPLE_6) return null;
  const mapped = isMapped(raw, 1) && isMapped(raw, 19);
  const ip = (at: number) => (mapped ? ip4(raw, at + 12) : ip6(raw, at));
  return {
    type: mapped ? FdType.IPV4 : FdType.IPV6,
    source: { ip: ip(1), port: u16(raw, 17) },
    target: { ip: ip(19), port: u16(raw, 35) },
  };
}

/** One address as bind and connect take it, v4-mapped ones as IPv4; null: of another family, or cut. */
export function addressOf(raw: Uint8Array): { readonly v6: boolean; readonly address: Address } | null {
  if (raw[0] === AF_INET && raw.length >= 7) return { v6: false, address: { ip: ip4(raw, 1), port: u16(raw, 5) } };
  if (raw[0] !== AF_INET6 || raw.length < 19) return null;
  if (isMapped(raw, 1)) return { v6: false, address: { ip: ip4(raw, 13), port: u16(raw, 17) } };
  return { v6: true, address: { ip: ip6(raw, 1), port: u16(raw, 17) } };
}
