/** A wait that leads from one node to the other: recordings of a real cluster's two nodes, each by its own recorder. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openQuietly } from '../../src/cli/open-capture.ts';
import { clockOffsets } from '../../src/store/clock-offset.ts';
import { together } from '../../src/store/ends.ts';
import type { TcpEnd } from '../../src/store/tcp-ends.ts';
import { Folder, trowel } from '../export/made.ts';
import { nodesOf } from './nodes.ts';

const folder = new Folder();
process.env.XDG_CACHE_HOME = folder.file('cache');
afterAll(() => folder.remove());

const shop = nodesOf(folder, 'shop');
const stall = nodesOf(folder, 'stall');
const translated = nodesOf(folder, 'translated');
/** Of curl to a port of the other node, whose address for the client is translated there. */
const TRANSLATED = 'proc.cmdline contains 30080';
const WITHOUT_FLOWS = 'DELETE FROM node_fact';

describe('two nodes', () => {
  test('explain follows a wait to the thread on the other node, and names events of both', () => {
    const { stdout, stderr } = trowel('explain', shop, TRANSLATED);
    expect(stderr).toMatch(/the clock of node2\.trowel is .* that of node1\.trowel, give or take \S+ µs \(3 connections\)/);
    expect(stdout).toMatch(
      /^curl \(\d+\) waited 40\d ms for the answer of 10\.0\.2\.16:30080: store \(100\d+\) slept for 400 ms of it\.$/m,
    );
    expect(stdout).toMatch(/└ store \(\d+\) in pod shop\/store on node2 at 172\.17\.1\.4:8080: own sleep 400 ms +node2:\d+ \d+ \d+$/m);
    expect(stdout).toMatch(/^Evidence: events node2:\d+, node1:\d+/m);
  });

  test('its events are numbered as in each node’s own capture', () => {
    const { stdout } = trowel('explain', shop, TRANSLATED, '--json');
    const { story } = JSON.parse(stdout) as { story: { origins: { 'evt.num': number; node: string; num: number }[] } };
    expect(new Set(story.origins.map(({ node }) => node))).toEqual(new Set(['node1', 'node2']));
    const shown = (path: string) => {
      const lines = trowel('read', path, '-p', '%evt.num %evt.type %evt.res %fd.name').stdout.trim().split('\n');
      return new Map(lines.map((line) => [Number(line.split(' ')[0]), line.slice(line.indexOf(' '))]));
    };
    const [all, node1, node2] = [shown(shop), shown(join(shop, 'node1.trowel')), shown(join(shop, 'node2.trowel'))];
    for (const { node, num, 'evt.num': merged } of story.origins) expect((node === 'node1' ? node1 : node2).get(num)).toBe(all.get(merged));
    expect(story.origins.every(({ 'evt.num': num }) => all.has(num))).toBe(true);
  });

  test('one of them is asked as it is: by its own numbers, with its own look at the node', () => {
    const own = join(shop, 'node1.trowel');
    for (const words of [['read'], ['explain'], ['net', 'flows']]) {
      const [command, ...rest] = words;
      expect(trowel(command!, shop, ...rest, '--node', 'node1').stdout, command).toBe(trowel(command!, own, ...rest).stdout);
    }
  });

  test('a file of another node than was asked for is not asked', () => {
    const { status, stderr } = trowel('read', join(shop, 'node1.trowel'), '--node', 'node2');
    expect(status).toBe(1);
    expect(stderr).toMatch(/node1\.trowel: is of node1, not of the node asked for$/m);
  });

  test('what a verdict cites, of both, gives the verdict again', () => {
    const path = folder.file('cited.trowel');
    expect(trowel('slice', shop, '--story', '1', '-w', path).status).toBe(0);
    const verdict = (stdout: string) => stdout.slice(0, stdout.indexOf('\n'));
    expect(verdict(trowel('explain', path).stdout)).toBe(verdict(trowel('explain', shop).stdout));
  });

  test('services have both sides’ pods and nodes', () => {
    const rows = trowel('lens', 'services', shop, '--json')
      .stdout.trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows.length).toBe(2);
    for (const row of rows) {
      expect(row).toMatchObject({ 'k8s.src.pod': 'front', 'evt.hostname': 'node1', 'endpoint.pod': 'store', 'endpoint.node': 'node2' });
      expect(row['accept.by']).toMatch(/^store \(100\d+\)$/);
      expect(row['accept.after']).toBeGreaterThan(0);
    }
  });

  test('a lookup leads to the DNS server on the other node, and to whom that asked', () => {
    const { stdout } = trowel('explain', stall);
    expect(stdout).toMatch(
      /^curl \(100\d+\) waited 10\.\d+ s for DNS: nobody answers .* localdomain.*; skydns \(\d+\) asked 203\.0\.113\.53:53 4 times/m,
    );
    expect(stdout).toMatch(/└ skydns .* 4 of 4 never answered +node1:\d+ \d+ \d+ \d+$/m);
    expect(stdout).toMatch(/^Evidence: events node2:\d+, .*node1:\d+/m);
  });

  test.each([
    ['shop/node1.trowel', TRANSLATED, /10\.0\.2\.16:30080 is an address of node2, which was not recorded: record node2, too/],
    [
      'shop/node1.trowel',
      'proc.cmdline contains 10.3.0.50/slow',
      /10\.3\.0\.50:80 is pod shop\/store on node2, which was not recorded: record node2/,
    ],
    ['stall/node2.trowel', '', /10\.3\.0\.10:53 is pod kube-system\/kube-dns\S* on node1, which was not recorded: record node1/],
  ])('of %s alone it says which node to record', (file, filter, expected) => {
    expect(trowel('explain', folder.file(file), ...(filter === '' ? [] : [filter])).stdout).toMatch(expected);
  });

  test('where conntrack was not seen, the bytes of the request tell the connection, whatever the clocks', () => {
    const late = "UPDATE meta SET value = CAST(value + 37000000 AS TEXT) WHERE key = 'epoch' AND '$node' = 'node2'";
    const { stdout, stderr } = trowel('explain', nodesOf(folder, 'shop', 'bytes', `${WITHOUT_FLOWS}; ${late}`), TRANSLATED);
    expect(stderr).toMatch(/is 3[67]\.\d ms ahead .* give or take \d+ µs \(2 connections\)/);
    expect(stdout).toMatch(/└ store \(\d+\) in pod shop\/store on node2 .* own sleep 400 ms/);
    expect(stdout).toMatch(/translated on the way to 10\.0\.2\.16:30080: its other end was found by the bytes of the request/);
  });
});

