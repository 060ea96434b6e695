/** What packet filters made of the ends of connections on their way, as the nodes' tables of connections (conntrack) tell it. */
import type { Capture } from '../capture/capture.ts';
import { endText } from '../model/fd-name.ts';

/** A connection as it is seen at one place: the client's end, then the server's. */
export interface Tuple {
  readonly client: string;
  readonly server: string;
}

/** A line of conntrack has the tuple as it came, then that of the answer. */
const ENDS = /src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)/g;
/** More nodes than this do not translate one connection. */
const MOST_HOPS = 4;

export class Translations {
  readonly #next = new Map<string, Tuple[]>();

  constructor(captures: readonly Capture[]) {
    for (const { dims } of captures) {
      for (const { kind, value } of dims.nodeFacts.all()) if (kind === 'flow' && typeof value.text === 'string') this.#add(value.text);
    }
  }

  #add(line: string): void {
    if (!line.startsWith('tcp')) return;
    const [from, answer] = [...line.matchAll(ENDS)].map(([, src, dst, sport, dport]) => ({
      client: endText({ ip: src!, port: Number(sport) }),
      server: endText({ ip: dst!, port: Number(dport) }),
    }));
    if (from === undefined || answer === undefined) return;
    const to = { client: answer.server, server: answer.client };
    const key = keyOf(from);
    if (key === keyOf(to)) return;
    const known = this.#next.get(key) ?? [];
    if (!known.some((one) => keyOf(one) === keyOf(to))) this.#next.set(key, [...known, to]);
  }

  /** As what a server may have seen a connection, besides as its client did. */
  of(tuple: Tuple): Tuple[] {
    const found: Tuple[] = [];
    let at = [tuple];
    for (let hop = 0; hop < MOST_HOPS && at.length > 0; hop++) {
      at = at.flatMap((one) => this.#next.get(keyOf(one)) ?? []);
      found.push(...at);
    }
    return found;
  }
}

const keyOf = ({ client, server }: Tuple): string => `${client} ${server}`;
