/** Where names of containers and pods come from: the runtime's and Docker's sockets, which are root's or a group's, and the Kubernetes API. */
import { ApiClient } from '../kube/api.ts';
import { findAccess } from '../kube/config.ts';
import { CriSource, findCriSocket } from '../kube/cri.ts';
import { DockerSource, findDockerSocket } from '../kube/docker.ts';
import { type KubeSink, Watcher } from '../kube/watcher.ts';
import type { NameSource } from '../model/kube.ts';

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

/** All sources that there are, each with a sink of its own. */
export class NameSources {
  readonly #sources: Source[] = [];
  readonly #watcher: Watcher | null;

  /** Throws KubeConfigError. */
  constructor(options: KubeOptions, sinkOf: (source: NameSource) => KubeSink) {
    const cri = findCriSocket(options.cri);
    if (cri !== null) this.#sources.push(new CriSource(cri, sinkOf('cri')));
    const docker = findDockerSocket(options.docker);
    if (docker !== null) this.#sources.push(new DockerSource(docker, sinkOf('docker')));
    const access = options.noApi === true ? null : findAccess(options);
    this.#watcher = access === null ? null : new Watcher(new ApiClient(access), sinkOf('api'));
    if (this.#watcher !== null) this.#sources.push(this.#watcher);
  }

  start(): void {
    for (const source of this.#sources) source.start();
  }

  stop(): void {
    for (const source of this.#sources) source.stop();
  }

  /** What is wrong, in words: none where all sources speak. */
  get errors(): string[] {
    const found = this.#sources.flatMap(({ sourceError }) => (sourceError === null || sourceError === undefined ? [] : [sourceError]));
    const last = this.#watcher?.lastWord ?? 0;
    return last > 0 && found.length > 0 ? [`names as of ${new Date(last).toISOString().slice(11, 19)}`, ...found] : found;
  }
}
