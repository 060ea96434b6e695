/** What runs out: descriptors, local ports; and processes that do not run. */
import { type Check, command, finding } from '../check.ts';
import { addressOf, sum, times } from '../examined.ts';

export const fdLimit: Check = {
  id: 'fd-limit',
  title: 'a process has no descriptors left',
  read(examined) {
    const failed = examined.observed.shortages
      .filter(({ thread }) => examined.inScope(examined.process(thread)?.netns ?? 0))
      .map((shortage) => {
        const process = examined.process(shortage.thread);
        const name = process === null ? 'a process' : `${process.comm} (${process.pid})`;
        const fact = examined.node.versions('process').find(({ key }) => key === String(process?.pid));
        const who = examined.who(process?.netns ?? 0);
        return finding(
          'fd-limit',
          'critical',
          `${name}${who === '' || who === name ? '' : ` of ${who}`} has no descriptors left: ${times(shortage.count, 'call')} failed with ${shortage.error}`,
          {
            affected: [who || name],
            events: shortage.nums,
            facts: fact === undefined ? [] : [examined.fact(fact, `${fact.value.fds} of ${fact.value.limit} descriptors in use`)],
            confidence: 0.97,
            fixes: [command`prlimit --pid ${process?.pid ?? 'PID'} --nofile=NUMBER`, 'does it close what it opens? trowel lens fds FILE'],
          },
        );
      });
    const told = new Set(failed.map(({ affected }) => affected[0]));
    const near = examined.node
      .at('process', examined.end)
      .filter(({ value, netns }) => value.limit > 0 && value.fds >= value.limit * NEARLY && !told.has(examined.who(netns)));
    return [
      ...failed,
      ...near.map((one) =>
        finding('fd-limit', 'warning', `${one.value.comm} (${one.key}) has ${one.value.fds} of ${one.value.limit} descriptors in use`, {
          affected: [examined.who(one.netns)],
          facts: [examined.fact(one, `state ${one.value.state}`)],
          confidence: 0.9,
          fixes: [command`prlimit --pid ${one.key} --nofile=NUMBER`],
        }),
      ),
    ];
  },
};

const NEARLY = 0.95;

export const localPorts: Check = {
  id: 'local-ports',
  title: 'no local port is left',
  read(examined) {
    return examined.failures
      .filter(({ kind, remote }) => kind === 'no-port' && remote.ip !== '')
      .map((failure) => {
        const range = examined.sysctl('net.ipv4.ip_local_port_range', failure.netns);
        return finding(
          'local-ports',
          'critical',
          `${examined.who(failure.netns, failure.thread)} has no local port left for connections to ${examined.name(failure.remote)}: ${times(failure.count, 'call')} failed with ${failure.error}`,
          {
            affected: [examined.who(failure.netns, failure.thread)],
            events: failure.nums,
            facts: range === null ? [] : [range.fact],
            confidence: 0.85,
            fixes: [
              'keep connections open and use them again',
              'sysctl -w net.ipv4.tcp_tw_reuse=1',
              'sysctl -w net.ipv4.ip_local_port_range="1024 65535"',
            ],
            explains: [addressOf(failure.remote)],
          },
        );
      });
  },
};

export const stoppedProcess: Check = {
  id: 'process-stopped',
  title: 'a process that serves somebody is stopped',
  read(examined, before) {
    const { node, end } = examined;
    return node
      .at('process', end)
      .filter(
        ({ value, netns }) =>
          (value.state === 'T' || value.state === 't') && node.at('listener', end, netns).some((one) => one.value.comm === value.comm),
      )
      .filter(({ key }) => !before.some(({ verdict }) => verdict.includes(`(${key})`)))
      .map((one) =>
        finding('process-stopped', 'warning', `${one.value.comm} (${one.key}) of ${examined.who(one.netns)} listens, but is stopped`, {
          affected: [examined.who(one.netns)],
          facts: [examined.fact(one, `process ${one.key}: state ${one.value.state}`)],
          confidence: 0.9,
          fixes: [command`kill -CONT ${one.key}`],
        }),
      );
  },
};

export const lostSegments: Check = {
  id: 'retransmits',
  title: 'many segments are sent again',
  read(examined, before) {
    const all = examined.observed.retransmits.filter(
      ({ netns, remote, local }) =>
        examined.inScope(netns) &&
        !before.some(
          ({ explains }) => explains.includes(addressOf(remote)) || explains.includes(addressOf(local)) || explains.includes('*'),
        ),
    );
    if (sum(all) < MANY_SEGMENTS) return [];
    return [
      finding(
        'retransmits',
        'warning',
        `${times(sum(all), 'segment')} on ${times(all.length, 'connection')} sent again, most to ${[...new Set([...all].sort((a, b) => b.count - a.count).map(({ remote }) => examined.name(remote)))].slice(0, 3).join(', ')}`,
        {
          affected: all.map(({ netns }) => examined.who(netns)),
          events: all.flatMap(({ nums }) => nums),
          confidence: 0.6,
          unseen: ['the links beyond this node'],
        },
      ),
    ];
  },
};

const MANY_SEGMENTS = 50;
