import type { KubeKind, KubeObjectRow } from '../../model/kube.ts';
import type { Field, Reading, RowField } from '../field.ts';
import type { EventView } from '../view.ts';

type Find = (view: EventView) => KubeObjectRow | null;

const pod: Find = (view) => (view.process === null ? null : view.kube.pod(view.process.container));

/** What owns the event's pod, or selects it. */
function above(kind: KubeKind): Find {
  return (view) => {
    const found = pod(view);
    return found === null ? null : view.kube.above(found, kind);
  };
}

const namespace: Find = (view) => {
  const found = pod(view);
  return found === null ? null : view.kube.namespace(found);
};

function field(
  name: string,
  doc: string,
  example: string,
  find: Find,
  read: (object: KubeObjectRow, arg: string) => Reading,
  more: Partial<RowField> = {},
): RowField {
  const readObject = (view: EventView, arg: string) => {
    const object = find(view);
    return object === null ? null : read(object, arg);
  };
  return { name, type: 'text', doc, example, scope: 'thread', read: readObject, ...more };
}

function labelsText({ labels }: KubeObjectRow): string | null {
  const entries = Object.entries(labels);
  return entries.length === 0 ? null : entries.map(([key, value]) => `${key}:${value}`).join(', ');
}

/** Name, uid and labels of one kind of object. */
function ofKind(word: string, what: string, find: Find): RowField[] {
  const name = `k8s.${word}`;
  return [
    field(`${name}.name`, `name of ${what}`, `${name}.name=backend`, find, (object) => object.name),
    field(`${name}.uid`, `uid of ${what}`, `${name}.uid exists`, find, (object) => object.uid),
    field(`${name}.label`, `one of its labels`, `${name}.label.app=web`, find, ({ labels }, key) => labels[key] ?? null, {
      arg: { name: 'KEY', required: true },
    }),
    field(`${name}.labels`, `all its labels`, `${name}.labels contains web`, find, labelsText),
  ];
}

export const K8S_FIELDS: readonly Field[] = [
  ...ofKind('pod', 'the pod', pod),
  field('k8s.pod.ip', 'address of the pod', 'k8s.pod.ip=10.0.0.7', pod, ({ ips }) => (ips.length === 0 ? null : ips), { type: 'ip' }),
  field('k8s.node.name', 'the node that the pod runs on', 'k8s.node.name exists', pod, ({ node }) => node || null),
  ...ofKind('ns', 'the pod’s namespace', namespace),
  ...ofKind('svc', 'a service that selects the pod', above('Service')),
  ...ofKind('rc', 'the replication controller of the pod', above('ReplicationController')),
  ...ofKind('rs', 'the replica set of the pod', above('ReplicaSet')),
  ...ofKind('deployment', 'the deployment of the pod', above('Deployment')),
  ...ofKind('daemonset', 'the daemon set of the pod', above('DaemonSet')),
];
