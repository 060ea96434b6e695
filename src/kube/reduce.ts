/**
 * Objects of the Kubernetes API, reduced to what rows hold. Nothing else of them is kept: no environment, no secrets, no
 * managed fields.
 */
import type { ContainerRow, KubeKind, KubeObjectRow, KubeOwner, KubePort } from '../model/kube.ts';

/** A row without what the recorder gives it: its id and its place in time. */
export type KubeObject = Omit<KubeObjectRow, 'id' | 'from' | 'to'> & {
  /** ms since 1970; null: not told. */
  readonly created: number | null;
};
export type KubeContainer = Omit<ContainerRow, 'id' | 'from' | 'to'>;

type Json = Readonly<Record<string, unknown>>;

/** `kind`: lists do not say it in their items. Null: an object without uid, which nothing can refer to. */
export function reduceObject(kind: KubeKind, item: unknown): KubeObject | null {
  const object = record(item);
  const metadata = record(object.metadata);
  const uid = text(metadata.uid);
  if (uid === '') return null;
  const spec = record(object.spec);
  const status = record(object.status);
  const created = Date.parse(text(metadata.creationTimestamp));
  return {
    kind,
    uid,
    namespace: text(metadata.namespace),
    name: text(metadata.name),
    labels: texts(metadata.labels),
    selector: selectorOf(kind, spec, metadata),
    node: text(spec.nodeName),
    ips: ipsOf(kind, object, spec, status),
    ports: portsOf(kind, object, spec),
    owners: records(metadata.ownerReferences).map(ownerOf),
    containers: kind === 'Pod' ? containerIds(status) : [],
    created: Number.isNaN(created) ? null : created,
  };
}

/** What the API says of a pod's containers. */
export function containersOfPod(item: unknown): KubeContainer[] {
  const pod = record(item);
  const status = record(pod.status);
  const metadata = record(pod.metadata);
  const privileged = new Map(
    [...records(record(pod.spec).containers), ...records(record(pod.spec).initContainers)].map((one) => [
      text(one.name),
      record(one.securityContext).privileged === true,
    ]),
  );
  return statusesOf(status).flatMap((one) => {
    const [runtime, id] = splitId(text(one.containerID));
    if (id === '') return [];
    const name = text(one.name);
    return [
      {
        container: id,
        runtime,
        name,
        image: text(one.image),
        imageId: text(one.imageID),
        ip: text(status.podIP),
        privileged: privileged.get(name) ?? false,
        labels: texts(metadata.labels),
        mounts: [],
      },
    ];
  });
}

/** `containerd://0123…` */
function splitId(text: string): [runtime: string, id: string] {
  const at = text.indexOf('://');
  return at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + 3)];
}

function statusesOf(status: Json): Json[] {
  return [...records(status.containerStatuses), ...records(status.initContainerStatuses), ...records(status.ephemeralContainerStatuses)];
}

/** A container that was started again had another id before. */
function containerIds(status: Json): string[] {
  const ids = statusesOf(status).flatMap((one) => [text(one.containerID), text(record(record(one.lastState).terminated).containerID)]);
  return [...new Set(ids.map((id) => splitId(id)[1]).filter((id) => id !== ''))];
}

function selectorOf(kind: KubeKind, spec: Json, metadata: Json): Readonly<Record<string, string>> | null {
  if (kind === 'EndpointSlice') {
    const service = texts(metadata.labels)['kubernetes.io/service-name'];
    return service === undefined ? null : { service };
  }
  const selector = record(spec.selector);
  const found = texts(kind === 'Service' || kind === 'ReplicationController' ? selector : selector.matchLabels);
  return Object.keys(found).length === 0 ? null : found;
}

function ipsOf(kind: KubeKind, object: Json, spec: Json, status: Json): string[] {
  const all =
    kind === 'Pod'
      ? [text(status.podIP), ...records(status.podIPs).map(({ ip }) => text(ip))]
      : kind === 'Service'
        ? [
            text(spec.clusterIP),
            ...list(spec.clusterIPs).map(text),
            ...list(spec.externalIPs).map(text),
            ...records(record(status.loadBalancer).ingress).map(({ ip }) => text(ip)),
          ]
        : kind === 'Node'
          ? records(status.addresses).map(({ address }) => text(address))
          : kind === 'EndpointSlice'
            ? records(object.endpoints).flatMap(({ addresses }) => list(addresses).map(text))
            : [];
  return [...new Set(all.filter((ip) => ip !== '' && ip !== 'None' && /[.:]/.test(ip)))];
}

function portsOf(kind: KubeKind, object: Json, spec: Json): KubePort[] {
  const ports = kind === 'Service' ? spec.ports : kind === 'EndpointSlice' ? object.ports : [];
  return records(ports).map(({ name, port, protocol }) => ({ name: text(name), port: Number(port ?? 0), protocol: text(protocol) }));
}

function ownerOf({ kind, name, uid }: Json): KubeOwner {
  return { kind: text(kind), name: text(name), uid: text(uid) };
}

function record(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function records(value: unknown): Json[] {
  return list(value).map(record);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(record(value)).map(([key, one]) => [key, text(one)]));
}