describe('eight equal requests at once, both addresses of each translated', () => {
  /** Which of the captures' connections were put together, and how; of each its client's and its server's port. */
  async function joinedIn(folder: string): Promise<string[]> {
    const captures = await Promise.all(['node1', 'node2'].map((node) => openQuietly(join(folder, `${node}.trowel`))));
    const { joined } = together(captures);
    for (const capture of captures) capture.close();
    return joined.map(({ by, chosen, client, server }) => `${by}${chosen ? ' chosen' : ''} ${client.end.local} ${server.end.remote}`);
  }

  test('are told apart by the sequence numbers that they began with', async () => {
    const joined = await joinedIn(translated);
    expect(joined.length).toBe(8);
    expect(new Set(joined).size).toBe(8);
    for (const one of joined) expect(one).toMatch(/^sequence 10\.9\.1\.2:\d+ 10\.9\.2\.1:\d+$/);
  });

  test('explain names what the server did for the very one', () => {
    const { stdout, stderr } = trowel('explain', translated, 'proc.name=curl');
    expect(stderr).toMatch(/give or take \S+ µs \(8 connections\)/);
    expect(stdout).toMatch(/└ store \(\d+\) on node2 at 10\.9\.2\.2:8080: own sleep 40\d ms +node2:\d+ \d+ \d+$/m);
    expect(stdout).not.toMatch(/found by the bytes/);
  });

  test('nothing else tells them apart, and nobody guesses', async () => {
    const without = folder.file('without');
    mkdirSync(without);
    for (const node of ['node1', 'node2']) {
      const from = join(translated, `${node}.trowel`);
      expect(trowel('import', from, 'evt.type!=tcp_state', '-w', join(without, `${node}.trowel`)).status).toBe(0);
    }
    expect(await joinedIn(without)).toEqual([]);
  });
});

/** An end of a connection whose first write and read were seen at these times. */
const end = (role: TcpEnd['role'], write: number, read: number, more: Partial<TcpEnd> = {}): TcpEnd => ({
  ...{ fds: [1], role, local: '', remote: '', begun: 0, first: 0, last: 1000, write, read },
  ...{ sent: 10, received: 10, head: new Uint8Array(0), beginning: null, ...more },
});
const CLOCKS = [
  { host: 'a', epoch: 0n },
  { host: 'b', epoch: 0n },
];
const shared = (client: TcpEnd, server: TcpEnd) => ({ client: 0, server: 1, ends: [client, server] as const });

describe('clocks', () => {
  test('lie between what each end cannot have read before it was written', () => {
    const [, offset] = clockOffsets(CLOCKS, [shared(end('client', 100, 140), end('server', 125, 115))]);
    expect(offset).toEqual({ ns: 0, error: 15, connections: 1 });
  });

  test('are not told by a connection of which one end was recorded from later on', () => {
    const old = { begun: null };
    const late = shared(end('client', 100, 140, { ...old, sent: 900 }), end('server', 525, 515, old));
    expect(clockOffsets(CLOCKS, [late])[1]).toEqual({ ns: 0, error: null, connections: 0 });
  });

  test('that drift are told by what most connections say, with how far they differ', () => {
    const connections = [0, 10, 20, 30].map((drift) => shared(end('client', 100, 110), end('server', 106 + drift, 104 + drift)));
    const [, offset] = clockOffsets(CLOCKS, connections);
    expect(offset!.ns).toBeGreaterThanOrEqual(0);
    expect(offset!.error).toBeGreaterThanOrEqual(15);
  });
});
