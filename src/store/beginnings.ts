/**
 * By what sequence numbers TCP connections began, as the kernel tells it where their state changes. Both ends have the same two numbers,
 * and translation of addresses leaves them alone.
 */
import { type ArgValue, decodeArgs } from '../model/args.ts';
import { argBytes, type Chunk } from '../model/chunk.ts';
import type { EventType } from '../model/event-type.ts';

/** Of a connection's first byte each way. */
export interface Beginning {
  readonly client: number;
  readonly server: number;
}

interface Seen extends Beginning {
  /** ns since the capture's start when the kernel first told it. */
  readonly time: number;
}

type Role = 'client' | 'server';

const ROOM = 2 ** 32;

export class Beginnings {
  /** By place (network namespace and both addresses), in the order of time: ports are used again. */
  readonly #byPlace = new Map<string, Seen[]>();

  /** A `tcp_state`; older recordings have no numbers in theirs. */
  add(place: string, role: Role, chunk: Chunk, i: number, type: EventType): void {
    const [sent, received] = numbersOf(chunk, i, type);
    if (typeof sent !== 'number' || typeof received !== 'number') return;
    // The kernel counts a client's SYN among what was sent and acknowledged; a server's not.
    const [client, server] = role === 'client' ? [(sent + 1) % ROOM, received] : [received, sent];
    const seen = { client, server, time: chunk.time[i]! };
    const known = this.#byPlace.get(place);
    if (known === undefined) this.#byPlace.set(place, [seen]);
    else if (!isSame(known.at(-1)!, seen)) known.push(seen);
  }

  /** Of the connection that a server took, or a client began, at a time: it is established before that, or after. */
  of(place: string, role: Role, time: number): Beginning | null {
    const known = this.#byPlace.get(place);
    if (known === undefined) return null;
    const found =
      role === 'server' ? (known.findLast((one) => one.time <= time) ?? known[0]) : (known.find((one) => one.time >= time) ?? known.at(-1));
    return found === undefined ? null : { client: found.client, server: found.server };
  }
}

/** What it says was sent and received first; undefined or null: it does not say. */
function numbersOf(chunk: Chunk, i: number, { args }: EventType): (ArgValue | undefined)[] {
  const values = decodeArgs(
    argBytes(chunk, i),
    args.map(({ storage }) => storage),
  );
  return ['snd_seq', 'rcv_seq'].map((name) => values[args.findIndex((arg) => arg.name === name)]);
}

const isSame = (one: Beginning, other: Beginning): boolean => one.client === other.client && one.server === other.server;

/** Of two connections. What stands between them (a SYN proxy) may change one of the numbers, and never both. */
export const areOthers = (one: Beginning | null, other: Beginning | null): boolean =>
  one !== null && other !== null && one.client !== other.client && one.server !== other.server;
