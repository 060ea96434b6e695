/** Two servers with a Distributed table, two collectors, probes: a wait explained across nodes, and a count of what is there after each was killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storeAddress } from '../../src/cluster/address.ts';
import { StoreClient } from '../../src/cluster/client.ts';
import { recordingId } from '../../src/cluster/recording.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { Folder, trowel } from '../export/made.ts';
import { BYE, batch, HELLO, READY, TestProbe } from '../helpers/probe.ts';
import { replayOf } from '../helpers/replay.ts';
import { ClickHouse, freePorts, noClickHouse } from './clickhouse.ts';
import { nodesOf } from './nodes.ts';

const PATIENCE_MS = 60_000;
/** Two batches of the store. */
const MANY = 200_000;
const NAMES = ['first', 'second'] as const;
const MESSAGE = 20_000;
/** So that a batch's events are µs apart, one message after the other. */
const US = 1000;

/** Time zero of what a TestProbe says. */
const EPOCH = 1_700_000_000_000_000_000n;

interface Collector {
  readonly address: string;
  readonly kill: () => Promise<void>;
  readonly said: () => string;
}

interface Stored {
  readonly node: string;
  readonly events: string;
  readonly nums: string;
  /** Of the recording’s own row. */
  readonly said: string;
  readonly state: string;
}

