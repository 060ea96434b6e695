/** The node does not forward: nothing of a pod leaves its bridge. */
import { type Check, finding } from '../check.ts';
import { sum, times } from '../examined.ts';

export const ipForwardOff: Check = {
  id: 'ip-forward-off',
  title: 'the node does not forward packets',
  read(examined) {
    const { node, cluster } = examined;
    const forwarding = examined.sysctl('net.ipv4.ip_forward');
    // on IPv4 the kernel has this reason only while forwarding is off
    const drops = examined.drops(({ reason, netns }) => reason === 'IP_INADDRERRORS' && (node.host === 0 || netns === node.host));
    const pods = cluster.places.some(({ link }) => link !== null);
    const off = forwarding?.value === '0' && pods;
    if (!off && (drops.length === 0 || forwarding?.value === '1')) return [];
    const counted =
      drops.length === 0 ? 'no packet was seen to be dropped for it' : `${times(sum(drops), 'packet')} of pods dropped (IP_INADDRERRORS)`;
    return [
      finding(
        'ip-forward-off',
        drops.length > 0 ? 'critical' : 'warning',
        `the node does not forward packets (net.ipv4.ip_forward = 0): ${counted}`,
        {
          affected: drops.map(({ src }) => cluster.nameAt(src.ip)),
          events: drops.flatMap(({ nums }) => nums),
          facts: [...(off && forwarding !== null ? [forwarding.fact] : []), ...examined.vanished(drops)],
          confidence: off && drops.length > 0 ? 0.98 : 0.8,
          unseen: off ? [] : examined.unseenNode,
          fixes: ['sysctl -w net.ipv4.ip_forward=1', 'grep -rs ip_forward /etc/sysctl.conf /etc/sysctl.d    # who sets it'],
          explains: ['*'],
        },
      ),
    ];
  },
};
