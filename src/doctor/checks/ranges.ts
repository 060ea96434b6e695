/** Ranges of addresses that are given out twice, and ranges of other nodes' pods to which this node has no route. */
import ipaddr from 'ipaddr.js';
import type { KubeObjectRow } from '../../model/kube.ts';
import { nameOf } from '../../node/cluster.ts';
import { isWithin } from '../../node/rule-hits.ts';
import type { Held } from '../../node/state.ts';
import { type Check, command, type FactEvidence, type Finding, finding } from '../check.ts';
import type { Examined } from '../examined.ts';

/** Addresses that belong to somebody. */
interface Range {
  readonly range: string;
  readonly whose: string;
  readonly fact: FactEvidence;
  /** Of what it is: ranges of pods may hold the addresses of pods, but none of these. */
  readonly kind: 'pods' | 'node' | 'uplink' | 'service' | 'bridge';
}

export const rangesOverlap: Check = {
  id: 'ranges-overlap',
  title: 'ranges of addresses overlap',
  read(examined) {
    return [...overlaps(examined), ...twice(examined)];
  },
};

function overlaps(examined: Examined): Finding[] {
  const all = [...nodeRanges(examined), ...linkRanges(examined), ...serviceRanges(examined)];
  const pairs = all.flatMap((a, i) => all.slice(i + 1).map((b) => [a, b] as const));
  return pairs
    .filter(([a, b]) => clash(a, b))
    .slice(0, MOST)
    .map(([a, b]) =>
      finding(
        'ranges-overlap',
        'critical',
        `${a.whose} (${a.range}) and ${b.whose} (${b.range}) overlap: packets for one are sent to the other`,
        {
          affected: [a.whose, b.whose],
          facts: [a.fact, b.fact],
          confidence: 0.9,
          fixes: [
            'kubectl get nodes -o custom-columns=NAME:.metadata.name,CIDR:.spec.podCIDR',
            'give each node a range of pods of its own (--cluster-cidr, --node-cidr-mask-size; the CNI’s configuration), apart from those of nodes and services',
          ],
        },
      ),
    );
}

/** More of them have one cause. */
const MOST = 5;

function clash(a: Range, b: Range): boolean {
  const kinds = [a.kind, b.kind].sort().join(' ');
  return CLASHES.has(kinds) && a.whose !== b.whose && overlap(a.range, b.range);
}

/** A bridge has the range of its own node's pods, and a node's address lies in its uplink's network. */
const CLASHES: ReadonlySet<string> = new Set([
  'pods pods',
  'node pods',
  'pods uplink',
  'pods service',
  'bridge uplink',
  'bridge bridge',
  'bridge service',
]);

function overlap(a: string, b: string): boolean {
  const [x, y] = [parsed(a), parsed(b)];
  if (x === null || y === null || x[0].kind() !== y[0].kind()) return false;
  return x[0].match(y[0], Math.min(x[1], y[1]));
}

