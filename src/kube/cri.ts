/** Containers and pods of this node, asked of its container runtime. It knows them before the Kubernetes API does, and without it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, type ClientReadableStream, credentials } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { packageRoot } from '../model/package-root.ts';
import type { KubeContainer, KubeObject } from './reduce.ts';
import type { KubeSink } from './watcher.ts';

/** Where runtimes listen, the usual ones first. */
export const CRI_SOCKETS: readonly string[] = [
  '/run/containerd/containerd.sock',
  '/run/k3s/containerd/containerd.sock',
  '/run/crio/crio.sock',
  '/run/cri-dockerd.sock',
];

/** How often the lists are asked for; the runtime's events only bring that forward. */
const EVERY_MS = 1000;
const SOON_MS = 20;
const DEADLINE_MS = 5000;
/** containerd's own stream of events, on the same socket. */
const EVENTS = '/containerd.services.events.v1.Events/Subscribe';

interface Sandbox {
  readonly id: string;
  readonly metadata: { readonly name: string; readonly uid: string; readonly namespace: string };
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
}

interface Container {
  readonly id: string;
  readonly podSandboxId: string;
  readonly metadata: { readonly name: string };
  readonly image: { readonly image: string };
  readonly imageRef: string;
  readonly labels: Readonly<Record<string, string>>;
}

export class CriSource {
  readonly #socket: string;
  readonly #sink: KubeSink;
  readonly #root: protobuf.Root;
  readonly #client: Client;
  readonly #told = new Set<string>();
  readonly #images = new Map<string, string>();
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  #stream: ClientReadableStream<Buffer> | null = null;
  #failingSince: number | null = null;
  #why = '';

  constructor(socket: string, sink: KubeSink) {
    this.#socket = socket;
    this.#sink = sink;
    this.#root = protobuf.parse(readFileSync(join(packageRoot(), 'proto/cri.proto'), 'utf8')).root;
    this.#client = new Client(`unix:${socket}`, credentials.createInsecure(), { 'grpc.default_authority': 'localhost' });
  }

  start(): void {
    void this.#round();
    this.#subscribe();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#stream?.cancel();
    this.#client.close();
  }

  /** What is wrong, in words; null: nothing. */
  get trouble(): string | null {
    return this.#failingSince === null
      ? null
      : `${this.#socket} silent since ${new Date(this.#failingSince).toISOString().slice(11, 19)}: ${this.#why}`;
  }

