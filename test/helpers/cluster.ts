/** A real cluster on this machine, where the laboratory for it is beside the project and has been built: `make test-cluster`. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Recording, record, whyNot } from '../live/recording.ts';

export const LAB = resolve('../shared/lab/kube/kube');
const CACHE = process.env.KUBE_LAB_CACHE ?? join(homedir(), '.cache/kube-lab');
export const KUBECTL = join(CACHE, 'bin/kubectl');
export const STATE = process.env.KUBE_LAB_STATE ?? '/run/kube-lab';
export const KUBECONFIG = `${STATE}/admin.kubeconfig`;
const IN_NAMESPACE = ['kubectl', '-n', 'critical-app'] as const;

/** Why there can be no cluster here; null: there can. */
export function noCluster(): string | null {
  if (!['1', 'all'].includes(process.env.TROWEL_CLUSTER ?? '')) return 'make test-cluster runs these';
  if (!existsSync(LAB)) return 'there is no ../shared/lab/kube';
  if (!existsSync(KUBECTL)) return 'its cluster is not built: ../shared/lab/kube/kube build';
  return whyNot();
}

export function lab(...args: string[]): string {
  return execFileSync(LAB, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 });
}

/** A new cluster with the scenario in it. */
export function up(nodes: number): void {
  lab('down');
  lab('up', '--nodes', String(nodes));
  lab('scenario', 'up');
}

/** As the administrator, in the namespace of the scenario. */
export const kubectl = (...args: string[]): string => lab(...IN_NAMESPACE, ...args);

/** The words of a shell command that does the same. */
export const inShell = (...args: string[]): string => [LAB, ...IN_NAMESPACE, ...args].map((word) => `'${word}'`).join(' ');

export const socketOf = (node: string): string => `${STATE}/${node}/containerd.sock`;

export type NamesFrom = 'api' | 'cri' | 'both';

/** What `trowel record` is told of where names come from: the API, the first node's runtime, or both. */
export function namesFrom(from: NamesFrom): string[] {
  const api = from === 'cri' ? [] : ['--kubeconfig', KUBECONFIG];
  const cri = ['--cri', from === 'api' ? '/nowhere' : socketOf('node1')];
  return [...api, ...cri];
}

/** Records a shell script. */
export function recordScript(script: string, from: NamesFrom = 'both'): Recording {
  return record(['sh', '-c', script], namesFrom(from));
}

/** On a busy machine a recording of the whole node may lose events, and says so: then it is made again. */
export function withoutLoss<Made>(make: () => Made, recordingOf: (made: Made) => Recording): Made {
  for (let tries = 3; tries > 0; tries--) {
    const made = make();
    if (recordingOf(made).capture.dims.losses.size === 0) return made;
  }
  throw new Error('three recordings one after the other lost events');
}

export interface Pod {
  readonly name: string;
  readonly ip: string;
  readonly node: string;
}

/** The pods of the scenario’s namespace, as the API has them. */
export function pods(): Pod[] {
  const { items } = JSON.parse(kubectl('get', 'pods', '-o', 'json')) as {
    items: { metadata: { name: string }; spec: { nodeName: string }; status: { podIP: string } }[];
  };
  return items.map(({ metadata, spec, status }) => ({ name: metadata.name, ip: status.podIP, node: spec.nodeName }));
}

/** Ends the runtime of a node as a crash does; its containers live on. */
export function killRuntime(node: string): void {
  process.kill(Number(readFileSync(`${STATE}/pids/containerd-${node}`, 'utf8')), 'SIGKILL');
}

/** Starts it again; `down` ends it. */
export function startRuntime(node: string): void {
  const containerd = [join(CACHE, 'bin/containerd'), '-c', `${STATE}/${node}/containerd.toml`];
  spawn(LAB, ['exec', node, ...containerd], { stdio: 'ignore', detached: true }).unref();
}
