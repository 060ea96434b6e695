import { OPEN_CALLS } from '../../model/calls.ts';
import { type End, endsOf, fdName, isIpSocket, l4Name, typeChar } from '../../model/fd-name.ts';
import { flagNames } from '../../model/flags.ts';
import { FD_KINDS, type FdRow } from '../../model/rows.ts';
import { serviceOfPort } from '../../model/services.ts';
import type { EventView } from '../view.ts';
import { asIs, type Field, type FieldType, type Reading, type RowField } from './field.ts';

/** A field of the descriptor alone. */
function ofFd(
  name: string,
  type: FieldType,
  doc: string,
  example: string,
  read: (fd: FdRow) => Reading,
  more: Partial<RowField> = {},
): RowField {
  return { name, type, doc, example, scope: 'fd', read: (view) => (view.fd === null ? null : read(view.fd)), ...more };
}

const local = (fd: FdRow): End | null => (fd.localIp === null ? null : { ip: fd.localIp, port: fd.localPort });
const remote = (fd: FdRow): End | null => (fd.remoteIp === null ? null : { ip: fd.remoteIp, port: fd.remotePort });
const client = (fd: FdRow): End | null => endsOf(fd).client;
const server = (fd: FdRow): End | null => endsOf(fd).server;

/** One or two ends, for the fields that take either; null where there is none. */
function both<T>(fd: FdRow, of: (end: End) => T | null): T[] | null {
  const values = [client(fd), server(fd)].flatMap((end) => {
    const value = end === null ? null : of(end);
    return value === null ? [] : [value];
  });
  return values.length === 0 ? null : values;
}

/** A path's directory: `/etc` of `/etc/resolv.conf`; only files and directories have one. */
function directory(fd: FdRow): string | null {
  if (fd.kind === 'directory') return fd.name;
  if (fd.kind !== 'file' && !(fd.kind === 'unknown' && fd.name.startsWith('/'))) return null;
  const slash = fd.name.lastIndexOf('/');
  return slash < 0 ? null : slash === 0 ? '/' : fd.name.slice(0, slash);
}

function filename(fd: FdRow): string | null {
  return fd.kind === 'file' ? fd.name.slice(fd.name.lastIndexOf('/') + 1) : null;
}

function family(fd: FdRow): string | null {
  if (isIpSocket(fd)) return 'ip';
  return fd.kind === 'unix' ? 'unix' : null;
}

type NamesElsewhere = Pick<Field, 'aliases' | 'short'>;

/** Names of one end's address. */
function names(end: (fd: FdRow) => End | null): RowField['read'] {
  return (view) => {
    const found = view.fd === null ? null : end(view.fd);
    const all = found === null ? [] : view.namesOf(found.ip);
    return all.length === 0 ? null : all;
  };
}

/** The fields of one end, under a letter: c client, s server, l local, r remote. `ip`, `port`: names elsewhere of two of them. */
function endFields(
  letter: string,
  word: string,
  end: (fd: FdRow) => End | null,
  { ip, port }: { readonly ip?: NamesElsewhere; readonly port?: NamesElsewhere } = {},
): RowField[] {
  const of =
    <T extends Reading>(read: (end: End) => T) =>
    (fd: FdRow) => {
      const found = end(fd);
      return found === null ? null : read(found);
    };
  // biome-ignore format: a table
  return [
    ofFd(`fd.${letter}ip`, 'ip', `${word} address`, `fd.${letter}ip=10.0.0.1`, of((found) => found.ip), { companions: { net: `fd.${letter}net`, port: `fd.${letter}port` }, ...ip }),
    ofFd(`fd.${letter}port`, 'port', `${word} port`, `fd.${letter}port=80`, of((found) => found.port), { pushdown: 'port', ...port }),
    ofFd(`fd.${letter}net`, 'net', `${word} network`, `fd.${letter}net=10.0.0.0/8`, of((found) => found.ip), { only: 'filter' }),
    ofFd(`fd.${letter}proto`, 'text', `service name of the ${word} port`, `fd.${letter}proto=http`, of((found) => serviceOfPort(found.port))),
    { name: `fd.${letter}ip.name`, type: 'text', doc: `names of the ${word} address at the time, from the DNS answers in the capture`, example: `fd.${letter}ip.name contains backend`, scope: 'fd', needs: ['later rows', 'socket events'], read: names(end) },
  ];
}

const OPENS: ReadonlySet<string> = new Set(OPEN_CALLS);

function nameChanged(view: EventView): boolean | null {
  const { fd, type, res, capture } = view;
  if (fd === null) return null;
  if (OPENS.has(type.name)) return res !== null && res >= 0;
  return isIpSocket(fd) ? (capture.followed?.nameChanged(view.columnValue('num') ?? 0) ?? null) : false;
}

/** Under the container's own id, as sysdig writes names that are unique on a host. */
function inContainer(read: (fd: FdRow) => string | null): RowField['read'] {
  return (view) => {
    const value = view.fd === null ? null : read(view.fd);
    if (value === null) return null;
    return `${view.process?.container.slice(0, 12) || 'host'}:${value}`;
  };
}

