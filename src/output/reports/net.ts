/** The node's network as a capture has it: one report a question. */
import type { Capture } from '../../capture/capture.ts';
import type { NodeKind, NodeValue } from '../../model/node.ts';
import { Cluster } from '../../node/cluster.ts';
import { type Carried, carriedBy } from '../../node/traffic.ts';
import { column, rowColumns } from '../../report/column.ts';
import type { Cell, Column, ColumnType, Report, Row, Unit } from '../../report/report.ts';
import { DROPS } from './net-drops.ts';
import { FLOWS } from './net-flows.ts';
import { ENDPOINTS, PODS, SERVICES } from './net-kube.ts';
import { CNI, LOG, PROCESSES, RESOLVERS } from './net-node.ts';
import { facts, type NetReader, netns, type Placed, view, where } from './net-view.ts';

export const NET_VIEWS = [
  'pods',
  'services',
  'endpoints',
  'links',
  'routes',
  'conntrack',
  'sysctls',
  'rules',
  'sockets',
  'flows',
  'drops',
  'resolvers',
  'cni',
  'log',
  'processes',
] as const;
export type NetView = (typeof NET_VIEWS)[number];

/** Columns of what a fact says. */
const factColumn =
  <Kind extends NodeKind, Item extends Placed<Kind> = Placed<Kind>>() =>
  (name: string, unit: Unit, doc: string, read: (value: NodeValue<Kind>) => Cell, extra?: Partial<ColumnType>): Column<Item> =>
    column(name, unit, doc, ({ fact }) => read(fact.value), extra);

const known = (value: number) => (value < 0 ? null : value);
const PROGRAMS = { audience: 'programs' } as const;

const since = <Kind extends NodeKind>(): Column<Placed<Kind>> =>
  column('since', 'ns', 'from when on it was so, since the capture began', ({ fact }) => fact.from, PROGRAMS);

interface PlacedLink extends Placed<'link'> {
  /** Packets while recording; null: not counted. */
  readonly carried: Carried | null;
}

const link = factColumn<'link', PlacedLink>();
const carried = (name: string, doc: string, read: (carried: Carried) => number): Column<PlacedLink> =>
  column(name, 'count', doc, (item) => (item.carried === null ? null : read(item.carried)), { nullable: true });

const LINKS = view<PlacedLink>({
  doc: 'one interface',
  columns: [
    where(),
    column('link', 'text', 'its name', ({ fact }) => fact.key),
    link('type', 'text', 'veth, bridge, ether …', ({ type }) => type),
    link('up', 'text', 'yes or no', ({ up }) => (up ? 'yes' : 'no')),
    link('mtu', 'number', 'bytes', ({ mtu }) => mtu),
    link('addresses', 'text', 'with their prefix', ({ addresses }) => addresses, { many: true }),
    link('bridge', 'text', 'what it is a port of', ({ master }) => master || null, { nullable: true }),
    link(
      'peer',
      'text',
      'the other end of a veth pair',
      ({ peerName, peerNetns }) => (peerNetns > 0 ? `${peerName}@${peerNetns}` : peerName || null),
      { nullable: true },
    ),
    carried('received', 'packets, while recording', ({ received }) => received),
    carried('sent', 'packets, while recording', ({ sent }) => sent),
    carried('lost', 'packets that it dropped or had errors with, while recording', ({ lost }) => lost),
    netns(),
    since(),
  ],
  items: (cluster) => facts('link')(cluster).map((link) => ({ ...link, carried: carriedBy(cluster.node, link.fact) })),
});

const route = factColumn<'route'>();
const ROUTES = view<Placed<'route'>>({
  doc: 'one route',
  columns: [
    where(),
    route('dst', 'text', 'where to', ({ dst }) => dst),
    route('via', 'text', 'gateway', ({ via }) => via || null, { nullable: true }),
    route('dev', 'text', 'interface', ({ dev }) => dev),
    route('src', 'text', 'address that is used', ({ src }) => src || null, { nullable: true }),
    route('table', 'text', 'of policy routing', ({ table }) => table),
    netns(),
    since(),
  ],
  items: facts('route'),
});

