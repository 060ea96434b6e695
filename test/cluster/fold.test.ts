/** What a store decides and adds up by itself, on a real server: the same as from the files. */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contextOf } from '../../src/cli/capture-context.ts';
import { storeCount, storeRank } from '../../src/cli/store-fold.ts';
import type { StoreClient } from '../../src/cluster/client.ts';
import { conditionOf } from '../../src/cluster/fold.ts';
import { push } from '../../src/cluster/push.ts';
import { recordings } from '../../src/cluster/recording.ts';
import { EVENT_COLUMNS } from '../../src/cluster/schema.ts';
import { StoreStream } from '../../src/cluster/stream.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { ask } from '../../src/lens/ask.ts';
import { LENSES } from '../../src/lens/index.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { CAPTURE, Folder, trowel } from '../export/made.ts';
import { REFERENCE_FILTERS } from '../helpers/reference-filters.ts';
import { ClickHouse, noClickHouse } from './clickhouse.ts';
import { nodesOf, type Scene } from './nodes.ts';

const ALL = { from: null, to: null };
const PATIENCE_MS = 20_000;

describe.skipIf(noClickHouse !== null)(`a store that adds up (${noClickHouse ?? 'a real server'})`, () => {
  const server = new ClickHouse();
  const folder = new Folder();
  const capture = new CaptureReader(CAPTURE);
  const nodes = folder.file('nodes');
  let client: StoreClient;
  let one = '';
  let both = '';

  beforeAll(async () => {
    process.env.XDG_CACHE_HOME = folder.file('cache');
    await server.start();
    client = await server.store('trowel');
    [both, one] = [server.at('trowel'), server.at('trowel?node=node-1')];
    mkdirSync(nodes);
    copyFileSync(CAPTURE, join(nodes, 'a.trowel'));
    copyFileSync(CAPTURE, join(nodes, 'b.trowel'));
    const db = new Database(join(nodes, 'b.trowel'));
    db.exec("UPDATE meta SET value = 'node-2' WHERE key = 'hostname'");
    db.close();
    for (const name of ['a', 'b']) {
      const part = new CaptureReader(join(nodes, `${name}.trowel`));
      await push(part, contextOf(part), client);
      part.close();
    }
  }, 60_000);

  afterAll(async () => {
    await client.close();
    capture.close();
    folder.remove();
    await server.remove();
  });

  test('decides filters as the evaluator does, or not at all', async () => {
    const [recording] = await recordings(client, ['node-1']);
    const stream = await StoreStream.open(client, recording!, ALL);
    const context = contextOf(stream);
    const told = new Map<string, string>();
    let decided = 0;
    for (const text of REFERENCE_FILTERS) {
      const filter = compileFilter(text, context);
      const where = await conditionOf(client, { recording: recording!, range: ALL, filter }, context);
      if (where === null) continue;
      decided++;
      if (!told.has(where)) {
        const rows = await client.rows<{ num: string }>(`SELECT num FROM trowel.event WHERE ${where} ORDER BY num`);
        told.set(where, rows.map(({ num }) => num).join(' '));
      }
      expect(told.get(where), text).toBe(numbersHere(text).join(' '));
    }
    expect(decided / REFERENCE_FILTERS.length).toBeGreaterThan(0.4);
  }, 60_000);

  function numbersHere(text: string): number[] {
    const found: number[] = [];
    for (const { chunk, selection, n } of capture.select(compileFilter(text, contextOf(capture))))
      for (let k = 0; k < n; k++) found.push(chunk.num[selection[k]!]!);
    return found;
  }

  test('ranks as from the file', async () => {
    let folded = 0;
    for (const lens of LENSES) {
      if (lens.ask.kind !== 'rank' || lens.args.length > 0) continue;
      const found = await storeRank({ lens }, one);
      if (found === null) continue;
      folded++;
      const here = ask({ lens }, capture, contextOf(capture));
      if (here.kind === 'table') expect(sorted(found.items), lens.name).toEqual(sorted(here.items));
    }
    expect(folded).toBeGreaterThan(10);
  }, 30_000);

  const sorted = (rows: Iterable<unknown>): string[] => [...rows].map((row) => JSON.stringify(row)).sort();

  test.each([
    ['read', 'fd.type=ipv4 and proc.name=curl', '--count'],
    ['read', 'evt.latency>1ms or evt.failed=true', '--count'],
    ['lens', '--by', 'k8s.pod?,proc.name', '--measure', 'bytes,count,errors,max', 'fd.type=ipv4'],
    ['lens', '--by', 'evt.hostname,fd.type', '--measure', 'time,bytes.in,min', 'evt.latency>=0'],
  ])('adds several nodes up: %s %s %s', (command, ...rest) => {
    const of = (source: string) => {
      const words = command === 'lens' ? [...rest.slice(0, 4), source, rest[4]!, '--json'] : [source, ...rest];
      return trowel(command, ...words);
    };
    const [there, here] = [of(both), of(nodes)];
    expect(sorted(there.stdout.split('\n'))).toEqual(sorted(here.stdout.split('\n')));
  });

  test('counts what is stored while more is being sent', async () => {
    const other = await server.store('busy');
    await push(capture, contextOf(capture), other);
    const busy = server.at('busy');
    const columns = EVENT_COLUMNS.map(([name]) => (name === 'num' ? 'num + 100000' : name === 'time' ? 'time + 3600000000000' : name)).join(
      ', ',
    );
    await other.command(`INSERT INTO busy.event SELECT ${columns} FROM busy.event LIMIT 100`);
    expect(await storeCount(busy, '', () => ({}))).toBe(452);
    expect(await storeCount(busy, 'proc.name=curl', () => ({}))).toBe(numbersHere('proc.name=curl').length);
    await other.command('INSERT INTO busy.event SELECT * FROM busy.event WHERE num < 100000 LIMIT 1');
    expect(await storeCount(busy, '', () => ({}))).toBe(null); // one is there twice
    await other.close();
  });

  test('leaves to the evaluator what it cannot decide', async () => {
    const range = () => ({});
    expect(await storeCount(one, 'dns.qname exists', range)).toBe(null);
    expect(await storeCount(one, 'evt.num<=400', range)).toBe(numbersHere('evt.num<=400').length);
    expect(await storeCount(both, 'evt.num<=400', range)).toBe(null); // of several recordings events are numbered anew
    expect(trowel('read', both, 'evt.num<=400', '--count').stdout).toBe('400\n');
  });

  /** A database with both nodes of a scene; gives the folder of the same. */
  async function pushed(scene: Scene): Promise<string> {
    const path = nodesOf(folder, scene);
    const other = await server.store(scene);
    for (const node of ['node1', 'node2']) {
      const part = new CaptureReader(join(path, `${node}.trowel`));
      await push(part, contextOf(part), other);
      part.close();
    }
    await other.close();
    return path;
  }

  test('names processes and events of several nodes as the folder does, whichever began first', async () => {
    const path = await pushed('translated'); // the second began first
    const [there, here] = [server.at('translated'), path].map((place) => trowel('explain', place, 'proc.name=curl').stdout);
    expect(here).toMatch(/store \(1000\d+\) on node2 at 10\.9\.2\.2:8080/);
    expect(there).toBe(here);
  });

  test('shows one namespace and nothing of others', async () => {
    const path = await pushed('stall');
    const masked = server.at('stall?ns=critical-app');
    const count = trowel('read', path, 'k8s.ns=critical-app', '--count').stdout;
    expect(trowel('read', masked, '--count').stdout).toBe(count);
    expect(trowel('read', server.at('stall'), '--only-ns', 'critical-app', '--count').stdout).toBe(count);
    const pulled = folder.file('pulled.trowel');
    trowel('pull', `${masked}&node=node2`, '-w', pulled);
    const db = new Database(pulled);
    const of = (sql: string) => db.prepare(sql).pluck().all();
    expect(of('SELECT DISTINCT comm FROM process')).toContain('curl');
    expect(of("SELECT DISTINCT namespace FROM kube_object WHERE namespace != ''")).toEqual(['critical-app']);
    expect(of('SELECT * FROM node_fact')).toEqual([]);
    db.close();
    expect(trowel('read', masked, '--only-ns', 'kube-system').stderr).toMatch(/the address is of critical-app only/);
    expect(trowel('read', path, '--only-ns', 'critical-app').stderr).toMatch(/--only-ns is for stores/);
  });

  test('takes of a file what one namespace has', async () => {
    const part = await server.store('part');
    await part.close();
    const file = join(folder.file('stall'), 'node1.trowel');
    expect(trowel('push', file, server.at('part?ns=critical-app')).stderr).toMatch(/: 0 events stored/);
    expect(trowel('push', file, server.at('part?ns=kube-system')).stderr).toMatch(/: [1-9]\d* events stored/);
  });

  test('explains a wait across nodes as the files do', async () => {
    const path = await pushed('shop');
    for (const words of [['explain'], ['lens', 'services']]) {
      const [there, here] = [trowel(words[0]!, ...words.slice(1), server.at('shop')), trowel(words[0]!, ...words.slice(1), path)];
      expect(there.stdout).toBe(here.stdout);
      expect(there.stdout).toContain('store (100');
    }
  });

  test('says which part runs where', () => {
    const { stdout } = trowel('read', one, 'proc.name=curl and evt.failed=true and dns.qname exists', '--explain-filter');
    expect(stdout).toMatch(/^store: decides .*evt\.failed=true/m);
    expect(stdout).toMatch(/^here: dns\.qname exists$/m);
    expect(stdout).toMatch(/^counts and sums: here/m);
    expect(trowel('read', both, 'proc.name=curl', '--explain-filter').stdout).toMatch(/counts and sums: by the store\nevents: .* pulled/);
  });

  test('Ctrl-C ends the question on the server', async () => {
    const slow = `clickhouse://slow@${server.at('slow').split('//')[1]}`;
    await client.command('CREATE DATABASE slow');
    for (const table of ['version', 'recording']) await client.command(`CREATE VIEW slow.${table} AS SELECT * FROM trowel.${table}`);
    await client.command('CREATE VIEW slow.event AS SELECT * FROM trowel.event WHERE sleepEachRow(0.02) = 0');
    const rows = await client.rows<{ name: string }>("SELECT name FROM system.tables WHERE database = 'trowel' AND name LIKE 'row_%'");
    for (const { name } of rows) await client.command(`CREATE VIEW slow.${name} AS SELECT * FROM trowel.${name}`);
    const child = spawn(process.execPath, [join(packageRoot(), 'dist/trowel.js'), 'read', `${slow}?node=node-1`], { stdio: 'ignore' });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const running = async () =>
      (await client.rows<{ q: string }>("SELECT query AS q FROM system.processes WHERE user = 'slow' AND query LIKE '%slow.event%'"))
        .length;
    await until(async () => (await running()) > 0);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    await until(async () => (await running()) === 0);
  }, 60_000);

  async function until(holds: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error('it did not become so');
      await sleep(50);
    }
  }
});
