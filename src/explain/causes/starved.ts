/** A server that cannot take connections, since it has no descriptor left for them. */
import type { Asking, Connecting } from '../catalog.ts';
import type { Listener } from '../listener.ts';
import type { Cause } from '../story.ts';
import { cause, type Shown } from './cause.ts';

/** null: it has been refused none. */
export function starved(listener: Listener, wait: Asking | Connecting, shown: Shown): Cause | null {
  const [first] = listener.refused;
  if (first === undefined) return null;
  const facts = { ...wait, server: listener.process, error: first.error, times: listener.refused.length };
  const nums = [...shown.nums, first.num, listener.refused.at(-1)!.num];
  return cause('server-out-of-descriptors', facts, { ...shown, nums });
}
