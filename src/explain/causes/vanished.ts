/** Where the packets of a wait vanished, in words: the node's own state says it better than the kernel's reason alone. */
import { vanishingText } from '../../node/way.ts';
import type { Scene } from '../scene.ts';
import type { Trouble } from '../story.ts';
import { reasonText } from './names.ts';

/** `left by eth0 of shop/cart, veth12 and were dropped in the node by rule 1 of …`; empty: the capture does not show where. */
export function vanishedText({ ways }: Scene, dropped: readonly Trouble[]): string {
  if (ways === null) return '';
  const texts = dropped.flatMap(({ dropped: packet, reason }) =>
    packet === undefined ? [] : [vanishingText(ways.vanishing(packet), reasonText(reason))],
  );
  const counts = Map.groupBy(texts, (text) => text);
  const [most, ...others] = [...counts].sort(([, a], [, b]) => b.length - a.length);
  if (most === undefined) return '';
  return `${most[0]}${others.length === 0 ? '' : `, and ${others.length} more in other places or by other rules`}`;
}
