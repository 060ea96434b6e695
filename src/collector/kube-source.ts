/** Names of containers and pods while recording: what all sources say, beside the ingest, as the capture's rows. */
import { GONE_KEPT, KubeRows } from '../kube/kube-rows.ts';
import type { DimensionTables } from '../model/rows.ts';
import { steadyNow } from '../model/steady.ts';
import { type KubeOptions, NameSources } from './name-sources.ts';

export class KubeSource {
  readonly #rows: KubeRows;
  readonly #sources: NameSources;

  /** `epoch`: ns since 1970 of the capture's time zero. Throws KubeConfigError. */
  constructor(tables: DimensionTables, epoch: bigint, options: KubeOptions) {
    const epochMs = Number(epoch / 1_000_000n);
    this.#rows = new KubeRows(tables, epochMs, () => Math.round((steadyNow() - epochMs) * 1e6), undefined, GONE_KEPT);
    this.#sources = new NameSources(options, (source) => this.#rows.sink(source));
  }

  start(): void {
    this.#sources.start();
  }

  stop(): void {
    this.#sources.stop();
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
