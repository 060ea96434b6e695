/**
 * What was found of a node's network, as rows: a fact has a kind, the network namespace that it is of, and a key that is its own there.
 * It holds from `from` until `to`; a change makes another row. Facts of a namespace that is gone end with it and stay in the capture.
 */

/** What a value of a fact can be; files come from anywhere, so each is checked against this when it is read. */
type Shape = 'number' | 'text' | 'flag' | 'texts' | 'numbers';
interface Values {
  number: number;
  text: string;
  flag: boolean;
  texts: readonly string[];
  numbers: readonly number[];
}

/** The kinds of facts: key, then what each says. Numbers are -1, texts empty, where it was not found. */
export const NODE_SHAPES = {
  /** key: inode. A network namespace; `host`: the node's own. `pid`: one that is in it. */
  netns: { name: 'text', pid: 'number', processes: 'number', comm: 'text', container: 'text', pod: 'text', host: 'flag' },
  /** key: name. An interface; `peer…`: the other end of a veth pair. */
  link: {
    index: 'number',
    mtu: 'number',
    up: 'flag',
    mac: 'text',
    type: 'text',
    master: 'text',
    peerIndex: 'number',
    peerNsid: 'number',
    peerNetns: 'number',
    peerName: 'text',
    hairpin: 'flag',
    addresses: 'texts',
  },
  /** key: table, destination, interface, metric. */
  route: { table: 'text', dst: 'text', via: 'text', dev: 'text', src: 'text', type: 'text', metric: 'number' },
  /** key: priority and selector. A rule of policy routing. */
  policy: { text: 'text' },
  /** key: interface and address. */
  neighbour: { mac: 'text', failed: 'flag' },
  /** key: its name with dots. */
  sysctl: { value: 'text' },
  /** key: family, table, chain. A chain of iptables or nftables; rules as the tool that lists them writes them, without counters. */
  chain: { policy: 'text', rules: 'texts' },
  /** key: as the chain. Packets by its policy, and by each of its rules. */
  hits: { policy: 'number', rules: 'numbers' },
  /** key: the virtual server. */
  ipvs: { servers: 'texts' },
  /** key: empty. The table of connections of a namespace. */
  conntrack: { count: 'number', max: 'number', drop: 'number', earlyDrop: 'number', insertFailed: 'number' },
  /** key: the number of the entry. A connection to an address that is translated. */
  flow: { text: 'text' },
  /** key: protocol, address, socket. `queue`: connections that wait, or bytes of datagrams; -1: not found. */
  listener: {
    protocol: 'text',
    ip: 'text',
    port: 'number',
    backlog: 'number',
    queue: 'number',
    drops: 'number',
    pid: 'number',
    comm: 'text',
  },
  /** key: name of an interface. Packets since it began. */
  traffic: { rxPackets: 'number', rxErrors: 'number', rxDropped: 'number', txPackets: 'number', txErrors: 'number', txDropped: 'number' },
  /** key: its name in /proc/net/snmp or netstat. */
  counter: { value: 'number' },
  /** key: pid. resolv.conf and hosts as a process of the namespace sees them. */
  resolver: { resolvConf: 'text', hosts: 'text' },
  /** key: file name. */
  cni: { text: 'text' },
  /** key: its number. A line of the kernel's log; `time`: ns since the capture's start. */
  kernelLog: { text: 'text', time: 'number' },
  /** key: pid. A process that is stopped, dead or short of descriptors. */
  process: { comm: 'text', state: 'text', fds: 'number', limit: 'number' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Shape>>>>;

type Shapes = typeof NODE_SHAPES;
export type NodeKind = keyof Shapes;
export const NODE_KINDS = Object.keys(NODE_SHAPES) as readonly NodeKind[];
export type NodeValue<Kind extends NodeKind> = { -readonly [Name in keyof Shapes[Kind]]: Values[Shapes[Kind][Name] & Shape] };

export interface NodeFactRow {
  readonly id: number;
  readonly kind: string;
  /** Inode of the network namespace; 0: the node. */
  readonly netns: number;
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly from: number;
  to: number | null;
}

/** A fact before it has a time. */
export interface NodeFact<Kind extends NodeKind = NodeKind> {
  readonly kind: Kind;
  readonly netns: number;
  readonly key: string;
  readonly value: NodeValue<Kind>;
}

/** Something that could not be read, and why. */
export interface NodeMissing {
  readonly id: string;
  readonly reason: string;
}

const EMPTY: { readonly [Name in Shape]: Values[Name] } = { number: -1, text: '', flag: false, texts: [], numbers: [] };

/** A value as its kind has it: what is absent or of another shape becomes empty. */
export function nodeValue<Kind extends NodeKind>(kind: Kind, value: Readonly<Record<string, unknown>>): NodeValue<Kind> {
  const shapes: Readonly<Record<string, Shape>> = NODE_SHAPES[kind];
  const entries = Object.entries(shapes).map(([name, shape]) => [name, shaped(shape, value[name])]);
  return Object.fromEntries(entries) as NodeValue<Kind>;
}

function shaped(shape: Shape, value: unknown): Values[Shape] {
  const list = Array.isArray(value) ? (value as readonly unknown[]) : null;
  const fits: { readonly [Name in Shape]: boolean } = {
    number: typeof value === 'number' && Number.isFinite(value),
    text: typeof value === 'string',
    flag: typeof value === 'boolean',
    texts: list?.every((one) => typeof one === 'string') === true,
    numbers: list?.every((one) => typeof one === 'number') === true,
  };
  return fits[shape] ? (value as Values[Shape]) : EMPTY[shape];
}
