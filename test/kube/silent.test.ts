/** Sockets of runtimes behind which nobody answers, or says nonsense without an end: recording goes on, and the capture says whose names may be missing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Long from 'long';
import { afterAll, expect, test, vi } from 'vitest';
import { Session } from '../../src/collector/session.ts';
import type { Hello, Ready } from '../../src/collector/wire.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { Churn } from '../helpers/churn.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-silent-'));
const servers: Server[] = [];
const sockets = new Set<Socket>();
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** As much as the other side takes. */
function pour(socket: Socket, bytes: string): void {
  const more = () => {
    while (!socket.destroyed) if (!socket.write(bytes)) return void socket.once('drain', more);
  };
  more();
}

/** What a runtime does with who connects. */
const MANNERS: Readonly<Record<string, (socket: Socket) => void>> = {
  'says nothing': () => {},
  'says garbage': (socket) => void socket.write(Buffer.alloc(4096, 0xff)),
  'closes at once': (socket) => void socket.destroy(),
  'answers without an end': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    pour(socket, `10000\r\n${'['.repeat(0x10000)}\r\n`);
  },
  'answers what is nested too deep': (socket) =>
    void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${8 << 20}\r\n\r\n${'['.repeat(8 << 20)}`),
};

async function listen(name: string, manner: (socket: Socket) => void): Promise<string> {
  const path = join(folder, `${name.replaceAll(' ', '-')}.sock`);
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
    manner(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return path;
}

const clock = { bootNs: Long.fromNumber(5), wallNs: Long.fromNumber(1e15) };
const HELLO: Hello = { layout: 1, version: '0', hostname: 'node-7', kernel: '6', machine: 'x', cpus: 1, pid: 1, bootId: '', clock };
const READY: Ready = {
  hook: 'tp_btf',
  notes: [],
  startNs: Long.fromNumber(5),
  cgroupV2: true,
  missing: [],
  users: [],
  groups: [],
  usersCut: false,
};
const ROUND = { files: 5, connections: 5, processes: 5, reads: 80 };

test.concurrent.each(Object.keys(MANNERS).flatMap((manner) => (['cri', 'docker'] as const).map((kind) => [kind, manner] as const)))(
  'a runtime of %s that %s',
  async (kind, manner) => {
    const socket = await listen(`${kind} ${manner}`, MANNERS[manner]!);
    const path = join(folder, `${kind} ${manner}.trowel`);
    const control = { stop: () => {}, configure: () => {} };
    const kube = { cri: '/nowhere', docker: '/nowhere', noApi: true, [kind]: socket };
    const outcome = Promise.withResolvers<Error | null>();
    const session = new Session(
      { path, filter: '', config: {}, command: 'test', kube, onEnd: (_, error) => outcome.resolve(error) },
      control,
    );
    session.ready(HELLO, READY);
    const churn = new Churn(ROUND);
    const named = () => session.names.sourceErrors.some((text) => text.includes(socket));
    await vi.waitFor(
      () => {
        session.batch(churn.next()); // what is recorded comes meanwhile
        expect(named()).toBe(true);
      },
      { timeout: 15_000, interval: 50 },
    );
    session.ended({ events: Long.ZERO, lost: Long.ZERO, endNs: 1e10, programs: [], cpuS: 0 }, null);
    expect(await outcome.promise).toBeNull();
    const capture = new CaptureReader(path);
    expect(capture.last()!.count).toBe(churn.events);
    expect(capture.meta.state).toBe('complete');
    expect(capture.blindSpots.find(({ id }) => id === 'names')?.what).toContain(socket);
    capture.close();
  },
);
