/**
 * Containers and Kubernetes objects, reduced to what is shown and asked for. Rows come from a live node or from an imported file.
 * A row holds from `from` until `to` (null: until further notice); a change makes a new row. What an id names never changes,
 * so a name that came later than an event holds for it too; only addresses are a matter of time.
 */

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
  'EndpointSlice',
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
}

export interface KubeObjectRow {
  readonly id: number;
  readonly kind: KubeKind;
  readonly uid: string;
  /** Empty: of the cluster. */
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Labels of the pods that it stands for; null: none of its own. */
  readonly selector: Readonly<Record<string, string>> | null;
  /** Of a pod: the node it runs on. */
  readonly node: string;
  /** Of a pod its own, of a service the cluster's, of a node its own addresses. */
  readonly ips: readonly string[];
  readonly ports: readonly KubePort[];
  readonly owners: readonly KubeOwner[];
  /** Of a pod: ids of its containers. */
  readonly containers: readonly string[];
  readonly from: number;
  to: number | null;
}
