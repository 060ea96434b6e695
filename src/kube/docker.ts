/** Plain containers, asked of Docker: they are in no pod, and no runtime of the kubelet's knows them. */
import { existsSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerMount } from '../model/kube.ts';
import { type Bounds, linesOf, wholeOf } from './bounded.ts';
import { eachOf } from './each-of.ts';
import { Poller } from './poller.ts';
import type { KubeContainer } from './reduce.ts';
import type { KubeSink } from './watcher.ts';

export const DOCKER_SOCKET = '/var/run/docker.sock';
const TIMEOUT_MS = 5000;
const AGAIN_MS = 1000;
/** A list of a thousand containers is 2 MB; one that is far longer would hold up what is recorded while it is read. */
const BOUNDS: Bounds = { length: 16 << 20, ms: 30_000 };
const EVENTS_A_SECOND = 500;
/** Containers asked for at once. */
const AT_ONCE = 8;
/** What changes a container's name or address; probes that exec are heard of all the time. */
const EVENTS = `/events?filters=${encodeURIComponent(JSON.stringify({ type: ['container'], event: ['create', 'start', 'rename'] }))}`;
const NOT_FOUND = 404;

interface Networks {
  readonly Networks?: Readonly<Record<string, { readonly IPAddress?: string }>>;
}

interface Mount {
  readonly Source?: string;
  readonly Destination?: string;
  readonly Mode?: string;
  readonly RW?: boolean;
  readonly Propagation?: string;
}

/** Of a container in the list. */
interface Listed {
  readonly Id: string;
  readonly Names?: readonly string[];
  readonly NetworkSettings?: Networks;
}

/** What is read of all that Docker says of one container; its environment is not. */
interface Inspected {
  readonly Id: string;
  readonly Name?: string;
  readonly Image?: string;
  readonly Config?: { readonly Image?: string; readonly Labels?: Readonly<Record<string, string>> | null };
  readonly HostConfig?: { readonly Privileged?: boolean };
  readonly NetworkSettings?: Networks;
  readonly Mounts?: readonly Mount[];
}

interface DockerEvent {
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> };
}

class DockerError extends Error {
  constructor(readonly status: number) {
    super(`Docker answers with HTTP ${status}`);
  }
}

export class DockerSource {
  readonly #socket: string;
  readonly #sink: KubeSink;
  readonly #poller: Poller;
  readonly #abort = new AbortController();
  /** By id: the name and address under which a container was told. */
  readonly #told = new Map<string, string>();
  #listening = false;

  constructor(socket: string, sink: KubeSink) {
    this.#socket = socket;
    this.#sink = sink;
    this.#poller = new Poller(
      `Docker at ${socket}`,
      () => this.#read(),
      () => this.#listening,
    );
  }

  start(): void {
    this.#poller.start();
    void this.#keepListening();
  }

  stop(): void {
    this.#poller.stop();
    this.#abort.abort();
  }

  /** What is wrong, or was, in words; null: nothing. */
  get sourceError(): string | null {
    return this.#poller.sourceError;
  }

  async #read(): Promise<void> {
    const list = (await this.#json('/containers/json?all=1')) as readonly Listed[];
    await eachOf(list, AT_ONCE, async (listed) => {
      const said = `${listed.Names?.[0]} ${addressOf(listed.NetworkSettings)}`;
      if (this.#told.get(listed.Id) === said) return;
      await this.#tell(listed.Id, said);
    });
    const there = new Set(list.map(({ Id }) => Id));
    for (const id of [...this.#told.keys()]) {
      if (there.has(id)) continue;
      this.#told.delete(id);
      this.#sink.containerGone?.(id);
    }
  }

  /** `attributes`: what an event said of it, for one that is gone when it is asked for the first time. */
  async #tell(id: string, said: string, attributes: Readonly<Record<string, string>> = {}): Promise<void> {
    const { name, image = '', ...labels } = attributes;
    const found = await this.#inspect(id);
    if (found !== null) this.#sink.container(containerOf(found));
    else if (name !== undefined && !this.#told.has(id))
      this.#sink.container(containerOf({ Id: id, Name: name, Config: { Image: image, Labels: labels } }));
    this.#told.set(id, said);
  }

  /** Null: Docker knows it no more. */
  async #inspect(id: string): Promise<Inspected | null> {
    try {
      return (await this.#json(`/containers/${id}/json`)) as Inspected;
    } catch (error) {
      if (error instanceof DockerError && error.status === NOT_FOUND) return null;
      throw error;
    }
  }

  async #keepListening(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      await this.#listen().catch(() => {}); // the rounds tell why Docker is silent
      this.#listening = false;
      this.#poller.hint();
      await sleep(AGAIN_MS, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  async #listen(): Promise<void> {
    const response = await this.#get(EVENTS);
    response.socket.setTimeout(0);
    this.#listening = true;
    this.#poller.hint();
    for await (const line of linesOf(response, BOUNDS.length, EVENTS_A_SECOND)) {
      const { ID, Attributes } = (JSON.parse(line) as DockerEvent).Actor ?? {};
      if (ID !== undefined) this.#tell(ID, '', Attributes).catch(() => {}); // the list tells it, too
      this.#poller.hint();
    }
  }

  async #json(path: string): Promise<unknown> {
    return JSON.parse(await wholeOf(await this.#get(path), BOUNDS));
  }

  async #get(path: string): Promise<IncomingMessage> {
    const { signal } = this.#abort;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asking = request({ socketPath: this.#socket, path, signal, timeout: TIMEOUT_MS }, resolve);
      asking.on('timeout', () => asking.destroy(new Error('Docker does not answer')));
      asking.on('error', reject);
      asking.end();
    });
    if (response.statusCode === 200) return response;
    response.resume();
    throw new DockerError(response.statusCode ?? 0);
  }
}

function containerOf({ Id, Name, Image, Config, HostConfig, NetworkSettings, Mounts }: Inspected): KubeContainer {
  return {
    container: Id,
    runtime: 'docker',
    name: (Name ?? '').replace(/^\//, ''),
    image: Config?.Image ?? '',
    imageId: Image ?? '',
    ip: addressOf(NetworkSettings),
    privileged: HostConfig?.Privileged === true,
    labels: Config?.Labels ?? {},
    mounts: (Mounts ?? []).map(mountOf),
  };
}

function mountOf({ Source, Destination, Mode, RW, Propagation }: Mount): ContainerMount {
  return { source: Source ?? '', target: Destination ?? '', mode: Mode ?? '', writable: RW === true, propagation: Propagation ?? '' };
}

function addressOf(settings: Networks | undefined): string {
  return Object.values(settings?.Networks ?? {})[0]?.IPAddress ?? '';
}

export function findDockerSocket(named: string | undefined): string | null {
  if (named !== undefined) return named;
  return existsSync(DOCKER_SOCKET) ? DOCKER_SOCKET : null;
}
