/** Tells as soon as something happens in a container runtime, by the best stream of events that it has; nothing where it has none. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientReadableStream, type ServiceError, status } from '@grpc/grpc-js';
import type { CriClient } from './cri-client.ts';
import type { ContainerStatus, SandboxStatus } from './cri-reduce.ts';

/** What the runtime says happened. */
export interface ContainerEvent {
  readonly podSandboxStatus: SandboxStatus | null;
  readonly containersStatuses: readonly ContainerStatus[];
}

interface RuntimeStream {
  readonly name: string;
  readonly path: string;
  readonly request: Buffer;
  /** Type of its messages; null: they are not read, the lists tell more. */
  readonly answer: string | null;
}

/** Field 1 of containerd's SubscribeRequest: only topics that bring new names; probes that exec are heard of all the time. */
const TOPICS = ['/containers/create', '/tasks/start', '/containers/delete']
  .map((topic) => `topic=="${topic}"`)
  .map((filter) => Buffer.concat([Buffer.of(0x0a, filter.length), Buffer.from(filter)]));

const OF_CRI: RuntimeStream = {
  name: 'GetContainerEvents',
  path: '/runtime.v1.RuntimeService/GetContainerEvents',
  request: Buffer.alloc(0),
  answer: 'ContainerEventResponse',
};
const OF_CONTAINERD: RuntimeStream = {
  name: 'containerd’s events',
  path: '/containerd.services.events.v1.Events/Subscribe',
  request: Buffer.concat(TOPICS),
  answer: null,
};

const AGAIN_MS = 1000;
/** A runtime that has no stream may be replaced by one that has. */
const NONE_MS = 60_000;

export interface RuntimeVersion {
  readonly runtimeName: string;
  readonly runtimeVersion: string;
}

/**
 * The best first. Before 2.0 containerd gave each of CRI's events to one listener only: whoever listens takes them from the kubelet. Its own
 * stream has room for all.
 */
export function runtimeStreams({ runtimeName, runtimeVersion }: RuntimeVersion): readonly RuntimeStream[] {
  const major = Number(/^v?(\d+)\./.exec(runtimeVersion)?.[1] ?? 0);
  return runtimeName === 'containerd' && major < 2 ? [OF_CONTAINERD] : [OF_CRI, OF_CONTAINERD];
}

export class CriEvents {
  readonly #client: CriClient;
  readonly #onEvent: (event: ContainerEvent | null) => void;
  readonly #onTurn: () => void;
  readonly #abort = new AbortController();
  #current: RuntimeStream | null = null;
  #stream: ClientReadableStream<unknown> | null = null;

  /** `onEvent`: null where only the lists tell what it was. `onTurn`: listening begins or ends, and something may have been missed. */
  constructor(client: CriClient, onEvent: (event: ContainerEvent | null) => void, onTurn: () => void) {
    this.#client = client;
    this.#onEvent = onEvent;
    this.#onTurn = onTurn;
  }

  /** What is being listened to; null: nothing, the runtime has to be asked. */
  get streamName(): string | null {
    return this.#current?.name ?? null;
  }

  /** Listens until `stop`, to a runtime that was started again, too. */
  async start(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const pause = await this.#listenToBest().catch(() => AGAIN_MS);
      await sleep(pause, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  stop(): void {
    this.#abort.abort();
    this.#stream?.cancel();
  }

  /** Gives how long to wait before the next try, ms. */
  async #listenToBest(): Promise<number> {
    for (const stream of runtimeStreams(await this.#client.call('RuntimeService', 'Version'))) {
      if (this.#abort.signal.aborted) return 0;
      const code = await this.#listen(stream);
      if (code !== status.UNIMPLEMENTED) return AGAIN_MS;
    }
    return NONE_MS;
  }

  /** Gives why it ended: a status of gRPC. */
  #listen(stream: RuntimeStream): Promise<number> {
    const events = this.#client.stream<ContainerEvent>(stream.path, stream.request, stream.answer);
    this.#stream = events;
    this.#current = stream;
    this.#onTurn();
    return new Promise((resolve) => {
      const end = (code: number) => {
        this.#current = null;
        this.#onTurn();
        resolve(code);
      };
      events.on('data', (event) => this.#onEvent(stream.answer === null ? null : event));
      events.on('error', ({ code }: ServiceError) => end(code));
      events.on('end', () => end(status.OK));
    });
  }
}
