/**
 * The store's tables, version 2. `docs/cluster.md` describes them.
 *
 *   event       a row per event: its columns, and names that SQL groups by; (rec, num) is its evidence
 *   recording   one of a node: where its time is zero, what it says of itself
 *   row_*       the dimensions, columns as in a capture's file (src/model/dimensions.ts) and rec, day, v
 *   version     the version of these tables
 */
import { DIMENSIONS, type Kind, type TableSpec } from '../model/dimensions.ts';
import type { RowName } from '../model/rows.ts';

export const STORE_VERSION = 2;

const LOW = 'LowCardinality(String)';

/** In the order in which push writes and pull reads them. */
export const EVENT_COLUMNS = [
  ['ns', LOW],
  ['pod', LOW],
  ['rec', 'UInt64'],
  ['time', 'Int64'],
  ['num', 'Int64'],
  ['latency', 'Int64'],
  ['comm', LOW],
  ['kind', LOW],
  ['type_id', 'UInt16'],
  ['flags', 'UInt16'],
  ['cpu', 'UInt16'],
  ['thread', 'UInt32'],
  ['fd', 'UInt32'],
  ['fdnum', 'Int32'],
  ['res', 'Int64'],
  ['args', 'String'],
  ['data', 'String'],
] as const;

/** Of servers that have codecs: how a column is packed before ZSTD; measured on 10 M events, 12 bytes an event become 9. */
const CODECS: Readonly<Partial<Record<(typeof EVENT_COLUMNS)[number][0], string>>> = {
  time: 'Delta',
  num: 'DoubleDelta',
  latency: 'T64',
  res: 'T64',
};

const TYPES: Readonly<Record<Kind, string>> = {
  integer: 'Nullable(Int64)',
  text: 'Nullable(String)',
  json: 'Nullable(String)',
  shared: 'Nullable(String)',
  boolean: 'Nullable(UInt8)',
};

const RECORDING =
  'rec UInt64, day Date, v UInt64, node String, epoch Int64, begin Int64, end Int64, events UInt64, state String, meta String';

interface Table {
  readonly name: string;
  readonly columns: string;
  readonly engine: 'MergeTree' | 'ReplacingMergeTree';
  /** Of the replacing engine: the version. */
  readonly by: string;
  readonly partition: string;
  readonly order: string;
}

export const rowTable = (name: RowName): string => `row_${DIMENSIONS[name].name}`;

const TABLES: readonly Table[] = [
  {
    name: 'event',
    columns: EVENT_COLUMNS.map(([name, type]) => `${name} ${type}`).join(', '),
    engine: 'MergeTree',
    by: '',
    partition: 'toDate(intDiv(time, 1000000000))',
    order: 'ns, pod, rec, time',
  },
  replacing('recording', RECORDING, 'rec'),
  replacing('version', 'id UInt8, day Date, v UInt64', 'id'),
  ...(Object.keys(DIMENSIONS) as RowName[]).map((name) => replacing(rowTable(name), rowColumns(name), 'rec, id')),
];

export const TABLE_NAMES: readonly string[] = TABLES.map(({ name }) => name);

function replacing(name: string, columns: string, order: string): Table {
  return { name, columns, engine: 'ReplacingMergeTree', by: 'v', partition: 'day', order };
}

function rowColumns(name: RowName): string {
  const { columns } = DIMENSIONS[name] as unknown as TableSpec<never>;
  const own = columns.map(({ field, kind }) => `\`${field}\` ${field === 'id' ? 'Int64' : TYPES[kind]}`);
  return ['rec UInt64', 'day Date', 'v UInt64', ...own].join(', ');
}

/** A ClickHouse cluster. */
export interface Cluster {
  readonly name: string;
  /** Statements are for the server that gets them alone, else it passes them on to all. */
  readonly here: boolean;
  /** Each part is kept on several servers, which ZooKeeper or Keeper tell of each other. */
  readonly replicated: boolean;
}

export const onCluster = (cluster: Cluster | null): string =>
  cluster === null || cluster.here ? '' : ` ON CLUSTER ${identifier(cluster.name)}`;

/** Statements that make the store. `cluster`: of several servers; each keeps a part, and asks all. `codecs`: the servers have them. */
export function createStatements(database: string, cluster: Cluster | null, codecs: boolean): string[] {
  const on = onCluster(cluster);
  const tables = TABLES.map((table) => (codecs ? packed(table) : table)).flatMap((table) =>
    cluster === null ? [create(database, table, table.name, '', '')] : distributed(database, table, cluster, on),
  );
  return [`CREATE DATABASE IF NOT EXISTS ${database}${on}`, ...tables];
}

function packed(table: Table): Table {
  if (table.name !== 'event') return table;
  const codec = (name: keyof typeof CODECS) => [...(CODECS[name] === undefined ? [] : [CODECS[name]]), 'ZSTD(1)'].join(', ');
  return { ...table, columns: EVENT_COLUMNS.map(([name, type]) => `${name} ${type} CODEC(${codec(name)})`).join(', ') };
}

function create(database: string, { columns, engine, by, partition, order }: Table, name: string, on: string, replica: string): string {
  const args = [replica, by].filter((arg) => arg !== '').join(', ');
  const kind = replica === '' ? engine : `Replicated${engine}`;
  const window = replica === '' ? '' : ', replicated_deduplication_window = 10000';
  return (
    `CREATE TABLE IF NOT EXISTS ${database}.${name}${on} (${columns}) ENGINE = ${kind}(${args}) ` +
    `PARTITION BY ${partition} ORDER BY (${order}) SETTINGS index_granularity = 8192${window}`
  );
}

/** A table on each server, and before it the one that knows all. */
function distributed(database: string, table: Table, { name, replicated }: Cluster, on: string): string[] {
  const local = localTable(table.name);
  const cluster = identifier(name);
  const replica = replicated ? `'/clickhouse/tables/{shard}/${database}/${local}', '{replica}'` : '';
  const key = table.name === 'version' ? 'id' : 'rec';
  return [
    create(database, table, local, on, replica),
    `CREATE TABLE IF NOT EXISTS ${database}.${table.name}${on} (${table.columns}) ENGINE = Distributed(${cluster}, ${database}, ${local}, ${key})`,
  ];
}

export const localTable = (name: string): string => `${name}_local`;

/** Throws for what would need quotes. */
export function identifier(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name)) throw new Error(`${JSON.stringify(name)} is no name of letters and digits`);
  return name;
}

/** What version 1 had besides, on 18.16 4 % of the disk: names of types, which `row_event_type` has as well. */
export const dropTypeNames = (database: string, table: string, on: string): string =>
  `ALTER TABLE ${database}.${table}${on} DROP COLUMN type`;

/** `partition`: its id, such as 20261129. Throws for what is none. */
export function dropStatement(database: string, table: string, on: string, partition: string): string {
  if (!/^\d{8}$/.test(partition)) throw new Error(`${JSON.stringify(partition)} is no day`);
  return `ALTER TABLE ${database}.${table}${on} DROP PARTITION ID '${partition}'`;
}
