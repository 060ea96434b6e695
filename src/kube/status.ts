/** How an object of the Kubernetes API is: ready or not, and what is wrong with it. */
import { type Json, list, record, records, text } from '../model/json.ts';
import type { KubeKind, KubeStatus } from '../model/kube.ts';

const STATUS: Partial<Record<KubeKind, (object: Json) => KubeStatus>> = {
  Pod: (object) => ({
    ...readyOf(object),
    ...some('reasons', podReasons(record(object.status))),
    ...some('ends', podEnds(record(object.status))),
    ...(record(object.spec).hostNetwork === true ? { hostNetwork: true } : {}),
    ...(text(record(object.metadata).deletionTimestamp) === '' ? {} : { leaving: true }),
  }),
  Node: (object) => ({ ...readyOf(object), ...some('reasons', nodeReasons(object)), ...some('cidrs', cidrsOf(record(object.spec))) }),
  EndpointSlice: (object) => some('notReady', sliceNotReady(object)),
  Endpoints: (object) =>
    some(
      'notReady',
      records(object.subsets).flatMap(({ notReadyAddresses }) => records(notReadyAddresses).map(({ ip }) => text(ip))),
    ),
};

/** Null: nothing is said. */
export function statusOf(kind: KubeKind, object: Json): KubeStatus | null {
  const status = STATUS[kind]?.(object) ?? {};
  return Object.keys(status).length === 0 ? null : status;
}

function some(name: 'reasons' | 'ends' | 'notReady' | 'cidrs', values: readonly string[]): KubeStatus {
  return values.length === 0 ? {} : { [name]: [...new Set(values)].sort() };
}

function readyOf({ status }: Json): KubeStatus {
  const ready = records(record(status).conditions).find(({ type }) => type === 'Ready');
  return ready === undefined ? {} : { ready: ready.status === 'True' };
}

function podReasons(status: Json): string[] {
  const statuses = [...records(status.containerStatuses), ...records(status.initContainerStatuses)];
  const states = statuses.flatMap(({ state, lastState }) => [record(record(state).waiting), ended(state), ended(lastState)]);
  const phase = text(status.phase);
  return [...states.map(({ reason }) => text(reason)), text(status.reason), phase === 'Failed' ? phase : ''].filter(
    (reason) => reason !== '' && reason !== 'Completed' && reason !== 'ContainerCreating' && reason !== 'PodInitializing',
  );
}

/** How containers ended that did not do so with 0: `app: exit code 1`. */
function podEnds(status: Json): string[] {
  const statuses = [...records(status.containerStatuses), ...records(status.initContainerStatuses)];
  return statuses.flatMap(({ name, state, lastState }) =>
    [ended(state), ended(lastState)]
      .filter(({ exitCode }) => typeof exitCode === 'number' && exitCode !== 0)
      .map(({ exitCode }) => `${text(name)}: exit code ${String(exitCode)}`),
  );
}

const ended = (state: unknown) => record(record(state).terminated);

/** Conditions other than Ready that hold are bad news: MemoryPressure, NetworkUnavailable. */
function nodeReasons({ status }: Json): string[] {
  return records(record(status).conditions)
    .filter((condition) => condition.type !== 'Ready' && condition.status === 'True')
    .map(({ type }) => text(type));
}

function cidrsOf(spec: Json): string[] {
  return [text(spec.podCIDR), ...list(spec.podCIDRs).map(text)].filter((cidr) => cidr !== '');
}

/** What is not said counts as ready. */
function sliceNotReady({ endpoints }: Json): string[] {
  return records(endpoints)
    .filter(({ conditions }) => record(conditions).ready === false)
    .flatMap(({ addresses }) => list(addresses).map(text));
}
