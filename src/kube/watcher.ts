/** Keeps up with the objects of a cluster: lists each resource, then watches it; starts anew when the server has forgotten where it was. */
import type { KubeKind } from '../model/kube.ts';
import { type ApiClient, ApiError } from './api.ts';
import { containersOfPod, type KubeContainer, type KubeObject, reduceObject } from './reduce.ts';

export interface KubeSink {
  object(object: KubeObject): void;
  container(container: KubeContainer): void;
  /** An object is gone. */
  gone(uid: string): void;
}

interface Resource {
  readonly kind: KubeKind;
  /** The first that the server has is taken. */
  readonly paths: readonly string[];
}

export const RESOURCES: readonly Resource[] = [
  { kind: 'Pod', paths: ['/api/v1/pods'] },
  { kind: 'Service', paths: ['/api/v1/services'] },
  { kind: 'Namespace', paths: ['/api/v1/namespaces'] },
  { kind: 'Node', paths: ['/api/v1/nodes'] },
  { kind: 'ReplicaSet', paths: ['/apis/apps/v1/replicasets'] },
  { kind: 'Deployment', paths: ['/apis/apps/v1/deployments'] },
  { kind: 'StatefulSet', paths: ['/apis/apps/v1/statefulsets'] },
  { kind: 'DaemonSet', paths: ['/apis/apps/v1/daemonsets'] },
  { kind: 'Job', paths: ['/apis/batch/v1/jobs'] },
  { kind: 'ReplicationController', paths: ['/api/v1/replicationcontrollers'] },
  { kind: 'EndpointSlice', paths: ['/apis/discovery.k8s.io/v1/endpointslices', '/apis/discovery.k8s.io/v1beta1/endpointslices'] },
];

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const GONE = 410;
const NOT_FOUND = 404;
const FORBIDDEN = 403;
const REFUSALS: readonly number[] = [401, FORBIDDEN];

export class Watcher {
  readonly #client: ApiClient;
  readonly #sink: KubeSink;
  readonly #abort = new AbortController();
  /** By kind: since when it fails, ms since 1970, and why. */
  readonly #failing = new Map<KubeKind, { readonly since: number; readonly what: string; readonly why: string }>();
  readonly #listed = new Set<KubeKind>();
  #lastWord = 0;

  constructor(client: ApiClient, sink: KubeSink) {
    this.#client = client;
    this.#sink = sink;
  }

  start(): void {
    for (const resource of RESOURCES) void this.#keepUp(resource);
  }

  stop(): void {
    this.#abort.abort();
    this.#client.close();
  }

  /** ms since 1970 at which the server last told something; 0: never. */
  get lastWord(): number {
    return this.#lastWord;
  }

  /** What is wrong, in words; null: nothing. */
  get trouble(): string | null {
    const pods = this.#failing.get('Pod') ?? [...this.#failing.values()][0];
    return pods === undefined
      ? null
      : `${this.#client.url} ${pods.what} since ${new Date(pods.since).toISOString().slice(11, 19)}: ${pods.why}`;
  }

  /** Whether all objects there were have been told. */
  get isComplete(): boolean {
    return this.#listed.has('Pod') && this.#listed.has('Service');
  }

  async #keepUp({ kind, paths }: Resource): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    let path = 0;
    while (!this.#abort.signal.aborted) {
      try {
        await this.#follow(kind, paths[path]!, () => {
          pause = FIRST_PAUSE_MS;
        });
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        const status = error instanceof ApiError ? error.status : 0;
        if (status === NOT_FOUND && ++path >= paths.length) return; // this server has no such objects
        if (status === FORBIDDEN) pause = LONGEST_PAUSE_MS;
        if (status !== GONE && status !== NOT_FOUND) this.#fails(kind, error as Error);
      }
      await sleep(pause, this.#abort.signal);
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
    }
  }

  /** One listing, and its watches for as long as the server knows where they were. */
  async #follow(kind: KubeKind, path: string, onWord: () => void): Promise<void> {
    const { signal } = this.#abort;
    const seen = new Set<string>();
    let version = await this.#client.list(path, signal, (items) => {
      for (const item of items) {
        const uid = this.#tell(kind, item);
        if (uid !== null) seen.add(uid);
      }
      this.#heard(kind);
    });
    this.#listed.add(kind);
    this.#forget(kind, seen);
    onWord();
    while (!signal.aborted) {
      for await (const { type, object } of this.#client.watch(path, version, signal)) {
        if (type === 'ERROR') throw new ApiError(Number(object.code ?? 0), String(object.message ?? 'the watch failed'));
        version = String((object.metadata as { resourceVersion?: string } | undefined)?.resourceVersion ?? version);
        this.#heard(kind);
        if (type === 'BOOKMARK') continue;
        const uid = this.#tell(kind, object);
        if (uid === null) continue;
        if (type === 'DELETED') this.#drop(kind, uid);
      }
      onWord();
    }
  }

  readonly #known = new Map<KubeKind, Set<string>>();

  #tell(kind: KubeKind, item: unknown): string | null {
    const object = reduceObject(kind, item);
    if (object === null) return null;
    this.#sink.object(object);
    if (kind === 'Pod') for (const container of containersOfPod(item)) this.#sink.container(container);
    const known = this.#known.get(kind) ?? new Set<string>();
    this.#known.set(kind, known.add(object.uid));
    return object.uid;
  }

  #drop(kind: KubeKind, uid: string): void {
    this.#known.get(kind)?.delete(uid);
    this.#sink.gone(uid);
  }

  /** What a new list does not have was deleted while nobody watched. */
  #forget(kind: KubeKind, seen: ReadonlySet<string>): void {
    for (const uid of [...(this.#known.get(kind) ?? [])]) if (!seen.has(uid)) this.#drop(kind, uid);
  }

  #heard(kind: KubeKind): void {
    this.#lastWord = Date.now();
    this.#failing.delete(kind);
  }

  #fails(kind: KubeKind, error: Error): void {
    if (this.#failing.has(kind)) return;
    const what = error instanceof ApiError && REFUSALS.includes(error.status) ? 'refuses to tell' : 'unreachable';
    this.#failing.set(kind, { since: Date.now(), what, why: error.message });
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