  async #round(): Promise<void> {
    try {
      await this.#read();
      this.#failingSince = null;
    } catch (error) {
      this.#failingSince ??= Date.now();
      this.#why = (error as Error).message;
    }
    this.#later(EVERY_MS);
  }

  #later(ms: number): void {
    if (this.#stopped) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#round(), ms);
    this.#timer.unref();
  }

  async #read(): Promise<void> {
    const [sandboxes, containers] = await Promise.all([
      this.#call<{ items?: Sandbox[] }>('RuntimeService/ListPodSandbox', 'ListPodSandboxRequest', 'ListPodSandboxResponse'),
      this.#call<{ containers?: Container[] }>('RuntimeService/ListContainers', 'ListContainersRequest', 'ListContainersResponse'),
    ]);
    const pods = new Map((sandboxes.items ?? []).map((sandbox) => [sandbox.id, sandbox]));
    const ids = new Map<string, string[]>();
    for (const { id, podSandboxId } of containers.containers ?? []) ids.set(podSandboxId, [...(ids.get(podSandboxId) ?? []), id]);
    for (const sandbox of pods.values()) await this.#pod(sandbox, ids.get(sandbox.id) ?? []);
    for (const container of containers.containers ?? []) await this.#container(container, pods.get(container.podSandboxId));
  }

  /** The sandbox is a container, too: it holds the pod's network, and the pause process. */
  async #pod(sandbox: Sandbox, containers: readonly string[]): Promise<void> {
    const key = `${sandbox.id} ${containers.join(' ')}`;
    if (this.#told.has(key)) return;
    const { name, uid, namespace } = sandbox.metadata;
    const ips = await this.#addresses(sandbox.id);
    const object: KubeObject = {
      kind: 'Pod', uid, namespace, name, labels: ownLabels(sandbox.labels), selector: null, node: '', ips, ports: [], owners: [],
      containers: [sandbox.id, ...containers], created: Math.floor(sandbox.createdAt / 1e6),
    }; // biome-ignore format: a row
    this.#sink.object(object);
    this.#sink.container(containerRow(runtimeOf(this.#socket), sandbox.id, 'POD', 'pause', '', sandbox.labels, ips[0] ?? ''));
    if (ips.length > 0) this.#told.add(key);
  }

  async #container({ id, metadata, image, imageRef, labels }: Container, pod: Sandbox | undefined): Promise<void> {
    if (this.#told.has(id)) return;
    const name = await this.#imageName(image.image);
    this.#sink.container(containerRow(runtimeOf(this.#socket), id, metadata.name, name, imageRef, { ...pod?.labels, ...labels }, ''));
    this.#told.add(id);
  }

  async #addresses(id: string): Promise<string[]> {
    type Answer = { status?: { network?: { ip?: string; additionalIps?: { ip: string }[] } } };
    const { status } = await this.#call<Answer>('RuntimeService/PodSandboxStatus', 'PodSandboxStatusRequest', 'PodSandboxStatusResponse', {
      podSandboxId: id,
    });
    const all = [status?.network?.ip ?? '', ...(status?.network?.additionalIps ?? []).map(({ ip }) => ip)];
    return all.filter((ip) => ip !== '');
  }

  /** The kubelet makes containers of images by their ids. */
  async #imageName(image: string): Promise<string> {
    if (!/^(sha256:)?[0-9a-f]{64}$/.test(image)) return image;
    let name = this.#images.get(image);
    if (name === undefined) {
      type Answer = { image?: { repoTags?: string[] } };
      const found = await this.#call<Answer>('ImageService/ImageStatus', 'ImageStatusRequest', 'ImageStatusResponse', { image: { image } });
      name = found.image?.repoTags?.[0] ?? image;
      this.#images.set(image, name);
    }
    return name;
  }

  #call<Answer>(method: string, requestType: string, responseType: string, request: object = {}): Promise<Answer> {
    const [asked, answered] = [requestType, responseType].map((name) => this.#root.lookupType(`runtime.v1.${name}`));
    const serialize = (message: object) => Buffer.from(asked!.encode(asked!.fromObject(message)).finish());
    const deserialize = (bytes: Buffer) => answered!.toObject(answered!.decode(bytes), { longs: Number, defaults: false }) as Answer;
    return new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + DEADLINE_MS };
      this.#client.makeUnaryRequest(`/runtime.v1.${method}`, serialize, deserialize, request, options, (error, answer) =>
        error === null ? resolve(answer!) : reject(error),
      );
    });
  }

  /** Something happened: what, the lists will tell. Runtimes without this stream are asked once a second. */
  #subscribe(): void {
    const identity = (bytes: Buffer) => bytes;
    const stream = this.#client.makeServerStreamRequest<Buffer, Buffer>(EVENTS, identity, identity, Buffer.alloc(0));
    this.#stream = stream;
    stream.on('data', () => this.#later(SOON_MS));
    stream.on('error', () => {
      if (!this.#stopped) setTimeout(() => !this.#stopped && this.#subscribe(), 5 * EVERY_MS).unref();
    });
  }
}

/** As sysdig calls the runtimes; what cannot be told by its socket is containerd, as nearly everywhere. */
const runtimeOf = (socket: string) => (socket.includes('crio') ? 'cri-o' : 'containerd');

/** What the runtime adds for itself is no label of the user's. */
function ownLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels ?? {}).filter(([key]) => !key.startsWith('io.kubernetes.')));
}

function containerRow(
  runtime: string,
  container: string,
  name: string,
  image: string,
  imageId: string,
  labels: Readonly<Record<string, string>>,
  ip: string,
): KubeContainer {
  return { container, runtime, name, image, imageId, ip, privileged: false, labels: ownLabels(labels), mounts: [] };
}

/** The runtime's socket of this node; null: none is there. */
export function findCriSocket(named: string | undefined): string | null {
  if (named !== undefined) return named;
  return CRI_SOCKETS.find((path) => existsSync(path)) ?? null;
}
