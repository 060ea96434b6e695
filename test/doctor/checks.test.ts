/** Checks that the laboratory has no fault for: each finds its own, and nothing in its harmless neighbour. */
import { describe, expect, test } from 'vitest';
import { EventFlag } from '../../src/model/chunk.ts';
import type { NodeFact } from '../../src/model/node.ts';
import { ProcessFlag } from '../../src/model/rows.ts';
import type { EventsBuilder } from '../helpers/events.ts';
import { findings, HOST, NODE, netns, object, POD, S, tcp } from './findings.ts';

const dns = (events: EventsBuilder, spec: object) =>
  events.tables.dns.add({
    num: 1, time: S, start: S, thread: 0, fd: 0, call: 'sendto', transport: 'udp', protocol: 'dns', side: 'client', server: '10.3.0.10:53', messageId: 1, response: false,
    qname: 'cart.shop', qtype: 'A', qclass: 'IN', rcode: null, answers: [], flags: [], cut: false, partner: null, latency: null, attempt: 1, ...spec,
  }); // biome-ignore format: a row

const kubeEvent = (events: EventsBuilder, reason: string, message: string) =>
  events.tables.kubeEvents.add({ uid: reason, namespace: 'shop', kind: 'Pod', name: 'cart', object: 'cart', type: 'Warning', reason, message, count: 1, first: 0, last: 0 }); // biome-ignore format: a row

const kubeNode = (events: EventsBuilder, name: string, cidr: string, ip: string) =>
  object(events, { kind: 'Node', name, namespace: '', ips: [ip], status: { ready: true, cidrs: [cidr] } });

const unanswered = (events: EventsBuilder, fd: number) =>
  events.event({ type: 'connect_unanswered', fd, flags: EventFlag.ONE_SIDED, res: null, args: [1] });
const state = (events: EventsBuilder, fd: number, from: number, to: number) =>
  events.event({ type: 'tcp_state', fd, flags: EventFlag.ONE_SIDED, res: null, args: [from, to] });
/** Segments of a connection that are sent again, by where each begins. */
const again = (events: EventsBuilder, ends: readonly [string, string], bytes: number, seqs: readonly number[]) => {
  const fd = tcp(events, ...ends);
  for (const seq of seqs) events.event({ type: 'tcp_retransmit', fd, flags: EventFlag.ONE_SIDED, res: null, args: [1, seq, bytes] });
};

function http(events: EventsBuilder, request: string, response: string): void {
  const [thread, fd] = [events.thread().id, tcp(events, '10.0.0.2:40000', '10.0.0.9:8001')];
  events.event({ type: 'write', thread, fd, res: request.length, data: request });
  events.event({ type: 'read', thread, fd, res: response.length, data: response });
}

