/** A probe by its words alone: a client of a real collector that says what a test wants said. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { COLUMN_WIDTHS } from '../../src/collector/batch.ts';
import { LAYOUT } from '../../src/collector/wire.ts';
import { packageRoot } from '../../src/model/package-root.ts';

const { root } = protobuf.parse(readFileSync(join(packageRoot(), 'proto/trowel.proto'), 'utf8'));
const fromProbe = root.lookupType('trowel.v1.FromProbe');

export const HELLO = {
  hello: { layout: LAYOUT, hostname: 'node-1', cpus: 2, clock: { bootNs: '1000000000', wallNs: '1700000000000000000' } },
};
export const READY = { ready: { hook: 'test', startNs: '1000000000' } };
export const BYE = { bye: { endNs: 1e9 } };

/** The first byte of ToProbe.stop. */
const STOP = 0x12;

/** One thread, and n events of it, 1 µs apart from `time` on. Columns may be replaced. */
export function batch(n: number, time = 1000, columns: Partial<Record<keyof typeof COLUMN_WIDTHS, ArrayBufferView>> = {}): object {
  const zeros = Object.entries(COLUMN_WIDTHS).map(([name, width]) => [name, Buffer.alloc(n * width)]);
  const defaults = { time: Float64Array.from({ length: n }, (_, i) => time + i * 1000), thread: new Uint32Array(n).fill(1) };
  const given = Object.entries({ ...defaults, ...columns }).map(([name, { buffer, byteOffset, byteLength }]) => [
    name,
    Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength),
  ]);
  return { batch: { n, threads: [{ id: 1, tid: 7, pid: 7, comm: Buffer.from('it') }], ...Object.fromEntries([...zeros, ...given]) } };
}

/** A message as it is on the wire. */
export function encoded(message: object): Buffer {
  return Buffer.from(fromProbe.encode(fromProbe.fromObject(message)).finish());
}

export class TestProbe {
  readonly #client: Client;
  readonly #stream: ClientDuplexStream<object, Buffer>;
  /** Resolves with the reason that the collector gives for ending the stream; empty: it ended well. */
  readonly ended: Promise<string>;
  /** Resolves when the collector has said what to record. */
  readonly configured: Promise<void>;
  /** Resolves when the collector has had enough. */
  readonly stopped: Promise<void>;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure());
    this.#stream = this.#client.makeBidiStreamRequest('/trowel.v1.Collector/Record', encoded, (bytes) => bytes);
    this.configured = new Promise((resolve) => this.#stream.once('data', () => resolve()));
    this.stopped = new Promise((resolve) => {
      this.#stream.on('data', (message: Buffer) => {
        if (message[0] === STOP) resolve();
      });
    });
    this.ended = new Promise((resolve) => {
      this.#stream.on('error', (error: Error & { details?: string }) => resolve(error.details ?? error.message));
      this.#stream.on('end', () => resolve(''));
    });
  }

  say(...messages: object[]): this {
    for (const message of messages) this.#stream.write(message);
    return this;
  }

  /** Says nothing more. */
  end(): void {
    this.#stream.end();
  }

  /** Is gone, as if killed. */
  close(): void {
    this.#stream.cancel();
    this.#client.close();
  }
}
