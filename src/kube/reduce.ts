/**
 * Objects of the Kubernetes API, reduced to what rows hold. Nothing else of them is kept: no environment, no secrets, no
 * managed fields.
 */
import { isIP } from 'node:net';
import { type Json, list, number, record, records, text, texts } from '../model/json.ts';
import type { ContainerRow, KubeEventRow, KubeExpression, KubeKind, KubeObjectRow, KubeOwner, KubePort } from '../model/kube.ts';
import { statusOf } from './status.ts';

/** A row without what the recorder gives it: its id, its place in time, and who told it. */
export type KubeObject = Omit<KubeObjectRow, 'id' | 'from' | 'to' | 'source' | 'annotations' | 'expressions' | 'status'> &
  Partial<Pick<KubeObjectRow, 'annotations' | 'expressions' | 'status'>> & {
    /** ms since 1970; null: not told. */
    readonly created: number | null;
    /** Of a pod: it has run, and its addresses are others' now. */
    readonly ended?: boolean;
  };
export type KubeContainer = Omit<ContainerRow, 'id' | 'from' | 'to' | 'source'>;
/** Times are ms since 1970. */
export type KubeEvent = Omit<KubeEventRow, 'id'>;

/** The parts of an object that rows are made of. */
interface Parts {
  readonly object: Json;
  readonly metadata: Json;
  readonly spec: Json;
  readonly status: Json;
}

/** `kind`: lists do not say it in their items. Null: an object without uid, which nothing can refer to. */
export function reduceObject(kind: KubeKind, item: unknown): KubeObject | null {
  const object = record(item);
  const metadata = record(object.metadata);
  const uid = text(metadata.uid);
  if (uid === '') return null;
  const parts = { object, metadata, spec: record(object.spec), status: record(object.status) };
  return {
    kind,
    uid,
    namespace: text(metadata.namespace),
    name: text(metadata.name),
    labels: texts(metadata.labels),
    annotations: ANNOTATED.has(kind) ? annotationsOf(metadata) : null,
    selector: selectorOf(kind, parts),
    expressions: expressionsOf(selectorPart(kind, parts)),
    node: text(parts.spec.nodeName),
    ips: ipsOf(kind, parts),
    ports: portsOf(kind, parts),
    owners: ownersOf(metadata),
    containers: kind === 'Pod' ? containerIds(parts.status) : [],
    status: statusOf(kind, object),
    created: msOf(metadata.creationTimestamp),
    ended: hasEnded(kind, parts),
  };
}

/** Of a text that programs write, as much as is kept. */
const LONGEST_TEXT = 1024;
const short = (value: unknown) => text(value).slice(0, LONGEST_TEXT);