type Play = (events: EventsBuilder) => void;
// biome-ignore format: a table
const CASES: readonly [id: string, says: RegExp, Play, harmless: Play][] = [
  ['fd-limit', /nginx \(100\).* has no descriptors left: 2 calls failed with EMFILE/,
    (e) => { const thread = e.thread({ of: e.process({ comm: 'nginx' }) }).id; for (let i = 0; i < 2; i++) e.event({ type: 'accept4', thread, res: -24 }); },
    (e) => { e.event({ type: 'accept4', thread: e.thread().id, res: -11 }); }],
  ['local-ports', /has no local port left for connections to 10\.0\.0\.9:80: 1 call failed with EADDRNOTAVAIL/,
    (e) => { e.event({ type: 'connect', thread: e.thread().id, fd: tcp(e, '10.0.0.2:0', '10.0.0.9:80'), res: -99 }); },
    (e) => { e.event({ type: 'connect', thread: e.thread().id, fd: tcp(e, '10.0.0.2:0', '10.0.0.9:80'), res: -115 }); }],
  ['accept-queue-full', /does not accept at 10\.0\.0\.2:80: its queue of 128 was full 1 time/,
    (e) => { e.event({ type: 'accept_queue_full', fd: tcp(e, '10.0.0.2:80', '10.0.0.3:40000', 'listen'), flags: EventFlag.ONE_SIDED, res: null, args: [129, 128] }); },
    (e) => { e.event({ type: 'accept4', fd: tcp(e, '10.0.0.2:80', '10.0.0.3:40000', 'server'), res: 5 }); }],
  ['dns-servfail', /10\.3\.0\.10:53 answered 1 question with SERVFAIL: cart\.shop/,
    (e) => { dns(e, { response: true, rcode: 'SERVFAIL' }); },
    (e) => { dns(e, { response: true, rcode: 'NXDOMAIN' }); }],
  ['dns-unanswered', /1 question to 10\.3\.0\.10:53 had no answer: cart\.shop/,
    (e) => { dns(e, {}); },
    (e) => { dns(e, { time: 19.9 * S, start: 19.9 * S }); }],
  ['dns-race', /of A and AAAA sent at once on one socket one was lost 1 time/,
    (e) => { dns(e, { fd: 1, latency: 1e6, partner: 9 }); dns(e, { fd: 1, qtype: 'AAAA', start: S + 1000 }); dns(e, { fd: 1, qtype: 'AAAA', attempt: 2, start: 6 * S, time: 6 * S, latency: 1e6, partner: 10 }); },
    (e) => { dns(e, { fd: 1, latency: 1e6, partner: 9 }); dns(e, { fd: 1, qtype: 'AAAA', latency: 1e6, partner: 10 }); }],
  ['dns-slow', /1 answer of 10\.3\.0\.10:53 took up to 3\.\d* s \(AAAA only\)/,
    (e) => { dns(e, { qtype: 'AAAA', latency: 3 * S, partner: 9 }); },
    (e) => { dns(e, { qtype: 'AAAA', latency: 0.3 * S, partner: 9 }); }],
  ['api-server', /1 connection to the API server \(10\.3\.0\.1:443\) failed: ETIMEDOUT/,
    (e) => { object(e, { kind: 'Service', namespace: 'default', name: 'kubernetes', ips: ['10.3.0.1'], ports: [{ name: '', port: 443, protocol: 'TCP' }] }); e.event({ type: 'connect', thread: e.thread().id, fd: tcp(e, '10.0.0.2:40000', '10.3.0.1:443'), res: -110 }); },
    (e) => { object(e, { kind: 'Service', namespace: 'default', name: 'kubernetes', ips: ['10.3.0.1'], ports: [{ name: '', port: 443, protocol: 'TCP' }] }); e.event({ type: 'connect', thread: e.thread().id, fd: tcp(e, '10.0.0.2:40000', '10.3.0.1:443'), res: 0 }); }],
  ['oom-killed', /shop\/cart: a container was killed for want of memory \(OOMKilled\) \[CrashLoopBackOff, OOMKilled\]: app: exit code 137/,
    (e) => { object(e, { name: 'cart', status: { ready: false, reasons: ['CrashLoopBackOff', 'OOMKilled'], ends: ['app: exit code 137'] } }); },
    (e) => { object(e, { name: 'cart', status: { ready: true, reasons: ['OOMKilled'] } }); }],
  ['crash-loop', /shop\/cart: a container ends over and over \(CrashLoopBackOff\) \[CrashLoopBackOff, Error\]: app: exit code 3/,
    (e) => { object(e, { name: 'cart', status: { ready: false, reasons: ['CrashLoopBackOff', 'Error'], ends: ['app: exit code 3'] } }); },
    (e) => { object(e, { name: 'cart', status: { ready: true } }); }],
  ['image-pull', /shop\/cart: its image cannot be pulled \[ImagePullBackOff\]: Back-off pulling image/,
    (e) => { object(e, { name: 'cart', status: { ready: false, reasons: ['ImagePullBackOff'] } }); kubeEvent(e, 'BackOff', 'Back-off pulling image "shop/crat"'); },
    (e) => { object(e, { name: 'cart', status: { ready: true } }); kubeEvent(e, 'BackOff', 'Back-off pulling image "shop/crat"'); }],
  ['cni-failed', /shop\/cart: the CNI could not set up its network: Failed to create pod sandbox: .*no IP addresses available/,
    (e) => { object(e, { name: 'cart', status: { ready: false } }); kubeEvent(e, 'FailedCreatePodSandBox', 'Failed to create pod sandbox: plugin type="bridge" failed (add): failed to setup network: no IP addresses available'); },
    (e) => { object(e, { name: 'cart', status: { ready: true } }); kubeEvent(e, 'FailedCreatePodSandBox', 'failed to setup network'); }],
  ['pod-status', /shop\/cart: it does not run as it should \[CreateContainerConfigError\]/,
    (e) => { object(e, { name: 'cart', status: { ready: false, reasons: ['CreateContainerConfigError'] } }); },
    (e) => { object(e, { name: 'cart', status: { ready: false, leaving: true, reasons: ['ContainerStatusUnknown'], ends: ['app: exit code 137'] } }); }],
  ['node-status', /node worker-2 is not ready: DiskPressure/,
    (e) => { object(e, { kind: 'Node', name: 'worker-2', status: { ready: false, reasons: ['DiskPressure'] } }); },
    (e) => { object(e, { kind: 'Node', name: 'worker-2', status: { ready: true } }); }],
  ['syn-retransmits', /2 connections to 10\.0\.0\.9:80 were made only when the SYN had been sent again/,
    (e) => { for (const port of [40000, 40001]) { const fd = tcp(e, `10.0.0.2:${port}`, '10.0.0.9:80'); unanswered(e, fd); state(e, fd, 2, 1); } },
    (e) => { state(e, tcp(e, '10.0.0.2:40000', '10.0.0.9:80'), 2, 1); }],
  ['mtu-black-hole', /large segments from 10\.0\.0\.2 to 10\.0\.0\.9 are sent again and again \(3 times on 1 connection, the same segments of up to 1448 bytes\)/,
    (e) => { again(e, ['10.0.0.2:40000', '10.0.0.9:80'], 1448, [1, 1, 1]); },
    // a link that loses one in ten: others of the connection get through
    (e) => { again(e, ['10.0.0.2:40000', '10.0.0.9:80'], 1448, [1, 1449, 1449, 2897]); }],
  ['mtu-black-hole', /3 times/,
    (e) => { again(e, ['10.0.0.2:40000', '10.0.0.9:80'], 1448, [2897, 1, 1, 1]); },
    // small ones are lost as well
    (e) => { again(e, ['10.0.0.2:40000', '10.0.0.9:80'], 80, [1, 1, 1, 1]); }],
  ['mtu-black-hole', /3 times/,
    (e) => { again(e, ['10.0.0.2:40000', '10.0.0.9:80'], 1448, [1, 1, 1]); },
    // there is no link between an address and itself
    (e) => { again(e, ['10.0.0.2:40000', '10.0.0.2:80'], 1750, [1, 1, 1]); }],
  ['beyond-node', /connections to 10\.0\.0\.9:80 are not answered: this node dropped none/,
    (e) => { unanswered(e, tcp(e, '10.0.0.2:40000', '10.0.0.9:80')); },
    (e) => { state(e, tcp(e, '10.0.0.2:40000', '10.0.0.9:80'), 2, 1); }],
  ['api-forbidden', /the API server answered 1 request of shop with 403 Forbidden: GET \/api\/v1\/namespaces\/shop\/pods; it has no right/,
    (e) => { http(e, 'GET /api/v1/namespaces/shop/pods HTTP/1.1\r\nHost: api\r\n\r\n', 'HTTP/1.1 403 Forbidden\r\n\r\n'); },
    (e) => { http(e, 'GET /admin HTTP/1.1\r\nHost: shop\r\n\r\n', 'HTTP/1.1 403 Forbidden\r\n\r\n'); }],
  ['ranges-overlap', /pods of node a \(10\.1\.0\.0\/24\) and pods of node b \(10\.1\.0\.0\/23\) overlap/,
    (e) => { kubeNode(e, 'a', '10.1.0.0/24', '192.0.2.1'); kubeNode(e, 'b', '10.1.0.0/23', '192.0.2.2'); },
    (e) => { kubeNode(e, 'a', '10.1.0.0/24', '192.0.2.1'); kubeNode(e, 'b', '10.1.1.0/24', '192.0.2.2'); }],
  ['ranges-overlap', /shop\/a and shop\/b have one address, 10\.1\.0\.7/,
    (e) => { for (const name of ['a', 'b']) object(e, { name, ips: ['10.1.0.7'] }); },
    (e) => { for (const name of ['a', 'b']) object(e, { name, ips: ['10.1.0.7'], status: { hostNetwork: true } }); }],
  ['io-uring', /curl \(100\) uses io_uring/,
    (e) => { e.process({ flags: ProcessFlag.IO_URING }); },
    (e) => { e.process({ flags: ProcessFlag.IO_URING | ProcessFlag.IO_URING_SEEN }); }],
  ['losses', /lost 10 events/,
    (e) => { e.tables.losses.add({ reason: 'ring', cpu: 0, family: 'net', count: 10, from: 0, to: S }); },
    () => {}],
];

