/**
 * Which client's end and which server's end, of several captures, are one connection: by their addresses, by what conntrack tells of
 * translations, or by the bytes of the request, where clocks leave one candidate.
 */
import type { Capture } from '../capture/capture.ts';
import { type ClockOffset, clockOffsets, type Shared } from './clock-offset.ts';
import { type TcpEnd, tcpEnds } from './tcp-ends.ts';
import { Translations } from './translations.ts';

/** `addresses`: the client's own end is the same on both sides. */
export type JoinedBy = 'addresses' | 'conntrack' | 'bytes';

/** An end, and in which of the captures. */
export interface Placed {
  readonly capture: number;
  readonly end: TcpEnd;
}

export interface Joined {
  readonly client: Placed;
  readonly server: Placed;
  readonly by: JoinedBy;
  /** There were other candidates, so that addresses alone do not tell it. */
  readonly chosen: boolean;
}

/** Captures as one: how their clocks differ, and which connections have both ends in them. */
export interface Together {
  readonly offsets: readonly ClockOffset[];
  readonly joined: readonly Joined[];
}

interface Candidates {
  readonly client: Placed;
  readonly servers: readonly Placed[];
  readonly by: JoinedBy;
}

export function together(captures: readonly Capture[]): Together {
  const ends = captures.flatMap((of, capture) => tcpEnds(of).map((end) => ({ capture, end })));
  const clients = ends.filter(({ end }) => end.role === 'client');
  const servers = ends.filter(({ end }) => end.role === 'server');
  const byAddress = addressed(clients, servers, new Translations(captures));
  const sure = byAddress.filter((found) => found.servers.length === 1).map((found) => joinedOf(found, found.servers[0]!, false));
  const offsets = clockOffsets(
    captures.map(({ meta, epoch }) => ({ host: meta.hostname ?? '', epoch })),
    sure.map(shared),
  );
  const clock = new Clock(captures, offsets);
  const chosen = byAddress.filter((found) => found.servers.length > 1).map((found) => joinedOf(found, clock.nearest(found), true));
  const known = [...sure, ...chosen];
  return { offsets, joined: [...known, ...byBytes(without(clients, known, 'client'), without(servers, known, 'server'), clock)] };
}

const joinedOf = ({ client, by }: Candidates, server: Placed, chosen: boolean): Joined => ({ client, server, by, chosen });

const shared = ({ client, server }: Joined): Shared => ({ client: client.capture, server: server.capture, ends: [client.end, server.end] });

function without(ends: readonly Placed[], joined: readonly Joined[], side: 'client' | 'server'): Placed[] {
  const taken = new Set(joined.map((one) => one[side].end));
  return ends.filter(({ end }) => !taken.has(end));
}

/** Behind a service's address, the client's own end is still the same on the other side, unless that was translated as well. */
function addressed(clients: readonly Placed[], servers: readonly Placed[], translations: Translations): Candidates[] {
  const byClient = Map.groupBy(servers, ({ end }) => end.remote);
  return clients.flatMap((client): Candidates[] => {
    const { local, remote } = client.end;
    const own = byClient.get(local);
    if (own !== undefined) return [{ client, servers: own, by: 'addresses' }];
    const told = translations
      .of({ client: local, server: remote })
      .flatMap((tuple) => (byClient.get(tuple.client) ?? []).filter(({ end }) => end.local === tuple.server));
    return told.length === 0 ? [] : [{ client, servers: [...new Set(told)], by: 'conntrack' }];
  });
}

/** Compares times of different captures. */
class Clock {
  /** ns to add to a capture's times to have those of the first one's clock. */
  readonly #shifts: readonly number[];
  readonly #errors: readonly (number | null)[];

  constructor(captures: readonly Capture[], offsets: readonly ClockOffset[]) {
    this.#shifts = captures.map(({ epoch }, k) => Number(epoch - captures[0]!.epoch) - offsets[k]!.ns);
    this.#errors = offsets.map(({ error }) => error);
  }

  /** A port is used again: of several connections with the same ends, the one that began at the same time. */
  nearest({ client, servers }: Candidates): Placed {
    const apart = (server: Placed) => Math.abs(this.at(server, startOf(server)) - this.at(client, startOf(client)));
    return servers.reduce((best, server) => (apart(server) < apart(best) ? server : best));
  }

  at({ capture }: Placed, time: number): number {
    return time + this.#shifts[capture]!;
  }

  /** ns by which times of two captures may be wrong against each other; null: nothing tells. */
  error(one: Placed, other: Placed): number | null {
    const [a, b] = [this.#errors[one.capture]!, this.#errors[other.capture]!];
    return one.capture === other.capture ? 0 : a === null || b === null ? null : a + b;
  }
}

/** An accept may have waited for long before: it is its end that counts. */
const startOf = ({ end }: Placed): number => end.begun ?? end.first;

/** Fewer bytes are too alike. */
const LEAST_BYTES = 8;

/** Connections whose addresses tell nothing: the same request, read between its sending and the answer's arrival, where only one fits. */
function byBytes(clients: readonly Placed[], servers: readonly Placed[], clock: Clock): Joined[] {
  const byHead = Map.groupBy(
    servers.filter(({ end }) => end.begun !== null && end.head.length >= LEAST_BYTES),
    ({ end }) => startText(end),
  );
  const pairs = clients
    .filter(({ end }) => end.begun !== null && end.head.length >= LEAST_BYTES)
    .flatMap((client) =>
      (byHead.get(startText(client.end)) ?? []).filter((server) => fits(client, server, clock)).map((server) => ({ client, server })),
    );
  const [ofClient, ofServer] = [Map.groupBy(pairs, ({ client }) => client.end), Map.groupBy(pairs, ({ server }) => server.end)];
  const isOnly = ({ client, server }: (typeof pairs)[number]) =>
    ofClient.get(client.end)!.length === 1 && ofServer.get(server.end)!.length === 1;
  return pairs.filter(isOnly).map((pair) => ({ ...pair, by: 'bytes', chosen: true }));
}

const startText = ({ head }: TcpEnd): string => Buffer.from(head.subarray(0, LEAST_BYTES)).toString('latin1');

function fits(client: Placed, server: Placed, clock: Clock): boolean {
  const error = clock.error(client, server);
  if (client.capture === server.capture || error === null) return false;
  const length = Math.min(client.end.head.length, server.end.head.length);
  if (Buffer.compare(client.end.head.subarray(0, length), server.end.head.subarray(0, length)) !== 0) return false;
  const [write, read] = [clock.at(client, client.end.write!), clock.at(server, server.end.read!)];
  const answered = server.end.write === null || client.end.read === null ? null : clock.at(server, server.end.write);
  return (
    read >= write - error &&
    (answered === null ? read <= clock.at(client, client.end.last) + error : answered <= clock.at(client, client.end.read!) + error)
  );
}
