/** Calls to a container runtime over its socket, with the messages of proto/cri.proto. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, type ClientReadableStream, credentials } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { packageRoot } from '../model/package-root.ts';

const DEADLINE_MS = 5000;
const OPTIONS = {
  'grpc.default_authority': 'localhost', // of a path none can be made
  'grpc.max_receive_message_length': 16 << 20, // what the kubelet takes
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 1000, // a runtime that is started again is heard at once
};

export type CriService = 'RuntimeService' | 'ImageService';

export class CriClient {
  readonly #root: protobuf.Root;
  readonly #client: Client;

  constructor(socket: string) {
    this.#root = protobuf.parse(readFileSync(join(packageRoot(), 'proto/cri.proto'), 'utf8')).root;
    this.#client = new Client(`unix:${socket}`, credentials.createInsecure(), OPTIONS);
  }

  /** Throws grpc's ServiceError. */
  call<Answer>(service: CriService, method: string, request: object = {}): Promise<Answer> {
    const options = { deadline: Date.now() + DEADLINE_MS };
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        `/runtime.v1.${service}/${method}`,
        this.#encoder(`${method}Request`),
        this.#decoder<Answer>(`${method}Response`),
        request,
        options,
        (error, answer) => (error === null ? resolve(answer!) : reject(error)),
      );
    });
  }

  /** `path`: of a method that answers with messages without end. `answer`: their type in proto/cri.proto; null: they stay bytes. */
  stream<Message>(path: string, request: Buffer, answer: string | null): ClientReadableStream<Message> {
    const decode = answer === null ? (bytes: Buffer) => bytes as Message : this.#decoder<Message>(answer);
    return this.#client.makeServerStreamRequest(path, (bytes: Buffer) => bytes, decode, request);
  }

  close(): void {
    this.#client.close();
  }

  #encoder(name: string): (message: object) => Buffer {
    const type = this.#root.lookupType(`runtime.v1.${name}`);
    return (message) => Buffer.from(type.encode(type.fromObject(message)).finish());
  }

  /** Texts, lists and maps are always there, messages are null where they were not sent. */
  #decoder<Message>(name: string): (bytes: Buffer) => Message {
    const type = this.#root.lookupType(`runtime.v1.${name}`);
    return (bytes) => type.toObject(type.decode(bytes), { longs: Number, defaults: true }) as Message;
  }
}