describe('a check finds its own, and nothing in what is harmless', () => {
  test.each(CASES)('%s', (id, says, play, harmless) => {
    const found = findings(play);
    expect(found.map((one) => one.id)).toContain(id);
    const one = found.find((candidate) => candidate.id === id && says.test(candidate.verdict));
    expect(one, found.map(({ verdict }) => verdict).join('\n')).toBeDefined();
    expect(one!.events.length + one!.facts.length, 'evidence').toBeGreaterThan(0);
    expect(findings(harmless).map((one) => one.id)).toEqual([]);
  });
});

describe('what the node is, against what the cluster says', () => {
  const chain = (key: string, rules: readonly string[]): NodeFact<'chain'> => ({
    kind: 'chain',
    netns: HOST,
    key,
    value: { policy: '', rules },
  });
  const RULES: readonly NodeFact[] = [
    chain('ip nat KUBE-SERVICES', ['-d 10.3.0.9/32 -p tcp -m comment --comment "shop/cart: cluster IP" -m tcp --dport 80 -j KUBE-SVC-X']),
    chain('ip nat KUBE-SVC-X', ['-m comment --comment "shop/cart" -j KUBE-SEP-X']),
    chain('ip nat KUBE-SEP-X', ['-p tcp -m tcp -j DNAT --to-destination 172.17.0.9:80']),
  ];
  const cart = (e: EventsBuilder, endpoint: string, notReady: readonly string[] = []) => {
    const port = { name: '', port: 80, protocol: 'TCP' };
    object(e, {
      kind: 'Service',
      name: 'cart',
      uid: 's',
      selector: { app: 'cart' },
      ips: ['10.3.0.9'],
      ports: [{ ...port, target: '80' }],
    });
    object(e, {
      kind: 'Endpoints',
      name: 'cart',
      uid: 'e',
      selector: { service: 'cart' },
      ips: [endpoint, ...notReady],
      ports: [port],
      status: { notReady },
    });
    e.event({ type: 'connect', thread: e.thread().id, fd: tcp(e, '10.0.0.2:40000', '10.3.0.9:80'), res: -111 });
  };

  test('rules that lead to a pod that is gone are stale', () => {
    const [first] = findings((e) => cart(e, '172.17.0.5'), [...NODE, ...RULES]);
    expect(first?.id).toBe('kube-proxy');
    expect(first?.verdict).toMatch(/rules for service shop\/cart are stale: they lead to 172\.17\.0\.9:80/);
  });

  test('rules that lead where they should are not', () => {
    expect(findings((e) => cart(e, '172.17.0.9'), [...NODE, ...RULES]).map(({ id }) => id)).not.toContain('kube-proxy');
  });

  test('endpoints that are not ready are told, where others are', () => {
    const found = findings((e) => cart(e, '172.17.0.9', ['172.17.0.10']), [...NODE, ...RULES]);
    expect(found.find(({ id }) => id === 'endpoint-not-ready')?.verdict).toMatch(/172\.17\.0\.10 of 2 endpoints not ready/);
  });

  test('a stopped process matters where it listens', () => {
    const stopped: NodeFact<'process'> = {
      kind: 'process',
      netns: POD,
      key: '4711',
      value: { comm: 'redis', state: 'T', fds: 9, limit: -1 },
    };
    const listens: NodeFact<'listener'> = {
      kind: 'listener',
      netns: POD,
      key: 'tcp',
      value: { protocol: 'tcp', ip: '::', port: 6379, backlog: 511, queue: 0, drops: 0, pid: 4711, comm: 'redis' },
    };
    expect(findings(() => {}, [...NODE, stopped]).map(({ id }) => id)).toEqual([]);
    expect(findings(() => {}, [...NODE, stopped, listens])[0]?.verdict).toBe('redis (4711) of shop listens, but is stopped');
  });

  test('a resolv.conf with four servers is a note', () => {
    const servers = [1, 2, 3, 4].map((n) => `nameserver 10.0.0.${n}`).join('\n');
    const fact: NodeFact<'resolver'> = { kind: 'resolver', netns: POD, key: 'resolv.conf', value: { resolvConf: servers, hosts: '' } };
    expect(findings(() => {}, [...NODE, fact]).map(({ id, severity }) => [id, severity])).toEqual([['resolv-conf', 'note']]);
  });

  test('a table of connections that is nearly full is a warning, a full one is critical', () => {
    const table = (count: number): NodeFact<'conntrack'> => ({
      kind: 'conntrack',
      netns: HOST,
      key: '',
      value: { count, max: 1000, drop: 0, earlyDrop: 0, insertFailed: 0 },
    });
    const severities = [500, 930, 1000].map((count) => findings(() => {}, [...NODE, table(count)]).map(({ severity }) => severity));
    expect(severities).toEqual([[], ['warning'], ['critical']]);
  });
});

