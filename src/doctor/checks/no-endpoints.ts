/** A service that somebody uses has nobody behind it: its selector takes no pod, or no pod is ready. */
import type { KubeObjectRow } from '../../model/kube.ts';
import { nameOf, type Service } from '../../node/cluster.ts';
import { type Check, command, finding } from '../check.ts';
import { addressOf, type Examined, sum, times } from '../examined.ts';

export const noEndpoints: Check = {
  id: 'no-endpoints',
  title: 'a service has no endpoints',
  read(examined) {
    return examined.cluster.services.flatMap((service) => {
      const rejected = service.ports.some(({ rule }) => rule?.rejects === true);
      if ((!service.told && !rejected) || service.endpoints.some(({ ready }) => ready)) return [];
      const addresses = service.ports.map(({ ip, port }) => `${ip}:${port.port}`);
      const failures = examined.failures.filter(({ remote }) => addresses.includes(addressOf(remote)));
      const questions = examined.unanswered.filter(({ server }) => addresses.includes(server));
      if (failures.length + questions.length === 0) return [];
      const why = reason(examined, service);
      return [
        finding(
          'no-endpoints',
          'critical',
          `service ${service.name} has no endpoints: ${why.text}; ${times(sum(failures) + questions.length, 'request')} failed`,
          {
            affected: [
              `service ${service.name}`,
              ...failures.map(({ netns, thread }) => examined.who(netns, thread)),
              ...questions.map((row) => examined.who(examined.netnsOf(row), row.thread)),
            ],
            events: [...failures.flatMap(({ nums }) => nums), ...questions.map(({ num }) => num)],
            facts: service.ports
              .filter(({ rule }) => rule?.rejects === true)
              .map(({ rule }) => ({
                time: rule!.since,
                text: `the node’s rules reject ${rule!.ip}:${rule!.port}: “${rule!.name} has no endpoints”`,
              })),
            confidence: rejected ? 0.97 : 0.9,
            fixes: why.fixes,
            explains: addresses,
          },
        ),
      ];
    });
  },
};

interface Reason {
  readonly text: string;
  readonly fixes: readonly string[];
}

function reason(examined: Examined, { row, selected, endpoints }: Service): Reason {
  const look = command`kubectl -n ${row.namespace} get pods --show-labels`;
  if (row.selector === null)
    return {
      text: 'it has no selector and nobody gave it endpoints',
      fixes: [command`kubectl -n ${row.namespace} describe service ${row.name}`],
    };
  const asked = labelsText(row.selector);
  const staying = selected.filter(({ status }) => status?.leaving !== true);
  if (staying.length === 0 && selected.length > 0)
    return {
      text: `its selector ${asked} takes no pod but ${selected.map(nameOf).join(', ')}, which ${selected.length === 1 ? 'is' : 'are'} being removed`,
      fixes: [look, workloads(row.namespace)],
    };
  if (selected.length === 0) {
    const near = nearest(examined.cluster.pods, row);
    const have = near === null ? `no pod of ${row.namespace} has one of these labels` : `${nameOf(near)} has ${labelsText(near.labels)}`;
    return {
      text: `its selector ${asked} takes no pod; ${have}`,
      fixes: [
        look,
        ...(near === null ? [workloads(row.namespace)] : []),
        command`kubectl -n ${row.namespace} edit service ${row.name}    # spec.selector`,
      ],
    };
  }
  const waiting = endpoints.filter(({ ready }) => !ready).map(({ ip, pod }) => pod || ip);
  return {
    text: `its selector ${asked} takes ${times(staying.length, 'pod')}, but none is ready${waiting.length > 0 ? ` (${waiting.join(', ')})` : ''}`,
    fixes: [look, command`kubectl -n ${row.namespace} describe pod ${staying[0]!.name}    # readiness probe, events`],
  };
}

const workloads = (namespace: string) => command`kubectl -n ${namespace} get deployments,statefulsets,daemonsets    # is it scaled to 0?`;

const labelsText = (labels: Readonly<Record<string, string>>) =>
  Object.entries(labels)
    .filter(([key]) => key !== 'pod-template-hash')
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/** The pod of the namespace whose labels are nearest to what is asked: the same key, a value that begins alike. */
function nearest(pods: readonly KubeObjectRow[], { namespace, selector, name }: KubeObjectRow): KubeObjectRow | null {
  const asked = Object.entries(selector ?? {});
  const likeness = (pod: KubeObjectRow) =>
    asked.reduce((n, [key, value]) => n + alike(pod.labels[key] ?? '', value), 0) + alike(pod.name, name);
  const own = pods.filter((pod) => pod.namespace === namespace).map((pod) => ({ pod, like: likeness(pod) }));
  const best = own.sort((a, b) => b.like - a.like)[0];
  return best === undefined || best.like < MIN_LIKENESS ? null : best.pod;
}

const MIN_LIKENESS = 2;

/** How many characters two words begin with in common. */
function alike(a: string, b: string): number {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n++;
  return n;
}
