import type { EventType } from '../../model/event-type.ts';
import { endText } from '../../model/fd-name.ts';
import { enumName } from '../../model/flags.ts';
import type { FdRow } from '../../model/rows.ts';
import { argAt } from '../args-text.ts';
import { type ConntrackEntry, conntrackEntry, linkName } from '../node-facts.ts';
import type { EventView } from '../view.ts';
import type { Field, FieldType, Reading, RowField } from './field.ts';

/** What goes wrong in the network, by the type of its event. */
const NETWORK_EVENTS: Readonly<Record<string, string>> = {
  tcp_retransmit: 'retransmit',
  tcp_reset_sent: 'reset_sent',
  tcp_reset_received: 'reset_received',
  packet_drop: 'drop',
  udp_queue_full: 'udp_queue_full',
  accept_queue_full: 'accept_queue_full',
  connect_unanswered: 'connect_unanswered',
};

const networkEvent = ({ name, family }: EventType): string | null => (family === 'trouble' ? (NETWORK_EVENTS[name] ?? null) : null);

/** An argument of a network event; null for every other event. */
function argOf(view: EventView, name: string): number | Uint8Array | null {
  return view.type.family !== 'trouble' ? null : (argAt(view, name)?.value ?? null);
}

function ofNetworkEvent(name: string, type: FieldType, doc: string, example: string, read: (view: EventView) => Reading): RowField {
  return { name, type, doc, example, scope: 'event', read };
}

const number = (arg: string) => (view: EventView) => {
  const value = argOf(view, arg);
  return typeof value === 'number' ? value : null;
};

const text = (arg: string) => (view: EventView) => {
  const value = argOf(view, arg);
  return value instanceof Uint8Array ? Buffer.from(value).toString() : null;
};

const state = (arg: string) => (view: EventView) => {
  const value = argOf(view, arg);
  return typeof value === 'number' && value > 0 ? enumName('tcpstate', value) || String(value) : null;
};

/** The server's own end of the connection; null: not on this node, or the one that was connected to. */
function translated(view: EventView): FdRow | null {
  const { fd } = view;
  const server = fd === null ? null : view.serverOf(fd);
  if (fd === null || server === null) return null;
  return server.localIp === fd.remoteIp && server.localPort === fd.remotePort ? null : server;
}

/** Results of a call after which the kernel goes on connecting: EINTR, EAGAIN, EALREADY, EINPROGRESS. */
const UNDECIDED: ReadonlySet<number> = new Set([-4, -11, -114, -115]);

function connectLatency(view: EventView): number | null {
  const { res, type, fd } = view;
  const isOne = type.name === 'connect' && fd?.l4proto === TCP && res !== null && !UNDECIDED.has(res);
  return isOne ? view.columnValue('latency') : null;
}

const TCP = 6;

function natEnd(view: EventView): string | null {
  const server = translated(view);
  return server === null ? null : endText({ ip: server.localIp ?? '', port: server.localPort });
}

function natPod(view: EventView): string | null {
  const ip = translated(view)?.localIp ?? null;
  return ip === null ? null : (view.kube.atAddress(ip, 'Pod', view.time, view)?.name ?? null);
}

function interfaceOf(view: EventView): string | null {
  const [netns, index] = [number('netns')(view), number('ifindex')(view)];
  return netns === null || index === null || index <= 0 ? null : linkName(view, netns, index);
}

function ofEntry(name: string, doc: string, example: string, read: (entry: ConntrackEntry) => string | null): RowField {
  const readEntry = (view: EventView) => {
    const entry = conntrackEntry(view);
    return entry === null ? null : read(entry);
  };
  const where = 'in the node’s table of connections, as it was read last; only of translated addresses';
  return { name, type: 'text', scope: 'event', needs: ['later rows', 'socket events'], doc: `${doc} ${where}`, example, read: readEntry };
}

// biome-ignore format: a table
/** What the kernel says of a packet or a connection, as a filter. */
export const OF_PACKETS = '(net.event exists or net.state.new exists)';

export const NET_FIELDS: readonly Field[] = [
  {
    name: 'net.event',
    aliases: ['net.trouble'],
    type: 'text',
    scope: 'type',
    doc: 'what the kernel says of a connection or packet: retransmit reset_sent reset_received drop udp_queue_full accept_queue_full connect_unanswered; changes of its state are net.state.new',
    example: 'net.event=drop',
    read: (view) => networkEvent(view.type),
  },
  ofNetworkEvent('net.drop.reason', 'text', 'the kernel’s reason for dropping a packet', 'net.drop.reason=NETFILTER_DROP', text('reason')),
  ofNetworkEvent(
    'net.drop.ifindex',
    'number',
    'number of the interface that a dropped packet came by',
    'net.drop.ifindex>0',
    number('ifindex'),
  ),
  {
    ...ofNetworkEvent(
      'net.ifname',
      'text',
      'name of the interface that a dropped packet came by, where the node was read',
      'net.ifname=eth0',
      interfaceOf,
    ),
    needs: ['later rows'],
  },
  {
    name: 'net.connect.latency',
    type: 'span',
    scope: 'event',
    doc: 'how long a TCP connection took, made or refused, where connect itself waited for it; none where the program polls',
    example: 'net.connect.latency>1s',
    read: connectLatency,
  },
  ofNetworkEvent('net.tries', 'number', 'how often an unanswered connection was tried', 'net.tries>1', number('tries')),
  ofNetworkEvent(
    'net.state',
    'text',
    'TCP state in which a segment was sent again or a connection reset',
    'net.state=SYN_SENT',
    state('state'),
  ),
  ofNetworkEvent('net.state.old', 'text', 'TCP state before a change', 'net.state.old=SYN_SENT', state('old')),
  ofNetworkEvent('net.state.new', 'text', 'TCP state after a change', 'net.state.new=ESTABLISHED', state('new')),
  ofNetworkEvent('net.backlog.length', 'number', 'connections in an accept queue that is full', 'net.backlog.length>0', number('length')),
  ofNetworkEvent('net.backlog.max', 'number', 'how many an accept queue takes', 'net.backlog.max=128', number('max')),
  {
    name: 'net.nat.dst',
    type: 'text',
    scope: 'fd',
    needs: ['later rows', 'socket events'],
    doc: 'where a service’s address led to: the server’s own end of a client’s connection, where it is on this node and differs',
    example: 'net.nat.dst exists',
    read: (view) => natEnd(view),
  },
  {
    name: 'net.nat.pod',
    type: 'text',
    scope: 'fd',
    needs: ['later rows', 'socket events'],
    doc: 'the pod that a service’s address led to',
    example: 'net.nat.pod exists',
    read: natPod,
  },
  ofEntry('ct.state', 'state of the connection', 'ct.state=ESTABLISHED', ({ state }) => state),
  ofEntry('ct.orig', 'what the client asked for', 'ct.orig contains 10.3.0.214:80', ({ orig }) => orig),
  ofEntry('ct.reply', 'which way answers come', 'ct.reply startswith 172.17.1.3', ({ reply }) => reply),
  {
    name: 'net.netns',
    type: 'number',
    scope: 'fd',
    doc: 'inode number of the network namespace of a socket',
    example: 'net.netns>0',
    read: (view) => (view.fd === null || view.fd.netns === 0 ? null : view.fd.netns),
  },
];
