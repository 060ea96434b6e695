/** Which blind spots of a capture could have shown another cause. */
import { type Hidden, mattering } from '../capture/blind-spots.ts';
import type { Capture } from '../capture/capture.ts';
import type { Cause } from './story.ts';

/** What would have to be seen for a cause to be sure, by the beginning of its id. */
const NEEDS: readonly (readonly [id: RegExp, needs: readonly Hidden[]])[] = [
  [/^connect-(unanswered|packets-lost|slow)/, ['packets', 'accept-queues']],
  [/^(server-silent|packets-lost|mtu-black-hole)/, ['packets']],
  [/^dns-.*(silent|hangs|unreachable)/, ['packets', 'udp-queues']],
  [/^(server-computes|server-busy|own-cpu|lock-futex)/, ['waits', 'latency']],
  [/^(slow-file|slow-fsync)/, ['file-io', 'file-names']],
  [/^server-waits-for-process/, ['pending', 'exits']],
];

/** A sentence each. */
export function unseenOf({ blindSpots }: Capture, causes: readonly Cause[]): string[] {
  const needs = NEEDS.filter(([id]) => causes.some((cause) => id.test(cause.id))).flatMap(([, hidden]) => hidden);
  return mattering(blindSpots, needs).map(({ what }) => what);
}
