/** Two recordings of one node at one time: which of them `node:event` means is not to be seen, so it is said. */
import { sanitize } from '../output/printable.ts';
import { say } from '../output/stderr.ts';

/** One recording; times are ns since 1970. */
export interface Stretch {
  readonly node: string;
  readonly from: bigint;
  readonly to: bigint;
}

/** Of parts of one recording the first may end a moment after the next begins. */
const MOMENT = 1_000_000n;

const said = new Set<string>();

export function sayOverlaps(stretches: readonly Stretch[]): void {
  for (const [node, own] of Map.groupBy(stretches, (one) => one.node)) {
    const inOrder = own.toSorted((a, b) => (a.from < b.from ? -1 : 1));
    if (said.has(node) || !inOrder.some((one, k) => k > 0 && one.from + MOMENT < inOrder[k - 1]!.to)) continue;
    said.add(node);
    const name = node === '' ? 'a node without a name' : sanitize(node);
    say(`${name} was recorded twice at one time: by two recorders, or two nodes have that name, and its event numbers mean either`);
  }
}
