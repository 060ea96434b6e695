/** Containers and pods of this node, asked of its container runtime. It knows them before the Kubernetes API does, and without it. */
import { existsSync } from 'node:fs';
import { type ServiceError, status } from '@grpc/grpc-js';
import { CriClient } from './cri-client.ts';
import { type ContainerEvent, CriEvents, type RuntimeVersion } from './cri-events.ts';
import {
  type Container,
  type ContainerStatus,
  containerOf,
  isReady,
  isSettled,
  podOf,
  type Sandbox,
  type SandboxStatus,
  sandboxContainer,
} from './cri-reduce.ts';
import type { KubeSink } from './watcher.ts';

/** Where runtimes listen, the usual ones first. */
export const CRI_SOCKETS: readonly string[] = [
  '/run/containerd/containerd.sock',
  '/run/k3s/containerd/containerd.sock',
  '/run/crio/crio.sock',
  '/run/cri-dockerd.sock',
];

/** How often the lists are asked for while nothing tells of what happens, and while something does. */
const EVERY_MS = 1000;
const LISTENING_MS = 10_000;
/** After an event: a pod is in the list a moment after its container was made. */
const SOON_MS = 20;
const SETTLED_MS = 500;
/** Statuses asked for at once. */
const AT_ONCE = 8;

type Listed = Container & { readonly podSandboxId: string };

/** A pod, and what of it was told. */
interface Pod {
  /** Of its sandboxes the one that counts: one that failed is kept beside the next. */
  readonly sandbox: Sandbox;
  readonly containers: readonly string[];
}

export class CriSource {
  readonly #socket: string;
  readonly #sink: KubeSink;
  readonly #client: CriClient;
  readonly #events: CriEvents;
  /** By uid: what was said of a pod when it was told. */
  readonly #pods = new Map<string, string>();
  readonly #containers = new Set<string>();
  readonly #images = new Map<string, string>();
  #runtime = '';
  #timer: NodeJS.Timeout | null = null;
  #due = 0;
  #reading = false;
  #hinted = false;
  #stopped = false;
  #failing: { readonly since: number; readonly why: string; until: number | null } | null = null;

