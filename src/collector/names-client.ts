/** Names of a cluster from another collector, which watches it. While that is away, what is known stays; it is asked again. */
import { type ChannelCredentials, Client, type ClientReadableStream, credentials, type ServiceError } from '@grpc/grpc-js';
import type { KubeSink } from '../kube/watcher.ts';
import { decodeWord, NAMES_PATH, told, type Word } from './names-service.ts';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** So long the other may take to learn what there is, when it has begun anew: then what it does not name is gone. */
const SETTLED_MS = 60_000;
const OPTIONS = {
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 20_000,
  'grpc.max_receive_message_length': 1 << 25,
} as const;

/** PEM. */
export interface ClientKeys {
  readonly certificate: Buffer;
  readonly key: Buffer;
  /** Null: those that this machine trusts. */
  readonly authorities: Buffer | null;
}

export class NamesClient {
  readonly #address: string;
  readonly #client: Client;
  readonly #sink: KubeSink;
  readonly #settledMs: number;
  /** Uids of objects that were told and are not gone. */
  readonly #known = new Set<string>();
  /** Of these: told since the connection was made. */
  #fresh = new Set<string>();
  #stream: ClientReadableStream<Word> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #settling: NodeJS.Timeout | undefined;
  #pause = FIRST_PAUSE_MS;
  #problem: string | null = null;
  #stopped = false;

  /** `keys` null: not encrypted. */
  constructor(address: string, keys: ClientKeys | null, sink: KubeSink, settledMs = SETTLED_MS) {
    this.#address = address;
    this.#client = new Client(address, credentialsOf(keys), OPTIONS);
    this.#sink = sink;
    this.#settledMs = settledMs;
  }

  /** What is wrong; null: nothing. */
  get sourceError(): string | null {
    return this.#problem === null ? null : `no names from ${this.#address}: ${this.#problem}`;
  }

  start(): void {
    const stream = this.#client.makeServerStreamRequest(NAMES_PATH, () => Buffer.alloc(0), decodeWord, {});
    this.#stream = stream;
    this.#fresh = new Set();
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#forgetOthers(), this.#settledMs).unref();
    stream.on('data', (word: Word) => this.#hear(word));
    stream.on('error', (error: ServiceError) => this.#again(error.details));
    stream.on('end', () => this.#again('it ended the connection'));
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#settling);
    this.#stream?.cancel();
    this.#client.close();
  }

  #hear(word: Word): void {
    this.#problem = null;
    this.#pause = FIRST_PAUSE_MS;
    if ('object' in word) {
      this.#known.add(word.object.uid);
      this.#fresh.add(word.object.uid);
    } else if ('gone' in word) this.#known.delete(word.gone);
    told(this.#sink, word);
  }

  /** An error and an end may come of one stream: the first counts. */
  #again(problem: string): void {
    if (this.#stopped || this.#stream === null) return;
    this.#stream = null;
    this.#problem = problem;
    clearTimeout(this.#settling);
    this.#timer = setTimeout(() => this.start(), this.#pause);
    this.#pause = Math.min(LONGEST_PAUSE_MS, this.#pause * 2);
  }

  #forgetOthers(): void {
    for (const uid of this.#known.difference(this.#fresh)) {
      this.#known.delete(uid);
      this.#sink.gone(uid);
    }
  }
}

function credentialsOf(keys: ClientKeys | null): ChannelCredentials {
  return keys === null ? credentials.createInsecure() : credentials.createSsl(keys.authorities, keys.key, keys.certificate);
}
