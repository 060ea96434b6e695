/**
 * A store on a real server (ClickHouse, on loopback): what it takes to send three nodes' events there, and to ask for them, beside the same
 * questions to the three files. Of questions the time on the clock counts, since the server works at them: `server` is its CPU.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contextOf } from '../../src/cli/capture-context.ts';
import { storeCount, storeRank } from '../../src/cli/store-fold.ts';
import { storeAddress } from '../../src/cluster/address.ts';
import { StoreClient } from '../../src/cluster/client.ts';
import { init } from '../../src/cluster/maintain.ts';
import { pull } from '../../src/cluster/pull.ts';
import { push } from '../../src/cluster/push.ts';
import { recordings } from '../../src/cluster/recording.ts';
import { StoreStream } from '../../src/cluster/stream.ts';
import { explain } from '../../src/explain/explain.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { ask } from '../../src/lens/ask.ts';
import { lensNamed } from '../../src/lens/index.ts';
import type { DimensionTables } from '../../src/model/rows.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { CaptureWriter } from '../../src/store/writer.ts';
import { ClickHouse, noClickHouse } from '../cluster/clickhouse.ts';
import { assertEqual, report } from './measure.ts';
import { syntheticChunks, syntheticTables } from './synthetic.ts';

const EVENTS = Number(process.env.BENCH_EVENTS ?? 1_000_000);
const NODES = ['node-1', 'node-2', 'node-3'] as const;
const NAMESPACE = 'k8s.ns=team-1 and fd.type=ipv4';
const TEXT = 'evt.buffer contains localdomain';
const PAGE = 100;
const REPEATS = 7;

async function measure(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));
  const server = new ClickHouse();
  await server.start();
  const store = server.at('trowel');
  const client = new StoreClient(storeAddress(store));
  const files = NODES.map((node, k) => write(join(folder, `${node}.trowel`), node, k + 1)).map((path) => new CaptureReader(path));
  try {
    await init(client, null);
    await pushAll(client, server, files);
    await questions(store, server, files, folder);
  } finally {
    for (const file of files) file.close();
    await client.close();
    await server.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One node's part of the events, other ones than the others', of pods in five namespaces. */
function write(path: string, hostname: string, seed: number): string {
  const tables = syntheticTables();
  addPods(tables, hostname);
  const writer = new CaptureWriter(path, tables, { level: 1, live: false });
  writer.meta({ epoch: String(BigInt(Date.parse('2026-11-21T08:00:00Z')) * 1_000_000n), hostname, source: 'trowel' });
  for (const chunk of syntheticChunks(Math.floor(EVENTS / NODES.length), seed)) writer.append(chunk);
  writer.close({ end: '0' });
  return path;
}

function addPods(tables: DimensionTables, node: string): void {
  const ids = [...new Set([...tables.processes.all()].map(({ container }) => container))].filter((id) => id !== '');
  ids.forEach((id, i) => {
    tables.objects.add({
      ...{ kind: 'Pod', uid: `uid-${node}-${i}`, namespace: `team-${i % 5}`, name: `pod-${i}`, node, source: 'api', containers: [id] },
      ...{
        labels: {},
        annotations: null,
        selector: null,
        expressions: null,
        ips: [],
        ports: [],
        owners: [],
        status: null,
        from: 0,
        to: null,
      },
    });
  });
}

async function pushAll(client: StoreClient, server: ClickHouse, files: readonly CaptureReader[]): Promise<void> {
  const [cpu, there] = [process.cpuUsage(), server.cpuMs];
  let events = 0;
  for (const file of files) events += (await push(file, contextOf(file), client)).stored;
  const { user, system } = process.cpuUsage(cpu);
  assertEqual(events, files.length * Math.floor(EVENTS / NODES.length), 'events stored');
  report(
    `sent, ${(events / 1e6).toFixed(1)} M events of ${files.length} nodes, CPU of the client`,
    ((user + system) * 1000) / events,
    'ns/event',
    1000,
  );
  report('  CPU of the server', ((server.cpuMs - there) * 1e6) / events, 'ns/event');
  const [row] = await client.rows<{ bytes: string }>(
    "SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = 'trowel' AND table = 'event'",
  );
  report('  on disk', Number(row!.bytes) / events, 'bytes/event', 12);
  report('  the files', files.reduce((sum, { bytes }) => sum + bytes, 0) / events, 'bytes/event');
}

