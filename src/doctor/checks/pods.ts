/** Pods and nodes that the cluster itself says are unwell: why containers wait or ended, and what was reported of it. */
import type { KubeEventRow, KubeObjectRow } from '../../model/kube.ts';
import { nameOf } from '../../node/cluster.ts';
import { type Check, command, type Finding, finding, type Severity } from '../check.ts';
import type { Examined } from '../examined.ts';

interface Trouble {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** Of the pod's reasons, or of an event's reason and message. */
  readonly reason: RegExp;
  readonly event: RegExp;
  readonly verdict: string;
  readonly fixes: (pod: KubeObjectRow) => readonly string[];
}

const describe = ({ namespace, name }: KubeObjectRow) => command`kubectl -n ${namespace} describe pod ${name}`;
const previous = ({ namespace, name }: KubeObjectRow) => command`kubectl -n ${namespace} logs --previous ${name}`;

/** A pod has the first of these that fits; `pod-status` is what is left. */
// biome-ignore format: a table
const TROUBLES: readonly Trouble[] = [
  { id: 'cni-failed', title: 'the network of a pod could not be set up', severity: 'critical', reason: /^$/, event: /(FailedCreatePodSandBox|NetworkNotReady|FailedKillPod).*(network|cni|ipam)/i, verdict: 'the CNI could not set up its network', fixes: (pod) => [describe(pod), 'look at the log of the CNI’s agent on this node, at /etc/cni/net.d and /opt/cni/bin', command`trowel net FILE pods    # which namespaces have an address`] },
  { id: 'oom-killed', title: 'a container was killed for want of memory', severity: 'critical', reason: /^OOMKilled$/, event: /^OOMKill/, verdict: 'a container was killed for want of memory (OOMKilled)', fixes: (pod) => [describe(pod), 'raise resources.limits.memory, or find what takes it: kubectl top pod --containers'] },
  { id: 'image-pull', title: 'an image cannot be pulled', severity: 'critical', reason: /^(ErrImagePull|ImagePullBackOff|ErrImageNeverPull|InvalidImageName|RegistryUnavailable)$/, event: /^(?!)/, verdict: 'its image cannot be pulled', fixes: (pod) => [describe(pod), 'is the name and tag right, and does the pod have imagePullSecrets?', 'crictl pull IMAGE    # on the node'] },
  { id: 'crash-loop', title: 'a container ends over and over', severity: 'warning', reason: /^CrashLoopBackOff$/, event: /^(?!)/, verdict: 'a container ends over and over (CrashLoopBackOff)', fixes: (pod) => [previous(pod), describe(pod)] },
  { id: 'pod-status', title: 'a pod does not run as it should', severity: 'warning', reason: /./, event: /^(?!)/, verdict: 'it does not run as it should', fixes: (pod) => [describe(pod), previous(pod)] },
];

const MOST_MESSAGES = 2;

export const POD_CHECKS: readonly Check[] = TROUBLES.map((trouble, i) => ({
  id: trouble.id,
  title: trouble.title,
  read: (examined) =>
    examined.cluster.pods
      .filter((pod) => isUnwell(examined, pod) && TROUBLES.findIndex((one) => has(examined, pod, one)) === i)
      .map((pod) => told(examined, pod, trouble)),
}));

/** What a pod got over before the recording is no news, nor is that the containers of a deleted one are killed. */
function isUnwell(examined: Examined, pod: KubeObjectRow): boolean {
  if (pod.status?.leaving === true) return false;
  return pod.status?.ready !== true || new Set(reasonsOf(pod)).size > reasonsBefore(examined, pod).size;
}

const reasonsOf = ({ status }: KubeObjectRow) => status?.reasons ?? [];

function reasonsBefore({ dims }: Examined, { uid }: KubeObjectRow): ReadonlySet<string> {
  const first = [...dims.objects.all()].find((row) => row.uid === uid);
  return new Set(first === undefined ? [] : reasonsOf(first));
}

function has(examined: Examined, pod: KubeObjectRow, { reason, event }: Trouble): boolean {
  return (
    reasonsOf(pod).some((one) => reason.test(one)) ||
    (pod.status?.ready !== true && eventsOf(examined, pod).some((one) => event.test(textOf(one))))
  );
}

const textOf = ({ reason, message }: KubeEventRow) => `${reason} ${message}`;

/** Warnings of it that came while recording, or in the minute before: older ones may be over. */
function eventsOf({ dims }: Examined, { uid }: KubeObjectRow): KubeEventRow[] {
  return [...dims.kubeEvents.all()].filter(({ object, type, last }) => object === uid && type === 'Warning' && last > -RECENT);
}

const RECENT = 60e9;

function told(examined: Examined, pod: KubeObjectRow, { id, severity, verdict, fixes }: Trouble): Finding {
  const messages = [...new Set(eventsOf(examined, pod).map(({ message }) => message))].slice(-MOST_MESSAGES);
  const ends = pod.status?.ends ?? [];
  const reasons = reasonsOf(pod);
  const detail = [...(ends.length === 0 ? [] : [ends.join(', ')]), ...messages].join('; ');
  const said = `${reasons.length === 0 ? '' : ` [${reasons.join(', ')}]`}${detail === '' ? '' : `: ${detail}`}`;
  const ready = pod.status?.ready === false ? 'not ready' : pod.status?.ready === true ? 'ready' : 'readiness not told';
  return finding(id, severity, `${nameOf(pod)}: ${verdict}${said}`, {
    affected: [nameOf(pod)],
    facts: [{ time: Math.max(0, pod.from), text: `${nameOf(pod)}: ${[ready, ...reasons, ...ends].join(', ')}` }],
    confidence: 0.95,
    fixes: fixes(pod),
  });
}

export const nodeStatus: Check = {
  id: 'node-status',
  title: 'a node is not ready, or says that something is short',
  read({ cluster }) {
    return cluster.nodes
      .filter(({ status }) => status?.ready === false || (status?.reasons ?? []).length > 0)
      .map((node) => {
        const reasons = node.status?.reasons === undefined ? '' : `: ${node.status.reasons.join(', ')}`;
        const ready = node.status?.ready === false ? 'is not ready' : 'is ready';
        return finding('node-status', 'warning', `node ${node.name} ${ready}${reasons}`, {
          affected: [`node ${node.name}`],
          facts: [{ time: Math.max(0, node.from), text: `node ${node.name} ${ready}${reasons}` }],
          confidence: 0.95,
          fixes: [command`kubectl describe node ${node.name}`],
        });
      });
  },
};
