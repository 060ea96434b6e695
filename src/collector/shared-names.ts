/** Names of one cluster for all recordings of a collector: one watcher asks the API, and each recording gets rows of its own from what it says. */
import { GONE_KEPT, KubeRows } from '../kube/kube-rows.ts';
import type { KubeContainer, KubeEvent, KubeObject } from '../kube/reduce.ts';
import type { KubeSink } from '../kube/watcher.ts';
import type { DimensionTables } from '../model/rows.ts';
import { steadyNow } from '../model/steady.ts';

/** Where a recording's names come from. */
export interface NamesOf {
  /** How many pods are known. */
  readonly pods: number;
  /** What is wrong, in words. */
  readonly sourceErrors: string[];
  start(): void;
  stop(): void | Promise<void>;
}

/** One recording: all objects are told to it, containers only of its own node (null: of all). */
interface Member {
  readonly sink: KubeSink;
  readonly node: string | null;
}

const isOf = ({ node: own }: Member, node: string | undefined): boolean => own === null || own === node;

export class SharedNames {
  readonly #objects = new Map<string, KubeObject>();
  readonly #containers = new Map<string, KubeContainer>();
  /** By id of a container: the node that it is on. */
  readonly #nodes = new Map<string, string>();
  readonly #members = new Set<Member>();
  readonly #sourceErrors: () => string[];

  /** `sourceErrors`: of the watcher that fills `sink`. */
  constructor(sourceErrors: () => string[] = () => []) {
    this.#sourceErrors = sourceErrors;
  }

  /** What the watcher is given. Events of the cluster are told as they come: those of before a recording are not its own. */
  readonly sink: KubeSink = {
    object: (object) => this.#object(object),
    container: (container) => this.#container(container),
    gone: (uid) => this.#gone(uid),
    event: (event: KubeEvent) => {
      for (const { sink } of this.#members) sink.event?.(event);
    },
  };

  /** How many recordings get names. */
  get members(): number {
    return this.#members.size;
  }

  /** For a recording of a node; `epoch`: ns since 1970 of its time zero. */
  of(tables: DimensionTables, epoch: bigint, node: string): NamesOf {
    const epochMs = Number(epoch / 1_000_000n);
    const rows = new KubeRows(tables, epochMs, () => Math.round((steadyNow() - epochMs) * 1e6), undefined, GONE_KEPT);
    const member = { sink: rows.sink('api'), node };
    const sourceErrors = () => [...this.#sourceErrors(), ...(rows.dropped === null ? [] : [rows.dropped])];
    return {
      get pods() {
        return rows.pods;
      },
      get sourceErrors() {
        return sourceErrors();
      },
      start: () => this.#join(member),
      stop: () => void this.#members.delete(member),
    };
  }

  /** All that is said, to whom it is passed on; gives what ends it. */
  tell(sink: KubeSink): () => void {
    const member = { sink, node: null };
    this.#join(member);
    return () => void this.#members.delete(member);
  }

  #join(member: Member): void {
    this.#members.add(member);
    for (const object of this.#objects.values()) member.sink.object(object);
    for (const [id, container] of this.#containers) if (isOf(member, this.#nodes.get(id))) member.sink.container(container);
  }

  #object(object: KubeObject): void {
    this.#objects.set(object.uid, object);
    if (object.kind === 'Pod') for (const id of object.containers) this.#nodes.set(id, object.node);
    for (const { sink } of this.#members) sink.object(object);
  }

  #container(container: KubeContainer): void {
    const node = this.#nodes.get(container.container);
    this.#containers.set(container.container, container);
    for (const member of this.#members) if (isOf(member, node)) member.sink.container(container);
  }

  #gone(uid: string): void {
    for (const id of this.#objects.get(uid)?.containers ?? []) {
      this.#containers.delete(id);
      this.#nodes.delete(id);
    }
    this.#objects.delete(uid);
    for (const { sink } of this.#members) sink.gone(uid);
  }
}
