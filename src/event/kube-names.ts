/** From a container's id or an address to its name, its pod, and what stands above that: as all of it was at a time. */

import { parseCgroup } from '../model/cgroup.ts';
import { History, type Validity } from '../model/history.ts';
import { type ContainerRow, type KubeEventRow, type KubeKind, type KubeObjectRow, textUnder } from '../model/kube.ts';
import type { Dimensions } from '../model/rows.ts';

/** Owners of owners of owners. */
const MAX_OWNERS = 8;
/** Ids are compared by as many characters as docker and sysdig show. */
const SHORT = 12;

/** Whose address it can be. */
const ADDRESSED: ReadonlySet<KubeKind> = new Set(['Pod', 'Service', 'Node']);
const ENDPOINTS: readonly KubeKind[] = ['EndpointSlice', 'Endpoints'];

const NOBODY: ReadonlySet<string> = new Set();

interface Workload {
  readonly kind: string;
  readonly name: string;
}

interface KnownServices extends Validity {
  readonly services: readonly KubeObjectRow[];
}

/**
 * All lookups take the time that is asked about, and narrow `validity` to the time for which the answer is the same. What is found by
 * an id is found at any time: where no version of it held, the nearest is taken.
 */
export class KubeNames {
  readonly #dims: Dimensions;
  readonly #containers: History<string, ContainerRow>;
  readonly #objects: History<string, KubeObjectRow>;
  #version = -1;
  /** uid of the pod, by container. */
  readonly #pods = new Map<string, string>();
  /** uid of the pod by container, by the cgroups of the processes up to the one numbered so. */
  readonly #uids = new Map<string, string>();
  #processes = 0;
  readonly #byAddress = new Map<string, KubeObjectRow[]>();
  /** By kind and namespace. */
  readonly #groups = new Map<string, KubeObjectRow[]>();
  /** When a version was over, where its own row does not say. */
  readonly #followed = new Map<number, number>();
  /** Services of a pod, by its row: asked for with every line, found by looking at all. */
  readonly #services = new Map<number, KnownServices>();
  #eventsVersion = -1;
  readonly #events = new Map<string, KubeEventRow[]>();

  constructor(dims: Dimensions) {
    this.#dims = dims;
    this.#containers = new History(dims.containers, ({ container }) => container.slice(0, SHORT));
    this.#objects = new History(dims.objects, ({ uid }) => uid);
  }

  container(id: string, time: number, validity: Validity): ContainerRow | null {
    return id === '' ? null : this.#containers.nearest(id.slice(0, SHORT), time, validity);
  }

  /** The pod that a container belongs to: as somebody told, else as the cgroups of its processes have it. */
  pod(container: string, time: number, validity: Validity): KubeObjectRow | null {
    if (container === '') return null;
    this.#read();
    const id = container.slice(0, SHORT);
    return this.#objects.nearest(this.#pods.get(id) ?? this.#uidOf(id), time, validity);
  }

  /** uid of a container's pod, by the cgroups; empty: they have none. */
  #uidOf(id: string): string {
    const { processes } = this.#dims;
    const seen = this.#processes;
    this.#processes = processes.lastId;
    for (const row of seen < processes.lastId ? processes.above(seen) : []) {
      if (row.container === '' || this.#uids.has(row.container.slice(0, SHORT))) continue;
      const uid = row.cgroups.map((cgroup) => parseCgroup(cgroup.slice(cgroup.indexOf('=') + 1)).pod).find((one) => one !== '');
      this.#uids.set(row.container.slice(0, SHORT), uid ?? '');
    }
    return this.#uids.get(id) ?? '';
  }

  namespace(pod: KubeObjectRow, time: number, validity: Validity): KubeObjectRow | null {
    return this.#beside(pod, 'Namespace', '', time, validity).find(({ name }) => name === pod.namespace) ?? null;
  }

