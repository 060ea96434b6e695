/** The node's network as a capture has it: one report a question. */
import type { Capture } from '../../capture/capture.ts';
import type { NodeKind, NodeValue } from '../../model/node.ts';
import { Cluster } from '../../node/cluster.ts';
import { type Carried, carriedBy } from '../../node/traffic.ts';
import { column, rowColumns } from '../../report/column.ts';
import type { Column, ColumnType, Report, Row } from '../../report/report.ts';
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

const of =
  <Kind extends NodeKind>(read: (value: NodeValue<Kind>) => string | number | boolean | readonly string[] | null) =>
  (placed: Placed<Kind>) =>
    read(placed.fact.value);
const known = (value: number) => (value < 0 ? null : value);
const PROGRAMS = { audience: 'programs' } as const;

const since = <Kind extends NodeKind>(): Column<Placed<Kind>> =>
  column('since', 'ns', 'from when on it was so, since the capture began', ({ fact }) => fact.from, PROGRAMS);

interface PlacedLink extends Placed<'link'> {
  /** Packets while recording; null: not counted. */
  readonly carried: Carried | null;
}

const carried = (read: (carried: Carried) => number) => (link: PlacedLink) => (link.carried === null ? null : read(link.carried));

const LINKS = view<PlacedLink>({
  doc: 'one interface',
  columns: [
    where(),
    column('link', 'text', 'its name', ({ fact }) => fact.key),
    column(
      'type',
      'text',
      'veth, bridge, ether …',
      of<'link'>(({ type }) => type),
    ),
    column(
      'up',
      'text',
      'yes or no',
      of<'link'>(({ up }) => (up ? 'yes' : 'no')),
    ),
    column(
      'mtu',
      'number',
      'bytes',
      of<'link'>(({ mtu }) => mtu),
    ),
    column(
      'addresses',
      'text',
      'with their prefix',
      of<'link'>(({ addresses }) => addresses),
      { many: true },
    ),
    column(
      'bridge',
      'text',
      'what it is a port of',
      of<'link'>(({ master }) => master || null),
      { nullable: true },
    ),
    column(
      'peer',
      'text',
      'the other end of a veth pair',
      of<'link'>(({ peerName, peerNetns }) => (peerNetns > 0 ? `${peerName}@${peerNetns}` : peerName || null)),
      { nullable: true },
    ),
    column(
      'received',
      'count',
      'packets, while recording',
      carried(({ received }) => received),
      { nullable: true },
    ),
    column(
      'sent',
      'count',
      'packets, while recording',
      carried(({ sent }) => sent),
      { nullable: true },
    ),
    column(
      'lost',
      'count',
      'packets that it dropped or had errors with, while recording',
      carried(({ lost }) => lost),
      { nullable: true },
    ),
    netns(),
    since(),
  ],
  items: (cluster) => facts('link')(cluster).map((link) => ({ ...link, carried: carriedBy(cluster.node, link.fact) })),
});

const ROUTES = view<Placed<'route'>>({
  doc: 'one route',
  columns: [
    where(),
    column(
      'dst',
      'text',
      'where to',
      of<'route'>(({ dst }) => dst),
    ),
    column(
      'via',
      'text',
      'gateway',
      of<'route'>(({ via }) => via || null),
      { nullable: true },
    ),
    column(
      'dev',
      'text',
      'interface',
      of<'route'>(({ dev }) => dev),
    ),
    column(
      'src',
      'text',
      'address that is used',
      of<'route'>(({ src }) => src || null),
      { nullable: true },
    ),
    column(
      'table',
      'text',
      'of policy routing',
      of<'route'>(({ table }) => table),
    ),
    netns(),
    since(),
  ],
  items: facts('route'),
});

const CONNTRACK = view<Placed<'conntrack'>>({
  doc: 'the table of connections of one namespace, at each time that it was looked at',
  columns: [
    where(),
    column('at', 'ns', 'since the capture began', ({ fact }) => fact.from),
    column(
      'count',
      'count',
      'connections',
      of<'conntrack'>(({ count }) => known(count)),
      { nullable: true },
    ),
    column(
      'max',
      'count',
      'how many there may be',
      of<'conntrack'>(({ max }) => known(max)),
      { nullable: true },
    ),
    column(
      'drop',
      'count',
      'packets dropped, since the namespace began',
      of<'conntrack'>(({ drop }) => drop),
    ),
    column(
      'early_drop',
      'count',
      'connections forgotten early, for want of room',
      of<'conntrack'>(({ earlyDrop }) => earlyDrop),
    ),
    column(
      'insert_failed',
      'count',
      'connections that another one was in the way of',
      of<'conntrack'>(({ insertFailed }) => insertFailed),
    ),
    netns(),
  ],
  items: (cluster) =>
    cluster.node
      .versions('conntrack')
      .filter(({ from }) => from <= cluster.time)
      .map((fact) => ({ fact, where: cluster.placeOf(fact.netns)?.name ?? '' })),
});

const SYSCTLS = view<Placed<'sysctl'>>({
  doc: 'one sysctl of a namespace',
  columns: [
    where(),
    column('name', 'text', 'its name', ({ fact }) => fact.key),
    column(
      'value',
      'text',
      'its value',
      of<'sysctl'>(({ value }) => value),
    ),
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

const SOCKETS = view<Placed<'listener'>>({
  doc: 'one socket that waits for whoever comes',
  columns: [
    where(),
    column(
      'address',
      'text',
      'where it listens',
      of<'listener'>(({ protocol, ip, port }) => `${protocol} ${ip.includes(':') ? `[${ip}]` : ip}:${port}`),
    ),
    column(
      'process',
      'text',
      'whose it is',
      of<'listener'>(({ comm, pid }) => (pid > 0 ? `${comm} (${pid})` : null)),
      { nullable: true },
    ),
    column(
      'queue',
      'count',
      'connections that wait, or bytes of datagrams',
      of<'listener'>(({ queue }) => known(queue)),
      { nullable: true },
    ),
    column(
      'backlog',
      'count',
      'how many may wait',
      of<'listener'>(({ backlog }) => known(backlog)),
      { nullable: true },
    ),
    column(
      'drops',
      'count',
      'datagrams that found no room',
      of<'listener'>(({ drops }) => drops),
    ),
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
