/** The node's network as a capture has it: one report a question. */
import type { NodeKind, NodeValue } from '../../model/node.ts';
import type { Cluster, PodPlace, Service, ServicePort } from '../../node/cluster.ts';
import type { Held } from '../../node/state.ts';
import { column, rowColumns, rowOf } from '../../report/column.ts';
import type { Column, ColumnType, Report, Row } from '../../report/report.ts';

export const NET_VIEWS = ['pods', 'services', 'endpoints', 'links', 'routes', 'conntrack', 'sysctls', 'rules', 'sockets'] as const;
export type NetView = (typeof NET_VIEWS)[number];

interface View<T> {
  readonly doc: string;
  readonly columns: readonly Column<T>[];
  readonly items: (cluster: Cluster) => readonly T[];
}

/** A view of any items: its rows are read already. */
interface AnyView {
  readonly doc: string;
  readonly columns: readonly ColumnType[];
  rows(cluster: Cluster): Row[];
}

function view<T>({ doc, columns, items }: View<T>): AnyView {
  return { doc, columns, rows: (cluster) => items(cluster).map((item) => rowOf(columns, item)) };
}

interface Placed<Kind extends NodeKind> {
  readonly fact: Held<Kind>;
  readonly where: string;
}

/** Facts of a kind at the cluster's time, with the name of their namespace. */
const facts =
  <Kind extends NodeKind>(kind: Kind) =>
  (cluster: Cluster): Placed<Kind>[] =>
    cluster.node.at(kind, cluster.time).map((fact) => ({ fact, where: cluster.placeOf(fact.netns)?.name ?? '' }));

const of =
  <Kind extends NodeKind>(read: (value: NodeValue<Kind>) => string | number | boolean | readonly string[] | null) =>
  (placed: Placed<Kind>) =>
    read(placed.fact.value);
const known = (value: number) => (value < 0 ? null : value);
const PROGRAMS = { audience: 'programs' } as const;

const where = <Kind extends NodeKind>(): Column<Placed<Kind>> =>
  column('of', 'text', 'the node, a pod, or a namespace', (placed) => placed.where);
const netns = <Kind extends NodeKind>(): Column<Placed<Kind>> =>
  column('netns', 'number', 'inode of the network namespace', ({ fact }) => fact.netns, PROGRAMS);
const since = <Kind extends NodeKind>(): Column<Placed<Kind>> =>
  column('since', 'ns', 'from when on it was so, since the capture began', ({ fact }) => fact.from, PROGRAMS);

const PODS = view<PodPlace>({
  doc: 'one network namespace: whose it is, and how it hangs on the node',
  columns: [
    column('pod', 'text', 'namespace/name; the node; a namespace that is no pod’s by its name', ({ name }) => name),
    column('ips', 'text', 'its addresses', ({ ips }) => ips, { many: true }),
    column(
      'ready',
      'text',
      'as the cluster says',
      ({ row }) => (row?.status?.ready === undefined ? null : row.status.ready ? 'yes' : 'no'),
      { nullable: true },
    ),
    column('pid', 'number', 'a process in it', ({ pid }) => (pid > 0 ? pid : null), { nullable: true }),
    column('netns', 'number', 'inode of the namespace', (place) => place.netns),
    column('link', 'text', 'the node’s interface that leads to it', ({ link }) => link?.key ?? null, { nullable: true }),
    column('bridge', 'text', 'what that interface is a port of', ({ link }) => link?.value.master || null, { nullable: true }),
    column(
      'hairpin',
      'text',
      'whether the bridge sends packets back',
      ({ link }) => (link === null || link.value.master === '' ? null : link.value.hairpin ? 'on' : 'off'),
      { nullable: true },
    ),
    column('mtu', 'number', 'of that interface', ({ link }) => link?.value.mtu ?? null, { nullable: true }),
    column('enter', 'code', 'how to get into it, on the node', ({ pid }) => (pid > 0 ? `nsenter -t ${pid} -n` : null), { nullable: true }),
  ],
  items: ({ places }) => places,
});

interface PortOfService {
  readonly service: Service;
  readonly port: ServicePort;
}

