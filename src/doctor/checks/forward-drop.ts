/** The policy of the FORWARD chain drops what pods send to each other. */

import { droppingHits } from '../../node/rule-hits.ts';
import { type Check, finding } from '../check.ts';
import { sum, times } from '../examined.ts';

export const forwardDrop: Check = {
  id: 'forward-drop',
  title: 'the FORWARD policy drops packets of pods',
  read(examined) {
    const { node, cluster } = examined;
    return droppingHits(node, examined.end)
      .filter(({ chain, position }) => position === 0 && / filter FORWARD$/.test(chain))
      .flatMap(({ chain, packets, since }) => {
        const drops = examined.drops(({ reason, netns }) => reason === 'NETFILTER_DROP' && netns === node.host);
        if (drops.length === 0) return []; // stray packets are dropped on any node with such a policy
        return [
          finding(
            'forward-drop',
            'critical',
            `the policy of the node’s FORWARD chain is DROP and no rule accepted ${times(packets, 'packet')}; ${times(sum(drops), 'dropped packet')} recorded`,
            {
              affected: drops.flatMap(({ src, dst }) => [cluster.nameAt(src.ip), cluster.nameAt(dst.ip)]),
              events: drops.flatMap(({ nums }) => nums),
              facts: [
                { time: since, text: `chain ${chain}: policy DROP, counted ${packets} packets while recording` },
                ...examined.vanished(drops),
              ],
              confidence: 0.95,
              fixes: [
                'iptables -P FORWARD ACCEPT',
                'iptables -S FORWARD    # Docker sets the policy to DROP: let the CNI accept its ranges, or start dockerd with --ip-forward-no-drop',
              ],
              explains: ['*'],
            },
          ),
        ];
      });
  },
};