  /**
   * The pod, service or node that had an address at a time; null: none. An address goes from one pod to the next, and never
   * names the wrong one. That of a node is no pod's, though pods without a network of their own have it.
   */
  atAddress(ip: string, kind: 'Pod' | 'Service' | 'Node', time: number, validity: Validity): KubeObjectRow | null {
    this.#read();
    const there = this.#holding(this.#byAddress.get(ip), time, validity);
    if (kind === 'Pod' && there.some((row) => row.kind === 'Node')) return null;
    const rows = there.filter((row) => row.kind === kind);
    return rows.length === 0 ? null : rows.reduce((best, row) => (row.from > best.from ? row : best));
  }

  /** The workload above a pod: what its owners lead to, such as the deployment above its replica set. */
  workload(pod: KubeObjectRow, time: number, validity: Validity): Workload {
    const chain = [pod, ...this.#owners(pod, time, validity)];
    const top = chain.at(-1)!;
    const unknown = chain.length > MAX_OWNERS ? undefined : top.owners[0];
    return unknown === undefined ? { kind: top.kind, name: top.name } : { kind: unknown.kind, name: unknown.name };
  }

  /** All services that select a pod, or have it among the endpoints that somebody gave them. */
  services(pod: KubeObjectRow, time: number, validity: Validity): readonly KubeObjectRow[] {
    this.#read();
    const seen = seenFrom(pod, time);
    let known = this.#services.get(pod.id);
    if (known === undefined || seen < known.from || seen >= known.until) {
      const span = always();
      known = { services: this.#servicesAt(pod, seen, span), ...span };
      this.#services.set(pod.id, known);
    }
    if (seen === time) narrow(validity, known);
    return known.services;
  }

  #servicesAt(pod: KubeObjectRow, time: number, validity: Validity): KubeObjectRow[] {
    const all = this.#beside(pod, 'Service', pod.namespace, time, validity);
    const given = all.some(({ selector }) => selector === null) ? this.#given(pod, time, validity) : NOBODY;
    return all.filter((service) => selects(service, pod) || (service.selector === null && given.has(service.name)));
  }

  /** Names of services that have an address of the pod among their endpoints. */
  #given(pod: KubeObjectRow, time: number, validity: Validity): ReadonlySet<string> {
    const endpoints = ENDPOINTS.flatMap((kind) => this.#beside(pod, kind, pod.namespace, time, validity));
    const having = endpoints.filter(({ ips }) => ips.some((ip) => pod.ips.includes(ip)));
    return new Set(having.map(({ selector }) => selector?.service ?? ''));
  }

  /** All network policies that select a pod. */
  policies(pod: KubeObjectRow, time: number, validity: Validity): KubeObjectRow[] {
    return this.#beside(pod, 'NetworkPolicy', pod.namespace, time, validity).filter((policy) => matches(policy, pod));
  }

  /** What owns a pod, directly or not, else what selects it by its labels. */
  above(pod: KubeObjectRow, kind: KubeKind, time: number, validity: Validity): KubeObjectRow | null {
    if (kind === 'Service') return this.services(pod, time, validity)[0] ?? null;
    const owner = this.#owners(pod, time, validity).find((row) => row.kind === kind);
    if (owner !== undefined || pod.owners.some((one) => one.kind === kind)) return owner ?? null;
    return this.#beside(pod, kind, pod.namespace, time, validity).find((object) => selects(object, pod)) ?? null;
  }

  /** What the cluster had reported of an object by then, the oldest first. */
  events(object: KubeObjectRow, time: number, validity: Validity): KubeEventRow[] {
    this.#readEvents();
    return (this.#events.get(object.uid) ?? []).filter(({ first }) => {
      if (first <= time) validity.from = Math.max(validity.from, first);
      else validity.until = Math.min(validity.until, first);
      return first <= time;
    });
  }

