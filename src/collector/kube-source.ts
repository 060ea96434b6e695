/** Names of containers and pods while recording: what all sources say, beside the ingest, as the capture's rows. */
import { GONE_KEPT, KubeRows } from '../kube/kube-rows.ts';
import type { KubeSink } from '../kube/watcher.ts';
import type { NameSource } from '../model/kube.ts';
import type { DimensionTables } from '../model/rows.ts';
import { steadyNow } from '../model/steady.ts';
import { type KubeOptions, NameSources } from './name-sources.ts';

/** Who asks the sources: this process, or another for it. */
export type NamesBy = (sinkOf: (source: NameSource) => KubeSink) => {
  readonly errors: string[];
  start(): void;
  /** What was wrong until now is known once it has ended. */
  stop(): void | Promise<void>;
};

export class KubeSource {
  readonly #rows: KubeRows;
  readonly #sources: ReturnType<NamesBy>;

  /** `epoch`: ns since 1970 of the capture's time zero. Throws KubeConfigError. */
  constructor(tables: DimensionTables, epoch: bigint, options: KubeOptions, by: NamesBy | null = null) {
    const epochMs = Number(epoch / 1_000_000n);
    this.#rows = new KubeRows(tables, epochMs, () => Math.round((steadyNow() - epochMs) * 1e6), undefined, GONE_KEPT);
    const sinkOf = (source: NameSource) => this.#rows.sink(source);
    this.#sources = by === null ? new NameSources(options, sinkOf) : by(sinkOf);
  }

  start(): void {
    this.#sources.start();
  }

  stop(): void | Promise<void> {
    return this.#sources.stop();
  }

  /** How many pods are known. */
  get pods(): number {
    return this.#rows.pods;
  }

  /** What is wrong with the names, in words: none where all sources speak. */
  get sourceErrors(): string[] {
    const { dropped } = this.#rows;
    return [...this.#sources.errors, ...(dropped === null ? [] : [dropped])];
  }
}
