/** Endpoints that are not ready, of a service that fails. */
import { type Check, command, finding } from '../check.ts';
import { addressOf, sum, times } from '../examined.ts';

export const notReady: Check = {
  id: 'endpoint-not-ready',
  title: 'some endpoints of a service that fails are not ready',
  read(examined) {
    return examined.cluster.services.flatMap((service) => {
      const waiting = service.endpoints.filter(({ ready }) => !ready);
      const addresses = service.ports.map(({ ip, port }) => `${ip}:${port.port}`);
      const failures = examined.failures.filter(
        ({ remote }) => addresses.includes(addressOf(remote)) || waiting.some(({ ip }) => ip === remote.ip),
      );
      if (waiting.length === 0 || waiting.length === service.endpoints.length || failures.length === 0) return [];
      return [
        finding(
          'endpoint-not-ready',
          'warning',
          `service ${service.name}: ${waiting.map(({ ip, pod }) => pod || ip).join(', ')} of ${times(service.endpoints.length, 'endpoint')} not ready; ${times(sum(failures), 'connection')} failed`,
          {
            affected: [`service ${service.name}`, ...waiting.map(({ pod }) => pod)],
            events: failures.flatMap(({ nums }) => nums),
            confidence: 0.6,
            fixes: [command`kubectl -n ${service.row.namespace} get endpoints ${service.row.name} -o yaml`],
          },
        ),
      ];
    });
  },
};
