import { type ContainerMount, type ContainerRow, textUnder } from '../../model/kube.ts';
import type { EventView } from '../view.ts';
import type { Field, FieldType, Reading, RowField } from './field.ts';

/** Ids are shown as docker and sysdig show them. */
const SHORT = 12;
const HOST = 'host';

/** A field of the event's container; `host`: what is said of a process in none. */
function ofContainer(
  name: string,
  type: FieldType,
  doc: string,
  example: string,
  read: (container: ContainerRow, arg: string) => Reading,
  more: Partial<RowField> & { readonly host?: string } = {},
): RowField {
  const { host, ...rest } = more;
  return {
    name,
    type,
    doc,
    example,
    scope: 'thread',
    read: (view, arg) => {
      const { process } = view;
      if (process === null) return null;
      if (process.container === '') return host ?? null;
      const row = view.kube.container(process.container, view.time, view);
      return row === null ? null : read(row, arg);
    },
    ...rest,
  };
}

/** `registry/name`, tag and digest of `registry/name:tag@digest`. */
function imageParts({ image }: ContainerRow): { readonly repository: string; readonly tag: string; readonly digest: string } {
  const [named = '', digest = ''] = image.split('@');
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  return colon < 0 ? { repository: named, tag: '', digest } : { repository: named.slice(0, colon), tag: named.slice(colon + 1), digest };
}

const mountText = (mount: ContainerMount) => [mount.source, mount.target, mount.mode, mount.writable, mount.propagation].join(':');

function mountsText({ mounts }: ContainerRow): string {
  return mounts.map(mountText).join(',');
}

const MOUNT = { name: 'NUMBER OR PATH', required: true };

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The mount with a number, from 0, or the first whose source or target is a path; in the path `*` stands for anything, as sysdig has it. */
function mountAt({ mounts }: ContainerRow, which: string): ContainerMount | null {
  if (/^[0-9]+$/.test(which)) return mounts[Number(which)] ?? null;
  const pattern = new RegExp(`^${which.split('*').map(escaped).join('.*')}$`, 's');
  return mounts.find(({ source, target }) => pattern.test(source) || pattern.test(target)) ?? null;
}

function ofMount(name: string, type: FieldType, doc: string, example: string, read: (mount: ContainerMount) => Reading): RowField {
  const readMount = (row: ContainerRow, which: string) => {
    const mount = mountAt(row, which);
    return mount === null ? null : read(mount);
  };
  return ofContainer(name, type, `${doc} of the mount with this number or path`, example, readMount, { arg: MOUNT });
}

function labelsText(labels: Readonly<Record<string, string>>): string | null {
  const entries = Object.entries(labels);
  return entries.length === 0 ? null : entries.map(([key, value]) => `${key}:${value}`).join(', ');
}

function sourceOf(view: EventView): string | null {
  const id = view.process?.container ?? '';
  if (id === '') return null;
  const row = view.kube.container(id, view.time, view);
  return row === null ? 'cgroup' : row.source;
}

function onHostNetwork(view: EventView): boolean | null {
  const pod = view.process === null ? null : view.kube.pod(view.process.container, view.time, view);
  return pod?.status?.hostNetwork ?? null;
}

/** Docker's names of a pod's containers: `k8s_web_web-1_shop_UID_0`. */
const OF_POD = /^k8s_([^_]+)_/;

function nameInPod(view: EventView): string | null {
  const id = view.process?.container ?? '';
  if (id === '' || view.kube.pod(id, view.time, view) === null) return null;
  const name = view.kube.container(id, view.time, view)?.name ?? '';
  return (OF_POD.exec(name)?.[1] ?? name) || null;
}

const KEY = { name: 'KEY', required: true };

// biome-ignore format: a table
export const CONTAINER_FIELDS: readonly Field[] = [
  { name: 'container.id', type: 'text', scope: 'thread', doc: 'first 12 characters of the container’s id; host: none', example: 'container.id!=host', read: (view) => (view.process === null ? null : view.process.container.slice(0, SHORT) || HOST) },
  { name: 'container.full_id', type: 'text', scope: 'thread', doc: 'whole id of the container; host: none', example: 'container.full_id!=host', read: (view) => (view.process === null ? null : view.process.container || HOST) },
  ofContainer('container.name', 'text', 'name of the container; host: none', 'container.name=backend', ({ name }) => name, { host: HOST, short: ['container'] }),
  { name: 'k8s.container.name', type: 'text', scope: 'thread', doc: 'name of the container within its pod', example: 'k8s.container.name=web', read: nameInPod },
  ofContainer('container.type', 'text', 'what runs it: docker containerd cri-o …; host: none', 'container.type=docker', ({ runtime }) => runtime, { host: HOST }),
  ofContainer('container.image', 'text', 'its image', 'container.image contains nginx', ({ image }) => image || null, { short: ['image'] }),
  ofContainer('container.image.id', 'text', 'id of its image', 'container.image.id exists', ({ imageId }) => imageId || null),
  ofContainer('container.image.repository', 'text', 'its image without tag and digest', 'container.image.repository endswith nginx', (row) => imageParts(row).repository || null, { aliases: ['container.image.name'] }),
  ofContainer('container.image.tag', 'text', 'tag of its image', 'container.image.tag=latest', (row) => imageParts(row).tag || null),
  ofContainer('container.image.digest', 'text', 'digest of its image', 'container.image.digest exists', (row) => imageParts(row).digest || null),
  ofContainer('container.ip', 'ip', 'its own address', 'container.ip=10.0.0.7', ({ ip }) => ip || null),
  ofContainer('container.privileged', 'bool', 'whether it may do anything', 'container.privileged=true', ({ privileged }) => privileged),
  ofContainer('container.mounts', 'text', 'what is mounted: source:target:mode:writable:propagation, with commas between', 'container.mounts contains /etc/hosts', mountsText),
  ofMount('container.mount', 'text', 'source:target:mode:writable:propagation', 'container.mount[/etc/*] exists', mountText),
  ofMount('container.mount.source', 'text', 'path on the node', 'container.mount.source[/host] startswith /var', ({ source }) => source),
  ofMount('container.mount.dest', 'text', 'path in the container', 'container.mount.dest[/etc*] exists', ({ target }) => target),
  ofMount('container.mount.mode', 'text', 'mode', 'container.mount.mode[/host]=ro', ({ mode }) => mode),
  ofMount('container.mount.rdwr', 'bool', 'whether it may be written', 'container.mount.rdwr[/host]=true', ({ writable }) => writable),
  ofMount('container.mount.propagation', 'text', 'propagation', 'container.mount.propagation[/host]=rprivate', ({ propagation }) => propagation),
  { name: 'container.host_network', type: 'bool', scope: 'thread', doc: 'its pod is on the node’s own network', example: 'container.host_network=true', read: onHostNetwork },
  ofContainer('container.label', 'text', 'one of its labels', 'container.label.app=web', ({ labels }, key) => textUnder(labels, key), { arg: KEY }),
  ofContainer('container.labels', 'text', 'all its labels', 'container.labels contains web', ({ labels }) => labelsText(labels)),
  { name: 'container.source', type: 'text', scope: 'thread', doc: 'who told of it, the most trusted first: api cri docker scap; cgroup: only its id is known', example: 'container.source contains cri', read: sourceOf },
];
