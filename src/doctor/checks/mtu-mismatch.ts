/** Links that carry less than those before them: nothing has to fail of it, but large packets may. */
import type { Held } from '../../node/state.ts';
import { type Check, command, type Finding, finding } from '../check.ts';
import type { Examined } from '../examined.ts';

/** Bytes that an overlay puts around each packet, over IPv4. */
const OVERHEAD: Readonly<Record<string, number>> = { vxlan: 50, geneve: 50, ipip: 20, gre: 24, wireguard: 60, sit: 20 };
const MOST = 3;

export const mtuMismatch: Check = {
  id: 'mtu-mismatch',
  title: 'links in a row have different MTUs',
  read(examined) {
    return [...unevenPairs(examined), ...narrowUplinks(examined), ...widePods(examined)];
  },
};

/** The kernel drops what is larger than the receiving end of the pair takes, without a word. */
function unevenPairs(examined: Examined): Finding[] {
  const { node, end, cluster } = examined;
  return cluster.places
    .flatMap((place) => {
      const inner = node.at('link', end, place.netns).find(({ key }) => key === place.link?.value.peerName);
      return place.link === null || inner === undefined || inner.value.mtu === place.link.value.mtu || inner.value.mtu < 0
        ? []
        : [{ place, inner, outer: place.link }];
    })
    .slice(0, MOST)
    .map(({ place, inner, outer }) =>
      finding(
        'mtu-mismatch',
        'warning',
        `the two ends of ${place.name}’s veth pair have different MTUs: ${inner.key} ${inner.value.mtu}, ${outer.key} ${outer.value.mtu}; what is larger than the smaller is dropped in silence`,
        {
          affected: [place.name],
          facts: [mtuFact(examined, inner), mtuFact(examined, outer)],
          confidence: 0.9,
          fixes: [command`ip link set dev ${outer.key} mtu ${inner.value.mtu}`, 'set one MTU in the CNI’s configuration'],
        },
      ),
    );
}

/** What an overlay makes of a full packet does not fit through the interface that it leaves by. */
function narrowUplinks(examined: Examined): Finding[] {
  const uplink = uplinkOf(examined);
  if (uplink === null) return [];
  return overlays(examined)
    .filter(({ value }) => value.mtu + OVERHEAD[value.type]! > uplink.value.mtu)
    .map((overlay) => {
      const most = uplink.value.mtu - OVERHEAD[overlay.value.type]!;
      return finding(
        'mtu-mismatch',
        'warning',
        `${overlay.key} (${overlay.value.type}) takes packets of ${overlay.value.mtu} bytes, and with its ${OVERHEAD[overlay.value.type]} bytes around them they do not fit into ${uplink.key}, which takes ${uplink.value.mtu}`,
        {
          affected: ['pods that talk to pods of other nodes'],
          facts: [mtuFact(examined, overlay), mtuFact(examined, uplink)],
          confidence: 0.85,
          fixes: [command`ip link set dev ${overlay.key} mtu ${most}`, `set the MTU ${most} in the CNI’s configuration`],
        },
      );
    });
}

/** The node tells a pod when a packet is too large, which it can do only as long as ICMP passes. */
function widePods(examined: Examined): Finding[] {
  const [overlay] = overlays(examined);
  if (overlay === undefined) return [];
  const wide = examined.cluster.places.filter(({ link }) => link !== null && link.value.mtu > overlay.value.mtu);
  if (wide.length === 0) return [];
  return [
    finding(
      'mtu-mismatch',
      'note',
      `${wide.length === 1 ? 'a pod sends' : `${wide.length} pods send`} packets of up to ${wide[0]!.link!.value.mtu} bytes, and ${overlay.key} (${overlay.value.type}) takes ${overlay.value.mtu}: they learn it by ICMP only`,
      {
        affected: wide.map(({ name }) => name),
        facts: [mtuFact(examined, overlay), mtuFact(examined, wide[0]!.link!)],
        confidence: 0.85,
        fixes: [`set the MTU ${overlay.value.mtu} in the CNI’s configuration, and start the pods anew`],
      },
    ),
  ];
}

const mtuFact = (examined: Examined, link: Held<'link'>) =>
  examined.fact(link, `${link.key} of ${examined.who(link.netns) || 'a namespace'}: MTU ${link.value.mtu}`);

function overlays({ node, end }: Examined): Held<'link'>[] {
  return node.at('link', end, node.host).filter(({ value }) => value.up && value.mtu > 0 && OVERHEAD[value.type] !== undefined);
}

function uplinkOf({ node, end }: Examined): Held<'link'> | null {
  const route = node.at('route', end, node.host).find(({ value }) => value.table === 'main' && value.dst === 'default');
  return node.at('link', end, node.host).find(({ key }) => key === route?.value.dev) ?? null;
}