describe('what is not proven is not said', () => {
  const lost = (e: EventsBuilder) => e.tables.losses.add({ reason: 'ring', cpu: 0, family: 'net', count: 10, from: 0, to: 2 * S });

  test('a question whose answer may be among what was lost is not unanswered; one that was asked again is, and less surely', () => {
    const once = findings((e) => { lost(e); dns(e, {}); }); // biome-ignore format: short
    expect(once.map(({ id }) => id)).toEqual(['losses']);
    const twice = findings((e) => { lost(e); dns(e, {}); dns(e, { attempt: 2, start: 6 * S, time: 6 * S }); }); // biome-ignore format: short
    const found = twice.find(({ id }) => id === 'dns-unanswered');
    expect(found?.confidence).toBeLessThan(0.8);
    expect(found?.unseen.join()).toMatch(/10 events that were lost/);
  });

  test('a kernel’s line from before the recording does not fill a table that has room', () => {
    const table: NodeFact<'conntrack'> = {
      kind: 'conntrack',
      netns: HOST,
      key: '',
      value: { count: 400, max: 262_144, drop: 7, earlyDrop: 0, insertFailed: 0 },
    };
    const said = (time: number): NodeFact<'kernelLog'> => ({
      kind: 'kernelLog',
      netns: 0,
      key: 'a',
      value: { text: `nf_conntrack: table full in netns ${HOST}, dropping packet`, time },
    });
    const dropped = (e: EventsBuilder) => {
      const fd = tcp(e, '10.0.0.9:80', '10.0.0.2:40000', 'server');
      e.event({ type: 'packet_drop', fd, flags: EventFlag.ONE_SIDED, res: null, args: [Buffer.from('NETFILTER_DROP'), HOST, 1] });
    };
    expect(findings(dropped, [...NODE, table, said(-35_000)]).map(({ id }) => id)).toEqual([]);
    const [now] = findings(dropped, [...NODE, table, said(1_000)]);
    expect([now?.id, now?.confidence]).toEqual(['conntrack-full', 0.75]);
  });

  const service = (e: EventsBuilder) => {
    object(e, {
      kind: 'Service',
      name: 'cart',
      uid: 's',
      selector: { app: 'cart' },
      ips: ['10.3.0.9'],
      ports: [{ name: '', port: 80, protocol: 'TCP', target: '80' }],
    });
    object(e, { kind: 'Endpoints', name: 'cart', uid: 'e', selector: { service: 'cart' } });
  };
  test('a service without endpoints that nobody asks for is none of the findings', () => expect(findings(service)).toEqual([]));
  test('once somebody does, it is', () => {
    const found = findings((e) => {
      service(e);
      e.event({ type: 'connect', thread: e.thread().id, fd: tcp(e, '10.0.0.2:40000', '10.3.0.9:80'), res: -111 });
    });
    expect(found.map(({ id }) => id)).toEqual(['no-endpoints']);
  });
  test('a pod that is being removed is none that its selector takes', () => {
    const [first] = findings((e) => {
      service(e);
      object(e, { name: 'cart-1', labels: { app: 'cart' }, status: { ready: false, leaving: true } });
      e.event({ type: 'connect', thread: e.thread().id, fd: tcp(e, '10.0.0.2:40000', '10.3.0.9:80'), res: -111 });
    });
    expect(first?.verdict).toMatch(/its selector app=cart takes no pod but shop\/cart-1, which is being removed; 1 request failed/);
    expect(first?.fixes.join()).toMatch(/is it scaled to 0/);
  });
  test('forwarding that is off concerns nobody on a machine without pods', () => {
    const off: NodeFact<'sysctl'> = { kind: 'sysctl', netns: HOST, key: 'net.ipv4.ip_forward', value: { value: '0' } };
    expect(findings(() => {}, [netns(HOST, { host: true }), off])).toEqual([]);
  });
});
