/** Which local ports the connections to one address have, where no further one could be made. */

import type { Analysis } from './analysis.ts';
import { localText, remoteText } from './descriptors.ts';

/** First and last; null: none was seen. */
export function localPorts(analysis: Analysis, remote: string): readonly [first: number, last: number] | null {
  const ports: number[] = [];
  for (const fd of analysis.dims.fds.all())
    if (fd.role === 'client' && localText(fd) !== '' && remoteText(fd) === remote) ports.push(fd.localPort);
  const used = ports.filter((port) => port > 0);
  return used.length === 0 ? null : [Math.min(...used), Math.max(...used)];
}
