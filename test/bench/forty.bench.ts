/**
 * Many probes and one collector: what it takes of CPU and memory, and that it loses nothing. BENCH_PROBES (40) send 5,000 events a second
 * each for BENCH_SECONDS (20), into files; with a ClickHouse here and BENCH_STORE=1, into a store. Where the collector does not take as
 * many, as on a machine that others keep busy, they send what it takes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import { storeAddress } from '../../src/cluster/address.ts';
import { StoreClient } from '../../src/cluster/client.ts';
import { init } from '../../src/cluster/maintain.ts';
import { CHUNK_EVENTS } from '../../src/model/chunk.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { ClickHouse, noClickHouse } from '../cluster/clickhouse.ts';
import { BYE, encoded, HELLO, READY } from '../helpers/probe.ts';
import { assertEqual, report } from './measure.ts';
import { messages } from './messages.ts';

const PROBES = Number(process.env.BENCH_PROBES ?? 40);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 20);
const RATE = 5000;
const BATCH = 500;
const EVERY_MS = (1000 * BATCH) / RATE;
const TICK_MS = 10;
const PATIENCE_MS = 60_000;

const all = messages(RATE * SECONDS, BATCH);
const folder = mkdtempSync(join(tmpdir(), 'trowel-forty-'));
const server = process.env.BENCH_STORE === '1' && noClickHouse === null ? new ClickHouse() : null;
const store = server === null ? null : await storeOf(server);
const address = `127.0.0.1:${await freePort()}`;
let said = '';
const collector = await startCollector();
const idle = { cpu: cpuMs(collector), rss: rssMib(collector) };
const begun = performance.now();
let late = 0;
const sent = (await Promise.all(Array.from({ length: PROBES }, (_, k) => probe(k)))).reduce((sum, n) => sum + n, 0);
const seconds = (performance.now() - begun) / 1000;
await until(() => (said.match(/ events, /g) ?? []).length === PROBES);
const busy = { cpu: cpuMs(collector), rss: peakMib(collector) };
collector.kill('SIGINT');
await new Promise((resolve) => collector.once('exit', resolve));

const stored = [...said.matchAll(/: (\d+) events, (.*)$/gm)].map(([, events, how]) => ({ events: Number(events), how }));
const events = stored.reduce((sum, one) => sum + one.events, 0);
assertEqual(events, sent, 'events in the closing notes');
assertEqual(stored.filter(({ how }) => how !== 'nothing lost').length, 0, 'recordings that lost something');
if (store !== null) assertEqual(await storedIn(store), events, 'events in the store');
report(`${PROBES} probes, ${RATE} events a second each for ${SECONDS} s, sent in`, seconds, 's');
report('  events', events / 1e6, 'M');
report('  that is', events / seconds / 1000, 'k/s');
report('  the latest batch came after its time by', late, 'ms');
report('  the collector, of a core', (busy.cpu - idle.cpu) / seconds / 10, '%');
report('  CPU', ((busy.cpu - idle.cpu) * 1e6) / events, 'ns/event');
report(`  memory at most; before: ${idle.rss.toFixed(0)} MiB`, busy.rss, 'MiB');
await server?.remove();
rmSync(folder, { recursive: true, force: true });

async function storeOf(started: ClickHouse): Promise<string> {
  await started.start();
  const name = started.at('trowel');
  const client = new StoreClient(storeAddress(name));
  await init(client, null);
  await client.close();
  return name;
}

async function storedIn(name: string): Promise<number> {
  const client = new StoreClient(storeAddress(name));
  const [row] = await client.rows<{ n: string }>('SELECT count() AS n FROM trowel.event');
  await client.close();
  return Number(row!.n);
}

async function startCollector(): Promise<ChildProcess> {
  const words = ['collect', '--listen', address, '-w', folder, ...(store === null ? [] : ['--store', store])];
  const child = spawn(process.execPath, [join(packageRoot(), 'dist/trowel.js'), ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr!.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  await until(() => said.includes('listening on'));
  return child;
}

/** Sends each batch at its time, or when the collector takes it. Gives how many events it sent. */
async function probe(k: number): Promise<number> {
  const client = new Client(address, credentials.createInsecure());
  const stream: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(
    '/trowel.v1.Collector/Record',
    (bytes: Buffer) => bytes,
    (bytes) => bytes,
  );
  stream.on('data', () => {});
  const ended = new Promise<void>((resolve, reject) => stream.on('end', resolve).on('error', reject));
  stream.write(encoded({ hello: { ...HELLO.hello, hostname: `node-${k}` } }));
  stream.write(encoded(READY));
  stream.write(all[0]!);
  const from = performance.now() + (EVERY_MS * k) / PROBES;
  let i = 1;
  for (; i < all.length && performance.now() - begun < SECONDS * 1000; i++) {
    const due = from + (i - 1) * EVERY_MS;
    await sleep(Math.max(0, due - performance.now()));
    late = Math.max(late, performance.now() - due);
    if (!stream.write(all[i]!)) await new Promise((resolve) => stream.once('drain', resolve));
  }
  stream.write(encoded(BYE));
  stream.end();
  await ended;
  client.close();
  return eventsIn(i - 1);
}

/** Events of so many messages: a chunk's last one has what is left of it. */
function eventsIn(messages: number): number {
  const perChunk = Math.ceil(CHUNK_EVENTS / BATCH);
  return Math.min(RATE * SECONDS, Math.floor(messages / perChunk) * CHUNK_EVENTS + (messages % perChunk) * BATCH);
}

function cpuMs({ pid }: ChildProcess): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  return (fields[11]! + fields[12]!) * TICK_MS;
}

function statusMib({ pid }: ChildProcess, name: string): number {
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

function rssMib(child: ChildProcess): number {
  return statusMib(child, 'VmRSS');
}

function peakMib(child: ChildProcess): number {
  return statusMib(child, 'VmHWM');
}

async function until(isSo: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`it did not come to be so: ${said.slice(-500)}`);
    await sleep(50);
  }
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const { port } = listener.address() as { port: number };
  await new Promise((resolve) => listener.close(resolve));
  return port;
}
