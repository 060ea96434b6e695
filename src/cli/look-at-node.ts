/** How a recording looks at the network of its node. */
import { existsSync } from 'node:fs';
import { ThreadLooks } from '../collector/node-looks.ts';
import { NodeSource } from '../collector/node-source.ts';
import type { Broker } from './broker/client.ts';
import { UsageError } from './exit.ts';

export const hostOf = (netns: string | undefined) => (netns === undefined ? null : netnsPath(netns));

export function nodeSource(netns: string | undefined, broker: Broker | null): NodeSource {
  const host = hostOf(netns);
  return new NodeSource(host, broker?.looks ?? new ThreadLooks({ host }));
}

/** Where a network namespace can be entered: `ca-node-1`, `4711`, `/proc/4711/ns/net`. */
function netnsPath(netns: string): string {
  const path = netns.includes('/') ? netns : /^[0-9]+$/.test(netns) ? `/proc/${netns}/ns/net` : `/run/netns/${netns}`;
  if (!existsSync(path)) throw new UsageError(`--netns takes a name below /run/netns, a pid or a path; there is no ${path}`);
  return path;
}
