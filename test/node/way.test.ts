/** Where packets vanished: by which interfaces, where, and by which rule, as far as the capture proves it. */
import { describe, expect, test } from 'vitest';
import type { NodeFact } from '../../src/model/node.ts';
import { newTables } from '../../src/model/rows.ts';
import { NodeBook } from '../../src/node/book.ts';
import { Cluster } from '../../src/node/cluster.ts';
import { fits } from '../../src/node/rule-hits.ts';
import { type Dropped, vanishingText, Ways } from '../../src/node/way.ts';

const [HOST, POD] = [1, 7];
const LINK = { index: 1, mtu: 1500, up: true, mac: '', type: 'veth', master: '', peerIndex: -1, peerNsid: -1, peerNetns: -1, peerName: '', hairpin: false, addresses: [] }; // biome-ignore format: a row
const netns = (key: number, name: string, host = false): NodeFact<'netns'> => ({
  kind: 'netns',
  netns: 0,
  key: String(key),
  value: { name, pid: key, processes: 1, comm: '', container: '', pod: '', host },
});
const link = (of: number, key: string, value: Partial<NodeFact<'link'>['value']>): NodeFact<'link'> => ({
  kind: 'link',
  netns: of,
  key,
  value: { ...LINK, ...value },
});
const NODE: readonly NodeFact[] = [
  netns(HOST, '', true),
  netns(POD, 'client'),
  link(HOST, 'veth1', { index: 9, master: 'cni0', peerNetns: POD, peerName: 'eth0' }),
  link(HOST, 'cni0', { index: 3, type: 'bridge' }),
  link(HOST, 'eth0', { index: 2 }),
  link(POD, 'eth0', { index: 5, addresses: ['172.17.0.7/24'] }),
];

/** `rules`: each with what it counted while recording; the policy first. */
function ways(rules: readonly (readonly [rule: string, packets: number])[], all: readonly Dropped[], more: readonly NodeFact[] = []): Ways {
  const tables = newTables();
  const book = new NodeBook(tables.nodeFacts, 0);
  const chain: NodeFact<'chain'> = {
    kind: 'chain',
    netns: HOST,
    key: 'ip filter FORWARD',
    value: { policy: rules[0]?.[0] ?? 'ACCEPT', rules: rules.slice(1).map(([rule]) => rule) },
  };
  const hits = (part: number): NodeFact<'hits'> => ({
    kind: 'hits',
    netns: HOST,
    key: 'ip filter FORWARD',
    value: { policy: (rules[0]?.[1] ?? 0) * part, rules: rules.slice(1).map(([, packets]) => packets * part) },
  });
  book.take({ at: 0, kinds: [], facts: [...NODE, chain, hits(0), ...more], missing: [] });
  book.take({ at: 1000, kinds: [], facts: [hits(1)], missing: [] });
  return new Ways(new Cluster(tables, 2e9), all);
}

const drop = (dst: string, count: number, more: Partial<Dropped> = {}): Dropped => ({
  reason: 'NETFILTER_DROP',
  netns: HOST,
  ifindex: 3,
  l4proto: 6,
  src: { ip: '172.17.0.7', port: 40_000 },
  dst: { ip: dst, port: 80 },
  count,
  ...more,
});
const OTHER = '-d 172.17.0.6/32 -j DROP';
const DENY = '-d 172.17.0.5/32 -m comment --comment "deny" -j DROP';

describe('packets of a pod that were dropped in the node', () => {
  const told = (rules: Parameters<typeof ways>[0], one: Dropped, all = [one], more: readonly NodeFact[] = []) => {
    const vanishing = ways(rules, all, more).vanishing(one);
    return [vanishingText(vanishing, 'a packet filter'), vanishing.exact];
  };

  test('went by its only interface, and the rule that fits dropped them', () =>
    expect(told([['ACCEPT', 0], [OTHER, 4], [DENY, 6]], drop('172.17.0.5', 6))).toEqual([
      'left by eth0 of client, veth1, cni0 and were dropped in the node by rule 2 of ip filter FORWARD (“deny”), which counted 6 packets',
      true,
    ])); // biome-ignore format: a table
  test('of two rules that fit, the one that counted as many', () =>
    expect(told([['DROP', 9], [DENY, 6]], drop('172.17.0.5', 6), [drop('172.17.0.5', 6), drop('172.17.0.8', 3)])[1]).toBe(true)); // biome-ignore format: a table
  test('of two rules that fit and neither counted as many, none is named', () =>
    expect(told([['DROP', 9], [DENY, 8]], drop('172.17.0.5', 6))).toEqual([
      'left by eth0 of client, veth1, cni0 and were dropped in the node by a packet filter',
      false,
    ])); // biome-ignore format: a table
  test('without a rule, since the table of connections was full', () => {
    const full: NodeFact<'conntrack'> = { kind: 'conntrack', netns: HOST, key: '', value: { count: 200, max: 200, drop: 6, earlyDrop: 0, insertFailed: 0 } };
    expect(told([], drop('172.17.0.5', 6), undefined, [full])[0]).toMatch(/dropped in the node, whose table of connections \(conntrack\) is full \(200 of 200\)$/);
  }); // biome-ignore format: a table
  test('from elsewhere: only where they were', () =>
    expect(told([], drop('172.17.0.7', 2, { src: { ip: '192.0.2.1', port: 1 }, ifindex: 2 }))[0]).toBe(
      'were dropped in the node on eth0 by a packet filter',
    )); // biome-ignore format: a table
  test('in a namespace that nobody looked into', () =>
    expect(told([], drop('172.17.0.5', 2, { netns: 99 }))[0]).toMatch(/^were dropped in network namespace 99 \(not looked into\)/));
});

// biome-ignore format: a table
test.each<[rule: string, fitting: boolean]>([
  ['-s 172.17.0.0/24 -j DROP', true], ['! -s 172.17.0.0/24 -j DROP', false], ['-d 172.17.0.5/32 -p tcp -m tcp --dport 80 -j DROP', true],
  ['-d 172.17.0.5/32 -p udp -j DROP', false], ['-p tcp -m tcp --dport 443 -j DROP', false], ['-p tcp -m tcp --dport 1:1024 -j DROP', true], ['-j DROP', true],
  ['[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"172.17.0.5"}},{"drop":null}]', true],
  ['[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"172.17.0.6"}},{"drop":null}]', false],
])('a packet to 172.17.0.5:80 fits %s: %s', (rule, fitting) => expect(fits(rule, drop('172.17.0.5', 1))).toBe(fitting));
