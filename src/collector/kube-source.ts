/** Names of containers and pods while recording: all sources there are, beside the ingest, into the capture's rows. */
import { ApiClient } from '../kube/api.ts';
import { findAccess } from '../kube/config.ts';
import { CriSource, findCriSocket } from '../kube/cri.ts';
import { DockerSource, findDockerSocket } from '../kube/docker.ts';
import { GONE_KEPT, KubeRows } from '../kube/kube-rows.ts';
import { Watcher } from '../kube/watcher.ts';
import type { DimensionTables } from '../model/rows.ts';
import { steadyNow } from '../model/steady.ts';

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
  readonly sourceError?: string | null;
  start(): void;
  stop(): void;
}

export class KubeSource {
  readonly #rows: KubeRows;
  readonly #sources: Source[] = [];
  readonly #watcher: Watcher | null;

  /** `epoch`: ns since 1970 of the capture's time zero. Throws KubeConfigError. */
  constructor(tables: DimensionTables, epoch: bigint, options: KubeOptions) {
    const epochMs = Number(epoch / 1_000_000n);
    this.#rows = new KubeRows(tables, epochMs, () => Math.round((steadyNow() - epochMs) * 1e6), undefined, GONE_KEPT);
    const cri = findCriSocket(options.cri);
    if (cri !== null) this.#sources.push(new CriSource(cri, this.#rows.sink('cri')));
    const docker = findDockerSocket(options.docker);
    if (docker !== null) this.#sources.push(new DockerSource(docker, this.#rows.sink('docker')));
    const access = options.noApi === true ? null : findAccess(options);
    this.#watcher = access === null ? null : new Watcher(new ApiClient(access), this.#rows.sink('api'));
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
    return this.#rows.pods;
  }

  /** What is wrong with the names, in words: none where all sources speak. */
  get sourceErrors(): string[] {
    const found = this.#sources.flatMap(({ sourceError }) => (sourceError === null || sourceError === undefined ? [] : [sourceError]));
    const last = this.#watcher?.lastWord ?? 0;
    const stale = last > 0 && found.length > 0 ? [`names as of ${new Date(last).toISOString().slice(11, 19)}`] : [];
    const { dropped } = this.#rows;
    return [...stale, ...found, ...(dropped === null ? [] : [dropped])];
  }
}
