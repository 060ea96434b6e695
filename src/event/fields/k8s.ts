import { endsOf, isIpSocket } from '../../model/fd-name.ts';
import { type KubeKind, type KubeObjectRow, textUnder } from '../../model/kube.ts';
import type { EventView } from '../view.ts';
import type { Field, Reading, RowField } from './field.ts';

type Find = (view: EventView) => KubeObjectRow | null;

const pod: Find = (view) => (view.process === null ? null : view.kube.pod(view.process.container, view.time, view));

/** What owns the event's pod, or selects it. */
function above(kind: KubeKind): Find {
  return (view) => {
    const found = pod(view);
    return found === null ? null : view.kube.above(found, kind, view.time, view);
  };
}

const namespace: Find = (view) => {
  const found = pod(view);
  return found === null ? null : view.kube.namespace(found, view.time, view);
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

/** Kinds whose annotations are kept. */
function annotationOf(word: string, find: Find): RowField {
  const doc = 'one of its annotations, where it is no longer than 1 KiB';
  return field(
    `k8s.${word}.annotation`,
    doc,
    `k8s.${word}.annotation.team exists`,
    find,
    ({ annotations }, key) => textUnder(annotations, key),
    {
      arg: { name: 'KEY', required: true },
    },
  );
}

/** Of all objects of a kind that stand beside a pod. */
function names(objects: readonly KubeObjectRow[]): Reading {
  return objects.length === 0 ? null : objects.map(({ name }) => name);
}

/** Name, uid and labels of one kind of object. */
/** `short`: words that people write for its name. */
function ofKind(
  word: string,
  what: string,
  find: Find,
  aliases: readonly string[] = [],
  short: readonly string[] = [],
  more: Pick<RowField, 'packets'> = {},
): RowField[] {
  const name = `k8s.${word}`;
  return [
    field(`${name}.name`, `name of ${what}`, `${name}.name=backend`, find, (object) => object.name, {
      aliases: [name, ...aliases],
      short,
      ...more,
    }),
    field(`${name}.uid`, `uid of ${what}`, `${name}.uid exists`, find, (object) => object.uid, { aliases: [`${name}.id`] }),
    field(`${name}.label`, `one of its labels`, `${name}.label.app=web`, find, ({ labels }, key) => textUnder(labels, key), {
      arg: { name: 'KEY', required: true },
    }),
    field(`${name}.labels`, `all its labels`, `${name}.labels contains web`, find, labelsText),
  ];
}

function ofWorkload(view: EventView): { readonly kind: string; readonly name: string } | null {
  const found = pod(view);
  return found === null ? null : view.kube.workload(found, view.time, view);
}

/** Who is at one end of the event's connection, by its address at that time. */
function atEnd(end: 'client' | 'server', kind: 'Pod' | 'Service' | 'Node'): Find {
  return (view) => {
    const { kube, fd } = view;
    const found = fd === null || !isIpSocket(fd) ? null : endsOf(fd)[end];
    return found === null ? null : kube.atAddress(found.ip, kind, view.time, view);
  };
}

function reading(find: Find, read: (object: KubeObjectRow, view: EventView) => Reading): RowField['read'] {
  return (view) => {
    const found = find(view);
    return found === null ? null : read(found, view);
  };
}

/** The pod, namespace, services and workload of one end of a connection. */
function endFields(word: 'src' | 'dst', end: 'client' | 'server'): RowField[] {
  const whose = end === 'client' ? 'who connected' : 'who was connected to';
  const there = atEnd(end, 'Pod');
  const service = atEnd(end, 'Service');
  const node = atEnd(end, 'Node');
  const one = (name: string, doc: string, example: string, read: RowField['read']): RowField => ({
    name: `k8s.${word}.${name}`, type: 'text', scope: 'fd', needs: ['later rows'], doc: `${doc} of ${whose}`, example: `k8s.${word}.${example}`, read,
  }); // biome-ignore format: a row
  return [
    one(
      'pod',
      'pod',
      'pod=client',
      reading(there, ({ name }) => name),
    ),
    one(
      'node',
      'node: the one with that address, else the one that the pod runs on',
      'node exists',
      (view) => (node(view)?.name ?? there(view)?.node) || null,
    ),
    one('ns', 'namespace', 'ns=critical-app', (view) => (there(view) ?? service(view))?.namespace ?? null),
    one('svc', 'service: the one with that address, else those that select the pod', 'svc=backend', (view) => {
      const named = service(view);
      if (named !== null) return named.name;
      const found = there(view);
      return found === null ? null : names(view.kube.services(found, view.time, view));
    }),
    one(
      'workload',
      'deployment, stateful set, job …',
      'workload=backend',
      reading(there, (found, view) => view.kube.workload(found, view.time, view).name),
    ),
  ];
}

export const K8S_FIELDS: readonly Field[] = [
  ...ofKind('pod', 'the pod', pod, [], ['pod'], { packets: ['k8s.src.pod', 'k8s.dst.pod'] }),
  field('k8s.pod.ip', 'address of the pod', 'k8s.pod.ip=10.0.0.7', pod, ({ ips }) => (ips.length === 0 ? null : ips), { type: 'ip' }),
  annotationOf('pod', pod),
  field(
    'k8s.pod.source',
    'who told of the pod, the most trusted first: api cri scap',
    'k8s.pod.source contains api',
    pod,
    ({ source }) => source,
  ),
  field(
    'k8s.pod.event',
    'reasons of what the cluster had reported of the pod by then: Unhealthy BackOff …',
    'k8s.pod.event=Unhealthy',
    pod,
    () => null,
    {
      read: reading(pod, (found, view) => {
        const reasons = view.kube.events(found, view.time, view).map(({ reason }) => reason);
        return reasons.length === 0 ? null : [...new Set(reasons)];
      }),
    },
  ),
  field('k8s.netpol', 'network policies that select the pod', 'k8s.netpol=deny-all', pod, () => null, {
    read: reading(pod, (found, view) => names(view.kube.policies(found, view.time, view))),
  }),
  field('k8s.node.name', 'the node that the pod runs on', 'k8s.node.name exists', pod, ({ node }) => node || null, {
    aliases: ['k8s.node'],
    short: ['node'],
    packets: ['k8s.src.node', 'k8s.dst.node'],
  }),
  field('k8s.ns.name', 'name of the pod’s namespace', 'k8s.ns.name=critical-app', pod, ({ namespace: name }) => name || null, {
    aliases: ['k8s.ns', 'k8s.namespace', 'k8s.namespace.name'],
    short: ['ns', 'namespace'],
    packets: ['k8s.src.ns', 'k8s.dst.ns'],
  }),
  ...ofKind('ns', 'the pod’s namespace', namespace).filter(({ name }) => name !== 'k8s.ns.name'), // the name alone is known without the API, too
  annotationOf('ns', namespace),
  ...ofKind('svc', 'a service that selects the pod', above('Service'), ['k8s.service'], ['svc', 'service'], {
    packets: ['k8s.src.svc', 'k8s.dst.svc'],
  }),
  annotationOf('svc', above('Service')),
  ...ofKind('rc', 'the replication controller of the pod', above('ReplicationController')),
  ...ofKind('rs', 'the replica set of the pod', above('ReplicaSet')),
  ...ofKind('deployment', 'the deployment of the pod', above('Deployment'), [], ['deployment']),
  field(
    'k8s.workload.kind',
    'Deployment, StatefulSet, DaemonSet, Job, CronJob …: what the pod belongs to in the end',
    'k8s.workload.kind=Deployment',
    pod,
    () => null,
    { read: (view) => ofWorkload(view)?.kind ?? null },
  ),
  field('k8s.workload.name', 'its name', 'k8s.workload.name=backend', pod, () => null, {
    read: (view) => ofWorkload(view)?.name ?? null,
    packets: ['k8s.src.workload', 'k8s.dst.workload'],
  }),
  ...ofKind('statefulset', 'the stateful set of the pod', above('StatefulSet')),
  ...ofKind('job', 'the job of the pod', above('Job')),
  ...ofKind('cronjob', 'the cron job of the pod', above('CronJob')),
  ...endFields('src', 'client'),
  ...endFields('dst', 'server'),
  ...ofKind('daemonset', 'the daemon set of the pod', above('DaemonSet')),
];
