/** Checks that stand on what the node was seen to be: each finds its own, and nothing in its harmless neighbour. */
import { describe, expect, test } from 'vitest';
import type { NodeFact } from '../../src/model/node.ts';
import type { EventsBuilder } from '../helpers/events.ts';
import { findings, HOST, NODE, object, POD, S } from './findings.ts';

const LINK = { index: 1, mtu: 1500, up: true, mac: '', type: 'ether', master: '', peerIndex: -1, peerNsid: -1, peerNetns: -1, peerName: '', hairpin: false, addresses: [] }; // biome-ignore format: a row
const link = (netns: number, key: string, value: Partial<NodeFact<'link'>['value']> = {}): NodeFact<'link'> => ({
  kind: 'link',
  netns,
  key,
  value: { ...LINK, ...value },
});
const route = (dst: string, via: string, dev = 'eth0'): NodeFact<'route'> => ({
  kind: 'route',
  netns: HOST,
  key: dst,
  value: { table: 'main', dst, via, dev, src: '', type: 'unicast', metric: 0 },
});
const counter = (key: string, value: number): NodeFact<'counter'> => ({ kind: 'counter', netns: POD, key, value: { value } });
const table = (insertFailed: number, earlyDrop: number): NodeFact<'conntrack'> => ({
  kind: 'conntrack',
  netns: HOST,
  key: '',
  value: { count: 100, max: 1000, drop: 0, earlyDrop, insertFailed },
});
const log = (text: string, time = 2000): NodeFact<'kernelLog'> => ({ kind: 'kernelLog', netns: 0, key: text, value: { text, time } });
const listener = (queue: number): NodeFact<'listener'> => ({
  kind: 'listener',
  netns: POD,
  key: 'tcp 80',
  value: { protocol: 'tcp', ip: '::', port: 80, backlog: 128, queue, drops: 0, pid: 41, comm: 'nginx' },
});
const UPLINK = link(HOST, 'eth0', { addresses: ['192.0.2.1/24'] });
const DEFAULT = route('default', '192.0.2.254');
const pair = (outer: number, inner: number) => [
  link(HOST, 'veth1', { type: 'veth', master: 'cni0', peerNetns: POD, peerName: 'eth0', mtu: outer }),
  link(POD, 'eth0', { type: 'veth', mtu: inner, addresses: ['10.1.0.7/24'] }),
];
const cluster = (events: EventsBuilder) => {
  for (const [i, name] of ['a', 'b', 'c'].entries())
    object(events, { kind: 'Node', name, namespace: '', ips: [`192.0.2.${i + 1}`], status: { ready: true, cidrs: [`10.1.${i}.0/24`] } });
};
const nothing = () => {};

interface Case {
  readonly id: string;
  readonly says: RegExp;
  readonly facts: readonly NodeFact[];
  readonly later?: readonly NodeFact[];
  readonly harmless: readonly NodeFact[];
  readonly play?: (events: EventsBuilder) => void;
}