describe.skipIf(noClickHouse !== null)(`two servers (${noClickHouse ?? 'real ones'})`, () => {
  const folder = new Folder();
  process.env.XDG_CACHE_HOME = folder.file('cache');
  const running: ChildProcess[] = [];
  let servers: readonly ClickHouse[] = [];
  /** Each sends to one of the servers. */
  let collectors: Collector[] = [];

  beforeAll(async () => {
    servers = await ClickHouse.cluster(2);
    await Promise.all(servers.map((server) => server.start()));
    for (const server of servers) {
      const { status, stderr } = trowel('cluster', 'init', server.at('trowel'), '--on-cluster', 'trowel', '--here', '--unreplicated');
      expect(status, stderr).toBe(0);
    }
    nodesOf(folder, 'stall');
    collectors = await Promise.all(servers.map((server, k) => collector(NAMES[k]!, server)));
  }, PATIENCE_MS);

  afterAll(async () => {
    for (const one of running) one.kill('SIGKILL');
    await Promise.all(servers.map((server) => server.remove()));
    folder.remove();
  });

  /** Of a folder of its own, which sends to one of the servers. */
  async function collector(name: string, server: ClickHouse): Promise<Collector> {
    const [port] = await freePorts(1);
    const address = `127.0.0.1:${port}`;
    const words = ['collect', '--listen', address, '--store', server.at('trowel'), '-w', folder.file(name)];
    const child = spawn(process.execPath, [join(packageRoot(), 'dist/trowel.js'), ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
    running.push(child);
    let said = '';
    child.stderr!.on('data', (piece: Buffer) => {
      said += piece.toString();
    });
    await until(() => said.includes('listening on'));
    const kill = async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    };
    return { address, kill, said: () => said };
  }

  async function rows<Row>(server: ClickHouse, sql: string): Promise<Row[]> {
    const client = new StoreClient(storeAddress(server.at('trowel')));
    try {
      return await client.rows<Row>(sql);
    } finally {
      await client.close();
    }
  }

  /** What a server says of all events; null: it is away. */
  async function stored(server: ClickHouse): Promise<ReadonlyMap<string, Stored> | null> {
    const found = await rows<Stored>(
      server,
      'SELECT node, events, nums, said, state FROM (SELECT rec, count() AS events, uniqExact(num) AS nums' +
        ' FROM trowel.event GROUP BY rec) ANY LEFT JOIN (SELECT rec, node, events AS said, state FROM trowel.recording FINAL) USING rec',
    ).catch(() => null);
    return found && new Map(found.map((row) => [row.node, row]));
  }

  const here = (server: ClickHouse) =>
    rows<{ n: string }>(server, 'SELECT count() AS n FROM trowel.event_local').then(([row]) => Number(row!.n));

  /** What the collector writes, and has not sent. */
  const waiting = (k: number) => readdirSync(join(folder.file(NAMES[k]!), 'trowel-spool')).filter((name) => name.endsWith('.trowel'));

  /** Events that are written there of a node; 0: not yet. */
  function written(k: number, node: string): number {
    const name = waiting(k).find((one) => one.startsWith(node));
    if (name === undefined) return 0;
    try {
      const capture = new CaptureReader(join(folder.file(NAMES[k]!), 'trowel-spool', name));
      const count = capture.last()?.count ?? 0;
      capture.close();
      return count;
    } catch {
      return 0; // it is being made
    }
  }

  /** Sends a node's capture; gives the number of its events. */
  async function record(node: string, k: number): Promise<number> {
    const capture = new CaptureReader(join(folder.file('stall'), `${node}.trowel`));
    const { hello, ready, batches, bye, events } = replayOf(capture, 100);
    capture.close();
    const probe = new TestProbe(collectors[k]!.address).say(hello, ready, ...batches, bye);
    probe.end();
    expect(await probe.ended).toBe('');
    return events;
  }

  test(
    'explain follows a wait from node to node',
    async () => {
      const events = await Promise.all(['node1', 'node2'].map(record));
      await until(() => waiting(0).length + waiting(1).length === 0);
      const found = await stored(servers[0]!);
      const counts = ['node1', 'node2'].map((node) => [found!.get(node)!.events, found!.get(node)!.nums, found!.get(node)!.state]);
      expect(counts).toEqual(events.map((n) => [String(n), String(n), 'complete']));
      const { stdout } = trowel('explain', servers[1]!.at('trowel'));
      expect(stdout).toMatch(/^curl \(\d+\) waited 10\.\d+ s for DNS: .* localdomain.*; skydns \(\d+\) asked 203\.0\.113\.53:53 4 times/m);
      expect(stdout).toMatch(/└ skydns .* 4 of 4 never answered +node1:\d+ \d+ \d+ \d+$/m);
      expect(stdout).toMatch(/^Evidence: events node2:\d+, .*node1:\d+/m);
    },
    PATIENCE_MS,
  );

  const hello = (hostname: string) => ({ hello: { ...HELLO.hello, hostname } });
  /** A node whose events are kept by that server. */
  const nodeOf = (k: number, name: string) =>
    [...Array(100).keys()]
      .map((i) => `${name}-${i}`)
      .find((hostname) => BigInt(recordingId({ meta: { hostname }, epoch: EPOCH })) % 2n === BigInt(k))!;

  test(
    'a server that is killed loses nothing, and gets nothing twice',
    async () => {
      const node = nodeOf(0, 'many');
      const more = nodeOf(0, 'more');
      const before = await here(servers[0]!);
      const probe = new TestProbe(collectors[1]!.address).say(hello(node), READY);
      for (let sent = 0; sent < MANY; sent += MESSAGE) probe.say(batch(MESSAGE, (1 + sent) * US));
      probe.say(BYE).end();
      await until(async () => (await here(servers[0]!)) > before);
      await servers[0]!.kill();
      const late = new TestProbe(collectors[1]!.address).say(hello(more), READY, batch(500), BYE); // where all of the other was there in time
      late.end();
      expect(await late.ended).toBe('');
      await until(() => collectors[1]!.said().includes('the rest waits in'));
      await servers[0]!.start();
      await until(() => waiting(1).length === 0);
      const found = await stored(servers[1]!);
      expect(found!.get(node)).toMatchObject({ events: String(MANY), nums: String(MANY), said: String(MANY), state: 'complete' });
      expect(found!.get(more)).toMatchObject({ events: '500', nums: '500', state: 'complete' });
    },
    PATIENCE_MS,
  );

  test(
    'a collector that is killed: what it had written is sent by the next, and its end is told to be missing',
    async () => {
      const probe = new TestProbe(collectors[0]!.address).say(hello('cut'), READY, batch(1000));
      await until(() => written(0, 'cut') === 1000);
      await collectors[0]!.kill();
      writeFileSync(join(folder.file(NAMES[0]), 'trowel-spool/begun.trowel'), ''); // another that it had only begun
      expect(await probe.ended).not.toBe('');
      collectors[0] = await collector(NAMES[0], servers[0]!);
      const later = { hello: { ...hello('cut').hello, clock: { bootNs: '1000000000', wallNs: '1700000100000000000' } } };
      const again = new TestProbe(collectors[0]!.address).say(later, READY, batch(500), BYE);
      again.end();
      expect(await again.ended).toBe('');
      await until(() => waiting(0).length === 0);
      expect(collectors[0]!.said()).toMatch(/begun\.trowel.*; it stays as .*\.unreadable/);
      const found = await rows<{ state: string; n: string; nums: string }>(
        servers[1]!,
        'SELECT state, n, nums FROM (SELECT rec, count() AS n, uniqExact(num) AS nums FROM trowel.event GROUP BY rec) ANY LEFT JOIN' +
          " (SELECT rec, state, epoch FROM trowel.recording FINAL WHERE node = 'cut') USING rec WHERE state != '' ORDER BY epoch",
      );
      expect(found).toEqual([
        { state: 'recording', n: '1000', nums: '1000' },
        { state: 'complete', n: '500', nums: '500' },
      ]);
      const cut = `${servers[1]!.at('trowel')}?node=cut&to=2023-11-14T22:14:00Z`;
      expect(trowel('info', cut).stdout).toMatch(/not closed: still being recorded, or its recorder was killed/);
    },
    PATIENCE_MS,
  );

  test(
    'a probe that is killed: what came is there, and that it broke off',
    async () => {
      const probe = new TestProbe(collectors[1]!.address).say(hello('gone'), READY, batch(1000), batch(1000, 1001 * US));
      await until(() => written(1, 'gone') === 2000);
      probe.close();
      await until(() => waiting(1).length === 0);
      expect((await stored(servers[0]!))!.get('gone')).toMatchObject({ events: '2000', nums: '2000', state: 'broke off' });
      expect(trowel('info', `${servers[0]!.at('trowel')}?node=gone`).stdout).toMatch(/broke off/);
    },
    PATIENCE_MS,
  );
});

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !(await isSo()); await sleep(50))
    if (Date.now() > end) throw new Error('it did not come to be so');
}
