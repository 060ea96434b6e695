/**
 * What a container runtime says of pods and containers, reduced to what rows hold. Its verbose answers have the whole of a container's
 * configuration in them; nothing of that is kept but whether it is privileged.
 */
import type { ContainerMount } from '../model/kube.ts';
import type { KubeContainer, KubeObject } from './reduce.ts';

type Labels = Readonly<Record<string, string>>;

/** Of a pod in a list. Numbers of enums are those of proto/cri.proto. */
export interface Sandbox {
  readonly id: string;
  readonly metadata: { readonly name: string; readonly uid: string; readonly namespace: string } | null;
  readonly state: number;
  /** ns since 1970. */
  readonly createdAt: number;
  readonly labels: Labels;
}

export interface SandboxStatus extends Sandbox {
  readonly network: { readonly ip: string; readonly additionalIps: readonly { readonly ip: string }[] } | null;
  readonly linux: { readonly namespaces: { readonly options: { readonly network: number } | null } | null } | null;
}

/** Of a container in a list. */
export interface Container {
  readonly id: string;
  readonly metadata: { readonly name: string } | null;
  readonly image: { readonly image: string } | null;
  readonly imageRef: string;
  readonly labels: Labels;
}

export interface ContainerStatus extends Container {
  readonly mounts: readonly {
    readonly containerPath: string;
    readonly hostPath: string;
    readonly readonly: boolean;
    readonly propagation: number;
  }[];
}

const READY = 0;
const NETWORK_OF_NODE = 2;
/** As mount(8) calls them, in the order of proto/cri.proto. */
const PROPAGATIONS = ['private', 'rslave', 'rshared'];
/** A pod's sandbox is a container, too: it holds the network, and the pause process. Its name is what the kubelet calls it. */
const SANDBOX = 'POD';

export const isReady = ({ state }: Sandbox): boolean => state === READY;

/** Whether all is told that will be: a pod with a network of its own gets its address a moment after it was made. */
export function isSettled(sandbox: SandboxStatus): boolean {
  return !isReady(sandbox) || addressesOf(sandbox).length > 0 || sandbox.linux?.namespaces?.options?.network === NETWORK_OF_NODE;
}

/** `containers`: ids of all that belong to it. Null: it says not whose it is. */
export function podOf(sandbox: SandboxStatus, containers: readonly string[]): KubeObject | null {
  if (sandbox.metadata === null || sandbox.metadata.uid === '') return null;
  const { name, uid, namespace } = sandbox.metadata;
  return {
    kind: 'Pod', uid, namespace, name, labels: ownLabels(sandbox.labels), selector: null, node: '', ips: addressesOf(sandbox), ports: [],
    owners: [], containers, created: Math.floor(sandbox.createdAt / 1e6),
  }; // biome-ignore format: a row
}

export function sandboxContainer(runtime: string, sandbox: SandboxStatus): KubeContainer {
  const { id, labels } = sandbox;
  return {
    container: id, runtime, name: SANDBOX, image: 'pause', imageId: '', ip: addressesOf(sandbox)[0] ?? '', privileged: false,
    labels: ownLabels(labels), mounts: [],
  }; // biome-ignore format: a row
}

/** `image`: its name, where the status has only its id. `labels`: of the pod. */
export function containerOf(
  runtime: string,
  status: ContainerStatus,
  image: string,
  labels: Labels,
  info: Readonly<Record<string, string>>,
): KubeContainer {
  return {
    container: status.id,
    runtime,
    name: status.metadata?.name ?? '',
    image,
    imageId: status.imageRef,
    ip: '',
    privileged: isPrivileged(info),
    labels: ownLabels({ ...labels, ...status.labels }),
    mounts: status.mounts.map(mountOf),
  };
}

function mountOf({ containerPath, hostPath, readonly, propagation }: ContainerStatus['mounts'][number]): ContainerMount {
  return { source: hostPath, target: containerPath, mode: '', writable: !readonly, propagation: PROPAGATIONS[propagation] ?? '' };
}

/** The info of a verbose status: JSON, in which containerd has the configuration that was asked for, and cri-o a word of its own. */
export function isPrivileged({ info }: Readonly<Record<string, string>>): boolean {
  if (info === undefined) return false;
  try {
    const { privileged, config } = JSON.parse(info) as {
      privileged?: unknown;
      config?: { linux?: { security_context?: { privileged?: unknown } } };
    };
    return privileged === true || config?.linux?.security_context?.privileged === true;
  } catch {
    return false;
  }
}

function addressesOf({ network }: SandboxStatus): string[] {
  if (network === null || network === undefined) return [];
  return [network.ip, ...network.additionalIps.map(({ ip }) => ip)].filter((ip) => ip !== '');
}

/** What the runtime adds for itself is no label of the user's. */
function ownLabels(labels: Labels): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !key.startsWith('io.kubernetes.')));
}
