/** A service leads to a port at which its pods do not listen. */

import type { Service, ServicePort } from '../../node/cluster.ts';
import type { Held } from '../../node/state.ts';
import { type Check, command, type Finding, finding } from '../check.ts';
import { addressOf, type Examined, sum, times } from '../examined.ts';

export const wrongPort: Check = {
  id: 'wrong-port',
  title: 'a service leads to a port at which nobody listens',
  read(examined, before) {
    return examined.cluster.services.flatMap((service) =>
      service.ports.flatMap((port) => {
        if (before.some(({ explains }) => explains.includes('*') || explains.includes(`${port.ip}:${port.port.port}`))) return [];
        return wrong(examined, service, port);
      }),
    );
  },
};

function wrong(examined: Examined, service: Service, port: ServicePort): Finding[] {
  const protocol = port.port.protocol.toLowerCase();
  const refused = examined.drops(
    ({ reason, dst, l4proto }) =>
      reason === 'NO_SOCKET' &&
      dst.port === port.target &&
      l4proto === (protocol === 'udp' ? 17 : 6) &&
      service.endpoints.some(({ ip }) => ip === dst.ip),
  );
  const failures = examined.failures.filter(
    ({ kind, remote }) => kind === 'refused' && addressOf(remote) === `${port.ip}:${port.port.port}`,
  );
  if (port.target === 0 || refused.length + failures.length === 0) return [];
  const looked = service.endpoints.flatMap(({ ip, pod }) => {
    const place = examined.cluster.placeAt(ip);
    return place === null
      ? []
      : [
          {
            ip,
            pod: pod || place.name,
            listeners: examined.node.at('listener', examined.end, place.netns).filter(({ value }) => value.protocol === protocol),
          },
        ];
  });
  const deaf = looked.filter(({ listeners }) => !listeners.some(({ value }) => value.port === port.target));
  const elsewhere = deaf.filter(({ listeners }) => listeners.length > 0);
  if (elsewhere.length === 0 || (refused.length === 0 && deaf.length < service.endpoints.length)) return [];
  return [
    described(examined, service, port, elsewhere, {
      failed: Math.max(sum(refused), sum(failures)),
      nums: [...refused, ...failures].flatMap(({ nums }) => nums),
      clients: failures.map(({ netns, thread }) => examined.who(netns, thread)),
    }),
  ];
}

interface Deaf {
  readonly ip: string;
  readonly pod: string;
  readonly listeners: readonly Held<'listener'>[];
}

function described(
  examined: Examined,
  service: Service,
  { ip, port, target }: ServicePort,
  deaf: readonly Deaf[],
  { failed, nums, clients }: { failed: number; nums: readonly number[]; clients: readonly string[] },
): Finding {
  const ports = [...new Set(deaf.flatMap(({ listeners }) => listeners.map(({ value }) => value.port)))].sort((a, b) => a - b);
  return finding(
    'wrong-port',
    'critical',
    `service ${service.name} leads to port ${target} (targetPort), where none of ${deaf.map(({ pod }) => pod).join(', ')} listens; they listen at ${ports.join(', ')}; ${times(failed, 'connection')} refused`,
    {
      affected: [`service ${service.name}`, ...clients],
      events: nums,
      facts: deaf
        .slice(0, 3)
        .flatMap(({ pod, listeners }) =>
          listeners
            .slice(0, 3)
            .map((one) =>
              examined.fact(
                one,
                `${pod}: ${one.value.comm || 'a process'} listens at ${one.value.protocol} ${one.value.ip}:${one.value.port}`,
              ),
            ),
        ),
      confidence: 0.96,
      fixes: [
        command`kubectl -n ${service.row.namespace} patch service ${service.row.name} --type=json -p '[{"op":"replace","path":"/spec/ports/${service.row.ports.indexOf(port)}/targetPort","value":${ports[0]}}]'`,
      ],
      explains: [`${ip}:${port.port}`, ...deaf.map((one) => `${one.ip}:${target}`)],
    },
  );
}
