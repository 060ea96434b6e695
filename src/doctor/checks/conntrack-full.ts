/** The table of connections has no room: no new connection passes. */

import { type Check, finding } from '../check.ts';
import { atText, times } from '../examined.ts';

const FULL = 0.99;
const NEARLY = 0.9;
/** ns before the recording in which a line of the log still belongs to it. */
const RECENT = 60e9;

export const conntrackFull: Check = {
  id: 'conntrack-full',
  title: 'the table of connections is full',
  read(examined) {
    const { node, end } = examined;
    return [...examined.cluster.namespaces].flatMap((netns) => {
      const versions = node.versions('conntrack', netns);
      const most = versions.reduce((best, one) => (one.value.count > (best?.value.count ?? -1) ? one : best), versions[0]);
      const used = most !== undefined && most.value.max > 0 ? most.value.count / most.value.max : 0;
      // a line from before says nothing of now, unless the table is as full as it was
      const lines = node
        .versions('kernelLog')
        .filter(({ value }) => value.text.includes('table full') && saysOf(value.text, netns, node.host) && value.time <= end)
        .filter(({ value }) => value.time >= (used >= NEARLY ? -RECENT : 0));
      if (most === undefined) return [];
      const dropped = Math.max(0, (versions.at(-1)?.value.drop ?? 0) - (versions[0]?.value.drop ?? 0));
      const facts = [
        examined.fact(most, `nf_conntrack_count ${most.value.count} of nf_conntrack_max ${most.value.max} in ${examined.who(netns)}`),
      ];
      if (used < NEARLY && lines.length === 0) return [];
      const drops = examined.drops((drop) => drop.netns === netns && drop.reason === 'NETFILTER_DROP');
      const full = used >= FULL || (lines.length > 0 && (dropped > 0 || drops.length > 0));
      if (!full && used < NEARLY) return [];
      const room = `the table of connections of ${examined.who(netns)} ${full ? 'is full' : 'is nearly full'}: ${most.value.count} of ${most.value.max}`;
      return [
        finding(
          'conntrack-full',
          full ? 'critical' : 'warning',
          full
            ? `${room}, new connections are dropped (${times(
                Math.max(
                  dropped,
                  drops.reduce((n, { count }) => n + count, 0),
                ),
                'packet',
              )})`
            : room,
          {
            affected: drops.map(({ src }) => examined.cluster.nameAt(src.ip)),
            events: drops.flatMap(({ nums }) => nums),
            facts: [
              ...facts,
              ...examined.vanished(drops),
              ...lines.slice(0, 2).map(({ value }) => ({ time: value.time, text: `kernel log at ${atText(value.time)}: ${value.text}` })),
            ],
            confidence: used < NEARLY ? 0.75 : lines.length > 0 || dropped > 0 ? 0.97 : 0.85,
            unseen: used < NEARLY ? ['the count at the time of the kernel’s line: when it was looked at, there was room'] : [],
            fixes: [
              'sysctl -w net.netfilter.nf_conntrack_max=NUMBER',
              'conntrack -L | head    # who holds them; shorten net.netfilter.nf_conntrack_tcp_timeout_established',
            ],
            explains: full ? ['*'] : [],
          },
        ),
      ];
    });
  },
};

/** The kernel names the namespace, but not its first one on older versions. */
function saysOf(text: string, netns: number, host: number): boolean {
  const named = /netns (\d+)/.exec(text)?.[1];
  return named === undefined ? netns === host : Number(named) === netns;
}
