import { spawnSync } from 'node:child_process';

/** Whether rules of a packet filter may be set here, in a network namespace of one's own. */
export function hasIptables(): boolean {
  return spawnSync('unshare', ['-n', 'iptables', '-A', 'INPUT', '-p', 'udp', '-j', 'REJECT']).status === 0;
}
