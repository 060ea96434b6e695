/** Names of containers and pods while recording: all sources there are, beside the ingest, into the capture's rows. */
import { ApiClient } from '../kube/api.ts';
import { findAccess } from '../kube/config.ts';
import { CriSource, findCriSocket } from '../kube/cri.ts';
import { DockerSource, findDockerSocket } from '../kube/docker.ts';
import type { KubeContainer, KubeObject } from '../kube/reduce.ts';
import { type KubeSink, Watcher } from '../kube/watcher.ts';
import type { DimensionTables } from '../model/rows.ts';

export interface KubeOptions {
  readonly kubeconfig?: string;
  /** Of the API, where no kubeconfig is needed. */
  readonly url?: string;
  readonly cri?: string;
  readonly docker?: string;
  /** Names come from the node alone. */
  readonly noApi?: boolean;
}

interface Source {
  readonly trouble?: string | null;
  start(): void;
  stop(): void;
}

export class KubeSource implements KubeSink {
  readonly #tables: DimensionTables;
  readonly #now: () => number;
  readonly #epochMs: number;
  readonly #sources: Source[] = [];
  readonly #first = new Map<string, { readonly from: number; readonly said: string }>();
  readonly #watcher: Watcher | null;

  /** `epoch`: ns since 1970 of the capture's time zero. Throws KubeConfigError. */
  constructor(tables: DimensionTables, epoch: bigint, options: KubeOptions) {
    this.#tables = tables;
    this.#epochMs = Number(epoch / 1_000_000n);
    this.#now = () => (Date.now() - this.#epochMs) * 1e6;
    const cri = findCriSocket(options.cri);
    if (cri !== null) this.#sources.push(new CriSource(cri, this));
    const docker = findDockerSocket(options.docker);
    if (docker !== null) this.#sources.push(new DockerSource(docker, this));
    const access = options.noApi === true ? null : findAccess(options);
    this.#watcher = access === null ? null : new Watcher(new ApiClient(access), this);
    if (this.#watcher !== null) this.#sources.push(this.#watcher);
  }

  start(): void {
    for (const source of this.#sources) source.start();
  }

  stop(): void {
    for (const source of this.#sources) source.stop();
  }

  /** How many pods are known. */
  get pods(): number {
    let n = 0;
    for (const { kind } of this.#tables.objects.all()) if (kind === 'Pod') n++;
    return n;
  }

  /** What is wrong with the names, in words: none where all sources speak. */
  get troubles(): string[] {
    const found = this.#sources.flatMap(({ trouble }) => (trouble === null || trouble === undefined ? [] : [trouble]));
    const last = this.#watcher?.lastWord ?? 0;
    return last > 0 && found.length > 0 ? [`names as of ${new Date(last).toISOString().slice(11, 19)}`, ...found] : found;
  }

  /** The API and the runtime tell of the same pod: what one does not know the other fills in. */
  object({ created, ...object }: KubeObject): void {
    const before = this.#tables.objects.under(object.uid);
    const merged = before === undefined ? object : { ...object, ...filled(object, before) };
    const said = JSON.stringify(merged);
    const known = this.#first.get(object.uid);
    if (known?.said === said && before?.to === null) return;
    const from = known?.from ?? (created === null ? this.#now() : (created - this.#epochMs) * 1e6);
    this.#first.set(object.uid, { from, said });
    this.#tables.objects.putUnder(object.uid, { ...merged, from, to: null });
  }

  container(container: KubeContainer): void {
    const before = this.#tables.containers.under(container.container);
    const merged =
      before === undefined
        ? container
        : { ...container, image: container.image || before.image, ip: container.ip || before.ip, name: container.name || before.name };
    const said = JSON.stringify(merged);
    const known = this.#first.get(container.container);
    if (known?.said === said) return;
    const from = known?.from ?? this.#now();
    this.#first.set(container.container, { from, said });
    this.#tables.containers.putUnder(container.container, { ...merged, from, to: null });
  }

  /** It stays in the capture: older events belong to it. */
  gone(uid: string): void {
    const row = this.#tables.objects.under(uid);
    if (row === undefined || row.to !== null) return;
    row.to = this.#now();
    this.#tables.objects.touch(row);
  }
}

type Told = Omit<KubeObject, 'created'>;

/** What a source leaves empty is kept as another told it; containers of before stay. */
function filled(object: Told, before: Told): Partial<Told> {
  return {
    labels: Object.keys(object.labels).length > 0 ? object.labels : before.labels,
    node: object.node || before.node,
    ips: object.ips.length > 0 ? object.ips : before.ips,
    owners: object.owners.length > 0 ? object.owners : before.owners,
    containers: [...new Set([...before.containers, ...object.containers])],
  };
}