async function questions(store: string, server: ClickHouse, files: readonly CaptureReader[], folder: string): Promise<void> {
  const within = async (what: string, budgetMs: number, there: () => Promise<unknown>, here: () => unknown) => {
    const [[a, ms, cpu], [b, own]] = [await least(there, server), await least(async () => here(), server)];
    assertEqual(JSON.stringify(a), JSON.stringify(b), what);
    report(what, ms, 'ms', budgetMs);
    report(`  server ${cpu.toFixed(0)} ms of CPU; the files`, own, 'ms');
  };
  const none = () => ({});
  const count = (filter: string) => () => files.reduce((sum, file) => sum + countIn(file, filter), 0);
  await within(
    `first ${PAGE} of ${NAMESPACE}, one node`,
    300,
    () => firstThere(`${store}?node=node-1`),
    () => firstHere(files[0]!),
  );
  await within(`count of ${NAMESPACE}`, 1000, () => storeCount(store, NAMESPACE, none), count(NAMESPACE));
  await within(`count of ${TEXT}`, 3000, () => storeCount(store, TEXT, none), count(TEXT));
  await within(
    'top pods by bytes',
    1000,
    () => topThere(store),
    () => topHere(files),
  );
  await within(
    'explain of a tenth of a node’s time, pulled first',
    3000,
    () => explainThere(store, files[0]!, folder),
    () => explainHere(files[0]!),
  );
}

/** The answer, and the least time that it took. */
async function least<T>(work: () => Promise<T>, server: ClickHouse): Promise<[answer: T, ms: number, cpuMs: number]> {
  let best: [T, number, number] | null = null;
  for (let k = 0; k < REPEATS; k++) {
    const [begun, cpu] = [performance.now(), server.cpuMs];
    const answer = await work();
    const ms = performance.now() - begun;
    if (best === null || ms < best[1]) best = [answer, ms, server.cpuMs - cpu];
  }
  return best!;
}

function countIn(file: CaptureReader, filter: string): number {
  let found = 0;
  for (const { n } of file.select(compileFilter(filter, contextOf(file)))) found += n;
  return found;
}

async function firstThere(name: string): Promise<number[]> {
  const client = new StoreClient(storeAddress(name));
  const [recording] = await recordings(client, ['node-1']);
  const stream = await StoreStream.open(client, recording!, { from: null, to: null });
  const nums: number[] = [];
  const question = { filter: compileFilter(NAMESPACE, contextOf(stream)), range: {}, fields: [], dns: false };
  await stream.read(question, ({ chunk, selection, n }) => {
    for (let k = 0; k < n && nums.length < PAGE; k++) nums.push(chunk.num[selection[k]!]!);
    return nums.length < PAGE;
  });
  await client.close();
  return nums;
}

function firstHere(file: CaptureReader): number[] {
  const nums: number[] = [];
  for (const { chunk, selection, n } of file.select(compileFilter(NAMESPACE, contextOf(file)))) {
    for (let k = 0; k < n && nums.length < PAGE; k++) nums.push(chunk.num[selection[k]!]!);
    if (nums.length === PAGE) break;
  }
  return nums;
}

const TOP = {
  lens: lensNamed('events')!,
  filter: 'fd.type=ipv4',
  instead: { by: ['evt.hostname', 'k8s.ns', 'k8s.pod'], measures: ['bytes', 'count'], most: 1000 },
};
const sorted = (rows: Iterable<unknown>): string[] => [...rows].map((row) => JSON.stringify(row)).sort();

async function topThere(store: string): Promise<string[]> {
  const found = await storeRank(TOP, store);
  if (found === null) throw new Error('the store does not rank it');
  return sorted(found.items);
}

function topHere(files: readonly CaptureReader[]): string[] {
  return sorted(
    files.flatMap((file) => {
      const table = ask(TOP, file, contextOf(file));
      return table.kind === 'table' ? [...table.items] : [];
    }),
  );
}

/** A tenth of a node's time. */
const tenth = (file: CaptureReader) => ({ from: 0, to: Math.floor((file.last()?.time ?? 0) / 10) });

async function explainThere(store: string, file: CaptureReader, folder: string): Promise<number> {
  const client = new StoreClient(storeAddress(store));
  const path = join(folder, `pulled-${performance.now()}.trowel`);
  const { from, to } = tenth(file);
  const events = await pull(
    client,
    (await recordings(client, ['node-1']))[0]!,
    { from: file.epoch + BigInt(from), to: file.epoch + BigInt(to) },
    path,
  );
  await client.close();
  const pulled = new CaptureReader(path);
  explain(pulled, { over: 100e6, pids: null });
  pulled.close();
  rmSync(path);
  return events;
}

function explainHere(file: CaptureReader): number {
  const { from, to } = tenth(file);
  explain(file, { over: 100e6, pids: null, from, to });
  let events = 0;
  for (const { n } of file.select(compileFilter('', contextOf(file)), { toTime: to })) events += n;
  return events;
}

if (noClickHouse === null) await measure();
else console.log(`  skipped: ${noClickHouse}`);