function parsed(range: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | null {
  try {
    return ipaddr.parseCIDR(range);
  } catch {
    return null;
  }
}

const whole = (ip: string) => `${ip}/${ip.includes(':') ? 128 : 32}`;
const since = ({ from }: KubeObjectRow) => Math.max(0, from);

function nodeRanges({ cluster }: Examined): Range[] {
  return cluster.nodes.flatMap((row): Range[] => [
    ...[...new Set(row.status?.cidrs ?? [])].map((range) => ({
      range,
      whose: `pods of node ${row.name}`,
      fact: { time: since(row), text: `node ${row.name}: podCIDR ${range}` },
      kind: 'pods' as const,
    })),
    ...row.ips.map((ip) => ({
      range: whole(ip),
      whose: `node ${row.name}`,
      fact: { time: since(row), text: `node ${row.name}: address ${ip}` },
      kind: 'node' as const,
    })),
  ]);
}

function serviceRanges({ cluster }: Examined): Range[] {
  return cluster.services.flatMap(({ name, row }) =>
    row.ips.map((ip) => ({
      range: whole(ip),
      whose: `service ${name}`,
      fact: { time: since(row), text: `service ${name}: address ${ip}` },
      kind: 'service' as const,
    })),
  );
}

/** Networks of the interface that the default route goes by, and of bridges. */
function linkRanges(examined: Examined): Range[] {
  const { node, end } = examined;
  const uplinks = new Set(mainRoutes(examined).flatMap(({ value }) => (value.dst === 'default' ? [value.dev] : [])));
  return node
    .at('link', end, node.host)
    .filter(({ key, value }) => value.up && (uplinks.has(key) || value.type === 'bridge'))
    .flatMap((link) =>
      link.value.addresses
        .filter((range) => !range.startsWith('fe80:') && !/\/(32|128)$/.test(range))
        .map(
          (range): Range => ({
            range,
            whose: `the network of ${link.key}`,
            fact: examined.fact(link, `${link.key}: ${range}`),
            kind: uplinks.has(link.key) ? 'uplink' : 'bridge',
          }),
        ),
    );
}

/** Pods of today that have one address. */
function twice({ cluster }: Examined): Finding[] {
  const pods = cluster.pods.filter(({ status }) => status?.hostNetwork !== true);
  const byIp = Map.groupBy(
    pods.flatMap((pod) => pod.ips.map((ip) => ({ ip, pod }))),
    ({ ip }) => ip,
  );
  return [...byIp]
    .filter(([, all]) => all.length > 1)
    .slice(0, MOST)
    .map(([ip, all]) =>
      finding('ranges-overlap', 'critical', `${all.map(({ pod }) => nameOf(pod)).join(' and ')} have one address, ${ip}`, {
        affected: all.map(({ pod }) => nameOf(pod)),
        facts: all.slice(0, 3).map(({ pod }) => ({ time: since(pod), text: `${nameOf(pod)} on node ${pod.node}: ${ip}` })),
        confidence: 0.9,
        fixes: [
          command`kubectl get pods -A -o wide --field-selector status.podIP=${ip}`,
          'look at the CNI’s address management: do two nodes share a range, or was its state lost?',
        ],
      }),
    );
}

export const podRoute: Check = {
  id: 'pod-route',
  title: 'this node has no route to the pods of another node',
  read(examined, before) {
    const { cluster } = examined;
    const routes = mainRoutes(examined);
    const own = cluster.nodes.find(({ ips }) => ips.some((ip) => examined.isHere(ip)));
    if (own === undefined || routes.length === 0) return [];
    const others = cluster.nodes.flatMap((row) => (row === own ? [] : (row.status?.cidrs ?? []).map((cidr) => ({ row, cidr }))));
    const missing = others.filter(({ cidr }) => !routes.some(({ value }) => leadsTo(value.dst, cidr)));
    // routers may know the way: that this node should is shown by its routes to the others
    const hasDefault = routes.some(({ value }) => value.dst === 'default');
    if (missing.length === others.length && hasDefault) return [];
    const told = before.some(({ id }) => id === 'route-missing');
    return told ? [] : missing.slice(0, MOST).map(({ row, cidr }) => routeFinding(examined, row, cidr, hasDefault));
  },
};

function routeFinding(examined: Examined, row: KubeObjectRow, cidr: string, hasDefault: boolean): Finding {
  const others = hasDefault ? 'it has one to the pods of other nodes, but these go by the default route' : 'and it has no default route';
  return finding('pod-route', 'warning', `this node has no route to the pods of node ${row.name} (${cidr}): ${others}`, {
    affected: [`node ${row.name}`],
    facts: [
      { time: since(row), text: `node ${row.name}: podCIDR ${cidr}` },
      ...mainRoutes(examined)
        .slice(0, 4)
        .map((route) => examined.fact(route, `ip route: ${route.value.dst} via ${route.value.via || '-'} dev ${route.value.dev}`)),
    ],
    confidence: hasDefault ? 0.75 : 0.9,
    unseen: ['whether a route of policy routing, or of an overlay in eBPF, leads there'],
    fixes: [
      command`ip route get ${cidr.replace(/\/.*/, '')}`,
      command`ip route add ${cidr} via ${row.ips[0]}`,
      'look at the log of the CNI’s agent on this node',
    ],
  });
}

/** All of a range by one route. */
function leadsTo(dst: string, cidr: string): boolean {
  const [outer, inner] = [parsed(dst), parsed(cidr)];
  return outer !== null && inner !== null && outer[1] <= inner[1] && isWithin(inner[0].toString(), dst);
}

function mainRoutes({ node, end }: Examined): Held<'route'>[] {
  return node.at('route', end, node.host).filter(({ value }) => value.table === 'main');
}
