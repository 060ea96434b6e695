/** What the node's snapshots say of an event: the entry of its connection in the table of connections, the name of an interface. */
import { endsOf, endText, isIpSocket } from '../model/fd-name.ts';
import { type NodeFactRow, nodeValue } from '../model/node.ts';
import type { Dimensions } from '../model/rows.ts';
import type { EventView } from './view.ts';

/** A connection as conntrack has it, from either end. */
export interface ConntrackEntry {
  /** `ESTABLISHED`; null: the protocol has none. */
  readonly state: string | null;
  /** `10.0.0.7:41550->10.3.0.214:80`: what the client asked for, and how answers come. */
  readonly orig: string;
  readonly reply: string;
}

interface Index {
  readonly version: number;
  readonly flows: Map<string, NodeFactRow[]>;
  readonly links: Map<string, NodeFactRow[]>;
}

const ENDS = /src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)/g;
const PROTOCOLS: Readonly<Record<number, string>> = { 6: 'tcp', 17: 'udp', 132: 'sctp' };
const NO_STATE = 'src=';

const indexes = new WeakMap<Dimensions['nodeFacts'], Index>();

function indexOf({ nodeFacts }: Dimensions): Index {
  const known = indexes.get(nodeFacts);
  if (known?.version === nodeFacts.version) return known;
  const index: Index = { version: nodeFacts.version, flows: new Map(), links: new Map() };
  for (const row of nodeFacts.all()) {
    if (row.kind === 'link') put(index.links, `${row.netns} ${nodeValue('link', row.value).index}`, row);
    if (row.kind !== 'flow') continue;
    const { text } = nodeValue('flow', row.value);
    for (const key of new Set(keysOf(text))) put(index.flows, key, row);
  }
  indexes.set(nodeFacts, index);
  return index;
}

function put(rows: Map<string, NodeFactRow[]>, key: string, row: NodeFactRow): void {
  const known = rows.get(key);
  if (known === undefined) rows.set(key, [row]);
  else known.push(row);
}

const arrow = (ip: string, port: string, otherIp: string, otherPort: string) =>
  `${endText({ ip, port: Number(port) })}->${endText({ ip: otherIp, port: Number(otherPort) })}`;

/** As the client's socket has the connection, and as the server's has it. */
function keysOf(text: string): string[] {
  const [protocol] = text.split(' ');
  const [orig, reply] = [...text.matchAll(ENDS)];
  if (orig === undefined || reply === undefined) return [];
  return [
    `${protocol} ${arrow(orig[1]!, orig[3]!, orig[2]!, orig[4]!)}`,
    `${protocol} ${arrow(reply[2]!, reply[4]!, reply[1]!, reply[3]!)}`,
  ];
}

/** As it was last said before that time, else as it was said first. */
function at(rows: readonly NodeFactRow[] | undefined, time: number): NodeFactRow | null {
  return rows?.findLast(({ from }) => from <= time) ?? rows?.[0] ?? null;
}

/** Null: the event's connection has no entry of those that are kept, which are the ones whose address is translated. */
export function conntrackEntry(view: EventView): ConntrackEntry | null {
  const { fd } = view;
  if (fd === null || !isIpSocket(fd)) return null;
  const { client, server } = endsOf(fd);
  if (client === null || server === null) return null;
  const { flows } = indexOf(view.capture.dims);
  if (flows.size === 0) return null;
  const found = at(flows.get(`${PROTOCOLS[fd.l4proto] ?? ''} ${endText(client)}->${endText(server)}`), view.time);
  return found === null ? null : entryOf(nodeValue('flow', found.value).text);
}

function entryOf(text: string): ConntrackEntry | null {
  const [orig, reply] = [...text.matchAll(ENDS)];
  if (orig === undefined || reply === undefined) return null;
  const word = text.split(' ')[3] ?? NO_STATE;
  return {
    state: word.startsWith(NO_STATE) ? null : word,
    orig: arrow(orig[1]!, orig[3]!, orig[2]!, orig[4]!),
    reply: arrow(reply[1]!, reply[3]!, reply[2]!, reply[4]!),
  };
}

/** Null: no interface of that namespace is known by this number. */
export function linkName(view: EventView, netns: number, index: number): string | null {
  const { links } = indexOf(view.capture.dims);
  return at(links.get(`${netns} ${index}`), view.time)?.key ?? null;
}
