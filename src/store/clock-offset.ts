/**
 * How far apart the clocks of nodes are, from connections that both recorded: what one wrote, the other cannot have read before.
 * The first bytes each way bound the offset from both sides.
 */
import type { TcpEnd } from './tcp-ends.ts';

export interface ClockOffset {
  /** ns: its clock minus the first's. */
  readonly ns: number;
  /** ns by which it may be wrong; null: there is nothing to tell it by, and it was taken to be 0. */
  readonly error: number | null;
  readonly connections: number;
}

/** Whose clock it is, and ns since 1970 of its time zero. Captures of one node have one clock. */
export interface ClockOf {
  readonly host: string;
  readonly epoch: bigint;
}

/** A connection with both ends: in which of the captures each is. */
export interface Shared {
  readonly client: number;
  readonly server: number;
  readonly ends: readonly [client: TcpEnd, server: TcpEnd];
}

const UNKNOWN: ClockOffset = { ns: 0, error: null, connections: 0 };
const SAME: ClockOffset = { ns: 0, error: 0, connections: 0 };
/** Of connections that contradict each other, such a part is heard: clocks drift. */
const HEARD = 0.9;

/** Of each clock against the first, by way of others where the two have no connection with each other. */
export function clockOffsets(clocks: readonly ClockOf[], connections: readonly Shared[]): ClockOffset[] {
  const pairs = Map.groupBy(connections.filter(tells), ({ client, server }) => `${client} ${server}`);
  const between = (k: number, l: number) =>
    clocks[k]!.host !== '' && clocks[k]!.host === clocks[l]!.host
      ? SAME
      : offsetOf(Number(clocks[l]!.epoch - clocks[k]!.epoch), pairs.get(`${k} ${l}`) ?? [], pairs.get(`${l} ${k}`) ?? []);
  const placed = new Map<number, ClockOffset>([[0, SAME]]);
  while (placed.size < clocks.length) {
    const found = surest(clocks.length, placed, between);
    if (found === null) break;
    placed.set(found.k, found.offset);
  }
  return clocks.map((_, k) => placed.get(k) ?? UNKNOWN);
}

/** The next clock that can be told by those that are placed, with the least error; null: none can. */
function surest(
  count: number,
  placed: ReadonlyMap<number, ClockOffset>,
  between: (k: number, l: number) => ClockOffset,
): { k: number; offset: ClockOffset } | null {
  let best: { k: number; offset: ClockOffset } | null = null;
  for (const [by, base] of placed) {
    for (let k = 0; k < count; k++) {
      const { ns, error, connections } = placed.has(k) ? UNKNOWN : between(by, k);
      if (error === null) continue;
      const offset = { ns: base.ns + ns, error: base.error! + error, connections };
      if (best === null || offset.error < best.offset.error!) best = { k, offset };
    }
  }
  return best;
}

/**
 * Only of a connection of which both saw everything are the first bytes the same at both ends: both saw it begin, or what one sent is
 * what the other got.
 */
function tells({ client: k, server: l, ends: [client, server] }: Shared): boolean {
  const begins = client.begun !== null && server.begun !== null;
  return k !== l && (begins || (client.sent === server.received && client.received === server.sent));
}

/** What is known of an offset: no less than, no more than. */
interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** `apart`: ns from the first's time zero to the second's. `there`: connections from the first to the second. */
function offsetOf(apart: number, there: readonly Shared[], back: readonly Shared[]): ClockOffset {
  const all = [
    ...there.map(({ ends: [client, server] }) => bounds(client, server, apart)),
    ...back.map(({ ends: [client, server] }) => bounds(server, client, apart)),
  ];
  const bounded = all.filter(({ low, high }) => low > -Infinity || high < Infinity);
  const connections = bounded.length;
  const low = bounded.reduce((most, one) => Math.max(most, one.low), -Infinity);
  const high = bounded.reduce((least, one) => Math.min(least, one.high), Infinity);
  if (low === -Infinity || high === Infinity) return { ns: 0, error: null, connections };
  return low <= high ? { ns: (low + high) / 2, error: (high - low) / 2, connections } : { ...middle(bounded), connections };
}

/** Where connections contradict each other, since clocks drift or a port was used again: what most of them say, and how far they differ. */
function middle(bounded: readonly Bounds[]): Pick<ClockOffset, 'ns' | 'error'> {
  const both = bounded.filter(({ low, high }) => low > -Infinity && high < Infinity);
  if (both.length === 0) return { ns: 0, error: null };
  const middles = both.map(({ low, high }) => (low + high) / 2).sort((a, b) => a - b);
  const ns = middles[middles.length >> 1]!;
  const apart = both.map(({ low, high }) => Math.max(Math.abs(high - ns), Math.abs(low - ns))).sort((a, b) => a - b);
  return { ns, error: apart[Math.ceil(apart.length * HEARD) - 1]! };
}

/** What one connection says of the second's clock minus the first's. */
function bounds(mine: TcpEnd, other: TcpEnd, apart: number): Bounds {
  const high = mine.write === null || other.read === null ? Infinity : apart + other.read - mine.write;
  const low = other.write === null || mine.read === null ? -Infinity : apart + other.write - mine.read;
  return { low, high };
}
