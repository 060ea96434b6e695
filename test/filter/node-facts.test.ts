/** Fields that the node's snapshots answer: its table of connections, names of interfaces, containers of pods. */
import { expect, test } from 'vitest';
import { readField } from '../../src/event/fields/field.ts';
import { EventView } from '../../src/event/view.ts';
import { fieldNamed } from '../../src/filter/find-field.ts';
import { EventsBuilder } from '../helpers/events.ts';

const ENTRY =
  'tcp 6 86 ESTABLISHED src=172.17.0.4 dst=10.3.0.214 sport=41550 dport=80 src=172.17.1.3 dst=172.17.0.4 sport=8080 dport=41550 [ASSURED] mark=0 use=1';

function scene(): { readonly events: EventsBuilder; readonly read: (i: number, field: string) => unknown } {
  const events = new EventsBuilder();
  const { nodeFacts } = events.tables;
  const fact = (kind: string, key: string, value: Readonly<Record<string, unknown>>, from: number, to: number | null = null) =>
    nodeFacts.add({ kind, netns: 7, key, value, from, to });
  fact('flow', 'one', { text: ENTRY }, 5000, 8000);
  fact('flow', 'one', { text: ENTRY.replace('ESTABLISHED', 'TIME_WAIT') }, 8000);
  fact('link', 'eth0', { index: 2 }, 0);
  const view = new EventView(events.context);
  return { events, read: (i, field) => readField(fieldNamed(field), view.at(events.chunk, i)) };
}

test.each([
  ['a client', '172.17.0.4:41550', '10.3.0.214:80', 'client'],
  ['a server', '172.17.1.3:8080', '172.17.0.4:41550', 'server'],
] as const)('the entry of %s’s connection, as it was read last', (_, local, remote, role) => {
  const { events, read } = scene();
  const fd = events.udp(local, remote, { l4proto: 6, role }).id;
  for (const time of [1000, 6000, 9000]) events.event({ type: 'read', fd, time });
  expect([0, 1, 2].map((i) => read(i, 'ct.state'))).toEqual(['ESTABLISHED', 'ESTABLISHED', 'TIME_WAIT']);
  expect([read(0, 'ct.orig'), read(0, 'ct.reply')]).toEqual(['172.17.0.4:41550->10.3.0.214:80', '172.17.1.3:8080->172.17.0.4:41550']);
});

test('connections without an entry, and files, have none', () => {
  const { events, read } = scene();
  events.event({ type: 'read', fd: events.udp('172.17.0.4:41551', '10.3.0.214:80', { l4proto: 6 }).id });
  events.event({ type: 'read', fd: events.fd({ name: '/etc/hosts' }).id });
  events.event({ type: 'read', fd: events.udp('172.17.0.4:41550', '10.3.0.214:80').id }); // the same ports, by UDP
  expect([0, 1, 2].map((i) => read(i, 'ct.orig'))).toEqual([null, null, null]);
});

test('the interface of a dropped packet has its name', () => {
  const { events, read } = scene();
  for (const [netns, index] of [
    [7, 2],
    [7, 3],
    [8, 2],
  ])
    events.event({ type: 'packet_drop', args: [Buffer.from('NETFILTER_DROP'), netns!, index!] });
  expect([0, 1, 2].map((i) => read(i, 'net.ifname'))).toEqual(['eth0', null, null]);
});

test.each([
  ['web', 'web'],
  ['k8s_api_api-1_shop_11111111-2222-3333-4444-555555555555_0', 'api'],
])('the container %s has the name %s in its pod', (name, inPod) => {
  const { events, read } = scene();
  const uid = '11111111-2222-3333-4444-555555555555';
  events.tables.objects.add({
    kind: 'Pod', uid, namespace: 'shop', name: 'api-1', node: '', ips: [], containers: ['c0ffee000000'], labels: {}, annotations: null, selector: null,
    expressions: null, ports: [], owners: [], status: null, source: 'api', from: 0, to: null,
  }); // biome-ignore format: a row
  for (const container of ['c0ffee000000', 'decaf0000000'])
    events.tables.containers.add({
      container, runtime: 'docker', name, image: '', imageId: '', ip: '', privileged: false, labels: {}, mounts: [], source: 'docker', from: 0, to: null,
    }); // biome-ignore format: a row
  for (const container of ['c0ffee000000', 'decaf0000000', '']) {
    const cgroups = [container === 'c0ffee000000' ? `=/kubepods/pod${uid}/${container}` : '=/'];
    events.event({ thread: events.thread({ of: events.process({ container, cgroups }) }).id });
  }
  expect([0, 1, 2].map((i) => read(i, 'k8s.container.name'))).toEqual([inPod, null, null]);
});

test.each([
  ['a connection', {}, { l4proto: 6 }, 10],
  ['a refusal', { res: -111 }, { l4proto: 6 }, 10],
  ['one that goes on behind the call', { res: -115 }, { l4proto: 6 }, null],
  ['UDP, where nothing is sent', {}, { l4proto: 17 }, null],
  ['another call', { type: 'sendto' }, { l4proto: 6 }, null],
  ['one that did not return', { res: null, latency: -1 }, { l4proto: 6 }, null],
] as const)('how long connecting took: %s', (_, event, socket, latency) => {
  const { events, read } = scene();
  events.event({ type: 'connect', fd: events.udp('172.17.0.4:41551', '10.3.0.214:80', socket).id, ...event });
  expect(read(0, 'net.connect.latency')).toBe(latency);
});
