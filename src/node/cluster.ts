/** Services and pods of the capture beside what the node really has: endpoints, rules in the kernel, namespaces, listeners. */
import type { KubeObjectRow, KubePort } from '../model/kube.ts';
import { textUnder } from '../model/kube.ts';
import type { Dimensions } from '../model/rows.ts';
import { type ServiceRule, serviceRules } from './services.ts';
import { type Held, NodeState } from './state.ts';

/** An address of a service's endpoints. */
export interface Endpoint {
  readonly ip: string;
  readonly ready: boolean;
  /** `namespace/name`; empty: not known. */
  readonly pod: string;
}

export interface ServicePort {
  readonly ip: string;
  readonly port: KubePort;
  /** Port of the endpoints; 0: they say none. */
  readonly target: number;
  /** What the kernel does with it; null: nothing is known of it there. */
  readonly rule: ServiceRule | null;
}

export interface Service {
  /** `namespace/name` */
  readonly name: string;
  readonly row: KubeObjectRow;
  /** Pods that its selector takes. */
  readonly selected: readonly KubeObjectRow[];
  readonly endpoints: readonly Endpoint[];
  /** Somebody told of endpoints, though there may be none. */
  readonly told: boolean;
  readonly ports: readonly ServicePort[];
}

export interface PodPlace {
  readonly row: KubeObjectRow | null;
  /** `namespace/name`, else the name of the namespace. */
  readonly name: string;
  readonly netns: number;
  readonly pid: number;
  /** How many are in it; 0: not counted. */
  readonly processes: number;
  readonly ips: readonly string[];
  /** The interface of the node that leads to it; null: not found. */
  readonly link: Held<'link'> | null;
}

/** The cluster as it was at a time. */
export class Cluster {
  readonly node: NodeState;
  readonly time: number;
  readonly services: readonly Service[];
  readonly pods: readonly KubeObjectRow[];
  readonly nodes: readonly KubeObjectRow[];
  readonly places: readonly PodPlace[];
  readonly rules: readonly ServiceRule[];
  /** Namespaces of this node that were looked into. */
  readonly namespaces: ReadonlySet<number>;
  readonly #podsByIp = new Map<string, KubeObjectRow>();
  readonly #placeByNetns = new Map<number, PodPlace>();

  constructor(dims: Dimensions, time: number, node = new NodeState(dims.nodeFacts)) {
    this.node = node;
    this.time = time;
    this.rules = serviceRules(node, time);
    const objects = held([...dims.objects.all()], time);
    this.pods = objects.filter(({ kind }) => kind === 'Pod');
    this.nodes = objects.filter(({ kind }) => kind === 'Node');
    for (const pod of this.pods) if (pod.status?.hostNetwork !== true) for (const ip of pod.ips) this.#podsByIp.set(ip, pod);
    const endpoints = objects.filter(({ kind }) => kind === 'EndpointSlice' || kind === 'Endpoints');
    this.services = objects.filter(({ kind }) => kind === 'Service').map((row) => this.#service(row, endpoints));
    this.places = node.at('netns', time).map((netns) => this.#place(netns));
    this.namespaces = new Set(node.versions('netns').map(({ key }) => Number(key)));
    for (const place of this.places) this.#placeByNetns.set(place.netns, place);
  }

  podAt(ip: string): KubeObjectRow | null {
    return this.#podsByIp.get(ip) ?? null;
  }

  placeOf(netns: number): PodPlace | null {
    return this.#placeByNetns.get(netns) ?? null;
  }

  /** The pod with an address, where its namespace is on this node. */
  placeAt(ip: string): PodPlace | null {
    return this.places.find(({ ips, netns }) => netns !== this.node.host && ips.includes(ip)) ?? null;
  }

  serviceAt(ip: string, port: number): { readonly service: Service; readonly port: ServicePort } | null {
    for (const service of this.services)
      for (const one of service.ports) if (one.ip === ip && one.port.port === port) return { service, port: one };
    return null;
  }

  /** `shop/cart`, or the address. */
  nameAt(ip: string, port = 0): string {
    const service = port === 0 ? undefined : this.serviceAt(ip, port)?.service.name;
    if (service !== undefined) return `service ${service}`;
    const pod = this.podAt(ip);
    return pod !== null ? nameOf(pod) : (this.placeAt(ip)?.name ?? ip);
  }

  #service(row: KubeObjectRow, all: readonly KubeObjectRow[]): Service {
    const own = all.filter(({ namespace, selector }) => namespace === row.namespace && selector?.service === row.name);
    const slices = own.filter(({ kind }) => kind === 'EndpointSlice');
    const told = slices.length > 0 ? slices : own;
    const notReady = new Set(told.flatMap(({ status }) => status?.notReady ?? []));
    const endpoints = [...new Set(told.flatMap(({ ips }) => ips))].map((ip) => ({
      ip,
      ready: !notReady.has(ip),
      pod: nameOrEmpty(this.podAt(ip)),
    }));
    const target = (port: KubePort) =>
      told.flatMap(({ ports }) => ports).find(({ name }) => name === port.name)?.port ?? (Number(port.target ?? 0) || 0);
    const ports = row.ips.flatMap((ip) =>
      row.ports.map((port) => ({
        ip,
        port,
        target: target(port),
        rule: this.rules.find((one) => one.ip === ip && one.port === port.port && one.protocol === port.protocol.toLowerCase()) ?? null,
      })),
    );
    const selected =
      row.selector === null ? [] : this.pods.filter((pod) => pod.namespace === row.namespace && takes(row.selector ?? {}, pod));
    return { name: nameOf(row), row, selected, endpoints, told: told.length > 0, ports };
  }

  #place({ key, value }: Held<'netns'>): PodPlace {
    const netns = Number(key);
    const links = this.node.at('link', this.time, netns);
    const ips = links
      .flatMap((link) => link.value.addresses)
      .map((address) => address.split('/')[0]!)
      .filter((ip) => ip !== '127.0.0.1' && ip !== '::1' && !ip.startsWith('fe80:'));
    const row = this.pods.find(({ uid }) => uid === value.pod) ?? ips.map((ip) => this.podAt(ip)).find((pod) => pod !== null) ?? null;
    const link = this.node.at('link', this.time, this.node.host).find((one) => one.value.peerNetns === netns) ?? null;
    const name = value.host ? 'the node' : row === null ? value.name || value.comm : nameOf(row);
    return { row: value.host ? null : row, name, netns, pid: value.pid, processes: value.processes, ips, link: value.host ? null : link };
  }
}

export const nameOf = ({ namespace, name }: Pick<KubeObjectRow, 'namespace' | 'name'>) =>
  namespace === '' ? name : `${namespace}/${name}`;
const nameOrEmpty = (pod: KubeObjectRow | null) => (pod === null ? '' : nameOf(pod));

/** The last version of each object that had begun by then and was not over. */
function held(rows: readonly KubeObjectRow[], time: number): KubeObjectRow[] {
  const last = new Map<string, KubeObjectRow>();
  for (const row of rows) if (row.from <= time) last.set(row.uid, row);
  return [...last.values()].filter(({ to }) => to === null || to > time);
}

function takes(selector: Readonly<Record<string, string>>, { labels }: KubeObjectRow): boolean {
  return Object.entries(selector).every(([key, value]) => textUnder(labels, key) === value);
}
