import type { FdKind, FdRow } from './rows.ts';

/** What a descriptor is, as a letter; a path without a kind is that of a file that could not be opened. */
export function typeChar(fd: FdRow): string {
  return fd.kind === 'unknown' && fd.name.startsWith('/') ? TYPE_CHARS.file : TYPE_CHARS[fd.kind];
}

/** sysdig's one-letter types. */
export const TYPE_CHARS: Readonly<Record<FdKind, string>> = {
  unknown: 'o',
  file: 'f',
  directory: 'd',
  ipv4: '4',
  ipv6: '6',
  unix: 'u',
  pipe: 'p',
  event: 'e',
  signalfd: 's',
  eventpoll: 'l',
  inotify: 'i',
  timerfd: 't',
  netlink: 'n',
  bpf: 'b',
  userfaultfd: 'u',
  io_uring: 'r',
  memfd: 'm',
  pidfd: 'P',
  packet: 'k',
  unsupported: 'X',
};

const L4_NAMES: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp', 255: 'raw' };
const L4_CHARS: Readonly<Record<string, string>> = { tcp: 't', udp: 'u', icmp: 'i', raw: 'r' };

/** `tcp`, `udp`, `icmp`, `raw`; null for none or unknown. */
export function l4Name(proto: number): string | null {
  return L4_NAMES[proto] ?? null;
}

export function isIpSocket(fd: FdRow): boolean {
  return fd.kind === 'ipv4' || fd.kind === 'ipv6';
}

/** Address and port of one end; null where unknown. */
export interface End {
  readonly ip: string;
  readonly port: number;
}

/** Who began (client) and who was asked (server). A listening socket has only a server; an unknown role counts as client. */
export function endsOf(fd: FdRow): { client: End | null; server: End | null } {
  const local = fd.localIp === null ? null : { ip: fd.localIp, port: fd.localPort };
  const remote = fd.remoteIp === null ? null : { ip: fd.remoteIp, port: fd.remotePort };
  if (fd.role === 'listen') return { client: null, server: local };
  return fd.role === 'server' ? { client: remote, server: local } : { client: local, server: remote };
}

/** `10.0.0.1:53`, `[fe80::1]:53`. */
export function endText({ ip, port }: End): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** fd.name: a path, a tuple client->server, a bound address, or the kernel's name of an anonymous thing. */
export function fdName(fd: FdRow): string {
  if (!isIpSocket(fd) || fd.name !== '') return fd.name;
  const { client, server } = endsOf(fd);
  if (client !== null && server !== null) return `${endText(client)}->${endText(server)}`;
  const one = client ?? server;
  return one === null ? fd.name : endText(one);
}

/** `<4t>10.0.0.1:40000->10.0.0.2:80`, the form inside evt.args. */
export function fdTagged(fd: FdRow): string {
  const proto = isIpSocket(fd) ? (L4_CHARS[l4Name(fd.l4proto) ?? ''] ?? '') : '';
  return `<${typeChar(fd)}${proto}>${fdName(fd)}`;
}
