/** Making a store's tables, and dropping days from them. */
import { CaptureError } from '../capture/error.ts';
import type { StoreClient } from './client.ts';
import {
  type Cluster,
  createStatements,
  dropStatement,
  dropTypeNames,
  localTable,
  onCluster,
  STORE_VERSION,
  TABLE_NAMES,
} from './schema.ts';
import { text } from './sql.ts';

/** Makes what is not there yet. `cluster`: on all servers of that name. */
export async function init(client: StoreClient, cluster: Cluster | null): Promise<void> {
  const statements = createStatements(client.database, cluster, await client.isModern());
  for (const statement of statements) await client.command(statement);
  await update(client, cluster);
  const table = cluster?.here === true ? localTable('version') : 'version'; // other servers may have no tables yet
  await client.insertRows(table, [{ id: 1, day: '2100-01-01', v: STORE_VERSION }]);
}

/** Brings tables of version 1 up to date. The local ones come first: what Distributed asks of them they must have. */
async function update(client: StoreClient, cluster: Cluster | null): Promise<void> {
  const older = await client.rows<{ table: string }>(
    `SELECT table FROM system.columns WHERE database = ${text(client.database)} AND name = 'type'` +
      ` AND table IN ('event', ${text(localTable('event'))}) ORDER BY table DESC`,
  );
  for (const { table } of older) await client.command(dropTypeNames(client.database, table, onCluster(cluster)));
}

export interface Limits {
  /** Whole days before today that are kept; null: all. */
  readonly days: number | null;
  /** Bytes on a server's disk that all tables may take; null: any. */
  readonly bytes: number | null;
  /** How full the server's disks may be, with all that others keep there, 0 to 1; null: full. */
  readonly disk: number | null;
}

interface Part {
  readonly table: string;
  readonly partition: string;
  readonly bytes: string;
}

/** Drops whole days, the oldest first, today never. Gives those that it dropped, such as 20261129. */
export async function retain(client: StoreClient, limits: Limits, cluster: Cluster | null, now = Date.now()): Promise<string[]> {
  const parts = await partsOf(client);
  const on = onCluster(cluster);
  const days = tooMany(parts, limits, now, limits.disk === null ? 0 : await excessOf(client, limits.disk));
  for (const day of days) {
    const tables =
      cluster === null ? parts.filter(({ partition }) => partition === day).map(({ table }) => table) : TABLE_NAMES.map(localTable);
    for (const table of new Set(tables)) await client.command(dropStatement(client.database, table, on, day));
  }
  return days;
}

function partsOf(client: StoreClient): Promise<Part[]> {
  return client.rows<Part>(
    `SELECT table, partition_id AS partition, sum(bytes_on_disk) AS bytes FROM system.parts` +
      ` WHERE active AND database = ${text(client.database)} GROUP BY table, partition_id`,
  );
}

/** The first year whose servers tell how large their disks are. */
const TELLS_DISKS = 20;

/** Bytes by which disks that hold the tables are fuller than they may be. Throws CaptureError for a server that does not tell it. */
async function excessOf(client: StoreClient, share: number): Promise<number> {
  if ((await client.year()) < TELLS_DISKS)
    throw new CaptureError(
      client.address.name,
      `does not tell how large its disks are, as servers from ${TELLS_DISKS} on do: give --keep-mb`,
    );
  const disks = await client.rows<{ total: string; free: string }>(
    'SELECT total_space AS total, free_space AS free FROM system.disks WHERE name IN' +
      ` (SELECT disk_name FROM system.parts WHERE active AND database = ${text(client.database)})`,
  );
  return disks.reduce((sum, { total, free }) => sum + Math.max(0, Number(total) * (1 - share) - Number(free)), 0);
}

/** `excess`: bytes that have to go in any case. */
function tooMany(parts: readonly Part[], { days, bytes }: Limits, now: number, excess: number): string[] {
  const sizes = new Map<string, number>();
  for (const part of parts) sizes.set(part.partition, (sizes.get(part.partition) ?? 0) + Number(part.bytes));
  let total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const most = Math.min(bytes ?? Infinity, excess > 0 ? total - excess : Infinity);
  const today = dayId(now);
  const oldest = days === null ? '' : dayId(now - days * 86_400_000);
  const dropped: string[] = [];
  for (const [day, size] of [...sizes].sort(([a], [b]) => a.localeCompare(b))) {
    const old = day < oldest;
    if (day >= today || !(old || total > most)) continue;
    total -= size;
    dropped.push(day);
  }
  return dropped;
}

const dayId = (ms: number): string => new Date(ms).toISOString().slice(0, 10).replaceAll('-', '');
