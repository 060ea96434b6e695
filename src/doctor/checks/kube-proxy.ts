/** The kernel has no rules for a service, or rules that lead elsewhere than its endpoints say. */
import type { Service, ServicePort } from '../../node/cluster.ts';
import { mentions } from '../../node/services.ts';
import { type Check, command, type Finding, finding } from '../check.ts';
import { addressOf, type Examined, sum, times } from '../examined.ts';

/** Rules follow endpoints within moments; what differs for less time is on its way. */
const SETTLED = 5e9;

export const kubeProxy: Check = {
  id: 'kube-proxy',
  title: 'the node’s rules do not lead to a service’s endpoints',
  read(examined, before) {
    if (before.some(({ explains }) => explains.includes('*'))) return [];
    if (examined.node.at('chain', examined.end, examined.node.host).length === 0) return [];
    return [...absent(examined), ...stale(examined)];
  },
};

function absent(examined: Examined): Finding[] {
  const { cluster, node, end } = examined;
  const missing = cluster.services.flatMap((service) =>
    service.ports.filter(({ ip, rule }) => rule === null && !mentions(node, end, ip)).map((port) => ({ service, port })),
  );
  const failing = missing.filter(({ port }) => failuresOf(examined, port).length > 0 || questionsTo(examined, port).length > 0);
  if (failing.length === 0) return [];
  const nums = failing.flatMap(({ port }) => [
    ...failuresOf(examined, port).flatMap((failure) => failure.nums),
    ...questionsTo(examined, port),
  ]);
  const names = [...new Set(failing.map(({ service }) => service.name))];
  const all = cluster.rules.length === 0;
  return [
    finding(
      'kube-proxy',
      'critical',
      `the node has no rules for ${all ? 'any service' : `service ${names.join(', ')}`}: ${failing.map(({ port }) => `${port.ip}:${port.port.port}`).join(', ')} lead nowhere${all ? ', kube-proxy does not run or has not written them' : ''}`,
      {
        affected: names.map((name) => `service ${name}`),
        events: nums,
        facts: [
          {
            time: 0,
            text: `${times(node.at('chain', end, node.host).length, 'chain')} of rules on the node, none names ${failing[0]!.port.ip}`,
          },
        ],
        confidence: all ? 0.95 : 0.85,
        unseen: all ? ['a replacement of kube-proxy by eBPF, whose maps are not read'] : [],
        fixes: ['kubectl -n kube-system get pods -l k8s-app=kube-proxy -o wide', 'iptables-save -t nat | grep KUBE-SERVICES'],
        explains: missing.map(({ port }) => `${port.ip}:${port.port.port}`),
      },
    ),
  ];
}

function stale(examined: Examined): Finding[] {
  return examined.cluster.services.flatMap((service) =>
    service.ports.flatMap((port) => {
      const { rule, target } = port;
      if (rule === null || !service.told || !settled(examined, service)) return [];
      const wanted = new Set(service.endpoints.filter(({ ready }) => ready).map(({ ip }) => `${ip}:${target}`));
      const extra = rule.targets.filter(({ address }) => !wanted.has(address)).map(({ address }) => address);
      if (extra.length === 0 || failuresOf(examined, port).length === 0) return [];
      return [staleFinding(examined, service, port, extra)];
    }),
  );
}

function staleFinding(examined: Examined, service: Service, port: ServicePort, extra: readonly string[]): Finding {
  const failures = failuresOf(examined, port);
  return finding(
    'kube-proxy',
    'critical',
    `the node’s rules for service ${service.name} are stale: they lead to ${extra.join(', ')}, ${extra.length === 1 ? 'which is' : 'which are'} not among its ready endpoints; ${times(sum(failures), 'connection')} failed`,
    {
      affected: [`service ${service.name}`, ...failures.map(({ netns, thread }) => examined.who(netns, thread))],
      events: failures.flatMap(({ nums }) => nums),
      facts: [
        {
          time: port.rule?.since ?? 0,
          text: `rules: ${port.rule?.targets.map(({ address, share }) => `${address} ${Math.round(share * 100)} %`).join(', ')}`,
        },
      ],
      confidence: 0.85,
      fixes: [
        'kubectl -n kube-system logs -l k8s-app=kube-proxy --tail=50',
        command`kubectl -n ${service.row.namespace} get endpoints ${service.row.name}`,
      ],
      explains: [`${port.ip}:${port.port.port}`],
    },
  );
}

/** Its endpoints have been as they are for a while. */
function settled({ dims, end }: Examined, { row }: Service): boolean {
  return ![...dims.objects.all()].some(
    ({ selector, namespace, from }) => namespace === row.namespace && selector?.service === row.name && from > end - SETTLED && from > 0,
  );
}

function failuresOf(examined: Examined, { ip, port }: ServicePort) {
  return examined.failures.filter(({ remote }) => addressOf(remote) === `${ip}:${port.port}`);
}

function questionsTo(examined: Examined, { ip, port }: ServicePort): number[] {
  return examined.unanswered.filter(({ server }) => server === `${ip}:${port.port}`).map(({ num }) => num);
}