  constructor(socket: string, sink: KubeSink) {
    this.#socket = socket;
    this.#sink = sink;
    this.#client = new CriClient(socket);
    this.#events = new CriEvents(
      this.#client,
      (event) => this.#happened(event),
      () => this.#happened(null),
    );
  }

  start(): void {
    void this.#round();
    void this.#events.start();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#events.stop();
    this.#client.close();
  }

  /** What is wrong, or was, in words; null: nothing. */
  get trouble(): string | null {
    if (this.#failing === null) return null;
    const { since, until, why } = this.#failing;
    return until === null
      ? `${this.#socket} silent since ${clock(since)}: ${why}`
      : `${this.#socket} was silent from ${clock(since)} to ${clock(until)}`;
  }

  /** Which stream of events is listened to; null: none, the lists are asked for all the time. */
  get way(): string | null {
    return this.#events.way;
  }

  /** One look at the lists. What comes meanwhile asks for another. */
  async #round(): Promise<void> {
    if (this.#reading) return this.#later(SOON_MS);
    this.#reading = true;
    try {
      await this.#read();
      if (this.#failing !== null) this.#failing.until ??= Date.now();
    } catch (error) {
      this.#fails(error as Error);
    }
    this.#reading = false;
    this.#later(this.#pause());
  }

  #pause(): number {
    const { way } = this.#events;
    if (this.#hinted) {
      this.#hinted = false;
      return SETTLED_MS;
    }
    return way === null || this.#failing?.until === null ? EVERY_MS : LISTENING_MS;
  }

  /** Brings the next round forward, never back. */
  #later(ms: number): void {
    const due = Date.now() + ms;
    if (this.#stopped || (this.#timer !== null && this.#due <= due)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#round();
    }, ms);
    this.#timer.unref();
  }

  #fails({ message }: Error): void {
    if (this.#stopped || this.#failing?.until === null) return;
    this.#failing = { since: Date.now(), why: message, until: null };
  }

  #happened(event: ContainerEvent | null): void {
    this.#hinted = true;
    this.#later(SOON_MS);
    if (event?.podSandboxStatus !== null && event?.podSandboxStatus !== undefined) {
      this.#take(event.podSandboxStatus, event.containersStatuses).catch(() => {}); // the lists tell it, too
    }
  }

  /** From an event: what is over before a list was made has its name all the same. */
  async #take(sandbox: SandboxStatus, containers: readonly ContainerStatus[]): Promise<void> {
    if (!isReady(sandbox)) return;
    const ids = [sandbox.id, ...containers.map(({ id }) => id)];
    this.#tellPod(sandbox, ids);
    await eachOf(containers, (container) => this.#container(container, sandbox));
  }

  async #read(): Promise<void> {
    if (this.#runtime === '') this.#runtime = (await this.#client.call<RuntimeVersion>('RuntimeService', 'Version')).runtimeName;
    const [{ items }, { containers }] = await Promise.all([
      this.#client.call<{ items: Sandbox[] }>('RuntimeService', 'ListPodSandbox'),
      this.#client.call<{ containers: Listed[] }>('RuntimeService', 'ListContainers'),
    ]);
    const pods = podsOf(items, containers);
    await eachOf(pods, ([uid, pod]) => this.#pod(uid, pod));
    const sandboxes = new Map(items.map((sandbox) => [sandbox.id, sandbox]));
    await eachOf(containers, (container) => this.#container(container, sandboxes.get(container.podSandboxId)));
    this.#forget(pods, containers);
  }

  async #pod(uid: string, { sandbox, containers }: Pod): Promise<void> {
    const said = [sandbox.state, ...containers].join(' ');
    if (this.#pods.get(uid) === said) return;
    const found = await unlessGone(
      this.#client.call<{ status: SandboxStatus }>('RuntimeService', 'PodSandboxStatus', { podSandboxId: sandbox.id }),
    );
    const whole = found?.status ?? { ...sandbox, network: null, linux: null };
    this.#tellPod(whole, containers);
    if (isSettled(whole)) this.#pods.set(uid, said);
  }

  #tellPod(sandbox: SandboxStatus, containers: readonly string[]): void {
    const pod = podOf(sandbox, containers);
    if (pod === null) return;
    this.#sink.object(pod);
    this.#sink.container(sandboxContainer(this.#runtime, sandbox));
  }

  async #container(container: Container, sandbox: Sandbox | undefined): Promise<void> {
    const { id } = container;
    if (this.#containers.has(id)) return;
    type Answer = { status: ContainerStatus; info: Record<string, string> };
    const asked = { containerId: id, verbose: true };
    const found = await unlessGone(this.#client.call<Answer>('RuntimeService', 'ContainerStatus', asked));
    const { status: whole, info } = found ?? { status: { mounts: [], ...container }, info: {} };
    const image = await this.#imageName(whole.image?.image ?? '');
    this.#sink.container(containerOf(this.#runtime, whole, image, sandbox?.labels ?? {}, info));
    this.#containers.add(id);
  }

  /** The kubelet makes containers of images by their ids. */
  async #imageName(image: string): Promise<string> {
    if (!/^(sha256:)?[0-9a-f]{64}$/.test(image)) return image;
    let name = this.#images.get(image);
    if (name === undefined) {
      type Answer = { image: { repoTags: string[] } | null };
      const found = await this.#client.call<Answer>('ImageService', 'ImageStatus', { image: { image } });
      name = found.image?.repoTags[0] ?? image;
      this.#images.set(image, name);
    }
    return name;
  }

  /** A pod that the runtime knows no more is gone; its address may be another's next. */
  #forget(pods: ReadonlyMap<string, Pod>, containers: readonly Container[]): void {
    for (const uid of [...this.#pods.keys()]) {
      if (pods.has(uid)) continue;
      this.#pods.delete(uid);
      this.#sink.gone(uid);
    }
    const there = new Set(containers.map(({ id }) => id));
    for (const id of [...this.#containers]) if (!there.has(id)) this.#containers.delete(id);
  }
}

/** By uid: of several sandboxes of a pod the one that is ready, else the last, and the containers of all. */
function podsOf(sandboxes: readonly Sandbox[], containers: readonly Listed[]): Map<string, Pod> {
  const pods = new Map<string, Pod>();
  const order = [...sandboxes].sort((a, b) => b.state - a.state || a.createdAt - b.createdAt);
  for (const sandbox of order) {
    const uid = sandbox.metadata?.uid ?? '';
    const own = containers.filter(({ podSandboxId }) => podSandboxId === sandbox.id).map(({ id }) => id);
    if (uid !== '') pods.set(uid, { sandbox, containers: [...(pods.get(uid)?.containers ?? []), sandbox.id, ...own] });
  }
  return pods;
}

/** Null: the runtime knows it no more. */
async function unlessGone<Answer>(answer: Promise<Answer>): Promise<Answer | null> {
  try {
    return await answer;
  } catch (error) {
    if ((error as ServiceError).code === status.NOT_FOUND) return null;
    throw error;
  }
}

/** Does some work for each, a few at once. */
async function eachOf<Item>(items: Iterable<Item>, work: (item: Item) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const clock = (ms: number) => new Date(ms).toISOString().slice(11, 19);

/** The runtime's socket of this node; null: none is there. */
export function findCriSocket(named: string | undefined): string | null {
  if (named !== undefined) return named;
  return CRI_SOCKETS.find((path) => existsSync(path)) ?? null;
}
