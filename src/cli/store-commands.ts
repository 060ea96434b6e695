/** The commands that ask a store of many nodes' recordings for something, and their options. */
import type { Command } from 'commander';
import { count } from './option-values.ts';

export function storeCommands(trowel: Command): void {
  trowel
    .command('push <file> <store>')
    .description('captures into a store, clickhouse://HOST:8123/DATABASE; what is there already is not stored twice')
    .option('--follow', 'a capture that is being recorded: send what comes, until it is over')
    .action(async (file: string, store: string, options) => (await import('./push.ts')).pushCaptures(file, store, options));

  trowel
    .command('pull <store>')
    .description('a recording of a store, or a stretch of it, as a capture; --node chooses whose')
    .requiredOption('-w, --write <file>', 'capture to write')
    .option('--from <time>', 'only events from this time on: a date, or -15m before now')
    .option('--to <time>', 'only events up to this time')
    .option('--story <n>', 'only what the n-th story of explain --list cites, of all nodes asked for', count)
    .option('--over <span>', 'with --story: waits count from this duration on', '100ms')
    .action(async (store: string, options) => (await import('./pull.ts')).pullCapture(store, options));

  trowel
    .command('cluster <what> <store>')
    .description('a store’s tables: init makes them, retain drops days that are more than is to be kept')
    .option('--on-cluster <name>', 'on all servers of this ClickHouse cluster')
    .option('--here', 'with --on-cluster: on this server alone, to be run for each')
    .option('--unreplicated', 'with --on-cluster: each event on one server alone, without ZooKeeper')
    .option('--keep-days <n>', 'of retain: days before today that are kept', count)
    .option('--keep-mb <n>', 'of retain: drop the oldest days while a server has more megabytes', count)
    .option('--max-disk <share>', 'of retain: drop the oldest days while a server’s disk is fuller, such as 80%')
    .action(async (what: string, store: string, options) => (await import('./cluster.ts')).cluster(what, store, options));
}
