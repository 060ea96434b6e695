/** `trowel push`: captures into a store. What is pushed again is stored once. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Capture } from '../capture/capture.ts';
import { LIST } from '../capture/opener.ts';
import { withStore } from '../cluster/open.ts';
import { push } from '../cluster/push.ts';
import { steadyNow } from '../model/steady.ts';
import { sanitize } from '../output/printable.ts';
import { say } from '../output/stderr.ts';
import { contextOf } from './capture-context.ts';
import { UsageError } from './exit.ts';
import { namespacesOf, openMasked } from './namespaces.ts';
import { chosenNodes, isChosen } from './nodes.ts';
import { openCapture, openQuietly } from './open-capture.ts';
import { Progress } from './progress.ts';
import { membersOf } from './several-opener.ts';

/** Between two looks at what was recorded. */
const LOOK_MS = 10_000;
/** Between two looks at whether it is over. */
const ENDED_MS = 250;
/** Events that do not wait. */
const MANY = 131_072;

export interface PushOptions {
  /** What is still being recorded is sent as it comes, until it is over. */
  readonly follow?: boolean;
}

export async function pushCaptures(files: string, store: string, { follow = false }: PushOptions = {}): Promise<void> {
  if (follow) return followCapture(files, store);
  await withStore(store, async (client, address) => {
    const namespaces = namespacesOf(address);
    for (const file of await membersToPush(files)) {
      const capture = await (namespaces === null ? openCapture(file) : openMasked(file, namespaces));
      const progress = new Progress(`pushing ${file}`);
      try {
        const total = Math.max(1, capture.last()?.count ?? 0);
        const { events, stored } = await push(capture, contextOf(capture), client, { onPushed: (done) => progress.update(done / total) });
        progress.end();
        say(`${sanitize(file)}: ${stored} events stored${stored === events ? '' : `, ${events - stored} were there`}`);
      } finally {
        progress.end();
        capture.close();
      }
    }
  });
}

/** Each node's recording is one of its own in the store, also of a folder. */
async function membersToPush(files: string): Promise<string[]> {
  const all = membersOf(files);
  if (all.length === 1 || chosenNodes().length === 0) return all;
  const chosen: string[] = [];
  for (const file of all) {
    const capture = await openQuietly(file);
    if (isChosen(capture)) chosen.push(file);
    capture.close();
  }
  if (chosen.length === 0) throw new UsageError(`none of ${all.length} captures is of the node asked for`);
  return chosen;
}

/** Ends with the recording. What the store does not take is sent with the next look. */
async function followCapture(file: string, store: string): Promise<void> {
  if (file.includes(LIST)) throw new UsageError('--follow takes one capture, which is being recorded');
  await withStore(store, async (client, address) => {
    if (namespacesOf(address) !== null) throw new UsageError('--follow stores all of a recording: leave out ns and --only-ns');
    const capture = await openCapture(file);
    let [last, isFirst] = [0, true];
    try {
      for (let isOver = false; !isOver; ) {
        capture.refresh();
        isOver = capture.meta.state !== 'recording';
        const end = capture.last()?.num ?? 0;
        try {
          await push(capture, contextOf(capture, !isOver), client, { fresh: !isFirst, after: last });
          [last, isFirst] = [end, false];
        } catch (error) {
          if (isOver) throw error;
          say(`${(error as Error).message}: trying again`);
          isFirst = true; // what of it is there is asked
        }
        if (!isOver) await written(capture, end);
      }
    } finally {
      capture.close();
    }
  });
}

/** Resolves some time after, or when the recording is over. */
async function written(capture: Capture, last: number): Promise<void> {
  for (const end = steadyNow() + LOOK_MS; steadyNow() < end; ) {
    await sleep(ENDED_MS);
    capture.refresh(true);
    if (capture.meta.state !== 'recording' || (capture.last()?.num ?? 0) - last > MANY) return;
  }
}
