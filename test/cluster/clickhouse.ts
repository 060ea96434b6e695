/** A real ClickHouse server on loopback, with a folder of its own that goes away. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { storeAddress } from '../../src/cluster/address.ts';
import { StoreClient } from '../../src/cluster/client.ts';
import { init } from '../../src/cluster/maintain.ts';

/** Why there is none; null: there is one. */
export const noClickHouse: string | null =
  spawnSync('which', ['clickhouse-server']).status === 0 ? null : 'clickhouse-server is not installed';

/** HTTP, TCP, between servers. */
const PORTS = 3;
const TRIES = 300;
const TICK_MS = 10;

export class ClickHouse {
  readonly folder = mkdtempSync(join(tmpdir(), 'trowel-clickhouse-'));
  #ports: readonly number[] = [];
  #cluster: readonly ClickHouse[] = [];
  #server: ChildProcess | null = null;

  /** Servers that know each other as the cluster `trowel`, each a shard. */
  static async cluster(count: number): Promise<ClickHouse[]> {
    const servers = Array.from({ length: count }, () => new ClickHouse());
    for (const server of servers) {
      server.#ports = await freePorts(PORTS);
      server.#cluster = servers;
    }
    return servers;
  }

  /** Address of a database. */
  at(database: string): string {
    return `clickhouse://127.0.0.1:${this.#ports[0]}/${database}`;
  }

  /** ms of CPU that it took so far. */
  get cpuMs(): number {
    const stat = readFileSync(`/proc/${this.#server!.pid}/stat`, 'utf8');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return (fields[11]! + fields[12]!) * TICK_MS;
  }

  /** Starts it, or starts it again on the same ports with what it has. */
  async start(): Promise<void> {
    if (this.#ports.length === 0) this.#ports = await freePorts(PORTS);
    for (const name of ['data', 'tmp', 'user_files', 'format_schemas']) mkdirSync(join(this.folder, name), { recursive: true });
    writeFileSync(join(this.folder, 'config.xml'), this.#config());
    writeFileSync(join(this.folder, 'users.xml'), USERS);
    this.#server = spawn('clickhouse-server', [`--config-file=${join(this.folder, 'config.xml')}`], { cwd: this.folder, stdio: 'ignore' });
    for (let k = 0; k < TRIES; k++) {
      if (await answers(this.#ports[0]!)) return;
      await sleep(100);
    }
    throw new Error('clickhouse-server did not come up');
  }

  /** A database with a store's tables; who asks for it closes it. */
  async store(database: string): Promise<StoreClient> {
    const client = new StoreClient(storeAddress(this.at(database)));
    await init(client, null);
    return client;
  }

  /** As a machine that loses its power would. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (server === null || server.exitCode !== null) return;
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await gone;
    this.#server = null;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #config(): string {
    const [http, tcp, inter] = this.#ports;
    const path = (name: string) => join(this.folder, name);
    return `<yandex><logger><level>none</level><log>${path('log')}</log><errorlog>${path('errors')}</errorlog></logger>
<http_port>${http}</http_port><tcp_port>${tcp}</tcp_port><interserver_http_port>${inter}</interserver_http_port>
<interserver_http_host>127.0.0.1</interserver_http_host><listen_host>127.0.0.1</listen_host>
<mark_cache_size>67108864</mark_cache_size><timezone>UTC</timezone>
<path>${path('data')}/</path><tmp_path>${path('tmp')}/</tmp_path><user_files_path>${path('user_files')}/</user_files_path>
<format_schema_path>${path('format_schemas')}/</format_schema_path>
<users_config>${path('users.xml')}</users_config><default_profile>default</default_profile><default_database>default</default_database>
<compression><case><min_part_size>0</min_part_size><min_part_size_ratio>0</min_part_size_ratio><method>zstd</method></case></compression>
${this.#clusterConfig()}</yandex>`;
  }

  #clusterConfig(): string {
    if (this.#cluster.length === 0) return '';
    const shards = this.#cluster.map(
      (server) =>
        `<shard><internal_replication>true</internal_replication><replica><host>127.0.0.1</host><port>${server.#ports[1]}</port></replica></shard>`,
    );
    return `<remote_servers><trowel>${shards.join('')}</trowel></remote_servers>`;
  }
}

const USERS = `<yandex><profiles><default><max_threads>2</max_threads>
</default>
<slow><max_block_size>16</max_block_size><max_threads>1</max_threads></slow>
<reader><readonly>2</readonly></reader></profiles>
<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default>
<slow><password></password><networks><ip>127.0.0.1</ip></networks><profile>slow</profile><quota>default</quota></slow>
<writer><password>hidden</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></writer>
<reader><password></password><networks><ip>127.0.0.1</ip></networks><profile>reader</profile><quota>default</quota></reader></users>
<quotas><default></default></quotas></yandex>`;

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/ping`)).ok;
  } catch {
    return false;
  }
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
