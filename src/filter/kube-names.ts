/** From a container's id to its name, its pod, and what stands above that. */
import type { ContainerRow, KubeKind, KubeObjectRow } from '../model/kube.ts';
import type { Dimensions } from '../model/rows.ts';

/** Ids are compared by as many characters as docker and sysdig show. */
const SHORT = 12;

export class KubeNames {
  readonly #dims: Dimensions;
  #containersVersion = -1;
  #objectsVersion = -1;
  readonly #containers = new Map<string, ContainerRow>();
  readonly #pods = new Map<string, KubeObjectRow>();
  readonly #byKind = new Map<KubeKind, Map<string, KubeObjectRow>>();

  constructor(dims: Dimensions) {
    this.#dims = dims;
  }

  container(id: string): ContainerRow | null {
    this.#readContainers();
    return id === '' ? null : (this.#containers.get(id.slice(0, SHORT)) ?? null);
  }

  /** The pod that a container belongs to. */
  pod(container: string): KubeObjectRow | null {
    this.#readObjects();
    return container === '' ? null : (this.#pods.get(container.slice(0, SHORT)) ?? null);
  }

  namespace(pod: KubeObjectRow): KubeObjectRow | null {
    return this.#first('Namespace', ({ name }) => name === pod.namespace);
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
    for (const row of objects.all()) {
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
