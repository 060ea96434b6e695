/** Keeps up with the objects of a cluster: lists each resource, then watches it; starts anew when the server has forgotten where it was. */
import type { KubeKind } from '../model/kube.ts';
import { steadyNow } from '../model/steady.ts';
import { type ApiClient, ApiError } from './api.ts';
import { containersOfPod, type KubeContainer, type KubeEvent, type KubeObject, reduceEvent, reduceObject } from './reduce.ts';

export interface KubeSink {
  object(object: KubeObject): void;
  container(container: KubeContainer): void;
  /** An object is gone. */
  gone(uid: string): void;
  /** A container is gone; one that a pod has goes with it. */
  containerGone?(id: string): void;
  /** Something that the cluster reports happened, once more perhaps. */
  event?(event: KubeEvent): void;
}

type WatchedKind = KubeKind | 'Event';

interface Place {
  readonly kind: WatchedKind;
  readonly path: string;
}

/** One kind of objects, and the paths at which servers of different ages have it: the first that this one has is taken. */
const at = (kind: WatchedKind, ...paths: readonly string[]): readonly Place[] => paths.map((path) => ({ kind, path }));

/** What is asked for, and nothing else; deploy/rbac.yaml allows just this. */
export const RESOURCES: readonly (readonly Place[])[] = [
  at('Pod', '/api/v1/pods'),
  at('Service', '/api/v1/services'),
  at('Namespace', '/api/v1/namespaces'),
  at('Node', '/api/v1/nodes'),
  at('ReplicaSet', '/apis/apps/v1/replicasets'),
  at('Deployment', '/apis/apps/v1/deployments'),
  at('StatefulSet', '/apis/apps/v1/statefulsets'),
  at('DaemonSet', '/apis/apps/v1/daemonsets'),
  at('Job', '/apis/batch/v1/jobs'),
  at('CronJob', '/apis/batch/v1/cronjobs', '/apis/batch/v1beta1/cronjobs'),
  at('ReplicationController', '/api/v1/replicationcontrollers'),
  [
    ...at('EndpointSlice', '/apis/discovery.k8s.io/v1/endpointslices', '/apis/discovery.k8s.io/v1beta1/endpointslices'),
    ...at('Endpoints', '/api/v1/endpoints'),
  ],
  at('NetworkPolicy', '/apis/networking.k8s.io/v1/networkpolicies'),
  at('Event', '/api/v1/events'),
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
  readonly #failing = new Map<WatchedKind, { readonly since: number; readonly what: string; readonly why: string }>();
  #lastWord = 0;

  constructor(client: ApiClient, sink: KubeSink) {
    this.#client = client;
    this.#sink = sink;
  }

  start(): void {
    for (const places of RESOURCES) void this.#keepUp(places);
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
  get sourceError(): string | null {
    const pods = this.#failing.get('Pod') ?? [...this.#failing.values()][0];
    return pods === undefined
      ? null
      : `${this.#client.url} ${pods.what} since ${new Date(pods.since).toISOString().slice(11, 19)}: ${pods.why}`;
  }

  /** A kind that the server does not have is asked for again, ever less often: types are added, and a server that starts has few. */
  async #keepUp(places: readonly Place[]): Promise<void> {
    const name = places[0]!.kind;
    const { signal } = this.#abort;
    let pause = FIRST_PAUSE_MS;
    let place = 0;
    let refused: Error | null = null;
    let absent = false;
    const onWord = () => {
      pause = FIRST_PAUSE_MS;
      refused = null;
      absent = false;
    };
    while (!signal.aborted) {
      try {
        await this.#follow(places[place]!, name, onWord);
      } catch (error) {
        if (signal.aborted) return;
        const status = error instanceof ApiError ? error.status : 0;
        const notHere = status === NOT_FOUND || status === FORBIDDEN;
        if (status === FORBIDDEN) refused = error as Error;
        if (notHere) place = (place + 1) % places.length;
        if (notHere && place > 0) continue; // another path may have it
        if (notHere) absent = refused === null;
        if (absent) this.#failing.delete(name);
        if (refused !== null) pause = LONGEST_PAUSE_MS;
        if (!absent && status !== GONE) this.#fails(name, refused ?? (error as Error));
      }
      await sleep(pause, signal);
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
    }
  }

  /** One listing, and its watches for as long as the server knows where they were. */
  async #follow({ kind, path }: Place, name: WatchedKind, onWord: () => void): Promise<void> {
    const { signal } = this.#abort;
    const seen = new Set<string>();
    let version = await this.#client.list(path, signal, (items) => {
      for (const item of items) {
        const uid = this.#tell(kind, item);
        if (uid !== null) seen.add(uid);
      }
      this.#heard(name);
    });
    this.#forget(kind, seen);
    onWord();
    while (!signal.aborted) {
      const begun = steadyNow();
      for await (const { type, object } of this.#client.watch(path, version, signal)) {
        if (type === 'ERROR') throw new ApiError(Number(object.code ?? 0), String(object.message ?? 'the watch failed'));
        version = String((object.metadata as { resourceVersion?: string } | undefined)?.resourceVersion ?? version);
        this.#heard(name);
        if (type === 'BOOKMARK') continue;
        const uid = this.#tell(kind, object);
        if (uid === null) continue;
        if (type === 'DELETED') this.#drop(kind, uid);
      }
      onWord();
      if (steadyNow() - begun < FIRST_PAUSE_MS) await sleep(FIRST_PAUSE_MS, signal); // something between cuts watches short
    }
  }

  readonly #known = new Map<WatchedKind, Set<string>>();

  #tell(kind: WatchedKind, item: unknown): string | null {
    if (kind === 'Event') {
      const event = reduceEvent(item);
      if (event !== null) this.#sink.event?.(event);
      return null;
    }
    const object = reduceObject(kind, item);
    if (object === null) return null;
    this.#sink.object(object);
    if (kind === 'Pod') for (const container of containersOfPod(item)) this.#sink.container(container);
    const known = this.#known.get(kind) ?? new Set<string>();
    this.#known.set(kind, known.add(object.uid));
    return object.uid;
  }

  #drop(kind: WatchedKind, uid: string): void {
    this.#known.get(kind)?.delete(uid);
    this.#sink.gone(uid);
  }

  /** What a new list does not have was deleted while nobody watched. */
  #forget(kind: WatchedKind, seen: ReadonlySet<string>): void {
    for (const uid of [...(this.#known.get(kind) ?? [])]) if (!seen.has(uid)) this.#drop(kind, uid);
  }

  #heard(kind: WatchedKind): void {
    this.#lastWord = steadyNow();
    this.#failing.delete(kind);
  }

  #fails(kind: WatchedKind, error: Error): void {
    if (this.#failing.has(kind)) return;
    const what = error instanceof ApiError && REFUSALS.includes(error.status) ? 'refuses to tell' : 'unreachable';
    this.#failing.set(kind, { since: steadyNow(), what, why: error.message });
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
