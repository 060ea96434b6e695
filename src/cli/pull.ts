/** `trowel pull`: a recording of a store, or a stretch of it, as a capture. */
import { withStore } from '../cluster/open.ts';
import { pull } from '../cluster/pull.ts';
import { say } from '../output/stderr.ts';
import { UsageError } from './exit.ts';
import { mask, namespacesOf } from './namespaces.ts';
import { withProgress } from './progress.ts';
import { slice } from './slice.ts';
import { chosenRecordings, wallRange } from './store-range.ts';
import { newTarget } from './target.ts';
import { chooseTimes } from './times.ts';

export interface PullOptions {
  readonly write: string;
  readonly from?: string;
  readonly to?: string;
  readonly story?: number;
  readonly over: string;
}

export async function pullCapture(store: string, { write, from, to, story, over }: PullOptions): Promise<void> {
  if (story !== undefined) {
    chooseTimes({ ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) });
    return slice(store, '', { write, story, over });
  }
  const target = newTarget(write);
  await withStore(store, async (client, address) => {
    const range = wallRange({ from: from ?? address.from, to: to ?? address.to });
    const [first, ...others] = await chosenRecordings(client, address, range);
    if (others.length > 0)
      throw new UsageError(
        `${others.length + 1} recordings are of that time; --node NAME, --from and --to choose one, or ask the store itself`,
      );
    const namespaces = namespacesOf(address);
    const events = await withProgress(`pulling ${first!.node}`, (onShare) => pull(client, first!, range, target, onShare));
    say(`${target}: ${namespaces === null ? events : mask(target, namespaces)} events`);
  });
}
