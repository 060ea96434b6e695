/** The server that answers names is stopped, gone, or has more questions than it takes. */
import type { DnsRow } from '../../model/dns.ts';
import type { PodPlace } from '../../node/cluster.ts';
import { type Check, command, type Finding, finding } from '../check.ts';
import { type Examined, sum, times } from '../examined.ts';

interface Server {
  /** As clients ask it: `10.3.0.10:53`. */
  readonly address: string;
  readonly name: string;
  readonly ip: string;
  readonly port: number;
  readonly place: PodPlace | null;
  readonly questions: readonly DnsRow[];
}

/** Servers that left questions unanswered, with each pod behind them. */
function silent(examined: Examined): Server[] {
  const byServer = new Map<string, DnsRow[]>();
  for (const row of [...examined.unanswered, ...failed(examined)]) byServer.set(row.server, [...(byServer.get(row.server) ?? []), row]);
  return [...byServer].flatMap(([address, questions]) => {
    const at = address.lastIndexOf(':');
    const [ip, port] = [address.slice(0, at).replace(/[[\]]/g, ''), Number(address.slice(at + 1))];
    const service = examined.cluster.serviceAt(ip, port);
    return examined.endpoints({ ip, port }).map((one) => {
      const place = examined.cluster.placeAt(one.ip);
      return { address, name: one.pod || place?.name || one.ip, ip: one.ip, port: service?.port.target || port, place, questions };
    });
  });
}

/** Questions that the kernel refused at once are unanswered, too, whenever they were asked. */
function failed(examined: Examined): DnsRow[] {
  const known = new Set(examined.unanswered);
  return [...examined.dims.dns.all()].filter(
    (row) =>
      !row.response &&
      row.partner === null &&
      row.side === 'client' &&
      row.protocol === 'dns' &&
      !known.has(row) &&
      examined.inScope(examined.netnsOf(row)),
  );
}

export const dnsServer: Check = {
  id: 'dns-server',
  title: 'the DNS server is stopped, gone or overrun',
  read(examined, before) {
    if (before.some(({ explains }) => explains.includes('*'))) return [];
    return silent(examined)
      .filter(({ address }) => !before.some(({ explains }) => explains.includes(address)))
      .flatMap((server) => stopped(examined, server) ?? gone(examined, server) ?? overrun(examined, server) ?? []);
  },
};

function stopped(examined: Examined, server: Server): Finding[] | null {
  const { place, questions, address, name } = server;
  const still =
    place === null ? [] : examined.node.versions('process', place.netns).filter(({ value }) => value.state === 'T' || value.state === 't');
  if (still.length === 0) return null;
  const waiting =
    place === null
      ? []
      : examined.node.at('listener', examined.end, place.netns).filter(({ value }) => value.protocol === 'udp' && value.queue > 0);
  return [
    finding(
      'dns-server',
      'critical',
      `the DNS server ${still.map(({ value, key }) => `${value.comm} (${key})`).join(', ')} of ${name} is stopped: ${times(questions.length, 'question')} to ${address} without an answer`,
      {
        ...shared(examined, server),
        facts: [
          ...still.map((one) => examined.fact(one, `process ${one.key} ${one.value.comm}: state ${one.value.state} (stopped)`)),
          ...waiting.map((one) =>
            examined.fact(one, `UDP ${one.value.ip}:${one.value.port}: ${one.value.queue} bytes wait to be received`),
          ),
        ],
        confidence: 0.97,
        fixes: [command`kill -CONT ${still[0]!.key}`, command`kubectl delete pod ${podArgs(name)}    # a new one is started`],
      },
    ),
  ];
}

function gone(examined: Examined, server: Server): Finding[] | null {
  const { place, ip, port, address, name, questions } = server;
  const refused = examined.drops(({ reason, dst }) => reason === 'NO_SOCKET' && dst.ip === ip && dst.port === port);
  if (refused.length === 0) return null;
  const listeners = place === null ? [] : examined.node.at('listener', examined.end, place.netns);
  if (listeners.some(({ value }) => value.port === port && value.protocol === 'udp')) return null;
  return [
    finding(
      'dns-server',
      'critical',
      `the DNS server of ${name} is gone: nobody has port ${port} at ${ip}, and ${times(Math.max(questions.length, sum(refused)), 'question')} to ${address} were refused`,
      {
        ...shared(examined, server),
        events: [...refused.flatMap(({ nums }) => nums), ...questions.map(({ num }) => num)],
        facts:
          place === null
            ? []
            : [
                {
                  time: 0,
                  text:
                    listeners.length === 0
                      ? `no process of ${name} has a socket`
                      : `${name} listens at ${listeners.map(({ value }) => value.port).join(', ')}`,
                },
              ],
        confidence: place === null ? 0.8 : 0.96,
        fixes: [command`kubectl describe pod ${podArgs(name)}    # why it ended`, command`kubectl logs --previous ${podArgs(name)}`],
      },
    ),
  ];
}

function overrun(examined: Examined, server: Server): Finding[] | null {
  const { place, port, name, address, questions } = server;
  const full = examined.observed.queues.filter(
    ({ kind, local, netns }) =>
      kind === 'udp' && local.port === port && (place === null || netns === place.netns) && examined.inScope(netns),
  );
  if (full.length === 0) return null;
  return [
    finding(
      'dns-server',
      'critical',
      `the receive queue of the DNS server ${name} is full: ${times(sum(full), 'question')} dropped, ${questions.length} to ${address} without an answer`,
      {
        ...shared(examined, server),
        events: full.flatMap(({ nums }) => nums),
        confidence: 0.9,
        fixes: ['run more replicas of the DNS server', 'sysctl -w net.core.rmem_max=BYTES    # and its receive buffer'],
      },
    ),
  ];
}

function shared(examined: Examined, { name, questions, address, ip, port }: Server) {
  return {
    affected: [name, ...questions.map((row) => examined.who(examined.netnsOf(row), row.thread))],
    events: questions.map(({ num }) => num),
    explains: [address, `${ip}:${port}`],
  };
}

const podArgs = (name: string): string[] => (name.includes('/') ? ['-n', ...name.split('/')] : [name]);
