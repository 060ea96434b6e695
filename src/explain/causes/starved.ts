/** A server that cannot take connections, since it has no descriptor left for them. */
import type { Listener } from '../listener.ts';
import type { ProcessName } from '../story.ts';
import { cause, type Found, type Shown } from './cause.ts';
import { type Asking, type Connecting, row } from './row.ts';

type ServerOutOfDescriptors = (Asking | Connecting) & { readonly server: ProcessName; readonly error: string; readonly times: number };

// biome-ignore format: a table
export const STARVED_CAUSES = {
  'server-out-of-descriptors': row<ServerOutOfDescriptors>('A server without descriptors for connections', 0.95, 'ls /proc/PID/fd | wc -l; ulimit -n', ['raise the limit of open files of the server (LimitNOFILE, ulimit -n)', 'find what it keeps open: idle connections without a time limit, a leak']),
};

/** null: it has been refused none. */
export function starved(listener: Listener, wait: Asking | Connecting, shown: Shown): Found | null {
  const [first] = listener.refused;
  if (first === undefined) return null;
  const facts = { ...wait, server: listener.process, error: first.error, times: listener.refused.length };
  const nums = [...shown.nums, first.num, listener.refused.at(-1)!.num];
  return cause('server-out-of-descriptors', facts, { ...shown, nums });
}
