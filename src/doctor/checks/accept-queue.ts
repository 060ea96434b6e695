/** Connections that nobody takes: a server's accept queue is full. */
import { type Check, type Finding, finding } from '../check.ts';
import { addressOf, type Examined, times } from '../examined.ts';
import type { FullQueue } from '../observed.ts';

export const acceptQueue: Check = {
  id: 'accept-queue-full',
  title: 'a server does not accept its connections',
  read(examined) {
    const seen = examined.observed.queues.filter(({ kind, netns }) => kind === 'accept' && examined.inScope(netns));
    return [...seen.map((queue) => seenFull(examined, queue)), ...counted(examined, new Set(seen.map(({ netns }) => netns)))];
  },
};

function seenFull(examined: Examined, queue: FullQueue): Finding {
  const overflows = examined.growth('TcpExtListenOverflows', queue.netns);
  const listener = examined.node
    .at('listener', examined.end, queue.netns)
    .find(({ value }) => value.protocol === 'tcp' && value.port === queue.local.port);
  const who =
    listener === undefined ? examined.who(queue.netns) : `${listener.value.comm} (${listener.value.pid}) of ${examined.who(queue.netns)}`;
  return finding(
    'accept-queue-full',
    'critical',
    `${who} does not accept at ${addressOf(queue.local)}: its queue of ${queue.max} was full ${times(queue.count, 'time')}`,
    {
      affected: [examined.who(queue.netns)],
      events: queue.nums,
      facts: [
        ...(listener === undefined ? [] : [examined.fact(listener, `backlog ${listener.value.backlog}, ${listener.value.queue} waiting`)]),
        ...(overflows > 0 ? [{ time: 0, text: `ListenOverflows grew by ${overflows}` }] : []),
      ],
      confidence: 0.95,
      fixes: [
        'trowel explain FILE    # what the server did instead',
        'a larger backlog in listen(), and sysctl -w net.core.somaxconn=NUMBER',
      ],
      explains: [addressOf(queue.local)],
    },
  );
}

/** Where the kernel does not tell of single ones, its counter does: in which namespace, not at which port. */
function counted(examined: Examined, told: ReadonlySet<number>): Finding[] {
  return [...examined.cluster.namespaces]
    .filter((netns) => !told.has(netns))
    .flatMap((netns) => {
      const overflows = examined.growth('TcpExtListenOverflows', netns);
      if (overflows === 0) return [];
      const listeners = examined.node
        .at('listener', examined.end, netns)
        .filter(({ value }) => value.protocol === 'tcp' && value.backlog > 0);
      const full = listeners.filter(({ value }) => value.queue >= value.backlog);
      const whose = full.map(({ value }) => `${value.comm || 'a process'} at ${value.port}`).join(', ');
      return [
        finding(
          'accept-queue-full',
          'warning',
          `a server of ${examined.who(netns)} did not accept in time: its queue was full ${times(overflows, 'time')}${whose === '' ? '' : ` (${whose})`}`,
          {
            affected: [examined.who(netns)],
            facts: [
              { time: 0, text: `ListenOverflows grew by ${overflows}` },
              ...full.map((one) =>
                examined.fact(one, `${one.value.comm} at ${one.value.port}: backlog ${one.value.backlog}, ${one.value.queue} waiting`),
              ),
            ],
            confidence: full.length > 0 ? 0.9 : 0.75,
            unseen: full.length > 0 ? [] : ['at which port'],
            fixes: ['a larger backlog in listen(), and sysctl -w net.core.somaxconn=NUMBER'],
          },
        ),
      ];
    });
}
