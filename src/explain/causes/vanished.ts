/** Where the packets of a wait vanished: the node's own state says more than the kernel's reason alone. */
import { type Vanishing, vanishingText } from '../../node/way.ts';
import type { Analysis } from '../analysis.ts';
import type { Trouble } from '../story.ts';

/** `reason`: the kernel's. `others`: how many further places or rules dropped some. */
export interface Vanished {
  readonly vanishing: Vanishing;
  readonly reason: string;
  readonly others: number;
}

/** Of most of the packets; null: the capture does not show where. */
export function vanishedOf({ ways }: Analysis, dropped: readonly Trouble[]): Vanished | null {
  if (ways === null) return null;
  const found = dropped.flatMap(({ dropped: packet, reason }) =>
    packet === undefined ? [] : [{ vanishing: ways.vanishing(packet), reason }],
  );
  const places = Map.groupBy(found, ({ vanishing, reason }) => vanishingText(vanishing, reason));
  const [most, ...others] = [...places.values()].sort((a, b) => b.length - a.length);
  return most === undefined ? null : { ...most[0]!, others: others.length };
}
