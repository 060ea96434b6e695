/** Connections that the node translates: who asked which service, and to which pod that went, as its table of connections has it. */
import type { Cluster } from '../../node/cluster.ts';
import { column } from '../../report/column.ts';
import { view } from './net-view.ts';

export interface Flow {
  readonly protocol: string;
  /** ESTABLISHED, TIME_WAIT …; empty: the protocol has none. */
  readonly state: string;
  readonly client: string;
  readonly asked: string;
  /** Who answers. */
  readonly reached: string;
  readonly text: string;
}

const WORDS = /\b(src|dst|sport|dport)=(\S+)/g;

/** A line of `conntrack -L`: first as it was asked, then as the answer comes. Null: another kind of line. */
export function parseFlow(text: string): Flow | null {
  const [src, dst, sport, dport, replySrc, , replySport] = [...text.matchAll(WORDS)].map(([, , value]) => value!);
  if (dport === undefined || replySport === undefined) return null;
  return {
    protocol: /^\S+/.exec(text)?.[0] ?? '',
    state: /\b([A-Z_]{4,}[A-Z0-9_]*) src=/.exec(text)?.[1] ?? '',
    client: end(src!, sport!),
    asked: end(dst!, dport),
    reached: end(replySrc!, replySport),
    text,
  };
}

const end = (ip: string, port: string) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);

function named(cluster: Cluster, address: string): string {
  const at = address.lastIndexOf(':');
  const ip = address.slice(0, at).replace(/[[\]]/g, '');
  const name = cluster.nameAt(ip, Number(address.slice(at + 1)));
  return name === ip ? address : `${address} (${name})`;
}

export const FLOWS = view<Flow & { readonly cluster: Cluster }>({
  doc: 'one connection whose destination the node translates',
  columns: [
    column('protocol', 'text', 'tcp or udp', ({ protocol }) => protocol),
    column('state', 'text', 'of the connection', ({ state }) => state || null, { nullable: true }),
    column('client', 'text', 'who asked', ({ client, cluster }) => named(cluster, client)),
    column('asked', 'text', 'which address', ({ asked, cluster }) => named(cluster, asked)),
    column('reached', 'text', 'who answers', ({ reached, cluster }) => named(cluster, reached)),
    column('entry', 'text', 'as the tool that lists them writes it', ({ text }) => text, { audience: 'programs' }),
  ],
  items: (cluster) =>
    cluster.node.at('flow', cluster.time).flatMap(({ value }) => {
      const flow = parseFlow(value.text);
      return flow === null ? [] : [{ ...flow, cluster }];
    }),
});
