/** Today's ClickHouse, as the npm package chdb has it in a process: 546 MB, which is fetched where TROWEL_CHDB=1 asks for it, and kept. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeAddress } from '../../src/cluster/address.ts';
import { StoreClient } from '../../src/cluster/client.ts';
import { init } from '../../src/cluster/maintain.ts';
import { packageRoot } from '../../src/model/package-root.ts';

const PACKAGE = 'chdb@3.4.0';
const FETCH_MS = 600_000;
/** Where it is kept. */
const KEPT = process.env.TROWEL_CHDB_FOLDER ?? join(homedir(), '.cache/trowel-test/chdb');

/** Why it is not there; null: it is. */
export const noChdb: string | null = fetched();

function fetched(): string | null {
  if (existsSync(join(KEPT, 'node_modules/chdb'))) return null;
  if (process.env.TROWEL_CHDB !== '1') return 'chdb is not there: TROWEL_CHDB=1 fetches its 546 MB';
  mkdirSync(KEPT, { recursive: true });
  const words = ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', KEPT, PACKAGE];
  return spawnSync('npm', words, { timeout: FETCH_MS }).status === 0 ? null : 'npm could not fetch chdb';
}

export class Chdb {
  readonly #folder = mkdtempSync(join(tmpdir(), 'trowel-chdb-'));
  #server: ChildProcess | null = null;
  #port = 0;

  async start(): Promise<void> {
    const front = join(packageRoot(), 'test/cluster/chdb-front.mjs');
    const server = spawn(process.execPath, [front, KEPT, this.#folder], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#server = server;
    this.#port = await new Promise<number>((resolve, reject) => {
      server.stdout!.once('data', (text: Buffer) => resolve(Number(text.toString())));
      server.once('exit', () => reject(new Error('chdb did not come up')));
    });
  }

  /** Address of a database. */
  at(database: string): string {
    return `clickhouse://127.0.0.1:${this.#port}/${database}`;
  }

  /** A database with a store's tables; who asks for it closes it. */
  async store(database: string): Promise<StoreClient> {
    const client = new StoreClient(storeAddress(this.at(database)));
    await init(client, null);
    return client;
  }

  async remove(): Promise<void> {
    const server = this.#server!;
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await gone;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
