/** What a descriptor is to the one who waits on it. */
import { DNS_PORTS } from '../dns/index.ts';
import { endText, isIpSocket } from '../model/fd-name.ts';
import type { FdRow } from '../model/rows.ts';

const TCP = 6;
const UDP = 17;

/** `client`: somebody was asked; `server`, `listen`: somebody may ask; `inside`: of the process' own; `person`: a terminal. */
export type FdUse = 'dns' | 'client' | 'server' | 'listen' | 'file' | 'inside' | 'pipe' | 'person' | 'timer' | 'other';

/** Not files on a disk, though they look like it. */
const UNREAL = /^\/(proc|sys|dev)\//;
const TERMINAL = /^\/dev\/(tty|pts|console|ptmx)/;
const STREAM_KINDS: Readonly<Partial<Record<FdRow['kind'], FdUse>>> = {
  event: 'inside',
  pipe: 'pipe',
  timerfd: 'timer',
  signalfd: 'other',
  inotify: 'other',
  eventpoll: 'inside',
  directory: 'file',
};

export function fdUse(fd: FdRow): FdUse {
  if (isIpSocket(fd)) {
    if (fd.role === 'listen' || fd.role === 'server') return fd.role;
    if (fd.remoteIp === null) return isDatagramClient(fd) ? 'client' : 'other';
    return DNS_PORTS.includes(fd.remotePort) ? 'dns' : 'client';
  }
  if (fd.kind === 'unix') return unixUse(fd);
  if (fd.kind === 'file') return TERMINAL.test(fd.name) ? 'person' : UNREAL.test(fd.name) ? 'other' : 'file';
  return STREAM_KINDS[fd.kind] ?? 'other';
}

/** A socket pair has no path: what is written there, the process itself or its child reads. Of a path without a role nobody knows who asks. */
function unixUse(fd: FdRow): FdUse {
  if (fd.role === 'listen' || fd.role === 'server' || fd.role === 'client') return fd.role;
  return isPath(fd.name) ? 'other' : 'inside';
}

/** A Unix socket with a name, also an abstract one (`@`). */
export function isUnixPath(fd: FdRow): boolean {
  return fd.kind === 'unix' && isPath(fd.name);
}

/** What a socket is connected to is a Unix socket's name, and no address. */
export function isPath(remote: string): boolean {
  return remote.startsWith('/') || remote.startsWith('@');
}

/** Both say yes or no to a request: TCP and connected Unix sockets. */
export function isStream(fd: FdRow): boolean {
  return isIpSocket(fd) ? fd.l4proto === TCP : fd.kind === 'unix';
}

/** `10.3.0.214:80`, `[fd00::7]:80` */
export function addressText(ip: string, port: number): string {
  const text = endText({ ip, port });
  return ip.includes(':') && !text.startsWith('[') ? `[${ip}]:${port}` : text;
}

/** A datagram socket whose process asked first; without a connection it has a remote end only while it sends. */
export function isDatagramClient(fd: FdRow): boolean {
  return isIpSocket(fd) && fd.l4proto === UDP && fd.role === 'client';
}

/** What a socket is connected to: `10.3.0.214:80`, a path. */
export function remoteText(fd: FdRow): string {
  if (!isIpSocket(fd)) return fd.name;
  return fd.remoteIp === null ? '' : addressText(fd.remoteIp, fd.remotePort);
}

export function localText(fd: FdRow): string {
  return isIpSocket(fd) && fd.localIp !== null ? addressText(fd.localIp, fd.localPort) : '';
}

/** Which socket a row is of: rows of one socket share its inode where that was recorded. */
export function socketKey(fd: FdRow): string {
  return fd.ino > 0 ? `${fd.netns}:${fd.ino}` : `#${fd.id}`;
}
