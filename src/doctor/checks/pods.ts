/** Pods and nodes that the cluster itself says are unwell. */
import { nameOf } from '../../node/cluster.ts';
import { type Check, command, finding } from '../check.ts';

export const podStatus: Check = {
  id: 'pod-status',
  title: 'a pod does not run as it should',
  read({ cluster, dims }) {
    return cluster.pods
      .filter(({ status }) => (status?.reasons ?? []).length > 0 && status?.ready !== true)
      .map((pod) => {
        const events = [...dims.kubeEvents.all()].filter(({ object, type }) => object === pod.uid && type === 'Warning').slice(-2);
        return finding(
          'pod-status',
          'warning',
          `${nameOf(pod)}: ${pod.status?.reasons?.join(', ')}${events.length === 0 ? '' : `; ${events.map(({ message }) => message).join('; ')}`}`,
          {
            affected: [nameOf(pod)],
            facts: [
              {
                time: Math.max(0, pod.from),
                text: `${nameOf(pod)} ${pod.status?.ready === false ? 'not ready' : ''} ${pod.status?.reasons?.join(', ')}`.replace(
                  /\s+/g,
                  ' ',
                ),
              },
            ],
            confidence: 0.95,
            fixes: [
              command`kubectl -n ${pod.namespace} describe pod ${pod.name}`,
              command`kubectl -n ${pod.namespace} logs --previous ${pod.name}`,
            ],
          },
        );
      });
  },
};

export const nodeStatus: Check = {
  id: 'node-status',
  title: 'a node is not ready, or says that something is short',
  read({ cluster }) {
    return cluster.nodes
      .filter(({ status }) => status?.ready === false || (status?.reasons ?? []).length > 0)
      .map((node) =>
        finding(
          'node-status',
          'warning',
          `node ${node.name} ${node.status?.ready === false ? 'is not ready' : 'is ready'}${node.status?.reasons === undefined ? '' : `: ${node.status.reasons.join(', ')}`}`,
          {
            affected: [`node ${node.name}`],
            confidence: 0.95,
            fixes: [command`kubectl describe node ${node.name}`],
          },
        ),
      );
  },
};
