/**
 * The laboratory of network namespaces as three hosts: a client, its DNS server, and all else. They share a kernel, so each has a probe, a
 * host name and a collector of its own, and of each is kept what runs in its containers. Both servers of the store hold a part.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { storeAddress } from '../../src/cluster/address.ts';
import { StoreClient } from '../../src/cluster/client.ts';
import { type Recording, recordings } from '../../src/cluster/recording.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { ClickHouse, freePorts, noClickHouse } from '../cluster/clickhouse.ts';
import { Folder, trowel } from '../export/made.ts';
import { Lab, whyNoLab } from '../helpers/lab.ts';
import { laboratory } from '../helpers/laboratory.ts';

/** What each host's containers are, by the beginning of their ids. */
const [CLIENT, DNS] = ['b3a718d8b339', '36ae6d09d26e'];
const HOSTS = {
  'host-a': `container.id startswith ${CLIENT}`,
  'host-b': `container.id startswith ${DNS}`,
  'host-c': `container.id exists and not (container.id startswith ${CLIENT} or container.id startswith ${DNS})`,
} as const;
type Host = keyof typeof HOSTS;
const NAMES = Object.keys(HOSTS) as Host[];
const WAIT = { timeout: 120_000, interval: 500 };
const MINUTES = 400_000;
const asked = process.env.TROWEL_CLUSTER === 'all' ? null : 'TROWEL_CLUSTER=all runs it';

laboratory('three hosts', noClickHouse ?? asked ?? whyNoLab(), () => {
  const folder = new Folder();
  const network = new Lab(`th${process.pid}`);
  const running: ChildProcess[] = [];
  /** By host: its collector. */
  const said = new Map<Host, string>();
  let servers: readonly ClickHouse[] = [];
  let probes: readonly ChildProcess[] = [];

  beforeAll(async () => {
    process.env.XDG_CACHE_HOME = folder.file('cache');
    servers = await ClickHouse.cluster(2);
    for (const server of servers) {
      await server.start();
      expect(trowel('cluster', 'init', server.at('trowel'), '--on-cluster', 'trowel', '--here', '--unreplicated').stderr).toMatch(/tables/);
    }
    await network.upWithApi();
    const addresses = await Promise.all(NAMES.map((host, k) => collector(host, servers[k % 2]!)));
    probes = NAMES.map((host, k) => probe(host, addresses[k]!));
  }, MINUTES);

  afterAll(async () => {
    for (const one of running) one.kill('SIGKILL');
    network.down();
    await Promise.all(servers.map((server) => server.remove()));
    folder.remove();
  }, MINUTES);

  async function collector(host: Host, server: ClickHouse): Promise<string> {
    const [port] = await freePorts(1);
    const address = `127.0.0.1:${port}`;
    const words = ['collect', '--listen', address, '--store', server.at('trowel'), '-w', folder.file(host), '--no-k8s', HOSTS[host]];
    const child = spawn(process.execPath, [join(packageRoot(), 'dist/trowel.js'), ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
    running.push(child);
    said.set(host, '');
    child.stderr!.on('data', (piece: Buffer) => said.set(host, said.get(host)! + piece.toString()));
    await vi.waitFor(() => expect(said.get(host)).toContain('listening on'), WAIT);
    return address;
  }

  /** Its recording has ended, and nothing of it waits. */
  function isSent(host: Host): boolean {
    const waiting = readdirSync(join(folder.file(host), 'trowel-spool')).filter((name) => name.endsWith('.trowel'));
    return waiting.length === 0 && /: \d+ events, nothing lost/.test(said.get(host)!);
  }

  function probe(host: Host, address: string): ChildProcess {
    const program = join(packageRoot(), 'native/build/trowel-probe');
    const child = spawn('unshare', ['-u', 'sh', '-c', 'hostname "$1" && exec "$2" "$3"', 'sh', host, program, address], {
      stdio: 'ignore',
    });
    running.push(child);
    return child;
  }

  async function stored(): Promise<readonly Recording[]> {
    const client = new StoreClient(storeAddress(servers[0]!.at('trowel')));
    try {
      return await recordings(client, []);
    } finally {
      await client.close();
    }
  }

  test(
    'explains a stall with events of the client’s host and of the DNS server’s',
    async () => {
      await vi.waitFor(async () => {
        network.run('curl', 'backend');
        const seen = (await stored()).filter(({ events }) => events > 0).map(({ node }) => node);
        expect([...new Set(seen)].sort()).toEqual(NAMES);
      }, WAIT);
      network.run('fault', 'upstream-drop', 'on');
      const from = new Date().toISOString();
      network.run('curl', 'backend.critical-app.svc.cluster.local');
      for (const one of probes) one.kill('SIGINT');
      await vi.waitFor(() => expect(NAMES.filter((host) => !isSent(host))).toEqual([]), WAIT);
      const { stdout, stderr } = trowel('explain', servers[1]!.at('trowel'), '--from', from);
      expect(stdout, stderr).toMatch(/^curl \(\d+\) waited 10\.\d+ s for DNS: .* localdomain/m);
      expect(stdout).toMatch(/└ skydns .* never answered +host-b:\d+/m);
      expect(stdout).toMatch(/^Evidence: events .*host-a:\d+/m);
      expect(stdout).toMatch(/^Evidence: events .*host-b:\d+/m);
    },
    MINUTES,
  );
});
