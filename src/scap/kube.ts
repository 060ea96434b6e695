/** What a file's container and Kubernetes events say, as rows. */
import type { KubeSink } from '../kube/watcher.ts';
import { type ContainerMount, KUBE_KINDS, type KubeKind } from '../model/kube.ts';
import { textOf, untilNul } from './bytes.ts';
import { type ContainerNote, isRecord, parseJson } from './containers.ts';

/** Numbers of container engines in the files. */
const RUNTIMES = ['docker', 'lxc', 'libvirt-lxc', 'mesos', 'rkt', 'custom', 'cri', 'containerd', 'cri-o', 'bpm', 'static', 'podman'];

type Json = Readonly<Record<string, unknown>>;

export function addContainer(sink: KubeSink, { id, ip, json }: ContainerNote): void {
  sink.container({
    container: text(json.full_id) || id,
    runtime: RUNTIMES[Number(json.type ?? 0)] ?? '',
    name: text(json.name),
    image: text(json.image),
    imageId: text(json.imageid),
    ip,
    privileged: json.privileged === true,
    labels: texts(json.labels),
    mounts: records(json.Mounts).map(mountOf),
  });
}

function mountOf(mount: Json): ContainerMount {
  return {
    source: text(mount.Source),
    target: text(mount.Destination),
    mode: text(mount.Mode),
    writable: mount.RW === true,
    propagation: text(mount.Propagation),
  };
}

/** One event is a list of objects that were added, changed or deleted. Events that are no such thing are left alone. */
export function addObjects(sink: KubeSink, raw: Uint8Array): void {
  const event = parseJson(textOf(untilNul(raw)));
  if (!isRecord(event)) return;
  const kind = KUBE_KINDS.find((known) => known === event.kind);
  if (kind === undefined) return;
  for (const item of records(event.items)) {
    addObject(sink, kind, item);
    if (event.type === 'DELETED') sink.gone(text(item.uid));
  }
}

/** No file says when something was made: all was there before, but an address may have been another pod's. */
function addObject(sink: KubeSink, kind: KubeKind, item: Json): void {
  const uid = text(item.uid);
  if (uid === '') return;
  const ips = [text(item.podIP), text(item.clusterIP), ...list(item.addresses).map(text)].filter((ip) => ip !== '');
  sink.object({
    kind,
    uid,
    namespace: text(item.namespace),
    name: text(item.name),
    labels: texts(item.labels),
    selector: isRecord(item.selector) ? texts(item.selector) : null,
    node: text(item.nodeName),
    ips,
    ports: records(item.ports).map(({ name, port, protocol }) => ({ name: text(name), port: Number(port ?? 0), protocol: text(protocol) })),
    owners: [],
    containers: records(item.containerStatuses)
      .map(({ containerID }) => text(containerID).replace(/^[a-z-]+:\/\//, ''))
      .filter((id) => id !== ''),
    created: kind === 'Pod' ? null : 0,
  });
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function records(value: unknown): Json[] {
  return list(value).filter(isRecord);
}

function texts(value: unknown): Record<string, string> {
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, text(one)])) : {};
}
