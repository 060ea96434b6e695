/** Bridged packets pass the node's rules by: the answer to a service's question comes from the pod's address, and nobody expects it. */
import { type Check, finding } from '../check.ts';
import { sum, times } from '../examined.ts';

const SYSCTL = 'net.bridge.bridge-nf-call-iptables';

export const bridgeNfOff: Check = {
  id: 'bridge-nf-off',
  title: 'packets on the bridge are not translated back',
  read(examined) {
    const { cluster } = examined;
    const setting = examined.sysctl(SYSCTL);
    if (setting?.value === '1') return [];
    const strays = examined.drops(({ reason, src, dst, netns }) => {
      const ownPod = cluster.podAt(dst.ip) ?? cluster.placeOf(netns)?.row ?? null;
      const served = cluster.services.some(
        ({ endpoints, ports }) => endpoints.some(({ ip }) => ip === src.ip) && ports.some(({ target }) => target === src.port),
      );
      return reason === 'NO_SOCKET' && ownPod !== null && served;
    });
    if (strays.length === 0) return [];
    const services = cluster.services.filter(({ endpoints }) => endpoints.some(({ ip }) => strays.some(({ src }) => src.ip === ip)));
    const answer = strays[0]!;
    return [
      finding(
        'bridge-nf-off',
        'critical',
        `answers from pods on the same bridge are not translated back to the service’s address: ${times(sum(strays), 'answer')} such as from ${examined.name(answer.src)} found no socket at ${cluster.nameAt(answer.dst.ip)}`,
        {
          affected: [...strays.map(({ dst }) => cluster.nameAt(dst.ip)), ...services.map(({ name }) => `service ${name}`)],
          events: strays.flatMap(({ nums }) => nums),
          facts: [...(setting === null ? [] : [setting.fact]), ...examined.vanished(strays)],
          confidence: setting?.value === '0' ? 0.97 : 0.75,
          unseen: setting === null ? [`${SYSCTL} of the node`, ...examined.unseenNode] : [],
          fixes: ['modprobe br_netfilter', `sysctl -w ${SYSCTL}=1`],
          explains: services.flatMap(({ ports }) => ports.map(({ ip, port }) => `${ip}:${port.port}`)),
        },
      ),
    ];
  },
};
