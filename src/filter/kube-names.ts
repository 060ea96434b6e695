/** From a container's id to its name, its pod, and what stands above that. */

import { parseCgroup } from '../model/cgroup.ts';
import type { Validity } from '../model/history.ts';
import type { ContainerRow, KubeKind, KubeObjectRow } from '../model/kube.ts';
import type { Dimensions } from '../model/rows.ts';

/** Owners of owners of owners. */
const MAX_OWNERS = 8;
/** Ids are compared by as many characters as docker and sysdig show. */
const SHORT = 12;

export class KubeNames {
  readonly #dims: Dimensions;
  #containersVersion = -1;
  #objectsVersion = -1;
  readonly #containers = new Map<string, ContainerRow>();
  readonly #pods = new Map<string, KubeObjectRow>();
  /** uid of the pod by container, of the processes up to the one numbered so. */
  readonly #uids = new Map<string, string>();
  #processes = 0;
  readonly #byKind = new Map<KubeKind, Map<string, KubeObjectRow>>();
  readonly #byAddress = new Map<string, KubeObjectRow[]>();

  constructor(dims: Dimensions) {
    this.#dims = dims;
  }

  container(id: string): ContainerRow | null {
    this.#readContainers();
    return id === '' ? null : (this.#containers.get(id.slice(0, SHORT)) ?? null);
  }

  /** The pod that a container belongs to: as somebody told, else as the cgroups of its processes have it. */
  pod(container: string): KubeObjectRow | null {
    if (container === '') return null;
    this.#readObjects();
    const id = container.slice(0, SHORT);
    return this.#pods.get(id) ?? this.#byKind.get('Pod')?.get(this.#uidOf(id)) ?? null;
  }

  /** uid of a container's pod, by the cgroups; empty: they have none. */
  #uidOf(id: string): string {
    const { processes } = this.#dims;
    for (; this.#processes < processes.lastId; this.#processes++) {
      const row = processes.get(this.#processes + 1);
      if (row === undefined || row.container === '' || this.#uids.has(row.container.slice(0, SHORT))) continue;
      const uid = row.cgroups.map((cgroup) => parseCgroup(cgroup.slice(cgroup.indexOf('=') + 1)).pod).find((one) => one !== '');
      this.#uids.set(row.container.slice(0, SHORT), uid ?? '');
    }
    return this.#uids.get(id) ?? '';
  }

  namespace(pod: KubeObjectRow): KubeObjectRow | null {
    return this.#first('Namespace', ({ name }) => name === pod.namespace);
  }

  /**
   * The pod or service that had an address at a time; null: none, or it is the node's own. Narrows `validity` to the time for
   * which that is so. An address goes from one pod to the next, and never names the wrong one.
   */
  atAddress(ip: string, kind: 'Pod' | 'Service', time: number, validity: Validity): KubeObjectRow | null {
    this.#readObjects();
    let found: KubeObjectRow | null = null;
    for (const row of this.#byAddress.get(ip) ?? []) {
      if (row.kind !== kind) continue;
      const end = row.to ?? Infinity;
      if (row.from > time) validity.until = Math.min(validity.until, row.from);
      else if (end <= time) validity.from = Math.max(validity.from, end);
      else if (found === null || row.from > found.from) found = row;
    }
    if (found === null) return null;
    validity.from = Math.max(validity.from, found.from);
    if (found.to !== null) validity.until = Math.min(validity.until, found.to);
    return found;
  }

  /** The workload above a pod: what its owners lead to, such as the deployment above its replica set. */
  workload(pod: KubeObjectRow): { readonly kind: string; readonly name: string } {
    let top: KubeObjectRow = pod;
    for (let i = 0; i < MAX_OWNERS; i++) {
      const owner = top.owners[0];
      if (owner === undefined) return { kind: top.kind, name: top.name };
      const row = this.#byKind.get(owner.kind as KubeKind)?.get(owner.uid);
      if (row === undefined) return { kind: owner.kind, name: owner.name };
      top = row;
    }
    return { kind: top.kind, name: top.name };
  }

  /** All services that select a pod. */
  services(pod: KubeObjectRow): KubeObjectRow[] {
    this.#readObjects();
    return [...(this.#byKind.get('Service')?.values() ?? [])].filter(
      (service) => service.namespace === pod.namespace && selects(service, pod),
    );
  }

  /** What owns a pod, or selects it by its labels. */
  above(pod: KubeObjectRow, kind: KubeKind): KubeObjectRow | null {
    const owner = pod.owners.find((one) => one.kind === kind);
    if (owner !== undefined) return this.#byKind.get(kind)?.get(owner.uid) ?? null;
    return this.#first(kind, (object) => object.namespace === pod.namespace && selects(object, pod));
  }

  #first(kind: KubeKind, test: (object: KubeObjectRow) => boolean): KubeObjectRow | null {
    for (const object of this.#byKind.get(kind)?.values() ?? []) if (test(object)) return object;
    return null;
  }

  #readContainers(): void {
    const { containers } = this.#dims;
    if (containers.version === this.#containersVersion) return;
    for (const row of containers.all()) this.#containers.set(row.container.slice(0, SHORT), row);
    this.#containersVersion = containers.version;
  }

  #readObjects(): void {
    const { objects } = this.#dims;
    if (objects.version === this.#objectsVersion) return;
    this.#byAddress.clear();
    for (const row of objects.all()) {
      if (row.kind === 'Pod' || row.kind === 'Service')
        for (const ip of row.ips) this.#byAddress.set(ip, [...(this.#byAddress.get(ip) ?? []), row]);
      const kind = this.#byKind.get(row.kind) ?? new Map<string, KubeObjectRow>();
      this.#byKind.set(row.kind, kind.set(row.uid, row));
      for (const id of row.containers) this.#pods.set(id.slice(0, SHORT), row);
    }
    this.#objectsVersion = objects.version;
  }
}

function selects({ selector }: KubeObjectRow, pod: KubeObjectRow): boolean {
  if (selector === null) return false;
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => pod.labels[key] === value);
}