// biome-ignore format: a table
export const FD_FIELDS: readonly Field[] = [
  { name: 'fd.num', type: 'number', scope: 'column', column: 'fdnum', value: asIs, doc: 'number of the descriptor', example: 'fd.num=3', short: ['fd'] },
  ofFd('fd.type', 'text', 'file directory ipv4 ipv6 unix pipe event eventpoll inotify timerfd signalfd netlink …', 'fd.type in (ipv4, ipv6)', (fd) => (fd.kind === 'unknown' ? null : fd.kind), { values: FD_KINDS.filter((kind) => kind !== 'unknown'), pushdown: 'fdKind' }),
  ofFd('fd.typechar', 'text', 'the type as a letter: f d 4 6 u p e l i t s n …', 'fd.typechar=4', typeChar),
  ofFd('fd.name', 'text', 'path, or client->server, or the kernel’s name', 'fd.name contains resolv.conf', (fd) => fdName(fd), { short: ['file', 'path'] }),
  ofFd('fd.directory', 'text', 'directory of a file', 'fd.directory=/etc', directory, { short: ['dir'] }),
  ofFd('fd.filename', 'text', 'last part of a file’s path', 'fd.filename=hosts', filename, { short: ['filename'] }),
  ofFd('fd.ip', 'ip', 'either address', 'fd.ip=10.0.0.1', (fd) => both(fd, ({ ip }) => ip), { ends: true, only: 'filter', aliases: ['ip.addr', 'ipv6.addr'], short: ['addr', 'ip', 'host'], companions: { net: 'fd.net', port: 'fd.port' } }),
  ofFd('fd.port', 'port', 'either port', 'fd.port=53', (fd) => both(fd, ({ port }) => port), { ends: true, only: 'filter', aliases: ['tcp.port', 'udp.port'], short: ['port'], pushdown: 'port' }),
  ofFd('fd.net', 'net', 'network of either address', 'fd.net=10.0.0.0/8', (fd) => both(fd, ({ ip }) => ip), { ends: true, only: 'filter', short: ['net'] }),
  ofFd('fd.proto', 'text', 'service name of either port', 'fd.proto=http', (fd) => both(fd, ({ port }) => serviceOfPort(port)), { ends: true, only: 'filter' }),
  ...endFields('c', 'client', client, { ip: { aliases: ['ip.src', 'ipv6.src'], short: ['src'] }, port: { aliases: ['tcp.srcport', 'udp.srcport'] } }),
  ...endFields('s', 'server', server, { ip: { aliases: ['ip.dst', 'ipv6.dst'], short: ['dst'] }, port: { aliases: ['tcp.dstport', 'udp.dstport'], short: ['sport', 'dport'] } }),
  ...endFields('l', 'local', local),
  ...endFields('r', 'remote', remote),
  ofFd('fd.l4proto', 'text', 'tcp udp icmp raw', 'fd.l4proto=udp', (fd) => (isIpSocket(fd) ? l4Name(fd.l4proto) : null), { values: ['tcp', 'udp', 'icmp', 'raw'], short: ['proto', 'protocol'] }),
  ofFd('fd.sockfamily', 'text', 'ip or unix', 'fd.sockfamily=unix', family, { values: ['ip', 'unix'] }),
  ofFd('fd.is_server', 'bool', 'the process is the server’s end', 'fd.is_server=true', (fd) => fd.role === 'server' || fd.role === 'listen'),
  ofFd('fd.connected', 'bool', 'a socket with a peer', 'fd.connected=true', (fd) => (isIpSocket(fd) ? fd.remoteIp !== null : null)),
  { name: 'fd.name_changed', type: 'bool', scope: 'event', doc: 'the descriptor got its name, or another, with this event: opened, connected, a datagram from or to somebody else', example: 'fd.name_changed=true', needs: ['later rows', 'every event'], read: nameChanged },
  { name: 'fd.uid', type: 'text', scope: 'event', doc: 'thread and descriptor number, unique at a time', example: 'fd.uid exists', read: (view) => (view.columnValue('fdnum') === null || view.thread === null ? null : `${view.thread.tid}${view.columnValue('fdnum')}`) },
  { name: 'fd.containername', type: 'text', scope: 'event', doc: 'container id and fd.name', example: 'fd.containername startswith host', read: inContainer(fdName) },
  { name: 'fd.containerdirectory', type: 'text', scope: 'event', doc: 'container id and fd.directory', example: 'fd.containerdirectory contains etc', read: inContainer(directory) },
  ofFd('fd.ino', 'number', 'inode number', 'fd.ino>0', (fd) => fd.ino || null),
  ofFd('fd.dev', 'number', 'device number as stat(2) gives it', 'fd.dev>0', (fd) => fd.dev || null),
  ofFd('fd.dev.major', 'number', 'its major part', 'fd.dev.major>0', (fd) => (fd.dev ? ((fd.dev >>> 8) & 0xfff) | ((fd.dev >>> 32) & ~0xfff) : null)),
  ofFd('fd.dev.minor', 'number', 'its minor part', 'fd.dev.minor>=0', (fd) => (fd.dev ? (fd.dev & 0xff) | ((fd.dev >>> 12) & ~0xff) : null)),
  ofFd('fd.role', 'text', 'client, server or listen: which end of an exchange a socket is', 'fd.role=listen', (fd) => (fd.role === 'none' ? null : fd.role), { values: ['client', 'server', 'listen'] }),
  ofFd('fd.flags', 'text', 'how a file was opened: O_RDONLY|O_CLOEXEC …', 'fd.flags contains O_APPEND', (fd) => (fd.kind === 'file' ? flagNames('open', fd.openFlags) : null)),
  ofFd('fd.netns', 'number', 'inode of the network namespace that a socket lives in', 'fd.netns>0', (fd) => fd.netns || null),
  ofFd('fd.nameraw', 'text', 'the name as stored', 'fd.nameraw exists', (fd) => fdName(fd)),
];
