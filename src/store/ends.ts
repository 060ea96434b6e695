/**
 * Which client's end and which server's end, of several captures, are one connection: by the sequence numbers that it began with; where
 * those were not seen, by their addresses, by what conntrack tells of translations, or by the bytes of the request, where clocks leave one
 * candidate.
 */
import type { Capture } from '../capture/capture.ts';
import { areOthers } from './beginnings.ts';
import { type ClockOffset, clockOffsets, type Shared } from './clock-offset.ts';
import { type TcpEnd, tcpEnds } from './tcp-ends.ts';
import { Translations } from './translations.ts';

/** `addresses`: the client's own end is the same on both sides. */
export type JoinedBy = 'sequence' | 'addresses' | 'conntrack' | 'bytes';

/** An end, and in which of the captures. */
export interface Placed {
  readonly capture: number;
  readonly end: TcpEnd;
}

export interface Joined {
  readonly client: Placed;
  readonly server: Placed;
  readonly by: JoinedBy;
  /** There are other candidates by addresses, so that they alone do not tell it. */
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
  /** The client's own end is at more servers than these. */
  readonly others: boolean;
}

export function together(captures: readonly Capture[]): Together {
  const ends = captures.flatMap((of, capture) => tcpEnds(of).map((end) => ({ capture, end })));
  const clients = ends.filter(({ end }) => end.role === 'client');
  const servers = ends.filter(({ end }) => end.role === 'server');
  const found = candidatesOf(clients, servers, new Translations(captures));
  const sure = found.filter((one) => one.servers.length === 1).map((one) => joinedOf(one, one.servers[0]!, one.others));
  const offsets = clockOffsets(
    captures.map(({ meta, epoch }) => ({ host: meta.hostname ?? '', epoch })),
    sure.map(shared),
  );
  const clock = new Clock(captures, offsets);
  const chosen = found.filter((one) => one.servers.length > 1).map((one) => joinedOf(one, clock.nearest(one), true));
  const known = [...sure, ...chosen];
  return { offsets, joined: [...known, ...byBytes(without(clients, known, 'client'), without(servers, known, 'server'), clock)] };
}

const joinedOf = ({ client, by }: Candidates, server: Placed, chosen: boolean): Joined => ({ client, server, by, chosen });

const shared = ({ client, server }: Joined): Shared => ({ client: client.capture, server: server.capture, ends: [client.end, server.end] });

function without(ends: readonly Placed[], joined: readonly Joined[], side: 'client' | 'server'): Placed[] {
  const taken = new Set(joined.map((one) => one[side].end));
  return ends.filter(({ end }) => !taken.has(end));
}

/** Of each client, which servers it may have talked to by the surest way that tells. */
function candidatesOf(clients: readonly Placed[], servers: readonly Placed[], translations: Translations): Candidates[] {
  const byBeginning = Map.groupBy(
    servers.filter(({ end }) => end.beginning !== null),
    ({ end }) => beginningText(end),
  );
  const byClient = Map.groupBy(servers, ({ end }) => end.remote);
  return clients.flatMap((client) => {
    const began = client.end.beginning === null ? undefined : byBeginning.get(beginningText(client.end));
    if (began === undefined) return addressed(client, byClient, translations);
    const others = (byClient.get(client.end.local) ?? []).some((server) => !began.includes(server));
    return [{ client, servers: began, by: 'sequence', others }];
  });
}

const beginningText = ({ beginning }: TcpEnd): string => `${beginning?.client} ${beginning?.server}`;

/** Behind a service's address, the client's own end is still the same on the other side, unless that was translated as well. */
function addressed(client: Placed, byClient: ReadonlyMap<string, Placed[]>, translations: Translations): Candidates[] {
  const { local, remote, beginning } = client.end;
  const at = (end: string) => (byClient.get(end) ?? []).filter((server) => !areOthers(beginning, server.end.beginning));
  const own = at(local);
  if (own.length > 0) return [{ client, servers: own, by: 'addresses', others: own.length < byClient.get(local)!.length }];
  const told = translations
    .of({ client: local, server: remote })
    .flatMap((tuple) => at(tuple.client).filter(({ end }) => end.local === tuple.server));
  return told.length === 0 ? [] : [{ client, servers: [...new Set(told)], by: 'conntrack', others: false }];
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
  if (client.capture === server.capture || error === null || areOthers(client.end.beginning, server.end.beginning)) return false;
  const length = Math.min(client.end.head.length, server.end.head.length);
  if (Buffer.compare(client.end.head.subarray(0, length), server.end.head.subarray(0, length)) !== 0) return false;
  const [write, read] = [clock.at(client, client.end.write!), clock.at(server, server.end.read!)];
  const answered = server.end.write === null || client.end.read === null ? null : clock.at(server, server.end.write);
  return (
    read >= write - error &&
    (answered === null ? read <= clock.at(client, client.end.last) + error : answered <= clock.at(client, client.end.read!) + error)
  );
}
