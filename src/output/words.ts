/** Names and lists as sentences write them. */
import type { Vanished } from '../explain/causes/vanished.ts';
import type { ProcessName } from '../explain/story.ts';
import { vanishingText } from '../node/way.ts';

/** `curl (4711)`; a process whose name is not known by its number alone. */
export function name({ comm, pid }: ProcessName): string {
  return comm === '' ? `process ${pid}` : `${comm} (${pid})`;
}

/** `a, b and c`. */
export function list(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

const REASONS: Readonly<Record<string, string>> = {
  NETFILTER_DROP: 'a packet filter (iptables or nftables: a network policy, a firewall, a full conntrack table)',
  NO_SOCKET: 'nobody listening there',
  IP_INADDRERRORS: 'a host that does not forward packets (net.ipv4.ip_forward is 0)',
  IP_INNOROUTES: 'no route to it',
  IP_OUTNOROUTES: 'no route to it',
  IP_RPFILTER: 'the reverse path filter (rp_filter)',
  PKT_TOO_BIG: 'a link whose MTU is smaller than the packets',
  SOCKET_RCVBUFF: 'a full receive buffer',
  SOCKET_BACKLOG: 'a full socket backlog',
  TCP_LISTEN_OVERFLOW: 'a full accept queue',
  LISTEN_OVERFLOW: 'a full accept queue',
  QDISC_DROP: 'a full transmit queue',
  NEIGH_FAILED: 'a neighbour that does not answer ARP',
  NEIGH_QUEUEFULL: 'a neighbour that does not answer ARP',
};

/** The kernel's reason for a dropped packet, in words. */
export function reasonText(reason: string): string {
  return REASONS[reason] ?? reason;
}

/** `left by eth0 of shop/cart, veth12 and were dropped in the node by rule 1 of …`. */
export function vanishedText({ vanishing, reason, others }: Vanished): string {
  return `${vanishingText(vanishing, reasonText(reason))}${others === 0 ? '' : `, and ${others} more in other places or by other rules`}`;
}