const table = factColumn<'conntrack'>();
const CONNTRACK = view<Placed<'conntrack'>>({
  doc: 'the table of connections of one namespace, at each time that it was looked at',
  columns: [
    where(),
    column('at', 'ns', 'since the capture began', ({ fact }) => fact.from),
    table('count', 'count', 'connections', ({ count }) => known(count), { nullable: true }),
    table('max', 'count', 'how many there may be', ({ max }) => known(max), { nullable: true }),
    table('drop', 'count', 'packets dropped, since the namespace began', ({ drop }) => drop),
    table('early_drop', 'count', 'connections forgotten early, for want of room', ({ earlyDrop }) => earlyDrop),
    table('insert_failed', 'count', 'connections that another one was in the way of', ({ insertFailed }) => insertFailed),
    netns(),
  ],
  items: (cluster) =>
    cluster.node
      .versions('conntrack')
      .filter(({ from }) => from <= cluster.time)
      .map((fact) => ({ fact, where: cluster.placeOf(fact.netns)?.name ?? '' })),
});

const sysctl = factColumn<'sysctl'>();
const SYSCTLS = view<Placed<'sysctl'>>({
  doc: 'one sysctl of a namespace',
  columns: [
    where(),
    column('name', 'text', 'its name', ({ fact }) => fact.key),
    sysctl('value', 'text', 'its value', ({ value }) => value),
    netns(),
    since(),
  ],
  items: facts('sysctl'),
});

interface Rule {
  readonly chain: string;
  readonly position: number;
  readonly rule: string;
  readonly packets: number | null;
}

const RULES = view<Rule>({
  doc: 'one rule of the node’s packet filter or translation; position 0 is the policy of its chain',
  columns: [
    column('chain', 'text', 'family, table, chain', ({ chain }) => chain),
    column('position', 'number', 'within the chain', ({ position }) => position),
    column('packets', 'count', 'that it counted by then', ({ packets }) => packets, { nullable: true }),
    column('rule', 'text', 'as the tool that lists rules writes it', ({ rule }) => rule),
  ],
  items: ({ node, time }) => {
    const hits = new Map(node.at('hits', time).map(({ key, value }) => [key, value]));
    return node
      .at('chain', time)
      .flatMap(({ key, value }) => [
        ...(value.policy === ''
          ? []
          : [{ chain: key, position: 0, rule: `policy ${value.policy}`, packets: known(hits.get(key)?.policy ?? -1) }]),
        ...value.rules.map((rule, i) => ({ chain: key, position: i + 1, rule, packets: hits.get(key)?.rules[i] ?? null })),
      ]);
  },
});

const socket = factColumn<'listener'>();
const SOCKETS = view<Placed<'listener'>>({
  doc: 'one socket that waits for whoever comes',
  columns: [
    where(),
    socket('address', 'text', 'where it listens', ({ protocol, ip, port }) => `${protocol} ${ip.includes(':') ? `[${ip}]` : ip}:${port}`),
    socket('process', 'text', 'whose it is', ({ comm, pid }) => (pid > 0 ? `${comm} (${pid})` : null), { nullable: true }),
    socket('queue', 'count', 'connections that wait, or bytes of datagrams', ({ queue }) => known(queue), { nullable: true }),
    socket('backlog', 'count', 'how many may wait', ({ backlog }) => known(backlog), { nullable: true }),
    socket('drops', 'count', 'datagrams that found no room', ({ drops }) => drops),
    netns(),
    since(),
  ],
  items: facts('listener'),
});

const VIEWS: Readonly<Record<NetView, NetReader>> = {
  pods: PODS,
  services: SERVICES,
  endpoints: ENDPOINTS,
  links: LINKS,
  routes: ROUTES,
  conntrack: CONNTRACK,
  sysctls: SYSCTLS,
  rules: RULES,
  sockets: SOCKETS,
  flows: FLOWS,
  drops: DROPS,
  resolvers: RESOLVERS,
  cni: CNI,
  log: LOG,
  processes: PROCESSES,
};

/** `time`: ns since the capture's start at which the node is looked at. */
export function netReport(name: NetView, capture: Capture, time: number): Report<Row> {
  const { columns, rows } = VIEWS[name];
  const cluster = new Cluster(capture.dims, time);
  return {
    id: `net-${name}`,
    columns: rowColumns(columns),
    items: rows(cluster, capture),
    epoch: capture.epoch,
    empty: 'Nothing of it is in the capture.',
  };
}

export const NET_SCHEMAS = Object.fromEntries(
  NET_VIEWS.map((name) => [`net-${name}`, { doc: VIEWS[name].doc, columns: VIEWS[name].columns }]),
) as Readonly<Record<`net-${NetView}`, { readonly doc: string; readonly columns: readonly ColumnType[] }>>;
