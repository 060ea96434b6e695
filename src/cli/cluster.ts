/** `trowel cluster init` and `trowel cluster retain`: the tables of a store, and for how long they keep what. */
import { storeAddress } from '../cluster/address.ts';
import { StoreClient } from '../cluster/client.ts';
import { init, retain } from '../cluster/maintain.ts';
import { withStore } from '../cluster/open.ts';
import { type Cluster, STORE_VERSION } from '../cluster/schema.ts';
import { say } from '../output/stderr.ts';
import { UsageError } from './exit.ts';
import { parseShare } from './size.ts';

export interface ClusterOptions {
  readonly onCluster?: string;
  readonly here?: boolean;
  readonly unreplicated?: boolean;
  readonly keepDays?: number;
  readonly keepMb?: number;
  /** Such as 80 %. */
  readonly maxDisk?: string;
}

export async function cluster(what: string, store: string, options: ClusterOptions): Promise<void> {
  if (what === 'init') await initStore(store, options);
  else if (what === 'retain') await retainStore(store, options);
  else throw new UsageError(`cluster takes init or retain, not ${what}`);
}

function clusterOf({ onCluster: name, here = false, unreplicated = false }: ClusterOptions): Cluster | null {
  if (name === undefined && (here || unreplicated)) throw new UsageError('--here and --unreplicated go with --on-cluster NAME');
  return name === undefined ? null : { name, here, replicated: !unreplicated };
}

async function initStore(store: string, options: ClusterOptions): Promise<void> {
  const client = new StoreClient(storeAddress(store));
  try {
    await init(client, clusterOf(options));
    say(`${client.address.name}: tables of version ${STORE_VERSION}`);
  } finally {
    await client.close();
  }
}

async function retainStore(store: string, options: ClusterOptions): Promise<void> {
  const { keepDays, keepMb, maxDisk } = options;
  if (keepDays === undefined && keepMb === undefined && maxDisk === undefined)
    throw new UsageError('cluster retain takes --keep-days N, --keep-mb N or --max-disk SHARE');
  const limits = {
    days: keepDays ?? null,
    bytes: keepMb === undefined ? null : keepMb * 1e6,
    disk: maxDisk === undefined ? null : parseShare('--max-disk', maxDisk),
  };
  await withStore(store, async (client) => {
    const days = await retain(client, limits, clusterOf(options));
    say(days.length === 0 ? 'nothing has to go' : `dropped ${days.join(', ')}`);
  });
}
