/** The job that `kubectl trowel` starts: the pod of deploy/daemonset.yaml, on one node, for one recording. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { UsageError } from './exit.ts';

/** Where the pod puts its capture. */
export const FOLDER = '/captures';
export const CAPTURE = `${FOLDER}/recording.trowel`;
/** s beyond the recording: to start, and to be fetched; then the cluster ends it, though we be gone. */
const MARGIN_S = 600;
/** s after which an ended job that nobody took away is gone. */
const KEPT_S = 600;

export interface JobOptions {
  readonly name: string;
  readonly node: string;
  /** Of the recorder; null: as the daemon set has it. */
  readonly image: string | null;
  /** s that it records at most. */
  readonly seconds: number;
  /** Of `trowel record`. */
  readonly args: readonly string[];
  /** False: it gets no account, and names come from the container runtime. */
  readonly hasAccount: boolean;
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly args?: readonly string[];
}

interface Volume {
  readonly name: string;
}

interface PodSpec {
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly serviceAccountName?: string;
}

export interface Template {
  readonly namespace: string;
  readonly account: string | null;
  readonly spec: PodSpec;
}

/** The pod of a daemon set's file. Throws UsageError. */
export function readTemplate(path: string): Template {
  let set: { metadata?: { namespace?: string }; spec?: { template?: { spec?: PodSpec } } } | null;
  try {
    set = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
  const spec = set?.spec?.template?.spec;
  const command = spec?.containers?.[0]?.command;
  if (spec === undefined || command?.at(-1) !== 'record')
    throw new UsageError(`${path} is no daemon set whose first container runs trowel record`);
  return { namespace: set?.metadata?.namespace ?? 'default', account: spec.serviceAccountName ?? null, spec };
}

/** As `kubectl create` takes it. */
export function jobOf({ namespace, spec }: Template, { name, node, image, seconds, args, hasAccount }: JobOptions): object {
  const [recorder, ...others] = spec.containers;
  const { serviceAccountName, ...rest } = spec;
  const container = {
    ...recorder,
    ...(image === null ? {} : { image }),
    command: [...recorder!.command.slice(0, -1), 'kube-pod', 'run'],
    args: [...(recorder!.args ?? []), '-w', CAPTURE, ...args],
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/name': 'trowel' } },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: seconds + MARGIN_S,
      ttlSecondsAfterFinished: KEPT_S,
      template: {
        metadata: { labels: { 'app.kubernetes.io/name': 'trowel' } },
        spec: {
          ...rest,
          ...(hasAccount ? { serviceAccountName } : { automountServiceAccountToken: false }),
          nodeName: node, // no scheduler is asked: the node may be full, or closed to new pods
          restartPolicy: 'Never',
          containers: [container, ...others],
          // Nothing of it stays on the node.
          volumes: (spec.volumes ?? []).map((volume) => (volume.name === 'captures' ? { name: 'captures', emptyDir: {} } : volume)),
        },
      },
    },
  };
}
