/** A store, `clickhouse://…`: `read` asks it for what may match; for other questions the recordings asked for become a capture here. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Capture } from '../capture/capture.ts';
import { CaptureError } from '../capture/error.ts';
import type { EventStream } from '../capture/event-stream.ts';
import type { Opener } from '../capture/opener.ts';
import { isStoreName, storeAddress } from '../cluster/address.ts';
import { chosenNamespaces, chosenNodes } from './nodes.ts';
import { chosenTimes } from './times.ts';

export const STORE: Opener = {
  sniff: ({ name, what }) => what === 'elsewhere' && isStoreName(name),

  async open(file): Promise<Capture> {
    const { CaptureReader } = await import('../store/reader.ts');
    return new CaptureReader(await pulled(file), storeAddress(file).name);
  },

  /** Of one recording alone: several are put in order here. */
  async stream(file): Promise<EventStream | null> {
    const { StoreStream } = await import('../cluster/stream.ts');
    const { StoreClient } = await import('../cluster/client.ts');
    const { chosenRecordings, wallRange } = await import('./store-range.ts');
    const { namespacesOf } = await import('./namespaces.ts');
    const address = storeAddress(file);
    if (namespacesOf(address) !== null) return null;
    const client = new StoreClient(address);
    client.endWithInterrupt();
    try {
      await client.check();
      const range = wallRange(address);
      const [first, ...others] = await chosenRecordings(client, address, range);
      if (others.length === 0) return await StoreStream.open(client, first!, range);
      await client.close();
      return null;
    } catch (error) {
      await client.close();
      throw error;
    }
  },
};

/** One run asks one store several times: what is shown and the thread beside it. */
const known = new Map<string, string>();

/** Where all that was asked for is as one capture; it goes with the process. */
async function pulled(name: string): Promise<string> {
  const key = JSON.stringify([name, chosenNodes(), chosenNamespaces(), chosenTimes()]);
  const there = known.get(key);
  if (there !== undefined) return there;
  const folder = mkdtempSync(join(tmpdir(), 'trowel-pull-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const target = join(folder, 'all.trowel');
  const files = await pullAll(name, folder);
  if (files.length === 1) {
    known.set(key, files[0]!);
    return files[0]!;
  }
  const { mergeFiles } = await import('./several-opener.ts');
  await mergeFiles(files, target).catch((error: Error) => {
    throw error instanceof CaptureError
      ? new CaptureError(storeAddress(name).name, `${withoutFolder(error.message, folder)}; --node, --from and --to choose`)
      : error;
  });
  known.set(key, target);
  return target;
}

/** A name of a file that nobody else knows of, as that of its node. */
const withoutFolder = (text: string, folder: string): string => text.replaceAll(folder, '').replace(/\/of-[^/]*\/(\S*)\.trowel/g, '$1');

async function pullAll(name: string, folder: string): Promise<string[]> {
  const [{ withStore }, { pull }, { chosenRecordings, wallRange }, { mask, namespacesOf }, { withProgress }] = await Promise.all([
    import('../cluster/open.ts'),
    import('../cluster/pull.ts'),
    import('./store-range.ts'),
    import('./namespaces.ts'),
    import('./progress.ts'),
  ]);
  return withStore(name, async (client, address) => {
    client.endWithInterrupt();
    const range = wallRange(address);
    const namespaces = namespacesOf(address);
    const files: string[] = [];
    const chosen = await chosenRecordings(client, address, range);
    // By their names, as a folder's are: the second node's processes have the same numbers in both.
    for (const recording of chosen.toSorted((a, b) => (a.node === b.node ? 0 : a.node < b.node ? -1 : 1))) {
      const file = join(mkdtempSync(join(folder, 'of-')), `${recording.node.replace(/[^A-Za-z0-9.-]/g, '_')}.trowel`); // clocks are told by this name
      await withProgress(`pulling ${recording.node}`, (onShare) => pull(client, recording, range, file, onShare));
      if (namespaces !== null) mask(file, namespaces);
      files.push(file);
    }
    return files;
  });
}
