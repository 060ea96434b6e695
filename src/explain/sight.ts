/** What of a process' waiting a recording can show: where it cannot, the time between two calls is no computing. */
import type { Capture } from '../capture/capture.ts';
import { MS } from '../model/time.ts';

/** ns: many waits that are shorter than this look like computing only where such are missing. */
const USUAL = 10 * MS;

/** What a phase is about of which nothing is known. */
export const UNRECORDED = 'computing or waiting: that was not recorded';

/** What a verdict cites, as a capture: of the waits only those that it cites. */
const BY_NUMBER = /\bevt\.num in \(/;

const known = new WeakMap<Capture, boolean>();

/** Whether waits were recorded, with how long they took. */
export function seesWaits(capture: Capture): boolean {
  let sees = known.get(capture);
  if (sees === undefined) {
    const { filter = '' } = capture.meta;
    sees = isMeasured(capture) && (filter === '' || (!BY_NUMBER.test(filter) && hasWaits(capture)));
    known.set(capture, sees);
  }
  return sees;
}

function isMeasured({ meta, blindSpots }: Capture): boolean {
  return meta.latency !== 'off' && Number(meta.wait_over ?? 0) <= USUAL && !blindSpots.some(({ id }) => id === 'shed');
}

/** Whether what a filter kept has calls that wait. */
function hasWaits(capture: Capture): boolean {
  const waits = new Set<number>();
  for (const { id, wait } of capture.dims.types.all()) if (wait) waits.add(id);
  for (const head of capture.heads()) {
    const present = head.presence('type');
    if (present === null || present.some((id) => waits.has(id))) return true;
  }
  return false;
}
