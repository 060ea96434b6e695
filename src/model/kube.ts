/**
 * Containers and Kubernetes objects, reduced to what is shown and asked for. Rows come from a live node or from an imported file.
 * A row is a version: it holds from `from` until `to` (null: until further notice), and a change makes another with the same uid.
 * What an id names never changes, so a name that came later than an event holds for it too; labels, addresses and selectors are
 * a matter of time.
 */

/** Who tells of containers and objects: the Kubernetes API, the runtime's socket, Docker, the path of a cgroup, an imported file. */
export type NameSource = 'api' | 'cri' | 'docker' | 'cgroup' | 'scap';

export interface ContainerMount {
  readonly source: string;
  readonly target: string;
  readonly mode: string;
  readonly writable: boolean;
  readonly propagation: string;
}

export interface ContainerRow {
  readonly id: number;
  /** As cgroups have it, or its first 12 characters. */
  readonly container: string;
  /** docker, containerd, cri-o … */
  readonly runtime: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  /** Empty: none of its own, or unknown. */
  readonly ip: string;
  readonly privileged: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly mounts: readonly ContainerMount[];
  /** Who told of it, the most trusted first: `cri+api`; null: a capture of an older Trowel does not say. */
  readonly source: string | null;
  readonly from: number;
  to: number | null;
}

export const KUBE_KINDS = [
  'Node',
  'Namespace',
  'Pod',
  'Service',
  'ReplicationController',
  'ReplicaSet',
  'Deployment',
  'DaemonSet',
  'StatefulSet',
  'Job',
  'CronJob',
  'EndpointSlice',
  'Endpoints',
  'NetworkPolicy',
] as const;
export type KubeKind = (typeof KUBE_KINDS)[number];

export interface KubeOwner {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

export interface KubePort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  /** Of a service: the pods' port, a number or a name; absent: not told. */
  readonly target?: string;
}

/** What a selector asks beyond equal labels. */
export interface KubeExpression {
  readonly key: string;
  /** In, NotIn, Exists, DoesNotExist. */
  readonly operator: string;
  readonly values: readonly string[];
}

export interface KubeObjectRow {
  readonly id: number;
  readonly kind: KubeKind;
  readonly uid: string;
  /** Empty: of the cluster. */
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of pods, services and namespaces; null: not told. */
  readonly annotations: Readonly<Record<string, string>> | null;
  /** Labels of the pods that it stands for; of endpoints `service`, whose they are; null: none of its own. */
  readonly selector: Readonly<Record<string, string>> | null;
  /** What else its selector asks; null: nothing. */
  readonly expressions: readonly KubeExpression[] | null;
  /** Of a pod: the node it runs on. */
  readonly node: string;
  /** Of a pod its own, of a service the cluster's, of a node its own addresses; of endpoints those of the pods. */
  readonly ips: readonly string[];
  readonly ports: readonly KubePort[];
  /** The controller first. */
  readonly owners: readonly KubeOwner[];
  /** Of a pod: ids of its containers, those that were there before included. */
  readonly containers: readonly string[];
  /** How it is; null: not told. */
  readonly status: KubeStatus | null;
  /** Who told of it, the most trusted first: `api+cri`; null: a capture of an older Trowel does not say. */
  readonly source: string | null;
  readonly from: number;
  to: number | null;
}

/** How a pod, a node or endpoints are; what is not of the kind, or not told, is absent. */
export interface KubeStatus {
  /** Of pods and nodes: the condition Ready. */
  readonly ready?: boolean;
  /** Of pods: why containers wait or ended: CrashLoopBackOff, OOMKilled, ImagePullBackOff; of nodes: conditions that are not as they should be. */
  readonly reasons?: readonly string[];
  /** Of pods: how containers ended that failed: `app: exit code 1`. */
  readonly ends?: readonly string[];
  /** Of endpoints: addresses that are not ready. */
  readonly notReady?: readonly string[];
  /** Of nodes: ranges of their pods. */
  readonly cidrs?: readonly string[];
  /** Of pods: on the node's own network. */
  readonly hostNetwork?: boolean;
  /** Of pods: somebody has deleted it, and it is to end. */
  readonly leaving?: boolean;
}

/** What the cluster itself reports: a pod that was scheduled, a probe that failed. One that repeats is one row. */
export interface KubeEventRow {
  readonly id: number;
  readonly uid: string;
  readonly namespace: string;
  /** What it is about: kind, name and uid. */
  readonly kind: string;
  readonly name: string;
  readonly object: string;
  /** Normal or Warning. */
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  /** ns since the capture's start; it may have begun before. */
  readonly first: number;
  readonly last: number;
}

/** One label or annotation; null: it has none of that name. Keys are whatever somebody wrote, `constructor` too. */
export function textUnder(texts: Readonly<Record<string, string>> | null, key: string): string | null {
  return texts !== null && Object.hasOwn(texts, key) ? (texts[key] ?? null) : null;
}
