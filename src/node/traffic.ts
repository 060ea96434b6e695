/** What an interface carried while the recording ran. */
import type { Held, NodeState } from './state.ts';

export interface Carried {
  readonly received: number;
  readonly sent: number;
  /** Dropped, or with errors, of both. */
  readonly lost: number;
}

/** Null: it was not counted twice. */
export function carriedBy(node: NodeState, { netns, key }: Pick<Held<'link'>, 'netns' | 'key'>): Carried | null {
  const versions = node.versions('traffic', netns).filter((one) => one.key === key);
  const [first, last] = [versions[0]?.value, versions.at(-1)?.value];
  if (first === undefined || last === undefined) return null;
  const lost = ({ rxErrors, rxDropped, txErrors, txDropped }: typeof first) => rxErrors + rxDropped + txErrors + txDropped;
  return { received: last.rxPackets - first.rxPackets, sent: last.txPackets - first.txPackets, lost: lost(last) - lost(first) };
}

/** `eth0: 120 packets received, 98 sent, 3 lost while recording`. */
export const carriedText = (name: string, { received, sent, lost }: Carried) =>
  `${name}: ${received} packets received, ${sent} sent, ${lost} lost while recording`;