/** Null: it says not when it happened, or has no uid. */
export function reduceEvent(item: unknown): KubeEvent | null {
  const event = record(item);
  const metadata = record(event.metadata);
  const about = record(event.involvedObject);
  const series = record(event.series);
  const times = [event.firstTimestamp, event.eventTime, series.lastObservedTime, event.lastTimestamp].flatMap((time) => msOf(time) ?? []);
  const uid = text(metadata.uid);
  if (uid === '' || times.length === 0) return null;
  return {
    uid,
    namespace: short(about.namespace) || short(metadata.namespace),
    kind: short(about.kind),
    name: short(about.name),
    object: short(about.uid),
    type: short(event.type),
    reason: short(event.reason),
    message: short(event.message),
    count: Math.max(1, number(event.count), number(series.count)),
    first: Math.min(...times),
    last: Math.max(...times),
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

/** Where an object says which pods it stands for. */
function selectorPart(kind: KubeKind, { spec }: Parts): Json {
  return record(kind === 'NetworkPolicy' ? spec.podSelector : spec.selector);
}

function selectorOf(kind: KubeKind, parts: Parts): Readonly<Record<string, string>> | null {
  const selector = selectorPart(kind, parts);
  if (kind === 'EndpointSlice') return ofService(texts(parts.metadata.labels)['kubernetes.io/service-name']);
  if (kind === 'Endpoints') return ofService(text(parts.metadata.name));
  if (kind === 'NetworkPolicy') return texts(selector.matchLabels); // an empty one takes all pods
  const found = texts(kind === 'Service' || kind === 'ReplicationController' ? selector : selector.matchLabels);
  return Object.keys(found).length === 0 ? null : found;
}

const ofService = (service: string | undefined) => (service === undefined ? null : { service });

function expressionsOf({ matchExpressions }: Json): KubeExpression[] | null {
  const all = records(matchExpressions).map(({ key, operator, values }) => ({
    key: text(key),
    operator: text(operator),
    values: list(values).map(text),
  }));
  return all.length === 0 ? null : all;
}

const ANNOTATED: ReadonlySet<KubeKind> = new Set(['Pod', 'Service', 'Namespace']);
/** The whole object again, as it was applied. */
const APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const MOST_ANNOTATIONS = 64;

function annotationsOf({ annotations }: Json): Record<string, string> {
  const kept = Object.entries(texts(annotations)).filter(([key, value]) => key !== APPLIED && value.length <= LONGEST_TEXT);
  return Object.fromEntries(kept.slice(0, MOST_ANNOTATIONS));
}

const ENDED: ReadonlySet<string> = new Set(['Succeeded', 'Failed']);
const hasEnded = (kind: KubeKind, { status }: Parts) => kind === 'Pod' && ENDED.has(text(status.phase));

/** Where each kind has its addresses. */
const IPS: Partial<Record<KubeKind, (parts: Parts) => readonly unknown[]>> = {
  Pod: ({ status }) => [status.podIP, ...records(status.podIPs).map(({ ip }) => ip)],
  Service: ({ spec, status }) => [
    spec.clusterIP,
    ...list(spec.clusterIPs),
    ...list(spec.externalIPs),
    ...records(record(status.loadBalancer).ingress).map(({ ip }) => ip),
  ],
  Node: ({ status }) => records(status.addresses).map(({ address }) => address),
  EndpointSlice: ({ object }) =>
    records(object.endpoints)
      .flatMap(({ addresses }) => list(addresses))
      .sort(),
  Endpoints: ({ object }) =>
    records(object.subsets)
      .flatMap(({ addresses, notReadyAddresses }) => [...records(addresses), ...records(notReadyAddresses)].map(({ ip }) => ip))
      .sort(),
};

function ipsOf(kind: KubeKind, parts: Parts): string[] {
  const all = hasEnded(kind, parts) ? [] : (IPS[kind]?.(parts) ?? []).map(text);
  return [...new Set(all.filter((ip) => isIP(ip) !== 0))]; // not `None`, nor a node's host name
}

/** Where each kind has its ports. */
const PORTS: Partial<Record<KubeKind, (parts: Parts) => Json[]>> = {
  Pod: ({ spec }) =>
    records(spec.containers)
      .flatMap(({ ports }) => records(ports))
      .map(({ containerPort, ...port }) => ({ ...port, port: containerPort })),
  Service: ({ spec }) => records(spec.ports),
  EndpointSlice: ({ object }) => records(object.ports),
  Endpoints: ({ object }) => records(object.subsets).flatMap(({ ports }) => records(ports)),
};

function portsOf(kind: KubeKind, parts: Parts): KubePort[] {
  const ports = PORTS[kind]?.(parts) ?? [];
  return ports.map(({ name, port, protocol, targetPort }) => {
    const target = typeof targetPort === 'number' ? String(targetPort) : text(targetPort);
    return { name: text(name), port: number(port), protocol: text(protocol), ...(target === '' ? {} : { target }) };
  });
}

function ownersOf({ ownerReferences }: Json): KubeOwner[] {
  const controllers = records(ownerReferences).filter(({ controller }) => controller === true);
  const others = records(ownerReferences).filter(({ controller }) => controller !== true);
  return [...controllers, ...others].map(({ kind, name, uid }) => ({ kind: text(kind), name: text(name), uid: text(uid) }));
}

/** ms since 1970; null: no time. */
function msOf(value: unknown): number | null {
  const ms = Date.parse(text(value));
  return Number.isNaN(ms) ? null : ms;
}
