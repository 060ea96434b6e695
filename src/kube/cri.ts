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
import { eachOf } from './each-of.ts';
import { Poller } from './poller.ts';
import type { KubeSink } from './watcher.ts';

/** Where runtimes listen, the usual ones first. */
export const CRI_SOCKETS: readonly string[] = [
  '/run/containerd/containerd.sock',
  '/run/k3s/containerd/containerd.sock',
  '/run/crio/crio.sock',
  '/run/cri-dockerd.sock',
];

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
  readonly #sink: KubeSink;
  readonly #client: CriClient;
  readonly #events: CriEvents;
  readonly #poller: Poller;
  /** By uid: what was said of a pod when it was told. */
  readonly #pods = new Map<string, string>();
  readonly #containers = new Set<string>();
  readonly #images = new Map<string, string>();
  #runtime = '';

  constructor(socket: string, sink: KubeSink) {
    this.#sink = sink;
    this.#client = new CriClient(socket);
    this.#events = new CriEvents(
      this.#client,
      (event) => this.#happened(event),
      () => this.#poller.hint(),
    );
    this.#poller = new Poller(
      socket,
      () => this.#read(),
      () => this.streamName !== null,
    );
  }

  start(): void {
    this.#poller.start();
    void this.#events.start();
  }

  stop(): void {
    this.#poller.stop();
    this.#events.stop();
    this.#client.close();
  }

  /** What is wrong, or was, in words; null: nothing. */
  get sourceError(): string | null {
    return this.#poller.sourceError;
  }

  /** Which stream of events is listened to; null: none, the lists are asked for all the time. */
  get streamName(): string | null {
    return this.#events.streamName;
  }

  #happened(event: ContainerEvent | null): void {
    this.#poller.hint();
    const sandbox = event?.podSandboxStatus ?? null;
    if (sandbox !== null) this.#take(sandbox, event!.containersStatuses).catch(() => {}); // the lists tell it, too
  }

  /** From an event: what is over before a list was made has its name all the same. */
  async #take(sandbox: SandboxStatus, containers: readonly ContainerStatus[]): Promise<void> {
    if (!isReady(sandbox)) return;
    const ids = [sandbox.id, ...containers.map(({ id }) => id)];
    this.#tellPod(sandbox, ids);
    await eachOf(containers, AT_ONCE, (container) => this.#container(container, sandbox));
  }

  async #read(): Promise<void> {
    if (this.#runtime === '') this.#runtime = (await this.#client.call<RuntimeVersion>('RuntimeService', 'Version')).runtimeName;
    const [{ items }, { containers }] = await Promise.all([
      this.#client.call<{ items: Sandbox[] }>('RuntimeService', 'ListPodSandbox'),
      this.#client.call<{ containers: Listed[] }>('RuntimeService', 'ListContainers'),
    ]);
    const pods = podsOf(items, containers);
    await eachOf(pods, AT_ONCE, ([uid, pod]) => this.#pod(uid, pod));
    const sandboxes = new Map(items.map((sandbox) => [sandbox.id, sandbox]));
    await eachOf(containers, AT_ONCE, (container) => this.#container(container, sandboxes.get(container.podSandboxId)));
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
    for (const id of [...this.#containers]) {
      if (there.has(id)) continue;
      this.#containers.delete(id);
      this.#sink.containerGone?.(id);
    }
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

/** The runtime's socket of this node; null: none is there. */
export function findCriSocket(named: string | undefined): string | null {
  if (named !== undefined) return named;
  return CRI_SOCKETS.find((path) => existsSync(path)) ?? null;
}
