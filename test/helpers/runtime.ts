/** A container runtime: a real server of CRI on a socket, whose pods and containers a test makes. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { packageRoot } from '../../src/model/package-root.ts';

const ROOT = protobuf.parse(readFileSync(join(packageRoot(), 'proto/cri.proto'), 'utf8')).root;
const GET_EVENTS = '/runtime.v1.RuntimeService/GetContainerEvents';
const SUBSCRIBE = '/containerd.services.events.v1.Events/Subscribe';

type Json = Readonly<Record<string, unknown>>;
type Listener = ServerWritableStream<Buffer, Buffer>;

export interface RuntimeOptions {
  readonly name: string;
  readonly version: string;
  /** The streams of events that it has. */
  readonly streams: readonly ('cri' | 'containerd')[];
  /** How long each status takes. */
  readonly delayMs?: number;
}

export class Runtime {
  /** How often each method was asked. */
  readonly asked = new Map<string, number>();
  readonly sandboxes = new Map<string, Json>();
  readonly containers = new Map<string, { listed: Json; status: Json | null; info: Readonly<Record<string, string>> }>();
  /** Requests of those that listen now, by stream. */
  readonly listeners = { cri: new Set<Listener>(), containerd: new Set<Listener>() };
  /** The most statuses that were asked for at once. */
  mostAtOnce = 0;
  #atOnce = 0;
  readonly #options: RuntimeOptions;
  #server: Server | null = null;

  constructor(options: RuntimeOptions) {
    this.#options = options;
  }

  async listen(socket: string): Promise<void> {
    rmSync(socket, { force: true });
    const server = new Server();
    server.addService(...this.#unary());
    if (this.#options.streams.includes('cri')) server.addService(...streaming('cri', GET_EVENTS, this.listeners.cri));
    if (this.#options.streams.includes('containerd')) server.addService(...streaming('containerd', SUBSCRIBE, this.listeners.containerd));
    await new Promise<void>((resolve, reject) =>
      server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) => (error === null ? resolve() : reject(error))),
    );
    this.#server = server;
  }

  /** As when it is killed. */
  close(): void {
    this.#server?.forceShutdown();
    this.#server = null;
  }

  pod(name: string, more: Json = {}): string {
    const id = idOf(name);
    const metadata = { name, uid: `uid-${name}`, namespace: 'shop' };
    const network = { ip: '10.0.0.1', additionalIps: [] };
    this.sandboxes.set(id, {
      id,
      metadata,
      state: 0,
      createdAt: 1,
      labels: { app: name, 'io.kubernetes.pod.name': name },
      network,
      ...more,
    });
    return id;
  }

  container(name: string, podSandboxId: string, more: { status?: Json | null; info?: Json } = {}): string {
    const id = idOf(name);
    const listed = {
      id,
      podSandboxId,
      metadata: { name },
      image: { image: 'shop/web:1' },
      imageRef: 'sha256:1',
      labels: { tier: 'front' },
    };
    const status = more.status === null ? null : { ...listed, mounts: [], ...more.status };
    this.containers.set(id, { listed, status, info: { info: JSON.stringify(more.info ?? {}) } });
    return id;
  }

  /** Tells all listeners of CRI’s stream. */
  emit(sandbox: string, containers: readonly string[]): void {
    const message = {
      containerId: containers[0] ?? sandbox,
      podSandboxStatus: this.sandboxes.get(sandbox),
      containersStatuses: containers.map((id) => this.containers.get(id)!.status),
    };
    for (const listener of this.listeners.cri) listener.write(encoder('ContainerEventResponse')(message));
  }

  /** Tells all listeners of containerd’s stream that there was something. */
  hint(): void {
    for (const listener of this.listeners.containerd) listener.write(Buffer.from([0x12, 1, 0x6b]));
  }

  #unary(): [ServiceDefinition, UntypedServiceImplementation] {
    const { name, version } = this.#options;
    const answers: Record<string, (request: Json) => Json | null | Promise<Json | null>> = {
      'RuntimeService/Version': () => ({ runtimeName: name, runtimeVersion: version }),
      'RuntimeService/ListPodSandbox': () => ({ items: [...this.sandboxes.values()] }),
      'RuntimeService/ListContainers': () => ({ containers: [...this.containers.values()].map(({ listed }) => listed) }),
      'RuntimeService/PodSandboxStatus': ({ podSandboxId }) => ofStatus(this.sandboxes.get(String(podSandboxId))),
      'RuntimeService/ContainerStatus': ({ containerId }) => this.#status(String(containerId)),
      'ImageService/ImageStatus': () => ({ image: { id: 'sha256:1', repoTags: ['shop/web:1'] } }),
    };
    const methods = Object.entries(answers).map(([path, answer]) => {
      const method = path.split('/')[1]!;
      const handle = (call: ServerUnaryCall<Json, Json>, reply: sendUnaryData<Json>) => {
        this.asked.set(method, (this.asked.get(method) ?? 0) + 1);
        void Promise.resolve(answer(call.request)).then((found) =>
          found === null ? reply({ code: status.NOT_FOUND }) : reply(null, found),
        );
      };
      return [method, definition(path, method), handle] as const;
    });
    return [
      Object.fromEntries(methods.map(([method, one]) => [method, one])),
      Object.fromEntries(methods.map(([method, , handle]) => [method, handle])),
    ];
  }

  async #status(id: string): Promise<Json | null> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    await new Promise((resolve) => setTimeout(resolve, this.#options.delayMs ?? 0));
    this.#atOnce--;
    const found = this.containers.get(id);
    return found === undefined || found.status === null ? null : { status: found.status, info: found.info };
  }
}

const idOf = (name: string) => Buffer.from(name).toString('hex').padEnd(64, '0');
const ofStatus = (found: Json | undefined) => (found === undefined ? null : { status: found });

function encoder(name: string): (message: object) => Buffer {
  const type = ROOT.lookupType(`runtime.v1.${name}`);
  return (message) => Buffer.from(type.encode(type.fromObject(message)).finish());
}

function decoder(name: string): (bytes: Buffer) => Json {
  const type = ROOT.lookupType(`runtime.v1.${name}`);
  return (bytes) => type.toObject(type.decode(bytes));
}

function definition(path: string, method: string): ServiceDefinition[string] {
  const [asked, answered] = [`${method}Request`, `${method}Response`];
  return {
    path: `/runtime.v1.${path}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: encoder(asked),
    requestDeserialize: decoder(asked),
    responseSerialize: encoder(answered),
    responseDeserialize: decoder(answered),
  };
}

function streaming(name: string, path: string, listeners: Set<Listener>): [ServiceDefinition, UntypedServiceImplementation] {
  const bytes = (message: Buffer) => message;
  const messages = { requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes };
  const listen = (call: Listener) => {
    listeners.add(call);
    for (const end of ['cancelled', 'close']) call.on(end, () => listeners.delete(call));
  };
  return [{ [name]: { path, requestStream: false, responseStream: true, ...messages } }, { [name]: listen }];
}
