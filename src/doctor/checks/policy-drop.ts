/** A rule of the node's packet filter drops what pods send: a network policy, or somebody's own rule. */

import { droppingHits, fits, isUsual } from '../../node/rule-hits.ts';
import { type Check, command, finding } from '../check.ts';
import { addressOf, type Examined, sum, times } from '../examined.ts';
import type { Drop } from '../observed.ts';

export const policyDrop: Check = {
  id: 'policy-drop',
  title: 'a rule of the node drops packets of pods',
  read(examined, before) {
    if (before.some(({ explains }) => explains.includes('*'))) return [];
    const drops = examined.drops(({ reason, netns }) => reason === 'NETFILTER_DROP' && netns === examined.node.host);
    return droppingHits(examined.node, examined.end)
      .filter(({ position, rule }) => position > 0 && !isUsual(rule))
      .flatMap(({ chain, rule, position, packets, since }) => {
        const own = drops.filter((drop) => fits(rule, drop));
        if (own.length === 0) return [];
        const name = /--comment "?([^"]+?)"?(?: -|$)/.exec(rule)?.[1] ?? '';
        const failures = examined.failures.filter(({ remote }) =>
          examined.endpoints(remote).some(({ ip }) => own.some(({ dst }) => dst.ip === ip)),
        );
        return [
          finding(
            'policy-drop',
            'critical',
            `rule ${position} of the node’s chain ${chain} drops packets to ${targets(examined, own)}${name === '' ? '' : ` (“${name}”)`}: it counted ${times(packets, 'packet')}, ${sum(own)} recorded`,
            {
              affected: [...own.flatMap(({ src, dst }) => [examined.cluster.nameAt(src.ip), examined.cluster.nameAt(dst.ip)])],
              events: [...own, ...failures].flatMap(({ nums }) => nums),
              facts: [{ time: since, text: `${chain} ${position}: ${rule}` }, ...examined.vanished(own)],
              confidence: packets === sum(own) ? 0.97 : 0.85,
              fixes: [
                command`iptables -t ${chain.split(' ')[1]} -L ${chain.split(' ')[2]} -nv --line-numbers`,
                'kubectl get networkpolicies -A    # which policy selects the pod',
              ],
              explains: [...failures.map(({ remote }) => addressOf(remote)), ...own.map(({ dst }) => addressOf(dst))],
            },
          ),
        ];
      });
  },
};

const targets = (examined: Examined, drops: readonly Drop[]) =>
  [...new Set(drops.map(({ dst }) => examined.name(dst)))].slice(0, 3).join(', ');
