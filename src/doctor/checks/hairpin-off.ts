/** A pod that asks itself through its service: the bridge does not send a packet back where it came from. */
import { type Check, command, finding } from '../check.ts';
import { addressOf, times } from '../examined.ts';

export const hairpinOff: Check = {
  id: 'hairpin-off',
  title: 'a pod cannot reach itself through its service',
  read(examined, before) {
    if (before.some(({ explains }) => explains.includes('*'))) return [];
    return examined.failures.flatMap((failure) => {
      const { remote, netns, kind, nums, count } = failure;
      const place = examined.cluster.placeOf(netns);
      const found = examined.cluster.serviceAt(remote.ip, remote.port);
      const link = place?.link ?? null;
      if (kind !== 'unanswered' || place === null || found === null || link === null || link.value.master === '' || link.value.hairpin)
        return [];
      if (!found.service.endpoints.some(({ ip }) => place.ips.includes(ip))) return [];
      const only = found.service.endpoints.length === 1;
      return [
        finding(
          'hairpin-off',
          'critical',
          `${place.name} asks itself through service ${found.service.name} (${addressOf(remote)}), and its port ${link.key} on ${link.value.master} does not send packets back (hairpin off): ${times(count, 'connection')} unanswered`,
          {
            affected: [place.name, `service ${found.service.name}`],
            events: nums,
            facts: [examined.fact(link, `${link.key} on ${link.value.master}: hairpin off, leads to ${place.name}`)],
            confidence: only ? 0.96 : 0.7,
            fixes: [
              command`bridge link set dev ${link.key} hairpin on`,
              'set "hairpinMode": true in the CNI’s bridge plugin, or --hairpin-mode of the kubelet',
            ],
            explains: [addressOf(remote)],
          },
        ),
      ];
    });
  },
};
