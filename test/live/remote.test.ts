import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { BIN, hasBegun, Recording, until, whyNot } from './recording.ts';

const PROBE = join(packageRoot(), 'native/build/trowel-probe');
const reason = whyNot();
const folder = mkdtempSync(join(tmpdir(), 'trowel-remote-'));
const children: ChildProcess[] = [];

function start(command: string, ...args: string[]): { child: ChildProcess; text: () => string; ended: Promise<number | null> } {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  let text = '';
  child.stderr!.on('data', (data) => {
    text += data;
  });
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  return { child, text: () => text, ended };
}

/** Not one that the kernel gives to outgoing connections: a probe that tries again and again would take it, and talk to itself. */
function freePort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 12_000);
  return new Promise((resolve) => {
    const server = createServer()
      .on('error', () => resolve(freePort()))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(port)));
  });
}

/** Passes on what is said to a port of this machine, and counts the connections that the other end closed. */
function countingProxy(to: number): Promise<{ port: number; ended: () => number; close: () => void }> {
  let ended = 0;
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1');
    // With an end or with a reset, by whether the stranger has said something by then.
    upstream.on('close', () => ended++).on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
    client.pipe(upstream).pipe(client);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({ port, ended: () => ended, close: () => server.close() });
    });
  });
}

async function collector(into: string, address: string, ...options: string[]) {
  const started = start(BIN, 'collect', '--listen', address, '-w', into, ...options);
  await until('the collector listens', () => started.text().includes('listening') || started.child.exitCode !== null);
  expect(started.text()).toContain('listening');
  return started;
}

/** The capture that a collector says it makes; empty: none yet. */
const fileOf = (said: string) => /recording into (\S+\.trowel)\n/.exec(said)?.[1] ?? '';
const captures = (into: string) => readdirSync(into).filter((file) => file.endsWith('.trowel'));

/** Makes an authority, and a certificate that it signed for each name. */
function certificates(...names: string[]): void {
  const ssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  ssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=test authority');
  writeFileSync(join(folder, 'san'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  for (const name of names) {
    ssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', '/CN=localhost');
    ssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      '-extfile',
      'san',
    );
  }
}

describe.skipIf(reason !== null)(`a collector elsewhere (${reason ?? 'as root, with BTF'})`, () => {
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  test('takes a probe’s stream into a capture named by the node, and tells its health', async () => {
    const into = join(folder, 'plain');
    const address = `127.0.0.1:${await freePort()}`;
    const { child, text, ended } = await collector(into, address, 'proc.name=cat');
    const client = new Client(address, credentials.createInsecure());
    const health = (service: string) =>
      new Promise<Buffer>((resolve, reject) => {
        const identity = (bytes: Buffer) => bytes;
        const request = Buffer.concat([Buffer.of(0x0a, service.length), Buffer.from(service)]);
        client.makeUnaryRequest('/grpc.health.v1.Health/Check', identity, identity, request, (error, reply) =>
          error === null ? resolve(reply!) : reject(error),
        );
      });
    expect([...(await health('trowel.v1.Collector'))]).toEqual([0x08, 1]);
    await expect(health('nonsense')).rejects.toSatisfy((error: ServiceError) => error.code === status.NOT_FOUND);
    client.close();
    const probe = start(PROBE, address);
    await until('the probe records', () => hasBegun(fileOf(text())));
    execFileSync('cat', ['/etc/hosts']);
    child.kill('SIGTERM');
    expect(await probe.ended).toBe(0);
    expect(await ended).toBe(0);
    const capture = new CaptureReader(fileOf(text()));
    expect(capture.meta.state).toBe('complete');
    expect([...capture.dims.fds.all()].map(({ name }) => name)).toContain('/etc/hosts');
    capture.close();
  });

  test('gives users the names that they have on the probe’s node', async () => {
    const into = join(folder, 'users');
    const node = join(folder, 'node');
    mkdirSync(join(node, 'etc'), { recursive: true });
    writeFileSync(join(node, 'etc/passwd'), 'not a user\nwurzel:x:0:5:Wurzel:/wurzel:/bin/wurzel\n');
    writeFileSync(join(node, 'etc/group'), 'stamm:x:0:wurzel\n');
    const address = `127.0.0.1:${await freePort()}`;
    const { child, text, ended } = await collector(into, address, 'user.name=wurzel and proc.name=cat');
    const probe = start('env', `TROWEL_NODE_ROOT=${node}`, PROBE, address);
    await until('the probe records', () => hasBegun(fileOf(text())));
    execFileSync('cat', ['/etc/hosts']);
    child.kill('SIGTERM');
    expect(await probe.ended).toBe(0);
    expect(await ended).toBe(0);
    const recording = new Recording(fileOf(text()));
    expect([...recording.capture.dims.users.all()]).toEqual([
      { id: 1, uid: 0, gid: 5, name: 'wurzel', home: '/wurzel', shell: '/bin/wurzel' },
    ]);
    expect(recording.count('fd.name=/etc/hosts and evt.type=read')).toBeGreaterThan(0);
    expect(new Set(recording.values('proc.name=cat', 'group.name'))).toEqual(new Set(['stamm']));
  });

  test('only takes probes that its authorities vouch for', async ({ skip }) => {
    if (spawnSync('openssl', ['version']).status !== 0) skip('openssl is not installed');
    certificates('collector', 'probe');
    const pem = (name: string) => join(folder, name);
    const into = join(folder, 'tls');
    const address = `localhost:${await freePort()}`;
    const { child, text, ended } = await collector(
      into,
      address,
      '--tls-cert',
      pem('collector.pem'),
      '--tls-key',
      pem('collector.key'),
      '--tls-ca',
      pem('ca.pem'),
    );
    const between = await countingProxy(Number(address.split(':')[1]));
    const stranger = start(PROBE, '--ca', pem('ca.pem'), `localhost:${between.port}`);
    await until('the collector has sent the stranger away twice', () => between.ended() >= 2);
    stranger.child.kill('SIGTERM');
    await stranger.ended;
    between.close();
    expect(captures(into)).toEqual([]);
    const probe = start(PROBE, '--ca', pem('ca.pem'), '--cert', pem('probe.pem'), '--key', pem('probe.key'), address);
    await until('the probe records', () => hasBegun(fileOf(text())));
    child.kill('SIGTERM');
    expect(await probe.ended).toBe(0);
    expect(await ended).toBe(0);
    expect(captures(into)).toHaveLength(1);
  }, 60_000);

  test('may be away for a while: the probe comes back with what happened meanwhile, or says that it was lost', async () => {
    const into = join(folder, 'again');
    const address = `127.0.0.1:${await freePort()}`;
    const first = await collector(into, address);
    const probe = start(PROBE, address);
    await until('the probe records', () => hasBegun(fileOf(first.text())));
    first.child.kill('SIGKILL');
    await first.ended;
    execFileSync('cat', ['/etc/services']);
    const second = await collector(into, address);
    await until('the probe is back', () => hasBegun(fileOf(second.text())));
    execFileSync('cat', ['/etc/hostname']);
    second.child.kill('SIGTERM');
    await second.ended;
    expect(await probe.ended).toBe(0);
    const capture = new CaptureReader(fileOf(second.text()));
    const names = [...capture.dims.fds.all()].map(({ name }) => name);
    const lost = [...capture.dims.losses.all()].reduce((sum, { count }) => sum + count, 0);
    capture.close();
    expect(names).toContain('/etc/hostname');
    expect(names.includes('/etc/services') || lost > 0, `${lost} lost`).toBe(true);
  });
});
