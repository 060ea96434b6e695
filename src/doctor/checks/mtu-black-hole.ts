/** Large segments never arrive, small ones do: a link carries less than both ends believe, and nobody says so. */
import { type Check, command, finding } from '../check.ts';
import { addressOf, type Examined, times } from '../examined.ts';
import type { Retransmits } from '../observed.ts';

/** Bytes of one write that fill a segment on an Ethernet link, options and tunnels taken off. */
const FULL_SEGMENT = 1_200;
/** A segment that is lost by chance arrives at the second attempt, mostly. */
const AGAIN = 3;
const HANDSHAKE: ReadonlySet<string> = new Set(['SYN_SENT', 'SYN_RECV', 'NEW_SYN_RECV']);

export const mtuBlackHole: Check = {
  id: 'mtu-black-hole',
  title: 'large packets vanish on the way',
  read(examined) {
    const stuck = examined.observed.retransmits.filter(
      (one) =>
        examined.inScope(one.netns) &&
        !staysHere(one) &&
        ![...one.states].some((state) => HANDSHAKE.has(state)) &&
        one.segment.times >= AGAIN &&
        largest(examined, one) >= FULL_SEGMENT,
    );
    const local = stuck.filter(
      (one) =>
        examined.drops(
          ({ src, dst, reason }) =>
            reason !== 'PKT_TOO_BIG' && [src.ip, dst.ip].includes(one.local.ip) && [src.ip, dst.ip].includes(one.remote.ip),
        ).length === 0,
    );
    const tooBig = examined.drops(({ reason }) => reason === 'PKT_TOO_BIG');
    if (local.length === 0) return [];
    const remotes = [...new Set(local.map(({ remote }) => remote.ip))];
    const small = [...examined.observed.established].filter((tuple) => remotes.some((ip) => tuple.includes(` ${ip} `))).length;
    const sizes = local.map((one) => largest(examined, one));
    return [
      finding(
        'mtu-black-hole',
        'critical',
        `large segments from ${[...new Set(local.map(({ local: end }) => examined.cluster.nameAt(end.ip)))].join(', ')} to ${remotes.map((ip) => examined.cluster.nameAt(ip)).join(', ')} are sent again and again (${times(
          local.reduce((n, { segment }) => n + segment.times, 0),
          'time',
        )} on ${times(local.length, 'connection')}, ${said(local)} of up to ${Math.max(...sizes)} bytes), while handshakes get through: a link on the way has a smaller MTU`,
        {
          affected: local.flatMap(({ local: end, remote }) => [examined.cluster.nameAt(end.ip), examined.cluster.nameAt(remote.ip)]),
          events: [...tooBig, ...local].flatMap(({ nums }) => nums),
          facts: mtus(examined, local),
          confidence: tooBig.length > 0 ? 0.95 : small > local.length ? 0.8 : 0.65,
          unseen: tooBig.length > 0 ? [] : ['the links beyond this node'],
          fixes: [
            command`ping -M do -s 1472 ${remotes[0]}`,
            'set the MTU of the pod network to what the smallest link carries',
            'sysctl -w net.ipv4.tcp_mtu_probing=1',
            'let ICMP “fragmentation needed” through',
          ],
          explains: local.flatMap((one) => [addressOf(one.local), addressOf(one.remote)]),
        },
      ),
    ];
  },
};

/** Between two ends with one address there is no link: something else keeps the segments from being taken. */
const staysHere = ({ local, remote }: Retransmits) => local.ip === remote.ip;

const said = (stuck: readonly Retransmits[]) => (stuck.every(({ segment }) => segment.bytes > 0) ? 'the same segments' : 'after writes');

/** Bytes of the segment; where the capture does not tell them, of the largest single write on the connection. */
function largest({ dims, observed }: Examined, { local, remote, segment }: Retransmits): number {
  let most = segment.bytes;
  if (most > 0) return most;
  for (const fd of dims.fds.all()) {
    if (fd.localIp !== local.ip || fd.localPort !== local.port || fd.remoteIp !== remote.ip || fd.remotePort !== remote.port) continue;
    most = Math.max(most, observed.largest[fd.id] ?? 0);
  }
  return most;
}

function mtus(examined: Examined, stuck: readonly Retransmits[]) {
  const all = [...new Set([...stuck.map(({ netns }) => netns), examined.node.host])];
  return all.flatMap((netns) =>
    examined.node
      .at('link', examined.end, netns)
      .filter(({ key, value }) => key !== 'lo' && value.up)
      .slice(0, 3)
      .map((link) => examined.fact(link, `${link.key} of ${examined.who(netns)}: MTU ${link.value.mtu}`)),
  );
}
