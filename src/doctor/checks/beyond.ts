/** Connections to what is not on this node, where this node did its part: no route there, or nothing came back. */
import { isWithin } from '../../node/rule-hits.ts';
import type { Held } from '../../node/state.ts';
import { carriedBy, carriedText } from '../../node/traffic.ts';
import { type Check, command, type FactEvidence, type Finding, finding } from '../check.ts';
import { addressOf, type Examined, times } from '../examined.ts';
import { type Failure, isLate } from '../observed.ts';

interface Away {
  readonly failure: Failure;
  /** Endpoints that are elsewhere. */
  readonly ips: readonly string[];
}

/** Failures to addresses of other nodes that no packet filter of this one caused. */
function away(examined: Examined, explained: (address: string) => boolean): Away[] {
  if (examined.node.empty) return [];
  return examined.failures
    .filter(
      (failure) => failure.kind !== 'no-port' && failure.kind !== 'forbidden' && !isLate(failure) && !explained(addressOf(failure.remote)),
    )
    .flatMap((failure) => {
      const ips = examined.endpoints(failure.remote).map(({ ip }) => ip);
      const far = ips.filter((ip) => !examined.isHere(ip));
      const dropped =
        examined.drops(({ dst, src }) => [dst.ip, src.ip].some((ip) => far.includes(ip) || ip === failure.remote.ip)).length > 0;
      return far.length === 0 || far.length < ips.length || dropped ? [] : [{ failure, ips: far }];
    });
}

const explainedBy = (before: readonly Finding[]) => (address: string) =>
  before.some(({ explains }) => explains.includes('*') || explains.includes(address));

export const routeMissing: Check = {
  id: 'route-missing',
  title: 'there is no route to the pods of another node',
  read(examined, before) {
    return grouped(away(examined, explainedBy(before))).flatMap(({ remote, all, ips }) => {
      const route = routeOf(examined, ips[0]!);
      const unreachable = all.filter(({ kind }) => kind === 'unreachable' || kind === 'refused');
      const told = [...new Set(all.map(({ netns }) => netns))].reduce((n, netns) => n + examined.growth('IcmpInDestUnreachs', netns), 0);
      if (unreachable.length === 0 || (told === 0 && !unreachable.some(({ kind }) => kind === 'unreachable'))) return [];
      const node = nodeOf(examined, ips[0]!);
      const where = `${ips.join(', ')}${node === null ? '' : ` (pods of ${node.name}, ${node.cidrs.join(', ')})`}`;
      const own =
        route === null
          ? 'this node has no route there'
          : `this node sends it to ${route.value.via || 'its neighbours'} by ${route.value.dst === 'default' ? 'its default route' : route.value.dst}, and from there comes “unreachable”`;
      return [
        finding(
          'route-missing',
          'critical',
          `no route to ${where}: ${own} (${times(told, 'ICMP message')}); connections to ${examined.name(remote)} fail`,
          {
            affected: all.map(({ netns, thread }) => examined.who(netns, thread)),
            events: all.flatMap(({ nums }) => nums),
            facts:
              route === null
                ? []
                : [examined.fact(route, `ip route: ${route.value.dst} via ${route.value.via || '-'} dev ${route.value.dev}`)],
            confidence: told > 0 ? 0.85 : 0.75,
            unseen: route === null ? [] : ['the routes of the routers beyond this node'],
            fixes: [
              command`ip route get ${ips[0]}`,
              command`ip route add ${node?.cidrs[0] ?? `${ips[0]}/32`} via ADDRESS-OF-ITS-NODE`,
              'kubectl get nodes -o custom-columns=NAME:.metadata.name,CIDR:.spec.podCIDR',
            ],
            explains: [addressOf(remote)],
          },
        ),
      ];
    });
  },
};

export const beyondNode: Check = {
  id: 'beyond-node',
  title: 'packets left this node and nothing came back',
  read(examined, before) {
    return grouped(away(examined, explainedBy(before))).flatMap(({ remote, all, ips }) => {
      const silent = all.filter(({ kind }) => kind === 'unanswered');
      if (silent.length === 0) return [];
      const node = nodeOf(examined, ips[0]!);
      const route = routeOf(examined, ips[0]!);
      const where = node === null ? ips[0]! : `node ${node.name}`;
      return [
        finding(
          'beyond-node',
          'critical',
          `connections to ${examined.name(remote)} are not answered: this node dropped none of the packets to ${ips.join(', ')}, so they are lost beyond it or at ${where} (security group, firewall, routes)`,
          {
            affected: silent.map(({ netns, thread }) => examined.who(netns, thread)),
            events: silent.flatMap(({ nums }) => nums),
            facts:
              route === null
                ? []
                : [
                    examined.fact(route, `ip route: ${route.value.dst} via ${route.value.via || '-'} dev ${route.value.dev}`),
                    ...uplink(examined, route),
                  ],
            confidence: 0.75,
            unseen: [`what happens on the way and at ${where}`],
            fixes: [
              `trowel record    # on ${where}, at the same time: do the packets arrive there?`,
              'look at the security groups or firewall between the nodes: pod addresses must pass',
            ],
            explains: [addressOf(remote)],
          },
        ),
      ];
    });
  },
};

/** What the interface carried by which packets leave: that it sent any is part of the proof. */
function uplink({ node }: Examined, { netns, value }: Held<'route'>): FactEvidence[] {
  const carried = carriedBy(node, { netns, key: value.dev });
  return carried === null ? [] : [{ time: 0, text: carriedText(value.dev, carried) }];
}

/** By the address that was asked for. */
function grouped(
  all: readonly Away[],
): { readonly remote: Failure['remote']; readonly all: readonly Failure[]; readonly ips: readonly string[] }[] {
  const byAddress = new Map<string, Away[]>();
  for (const one of all) byAddress.set(addressOf(one.failure.remote), [...(byAddress.get(addressOf(one.failure.remote)) ?? []), one]);
  return [...byAddress.values()].map((group) => ({
    remote: group[0]!.failure.remote,
    all: group.map(({ failure }) => failure),
    ips: group[0]!.ips,
  }));
}

/** The node's route for an address: the longest prefix. */
function routeOf({ node, end }: Examined, ip: string): Held<'route'> | null {
  const fitting = node
    .at('route', end, node.host)
    .filter(({ value }) => value.table === 'main' && (value.dst === 'default' ? !ip.includes(':') : isWithin(ip, value.dst)));
  return fitting.reduce<Held<'route'> | null>((best, one) => (best === null || prefixOf(one) > prefixOf(best) ? one : best), null);
}

const prefixOf = ({ value }: Held<'route'>) => (value.dst === 'default' ? 0 : Number(value.dst.split('/')[1] ?? 0));

function nodeOf({ cluster }: Examined, ip: string): { readonly name: string; readonly cidrs: readonly string[] } | null {
  const pod = cluster.podAt(ip);
  const row = cluster.nodes.find(
    ({ name, ips, status }) => name === pod?.node || ips.includes(ip) || (status?.cidrs ?? []).some((cidr) => isWithin(ip, cidr)),
  );
  return row === undefined ? null : { name: row.name, cidrs: row.status?.cidrs ?? [] };
}