const SERVICES = view<PortOfService>({
  doc: 'one port of a service: what it selects, where it leads, and what the kernel does with it',
  columns: [
    column('service', 'text', 'namespace/name', ({ service }) => service.name),
    column('address', 'text', 'address and port', ({ port }) => `${port.ip}:${port.port.port}/${port.port.protocol.toLowerCase()}`),
    column(
      'selector',
      'text',
      'labels of its pods',
      ({ service }) =>
        Object.entries(service.row.selector ?? {})
          .map(([key, value]) => `${key}=${value}`)
          .join(',') || null,
      { nullable: true },
    ),
    column('target', 'text', 'port of the pods', ({ port }) => port.port.target ?? null, { nullable: true }),
    column(
      'endpoints',
      'text',
      'addresses of its endpoints; a ! marks one that is not ready',
      ({ service, port }) => service.endpoints.map(({ ip, ready }) => `${ready ? '' : '!'}${ip}:${port.target}`),
      { many: true },
    ),
    column(
      'rules',
      'text',
      'where the node’s rules lead, and with which share',
      ({ port }) => (port.rule?.targets ?? []).map(({ address, share }) => `${address} ${Math.round(share * 100)} %`),
      { many: true },
    ),
    column('agree', 'text', 'whether rules and endpoints say the same', agreeText),
  ],
  items: ({ services }) => services.flatMap((service) => service.ports.map((port) => ({ service, port }))),
});

function agreeText({ service, port }: PortOfService): string {
  if (port.rule === null) return 'no rules';
  const ready = service.endpoints.filter((one) => one.ready).map(({ ip }) => `${ip}:${port.target}`);
  const ruled = port.rule.targets.map(({ address }) => address);
  if (port.rule.rejects) return ready.length === 0 ? 'yes: rejected, no endpoints' : 'no: rejected';
  return ready.length === ruled.length && ready.every((one) => ruled.includes(one)) ? 'yes' : 'no';
}

interface EndpointOfService {
  readonly service: Service;
  readonly at: Service['endpoints'][number];
  readonly ports: string;
  readonly node: string;
}

const ENDPOINTS = view<EndpointOfService>({
  doc: 'one endpoint of a service',
  columns: [
    column('service', 'text', 'namespace/name', ({ service }) => service.name),
    column('ip', 'text', 'its address', ({ at }) => at.ip),
    column('ports', 'text', 'its ports', ({ ports }) => ports),
    column('ready', 'text', 'yes or no', ({ at }) => (at.ready ? 'yes' : 'no')),
    column('pod', 'text', 'namespace/name', ({ at }) => at.pod || null, { nullable: true }),
    column('node', 'text', 'where it runs', ({ node }) => node || null, { nullable: true }),
  ],
  items: (cluster) =>
    cluster.services.flatMap((service) =>
      service.endpoints.map((at) => {
        const pod = cluster.podAt(at.ip);
        return { service, at, ports: [...new Set(service.ports.map(({ target }) => target))].join(' '), node: pod?.node ?? '' };
      }),
    ),
});

const LINKS = view<Placed<'link'>>({
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
    netns(),
    since(),
  ],
  items: facts('link'),
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

const VIEWS: Readonly<Record<NetView, AnyView>> = {
  pods: PODS,
  services: SERVICES,
  endpoints: ENDPOINTS,
  links: LINKS,
  routes: ROUTES,
  conntrack: CONNTRACK,
  sysctls: SYSCTLS,
  rules: RULES,
  sockets: SOCKETS,
};

export function netReport(name: NetView, cluster: Cluster, epoch: bigint): Report<Row> {
  const { columns, rows } = VIEWS[name];
  return { id: `net-${name}`, columns: rowColumns(columns), items: rows(cluster), epoch, empty: 'Nothing of it is in the capture.' };
}

export const NET_SCHEMAS = Object.fromEntries(
  NET_VIEWS.map((name) => [`net-${name}`, { doc: VIEWS[name].doc, columns: VIEWS[name].columns }]),
) as Readonly<Record<`net-${NetView}`, { readonly doc: string; readonly columns: readonly ColumnType[] }>>;
