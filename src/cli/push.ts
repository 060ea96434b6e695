/** `trowel push`: captures into a store. What is pushed again is stored once. */
import { LIST } from '../capture/opener.ts';
import { withStore } from '../cluster/open.ts';
import { push } from '../cluster/push.ts';
import { sanitize } from '../output/printable.ts';
import { say } from '../output/stderr.ts';
import { contextOf } from './capture-context.ts';
import { namespacesOf, openMasked } from './namespaces.ts';
import { openCapture } from './open-capture.ts';
import { Progress } from './progress.ts';

export async function pushCaptures(files: string, store: string): Promise<void> {
  await withStore(store, async (client, address) => {
    const namespaces = namespacesOf(address);
    for (const file of files.split(LIST)) {
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
