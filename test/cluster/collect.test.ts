/** A collector before a store that goes away, and a collector that is killed: nothing is stored twice, nothing is missing. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storeAddress } from '../../src/cluster/address.ts';
import { StoreClient } from '../../src/cluster/client.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { Folder, trowel } from '../export/made.ts';
import { BYE, batch, HELLO, READY, TestProbe } from '../helpers/probe.ts';
import { ClickHouse, noClickHouse } from './clickhouse.ts';

const TRIES = 400;

describe.skipIf(noClickHouse !== null)(`collect --store (${noClickHouse ?? 'a real server'})`, () => {
  const server = new ClickHouse();
  const folder = new Folder();
  const running: ChildProcess[] = [];

  beforeAll(async () => {
    await server.start();
    const client = await server.store('trowel');
    await client.close();
  }, 60_000);

  afterAll(async () => {
    for (const one of running) one.kill('SIGKILL');
    folder.remove();
    await server.remove();
  });

  async function collector(...more: readonly string[]): Promise<{ address: string; process: ChildProcess; said: () => string }> {
    const address = `127.0.0.1:${await freePort()}`;
    const store = server.at('trowel').replace('//', '//writer:hidden@');
    const words = ['collect', '--listen', address, '--store', store, '-w', folder.path, ...more];
    const process_ = spawn(process.execPath, [join(packageRoot(), 'dist/trowel.js'), ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
    running.push(process_);
    let text = '';
    process_.stderr!.on('data', (piece: Buffer) => {
      text += piece.toString();
    });
    await until(() => text.includes('listening on'));
    return { address, process: process_, said: () => text };
  }

  async function record(address: string, hostname: string): Promise<void> {
    const hello = { hello: { ...HELLO.hello, hostname } };
    const probe = new TestProbe(address).say(hello, READY, batch(1000), BYE);
    probe.end();
    expect(await probe.ended).toBe('');
  }

  async function stored(): Promise<string> {
    const client = new StoreClient(storeAddress(server.at('trowel')));
    try {
      const rows = await client.rows<{ node: string; n: string; nums: string }>(
        'SELECT node, n, nums FROM (SELECT rec, count() AS n, uniqExact(num) AS nums FROM trowel.event GROUP BY rec) ANY LEFT JOIN' +
          ' (SELECT rec, node FROM trowel.recording FINAL) USING rec ORDER BY node',
      );
      return rows.map(({ node, n, nums }) => `${node} ${n} ${nums}`).join(', ');
    } catch {
      return 'away';
    } finally {
      await client.close();
    }
  }

  const waiting = () => readdirSync(join(folder.path, 'trowel-spool')).filter((name) => name.endsWith('.trowel'));

  test('stores each event once, through the death of the store and of the collector', async () => {
    const first = await collector();
    await record(first.address, 'a');
    await until(async () => (await stored()) === 'a 1000 1000');
    await until(() => waiting().length === 0);

    await server.kill();
    await record(first.address, 'b');
    await until(() => first.said().includes('the rest waits in'));
    expect(waiting()).toHaveLength(1);
    first.process.kill('SIGKILL');

    await server.start();
    const second = await collector();
    await record(second.address, 'c');
    await until(async () => (await stored()) === 'a 1000 1000, b 1000 1000, c 1000 1000');
    await until(() => waiting().length === 0);
    expect(second.said()).toContain(`${server.at('trowel')}: takes events`);
    expect(first.said() + second.said()).not.toContain('hidden');
    second.process.kill('SIGINT');
    await new Promise((resolve) => second.process.once('exit', resolve));
  }, 120_000);

  test('says at its start what the store lacks, and does not start for what is no store', async () => {
    const { process: running_, said } = await collector('--store', server.at('nowhere'));
    await until(() => said().includes('until then recordings wait in'));
    expect(said()).toMatch(/nowhere doesn't exist: trowel cluster init makes the tables; until then/);
    running_.kill('SIGINT');
    await new Promise((resolve) => running_.once('exit', resolve));
    expect(trowel('collect', '--listen', '127.0.0.1:0', '--store', 'garbage', '-w', folder.file('other')).stderr).toMatch(
      /garbage: is no address/,
    );
  }, 60_000);

  test('stores nothing secret', async () => {
    const { address, process: running_ } = await collector('--redact');
    const thread = {
      id: 1,
      tid: 7,
      pid: 7,
      comm: Buffer.from('curl'),
      args: Buffer.from('curl\0-u\0me:SECRET\0http://x/\0'),
      env: Buffer.from('KEY=SECRET\0'),
    };
    const said = { batch: { ...(batch(10) as { batch: object }).batch, threads: [thread] } };
    const probe = new TestProbe(address).say({ hello: { ...HELLO.hello, hostname: 'd' } }, READY, said, BYE);
    probe.end();
    expect(await probe.ended).toBe('');
    await until(async () => (await stored()).includes('d 10 10'));
    const client = new StoreClient(storeAddress(server.at('trowel')));
    const rows = await client.rows<{ args: string; env: string | null }>('SELECT args, env FROM trowel.row_process');
    await client.close();
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).toContain('redacted');
    expect(JSON.stringify(rows)).not.toContain('SECRET');
    running_.kill('SIGINT');
    await new Promise((resolve) => running_.once('exit', resolve));
  }, 60_000);
});

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let k = 0; k < TRIES; k++) {
    if (await isSo()) return;
    await sleep(50);
  }
  throw new Error('it did not come to be so');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