  /** From a pod's owner upwards, as far as they are known. */
  #owners(pod: KubeObjectRow, time: number, validity: Validity): KubeObjectRow[] {
    const chain: KubeObjectRow[] = [];
    for (let object = pod; chain.length < MAX_OWNERS; object = chain.at(-1)!) {
      const owner = object.owners[0];
      const row = owner === undefined ? null : this.#objects.nearest(owner.uid, time, validity);
      if (row === null) break;
      chain.push(row);
    }
    return chain;
  }

  /** Objects that were there at a time, as seen from a pod. */
  #beside(pod: KubeObjectRow, kind: KubeKind, namespace: string, time: number, validity: Validity): KubeObjectRow[] {
    this.#read();
    const seen = seenFrom(pod, time);
    return this.#holding(this.#groups.get(`${kind} ${namespace}`), seen, seen === time ? validity : always());
  }

  #holding(rows: readonly KubeObjectRow[] | undefined, time: number, validity: Validity): KubeObjectRow[] {
    return (rows ?? []).filter((row) => {
      const end = Math.min(row.to ?? Infinity, this.#followed.get(row.id) ?? Infinity);
      if (row.from > time) validity.until = Math.min(validity.until, row.from);
      else if (end <= time) validity.from = Math.max(validity.from, end);
      else {
        narrow(validity, { from: row.from, until: end });
        return true;
      }
      return false;
    });
  }

  #read(): void {
    const { objects } = this.#dims;
    if (objects.version === this.#version) return;
    for (const map of [this.#pods, this.#byAddress, this.#groups, this.#followed, this.#services]) map.clear();
    const last = new Map<string, KubeObjectRow>();
    for (const row of objects.all()) {
      const before = last.get(row.uid);
      if (before !== undefined) this.#followed.set(before.id, row.from);
      last.set(row.uid, row);
      push(this.#groups, `${row.kind} ${row.namespace}`, row);
      if (ADDRESSED.has(row.kind)) for (const ip of row.ips) push(this.#byAddress, ip, row);
      for (const id of row.containers) this.#pods.set(id.slice(0, SHORT), row.uid);
    }
    this.#version = objects.version;
  }

  #readEvents(): void {
    const { kubeEvents } = this.#dims;
    if (kubeEvents.version === this.#eventsVersion) return;
    this.#events.clear();
    for (const row of kubeEvents.all()) push(this.#events, row.object, row);
    for (const rows of this.#events.values()) rows.sort((a, b) => a.first - b.first);
    this.#eventsVersion = kubeEvents.version;
  }
}

/** The time at which a pod looks around: where it was not there, its own begin or end. */
function seenFrom({ from, to }: KubeObjectRow, time: number): number {
  if (time < from) return from;
  return to !== null && time >= to ? Math.max(from, to - 1) : time;
}

function narrow(validity: Validity, { from, until }: Validity): void {
  validity.from = Math.max(validity.from, from);
  validity.until = Math.min(validity.until, until);
}

/** For lookups at a time other than the one that is asked about: their answer moves with what led there. */
const always = (): Validity => ({ from: -Infinity, until: Infinity });

function push<Key, Row>(map: Map<Key, Row[]>, key: Key, row: Row): void {
  const rows = map.get(key);
  if (rows === undefined) map.set(key, [row]);
  else rows.push(row);
}

/** An object without a selector stands for nothing. */
function selects(object: KubeObjectRow, pod: KubeObjectRow): boolean {
  const asks = Object.keys(object.selector ?? {}).length + (object.expressions?.length ?? 0);
  return asks > 0 && matches(object, pod);
}

/** Whether a pod's labels are as an object's selector asks; one that asks nothing is content with any. */
function matches({ selector, expressions }: KubeObjectRow, { labels }: KubeObjectRow): boolean {
  const equal = Object.entries(selector ?? {}).every(([key, value]) => textUnder(labels, key) === value);
  return (
    equal &&
    (expressions ?? []).every(({ key, operator, values }) => {
      const value = textUnder(labels, key);
      if (operator === 'Exists') return value !== null;
      if (operator === 'DoesNotExist') return value === null;
      const among = value !== null && values.includes(value);
      return operator === 'In' ? among : operator === 'NotIn' && !among;
    })
  );
}
