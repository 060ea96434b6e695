/** Spans and log records over gRPC, as a server with OpenTelemetry's own decoders receives them. */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, describe, expect, test } from 'vitest';
import { exportCapture } from '../../src/cli/export.ts';
import { EventsBuilder } from '../helpers/events.ts';
import { CAPTURE, Folder, trowel } from './made.ts';

const folder = new Folder();
afterAll(() => folder.remove());

/** OpenTelemetry's own types, made from its protocol files. */
const { opentelemetry }: Root = createRequire(import.meta.url)('@opentelemetry/otlp-transformer/build/src/generated/root.js');
interface Root {
  readonly opentelemetry: { readonly proto: { readonly collector: Readonly<Record<'trace' | 'logs', { readonly v1: Types }>> } };
}
type Types = Readonly<Record<string, Type>>;
interface Type {
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: object): object;
  fromObject(value: object): object;
  encode(message: object): { finish(): Uint8Array };
}

const SERVICES = {
  otlp: { signal: 'trace', name: 'Trace' },
  'otlp-logs': { signal: 'logs', name: 'Logs' },
} as const;

/** Exports to a gRPC server, and gives the requests that it got: ids in hexadecimal, as OTLP/JSON has them. */
async function received(format: keyof typeof SERVICES, capture: string, answer: object = {}): Promise<object[]> {
  const { signal, name } = SERVICES[format];
  const { [`Export${name}ServiceRequest`]: types, [`Export${name}ServiceResponse`]: answers } = opentelemetry.proto.collector[signal].v1;
  const requests: object[] = [];
  const server = new Server();
  server.addService(
    {
      Export: {
        path: `/opentelemetry.proto.collector.${signal}.v1.${name}Service/Export`,
        requestStream: false,
        responseStream: false,
        requestDeserialize: (bytes: Buffer) => types!.toObject(types!.decode(bytes), { longs: String, enums: Number, bytes: Buffer }),
        requestSerialize: (bytes: Buffer) => bytes,
        responseSerialize: (value: object) => Buffer.from(answers!.encode(answers!.fromObject(value)).finish()),
        responseDeserialize: (bytes: Buffer) => bytes,
      },
    },
    {
      Export: (call: { readonly request: object }, done: (error: null, value: object) => void) => {
        requests.push(call.request);
        done(null, answer);
      },
    },
  );
  const port = await new Promise<number>((done, failed) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error === null ? done(bound) : failed(error))),
  );
  try {
    await exportCapture(capture, '', { format, over: '1ms', to: `grpc://127.0.0.1:${port}` });
  } finally {
    server.forceShutdown();
  }
  return requests;
}

/** As the file has them: what is a buffer of protobuf is hexadecimal there. */
const plain = (value: object): unknown => JSON.parse(JSON.stringify(value, (_, one: unknown) => hexOf(one) ?? one));

function hexOf(one: unknown): string | null {
  const isBuffer = typeof one === 'object' && one !== null && 'type' in one && one.type === 'Buffer' && 'data' in one;
  return isBuffer ? Buffer.from(one.data as number[]).toString('hex') : null;
}

const inFile = (format: string, capture: string): unknown[] =>
  trowel('export', capture, '--format', format)
    .stdout.split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

function logged(name: string): string {
  const made = new EventsBuilder();
  const thread = made.thread().id;
  made.event({ type: 'write', thread, fd: made.fd({ kind: 'unix', name: '/dev/log' }).id, res: 9, data: '<11>disk full\n' });
  made.event({ type: 'write', thread, fd: made.fd({ kind: 'pipe', name: 'pipe:[1]' }).id, fdnum: 2, res: 9, data: 'one\ntwo\xff\n' });
  made.event({ type: 'write', thread, fd: made.fd({ name: '/var/log/web.log' }).id, res: 9, data: 'GET / 200\n' });
  made.event({ type: 'write', thread, fd: made.fd({ name: '/srv/page' }).id, res: 9, data: 'no log' });
  return folder.capture(`${name}.trowel`, made);
}

interface Logs {
  readonly resourceLogs: readonly { readonly scopeLogs: readonly { readonly logRecords: readonly Record<string, unknown>[] }[] }[];
}

describe('OTLP over gRPC', () => {
  test('spans arrive as a file has them', async () => {
    const requests = await received('otlp', CAPTURE);
    expect(requests.length).toBeGreaterThan(0);
    expect(requests.map(plain)).toEqual(inFile('otlp', CAPTURE).map(withoutEmptyStatus));
  });

  test('log records arrive as a file has them: syslog with its severity, standard error line by line, log files', async () => {
    const capture = logged('logged');
    const requests = (await received('otlp-logs', capture)).map(plain) as Logs[];
    expect(requests).toEqual(inFile('otlp-logs', capture));
    const records = requests.flatMap(({ resourceLogs }) =>
      resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap((one) => one.logRecords)),
    );
    expect(records.map(({ body, severityNumber, severityText }) => [body, severityNumber, severityText])).toEqual([
      [{ stringValue: 'disk full' }, 17, 'err'],
      [{ stringValue: 'one' }, undefined, undefined],
      [{ stringValue: 'twoÿ' }, undefined, undefined],
      [{ stringValue: 'GET / 200' }, undefined, undefined],
    ]);
  });

  test('what a collector rejects is a failure, with its reason', async () => {
    const answer = { partialSuccess: { rejectedSpans: 3, errorMessage: 'too old' } };
    await expect(received('otlp', CAPTURE, answer)).rejects.toThrow(/grpc:\/\/127\.0\.0\.1:\d+ rejected \d+ of them: too old/);
  });

  test('a collector that is not there is a failure', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    await new Promise((done) => server.close(done));
    const to = `grpc://127.0.0.1:${port}`;
    await expect(exportCapture(CAPTURE, '', { format: 'otlp', over: '1ms', to })).rejects.toThrow(/UNAVAILABLE/);
  });
});

test('logs reach a collector over HTTP at their own path', async () => {
  const capture = logged('sent');
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    request.resume().on('end', () => response.end('{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"no"}}'));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const sent = exportCapture(capture, '', { format: 'otlp-logs', over: '1ms', to: `http://127.0.0.1:${port}` });
  await expect(sent).rejects.toThrow(/rejected 1 of them: no/);
  server.close();
  expect(paths).toEqual(['/v1/logs']);
});

test('other addresses and formats are refused', async () => {
  const to = (format: string, address: string) => exportCapture(CAPTURE, '', { format, over: '1ms', to: address });
  await expect(to('otlp', 'ftp://x')).rejects.toThrow(/--to takes a collector's address/);
  await expect(to('csv', 'http://127.0.0.1:1')).rejects.toThrow(/--to is for --format otlp and otlp-logs/);
});

/** Protobuf does not send a message without fields of ours; JSON has it. */
function withoutEmptyStatus(request: unknown): unknown {
  return JSON.parse(JSON.stringify(request).replaceAll(',"status":{}', ''));
}
