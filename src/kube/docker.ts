/** Plain containers, asked of Docker: they are in no pod, and no runtime of the kubelet's knows them. */
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import type { KubeSink } from './watcher.ts';

export const DOCKER_SOCKET = '/var/run/docker.sock';
const EVERY_MS = 2000;
const TIMEOUT_MS = 5000;

interface DockerContainer {
  readonly Id: string;
  readonly Names?: readonly string[];
  readonly Image?: string;
  readonly ImageID?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly NetworkSettings?: { readonly Networks?: Readonly<Record<string, { readonly IPAddress?: string }>> };
}

export class DockerSource {
  readonly #socket: string;
  readonly #sink: KubeSink;
  #timer: NodeJS.Timeout | null = null;

  #trouble: string | null = null;

  constructor(socket: string, sink: KubeSink) {
    this.#socket = socket;
    this.#sink = sink;
  }

  start(): void {
    const round = () =>
      this.#read().then(
        () => {
          this.#trouble = null;
        },
        (error: Error) => {
          this.#trouble ??= `Docker at ${this.#socket} since ${new Date().toISOString().slice(11, 19)}: ${error.message}`;
        },
      );
    void round();
    this.#timer = setInterval(round, EVERY_MS);
    this.#timer.unref();
  }

  /** What is wrong, in words; null: nothing. */
  get trouble(): string | null {
    return this.#trouble;
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  async #read(): Promise<void> {
    for (const { Id, Names, Image, ImageID, Labels, NetworkSettings } of await this.#list()) {
      const ip = Object.values(NetworkSettings?.Networks ?? {})[0]?.IPAddress ?? '';
      const name = (Names?.[0] ?? '').replace(/^\//, '');
      this.#sink.container({
        container: Id,
        runtime: 'docker',
        name,
        image: Image ?? '',
        imageId: ImageID ?? '',
        ip,
        privileged: false,
        labels: Labels ?? {},
        mounts: [],
      });
    }
  }

  #list(): Promise<DockerContainer[]> {
    return new Promise((resolve, reject) => {
      const asking = request({ socketPath: this.#socket, path: '/containers/json?all=1', timeout: TIMEOUT_MS }, async (response) => {
        try {
          let body = '';
          for await (const piece of response.setEncoding('utf8')) body += piece;
          resolve(response.statusCode === 200 ? JSON.parse(body) : []);
        } catch (error) {
          reject(error);
        }
      });
      asking.on('timeout', () => asking.destroy(new Error('Docker does not answer')));
      asking.on('error', reject);
      asking.end();
    });
  }
}

export function findDockerSocket(named: string | undefined): string | null {
  if (named !== undefined) return named;
  return existsSync(DOCKER_SOCKET) ? DOCKER_SOCKET : null;
}
