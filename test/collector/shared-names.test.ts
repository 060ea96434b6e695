/** One watcher's words, told to the recordings of several nodes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { NamesClient } from '../../src/collector/names-client.ts';
import { CollectorServer } from '../../src/collector/server.ts';
import { SharedNames } from '../../src/collector/shared-names.ts';
import { KubeNames } from '../../src/event/kube-names.ts';
import type { KubeContainer, KubeObject } from '../../src/kube/reduce.ts';
import { newTables } from '../../src/model/rows.ts';

const EPOCH = BigInt(Date.now() - 60_000) * 1_000_000n;
const PATIENCE = { timeout: 20_000, interval: 10 };
const ALWAYS = { from: -Infinity, until: Infinity };
const id = (n: number) => String(n).padEnd(64, 'c');

const pod = (n: number, node: string): KubeObject => ({
  ...{ kind: 'Pod', uid: `uid-${n}`, namespace: 'shop', name: `web-${n}`, labels: {}, selector: null, node, ips: [`10.0.0.${n}`] },
  ...{ ports: [], owners: [], containers: [id(n)], created: Date.now() - 120_000 },
});
const container = (n: number): KubeContainer => ({
  ...{
    container: id(n),
    runtime: 'containerd',
    name: 'web',
    image: 'web:1',
    imageId: '',
    ip: '',
    privileged: false,
    labels: {},
    mounts: [],
  },
});

function tell(names: SharedNames, n: number, node: string): void {
  names.sink.object(pod(n, node));
  names.sink.container(container(n));
}

describe('names for all recordings of a collector', () => {
  test('reach who was there, and who comes later, each with its own node’s containers', () => {
    const names = new SharedNames();
    const [a, b] = [newTables(), newTables()];
    names.of(a, EPOCH, 'node-a').start();
    tell(names, 1, 'node-a');
    tell(names, 2, 'node-b');
    const later = names.of(b, EPOCH, 'node-b');
    later.start();
    expect(later.pods).toBe(2);
    const podOf = (tables: typeof a, n: number) => new KubeNames(tables).pod(id(n), 1e9, ALWAYS)?.name ?? null;
    expect([podOf(a, 1), podOf(b, 2)]).toEqual(['web-1', 'web-2']);
    expect([a, b].map((tables) => [...tables.containers.all()].map((row) => row.container))).toEqual([[id(1)], [id(2)]]);
    for (const { from } of [...a.objects.all(), ...a.containers.all()]) expect(from).toBe(Math.round(from)); // of whole ns: a store takes no others
    expect(new KubeNames(a).atAddress('10.0.0.2', 'Pod', 1e9, ALWAYS)?.node).toBe('node-b');
  });

  test('end with a recording, and what is gone is not told to the next', () => {
    const names = new SharedNames();
    const tables = newTables();
    const first = names.of(tables, EPOCH, 'node-a');
    first.start();
    first.stop();
    tell(names, 1, 'node-a');
    expect(tables.objects.size).toBe(0);
    names.sink.gone('uid-1');
    const next = names.of(tables, EPOCH, 'node-a');
    next.start();
    expect(next.pods).toBe(0);
  });

  test('reach another collector, which keeps what it knows while the first is away', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trowel-names-'));
    const address = `unix:${join(folder, 'names.sock')}`;
    const first = new SharedNames();
    let server = await serving(first, address);
    tell(first, 1, 'node-a');
    const here: SharedNames = new SharedNames(() => (client.sourceError === null ? [] : [client.sourceError]));
    const client = new NamesClient(address, null, here.sink, 50);
    client.start();
    const recording = here.of(newTables(), EPOCH, 'node-a');
    recording.start();
    await vi.waitFor(() => expect(recording.pods).toBe(1), PATIENCE);
    tell(first, 2, 'node-a');
    await vi.waitFor(() => expect(recording.pods).toBe(2), PATIENCE);
    expect(recording.sourceErrors).toEqual([]);

    await server.close();
    await vi.waitFor(() => expect(recording.sourceErrors).toEqual([expect.stringContaining(`no names from ${address}: `)]), PATIENCE);
    expect(podsOf(here)).toBe(2);

    const anew = new SharedNames();
    tell(anew, 2, 'node-a');
    tell(anew, 3, 'node-a');
    server = await serving(anew, address);
    await vi.waitFor(() => expect([...namesOf(here)].sort()).toEqual(['web-2', 'web-3']), PATIENCE); // the first went while nobody told
    expect(recording.sourceErrors).toEqual([]);
    client.stop();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  async function serving(names: SharedNames, address: string): Promise<CollectorServer> {
    const server = new CollectorServer(() => {
      throw new Error('no probe connects');
    });
    server.share(names);
    await server.listen(address);
    return server;
  }

  /** Names of pods that a recording which begins now is told. */
  function namesOf(names: SharedNames): Set<string> {
    const tables = newTables();
    names.of(tables, EPOCH, 'node-a').start();
    return new Set(Array.from(tables.objects.all(), ({ name }) => name));
  }

  const podsOf = (names: SharedNames): number => namesOf(names).size;
});