// biome-ignore format: a table
const CASES: readonly Case[] = [
  { id: 'pod-route', says: /no route to the pods of node c \(10\.1\.2\.0\/24\): it has one to the pods of other nodes/, play: cluster,
    facts: [UPLINK, DEFAULT, route('10.1.1.0/24', '192.0.2.2')], harmless: [UPLINK, DEFAULT, route('10.1.0.0/16', '192.0.2.2')] },
  { id: 'pod-route', says: /no route to the pods of node b \(10\.1\.1\.0\/24\): and it has no default route/, play: cluster,
    facts: [UPLINK, route('192.0.2.0/24', '')], harmless: [UPLINK, DEFAULT] },
  { id: 'ranges-overlap', says: /pods of node a \(10\.1\.0\.0\/24\) and the network of eth0 \(10\.1\.0\.9\/16\) overlap/, play: cluster,
    facts: [link(HOST, 'eth0', { addresses: ['192.0.2.1/24', '10.1.0.9/16'] }), DEFAULT], harmless: [UPLINK, DEFAULT] },
  { id: 'ranges-overlap', says: /the network of docker0 \(172\.17\.0\.1\/16\) and the network of cni0 \(172\.17\.0\.1\/24\) overlap/,
    facts: [link(HOST, 'docker0', { type: 'bridge', addresses: ['172.17.0.1/16'] }), link(HOST, 'cni0', { type: 'bridge', addresses: ['172.17.0.1/24'] })],
    harmless: [link(HOST, 'docker0', { type: 'bridge', addresses: ['172.18.0.1/16'] }), link(HOST, 'cni0', { type: 'bridge', addresses: ['172.17.0.1/24'] })] },
  { id: 'mtu-mismatch', says: /two ends of shop’s veth pair have different MTUs: eth0 1500, veth1 1400/, facts: pair(1400, 1500), harmless: pair(1450, 1450) },
  { id: 'mtu-mismatch', says: /flannel\.1 \(vxlan\) takes packets of 1500 bytes.* do not fit into eth0, which takes 1500/,
    facts: [UPLINK, DEFAULT, link(HOST, 'flannel.1', { type: 'vxlan' })], harmless: [UPLINK, DEFAULT, link(HOST, 'flannel.1', { type: 'vxlan', mtu: 1450 })] },
  { id: 'mtu-mismatch', says: /a pod sends packets of up to 1500 bytes, and flannel\.1 \(vxlan\) takes 1450/,
    facts: [UPLINK, DEFAULT, link(HOST, 'flannel.1', { type: 'vxlan', mtu: 1450 }), ...pair(1500, 1500)],
    harmless: [UPLINK, DEFAULT, link(HOST, 'flannel.1', { type: 'vxlan', mtu: 1450 }), ...pair(1450, 1450)] },
  { id: 'conntrack-inserts', says: /of the node 40 connections found another in their place/, facts: [table(2, 0)], later: [table(42, 0)], harmless: [table(42, 0)] },
  { id: 'conntrack-inserts', says: /30 connections were forgotten early/, facts: [table(0, 0)], later: [table(0, 30)], harmless: [table(0, 30)] },
  { id: 'accept-queue-full', says: /a server of shop did not accept in time: its queue was full 7 times \(nginx at 80\)/,
    facts: [counter('TcpExtListenOverflows', 3)], later: [counter('TcpExtListenOverflows', 10), listener(129)], harmless: [counter('TcpExtListenOverflows', 3), listener(0)] },
  { id: 'kernel-log', says: /the kernel killed java \(4711\) for want of memory/,
    facts: [log('Memory cgroup out of memory: Killed process 4711 (java) total-vm:1kB')], harmless: [log('Memory cgroup out of memory: Killed process 4711 (java)', -30_000)] },
  { id: 'kernel-log', says: /nginx \(99\) crashed \(segfault\)/, facts: [log('nginx[99]: segfault at 0 ip 0000')], harmless: [log('nginx: worker 99')] },
  { id: 'kernel-log', says: /table of neighbours is full/, facts: [log('neighbour: arp_cache: neighbor table overflow!')], harmless: [log('neighbour: ok')] },
];

describe('what the node is', () => {
  test.each(CASES.map((one) => [`${one.id}: ${String(one.says)}`, one] as const))('%s', (_, { id, says, facts, later, harmless, play }) => {
    const found = findings(play ?? nothing, [...NODE, ...facts], later).filter((one) => one.id === id);
    expect(found.map(({ verdict }) => verdict).join('\n')).toMatch(says);
    for (const { facts: shown, events } of found) expect(shown.length + events.length).toBeGreaterThan(0);
    expect(findings(play ?? nothing, [...NODE, ...harmless]).filter((one) => one.id === id)).toEqual([]);
  });
});

describe('names with fewer dots than ndots asks', () => {
  const dns = (events: EventsBuilder, spec: object) =>
    events.tables.dns.add({
      num: 1, time: S, start: S, thread: 1, fd: 1, call: 'sendto', transport: 'udp', protocol: 'dns', side: 'client', server: '10.3.0.10:53', messageId: 1, response: false,
      qname: '', qtype: 'A', qclass: 'IN', rcode: null, answers: [], flags: [], cut: false, partner: null, latency: null, attempt: 1, ...spec,
    }); // biome-ignore format: a row

  function lookups(events: EventsBuilder, times: number): void {
    const thread = events.thread().id;
    for (let i = 0; i < times; i++) {
      const at = S + i * 1e8;
      const fd = events.udp('10.0.0.2:5353', '10.3.0.10:53', { netns: POD }).id;
      for (const [k, suffix] of ['.shop.svc.cluster.local', '.svc.cluster.local', ''].entries()) {
        const num = i * 100 + k * 2 + 1;
        const one = { thread, fd, messageId: i * 10 + k, qname: `db.example.org${suffix}` };
        dns(events, { ...one, num, time: at + k * 1e6, start: at + k * 1e6, partner: num + 1, latency: 1e5 });
        const answer =
          suffix === ''
            ? { rcode: 'NOERROR', answers: [{ name: one.qname, type: 'A', ttl: 5, data: '192.0.2.9' }] }
            : { rcode: 'NXDOMAIN' };
        dns(events, { ...one, num: num + 1, time: at + k * 1e6 + 1e5, start: at + k * 1e6, response: true, partner: num, ...answer });
      }
    }
  }

  test('are a note when it is many', () => {
    const found = findings((events) => lookups(events, 25)).filter(({ id }) => id === 'dns-ndots');
    expect(found.map(({ severity, verdict }) => `${severity} ${verdict}`).join()).toMatch(
      /^note 25 lookups of complete names \(db\.example\.org\) tried 50 questions/,
    );
    expect(findings((events) => lookups(events, 5)).filter(({ id }) => id === 'dns-ndots')).toEqual([]);
  });
});
