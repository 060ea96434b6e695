/** Connections that failed for no reason that an earlier check found: the symptom is told, with whom it concerns. */
import { type Check, command, finding, isExplained } from '../check.ts';
import { addressOf, type Examined, sum, times } from '../examined.ts';
import { type Failure, isLate } from '../observed.ts';

function left(examined: Examined, kinds: readonly Failure['kind'][], before: Parameters<Check['read']>[1]): [string, Failure[]][] {
  const found = new Map<string, Failure[]>();
  for (const failure of examined.failures) {
    const address = addressOf(failure.remote);
    if (kinds.includes(failure.kind) && !isExplained(before, address)) found.set(address, [...(found.get(address) ?? []), failure]);
  }
  return [...found];
}

const TCP = 6;
/** A connection that is refused once may be a program that looks who is there. */
const OFTEN = 3;

export const refused: Check = {
  id: 'refused',
  title: 'connections are refused',
  read(examined, before) {
    return left(examined, ['refused'], before).flatMap(([, all]) => {
      const { remote } = all[0]!;
      const inCluster = examined.cluster.serviceAt(remote.ip, remote.port) !== null || examined.cluster.podAt(remote.ip) !== null;
      if (!inCluster || sum(all) < OFTEN || all[0]!.l4proto !== TCP) return [];
      return [
        finding(
          'refused',
          'warning',
          `${times(sum(all), 'connection')} to ${examined.name(remote)} ended before it was made (${[...new Set(all.map(({ error }) => error))].join(', ')})`,
          {
            affected: all.map(({ netns, thread }) => examined.who(netns, thread)),
            events: all.flatMap(({ nums }) => nums),
            confidence: 0.7,
            unseen: examined.unseenNode,
            fixes: [command`trowel explain FILE --event ${all[0]!.nums[0]}`],
            explains: [addressOf(remote)],
          },
        ),
      ];
    });
  },
};

export const unanswered: Check = {
  id: 'unanswered',
  title: 'connections are not answered',
  read(examined, before) {
    return left(examined, ['unanswered', 'unreachable', 'forbidden'], before).flatMap(([, found]) => {
      const all = found.filter((failure) => !isLate(failure));
      if (all.length === 0) return [];
      const { remote } = all[0]!;
      const dropped = examined.drops(({ src, dst }) => src.ip === remote.ip || dst.ip === remote.ip);
      const reasons = [...new Set(dropped.map(({ reason, netns }) => `${reason} at ${examined.who(netns)}`))];
      const symptom = all[0]!.kind === 'unanswered' ? 'without an answer' : `failed with ${all[0]!.error}`;
      return [
        finding(
          'unanswered',
          'warning',
          `${times(sum(all), 'connection')} to ${examined.name(remote)} ${symptom}${reasons.length === 0 ? '' : `; packets dropped: ${reasons.join(', ')}`}`,
          {
            affected: all.map(({ netns, thread }) => examined.who(netns, thread)),
            events: [...all, ...dropped].flatMap(({ nums }) => nums),
            facts: examined.vanished(dropped),
            confidence: reasons.length > 0 ? 0.8 : 0.6,
            unseen: examined.unseenNode,
            fixes: [command`trowel explain FILE --event ${all[0]!.nums[0]}`],
            explains: [addressOf(remote)],
          },
        ),
      ];
    });
  },
};

export const lateConnections: Check = {
  id: 'syn-retransmits',
  title: 'connections are made only when the SYN is sent again',
  read(examined, before) {
    return left(examined, ['unanswered'], before).flatMap(([, found]) => {
      const late = found.filter(isLate);
      if (late.length === 0) return [];
      const { remote } = late[0]!;
      const dropped = examined.drops(({ src, dst }) =>
        [src.ip, dst.ip].some((ip) => examined.endpoints(remote).some((one) => one.ip === ip)),
      );
      const made = late.reduce((n, { connections }) => n + connections, 0);
      return [
        finding(
          'syn-retransmits',
          'warning',
          `${times(made, 'connection')} to ${examined.name(remote)} ${made === 1 ? 'was' : 'were'} made only when the SYN had been sent again, a second or more late`,
          {
            affected: late.map(({ netns, thread }) => examined.who(netns, thread)),
            events: [...late, ...dropped].flatMap(({ nums }) => nums),
            facts: examined.vanished(dropped),
            confidence: dropped.length > 0 ? 0.85 : 0.7,
            unseen: dropped.length > 0 ? [] : ['where the first SYN, or its answer, was lost'],
            fixes: [command`trowel explain FILE --event ${late[0]!.nums[0]}`, 'trowel net FILE drops'],
            explains: [],
          },
        ),
      ];
    });
  },
};

/** The API server by its service's name. */
export const apiServer: Check = {
  id: 'api-server',
  title: 'the API server is not reached',
  read(examined) {
    const service = examined.cluster.services.find(({ name }) => name === 'default/kubernetes');
    const addresses = (service?.ports ?? []).map(({ ip, port }) => `${ip}:${port.port}`);
    const failures = examined.failures.filter(({ remote }) => addresses.includes(addressOf(remote)));
    if (failures.length === 0) return [];
    return [
      finding(
        'api-server',
        'critical',
        `${times(sum(failures), 'connection')} to the API server (${addresses.join(', ')}) failed: ${[...new Set(failures.map(({ error }) => error))].join(', ')}`,
        {
          affected: failures.map(({ netns, thread }) => examined.who(netns, thread)),
          events: failures.flatMap(({ nums }) => nums),
          fixes: ['kubectl get --raw /readyz', 'kubectl get endpoints kubernetes'],
        },
      ),
    ];
  },
};
