import { describe, expect, test } from 'vitest';
import { SECOND } from '../../src/model/time.ts';
import { EventsBuilder } from '../helpers/events.ts';

const ID = (letter: string) => letter.repeat(64);

/** A node on which pods come and go, and one connection after another to the same address. */
function node() {
  const events = new EventsBuilder();
  const object = (fields: object) =>
    events.tables.objects.add({
      kind: 'Pod', uid: '', namespace: 'shop', name: '', labels: {}, selector: null, node: 'node-1', ips: [], ports: [], owners: [], containers: [], from: 0, to: null, ...fields,
    } as never); // biome-ignore format: a row
  const connect = (time: number, to: string, ino = 0) => {
    const fd = events.fd({
      kind: 'ipv4',
      role: 'client',
      l4proto: 6,
      localIp: '10.0.0.1',
      localPort: 40_000,
      remoteIp: to,
      remotePort: 80,
      ino,
    }).id;
    return events.event({ type: 'connect', time, fd, thread: events.thread().id });
  };
  return { events, object, connect };
}

describe('an address', () => {
  test('that went from one pod to the next names each at its time', () => {
    const { events, object, connect } = node();
    object({ uid: 'a', name: 'old', ips: ['10.0.0.9'], from: -5 * SECOND, to: 2 * SECOND });
    object({ uid: 'b', name: 'new', ips: ['10.0.0.9'], from: 3 * SECOND });
    const [first, between, last] = [connect(SECOND, '10.0.0.9'), connect(2.5 * SECOND, '10.0.0.9'), connect(4 * SECOND, '10.0.0.9')];
    expect(events.select('k8s.dst.pod=old')).toEqual([first]);
    expect(events.select('k8s.dst.pod=new')).toEqual([last]);
    expect(events.select('not k8s.dst.pod exists')).toEqual([between]);
  });

  test('of a service is the service’s, and of its pods too', () => {
    const { events, object, connect } = node();
    object({ kind: 'Service', uid: 's', name: 'web', ips: ['10.3.0.1'], selector: { app: 'web' } });
    object({
      uid: 'p',
      name: 'web-1',
      ips: ['10.0.0.9'],
      labels: { app: 'web' },
      owners: [{ kind: 'ReplicaSet', name: 'web-abc', uid: 'r' }],
    });
    object({ kind: 'ReplicaSet', uid: 'r', name: 'web-abc', owners: [{ kind: 'Deployment', name: 'web', uid: 'd' }] });
    const [service, pod] = [connect(SECOND, '10.3.0.1'), connect(2 * SECOND, '10.0.0.9')];
    expect(events.select('k8s.dst.svc=web')).toEqual([service, pod]);
    expect(events.select('k8s.dst.workload=web')).toEqual([pod]);
    expect(events.select('k8s.dst.ns=shop')).toEqual([service, pod]);
  });
});

test('a port that is used again leads to the server of its own time', () => {
  const { events, connect } = node();
  const accepted = (pod: string) =>
    events.fd({ kind: 'ipv4', role: 'server', l4proto: 6, localIp: pod, localPort: 8080, remoteIp: '10.0.0.1', remotePort: 40_000 });
  const first = connect(SECOND, '10.3.0.1', 1);
  accepted('10.0.0.8');
  const second = connect(9 * SECOND, '10.3.0.1', 2);
  accepted('10.0.0.9');
  expect(events.select('net.nat.dst startswith 10.0.0.8')).toEqual([first]);
  expect(events.select('net.nat.dst startswith 10.0.0.9')).toEqual([second]);
});

test('a pod that is told of after its events names them all the same; one that was made again does not take its place', () => {
  const { events, object } = node();
  const process = (container: string) => events.thread({ of: events.process({ container }) }).id;
  const early = events.event({ time: SECOND, thread: process(ID('a')) });
  const again = events.event({ time: 9 * SECOND, thread: process(ID('b')) });
  object({ uid: 'one', name: 'web-0', containers: [ID('a')], from: 5 * SECOND, to: 6 * SECOND });
  object({ uid: 'two', name: 'web-0', containers: [ID('b')], from: 7 * SECOND });
  expect(events.select('k8s.pod.name=web-0')).toEqual([early, again]);
  expect(events.select('k8s.pod.uid=one')).toEqual([early]);
  expect(events.select('k8s.pod.uid=two')).toEqual([again]);
});

test('an address that is answered for one name, then for another, has the names of its time', () => {
  const { events, connect } = node();
  const answered = (time: number, qname: string, ...addresses: string[]) => {
    const num = events.event({ type: 'recvfrom', time });
    events.tables.dns.add({
      num, time, start: time, thread: 0, fd: 0, call: '', transport: 'udp', protocol: 'dns', side: 'client', server: '', messageId: 1, response: true, qname, qtype: 'A',
      qclass: 'IN', rcode: 'NOERROR', answers: addresses.map((data) => ({ name: qname, type: 'A', ttl: 5, data })), flags: [], cut: false, partner: null, latency: null, attempt: 1,
    }); // biome-ignore format: a row
  };
  const early = connect(SECOND, '10.0.0.9');
  answered(2 * SECOND, 'old', '10.0.0.9', '10.0.0.8');
  const first = connect(3 * SECOND, '10.0.0.9');
  answered(4 * SECOND, 'old', '10.0.0.8'); // it may be one of many: no other name is known
  const still = connect(5 * SECOND, '10.0.0.9');
  answered(6 * SECOND, 'new', '10.0.0.9');
  const second = connect(7 * SECOND, '10.0.0.9');
  answered(8 * SECOND, 'old', '10.0.0.9');
  const both = connect(9 * SECOND, '10.0.0.9');
  expect(events.select('fd.sip.name=old')).toEqual([early, first, still, both]);
  expect(events.select('fd.sip.name=new')).toEqual([early, second, both]);
});

test('a container that nobody told of belongs to the pod whose uid is in its cgroup', () => {
  const { events, object } = node();
  const uid = '5f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';
  const process = (container: string, cgroup: string) =>
    events.event({ time: SECOND, thread: events.thread({ of: events.process({ container: ID(container), cgroups: [`=${cgroup}`] }) }).id });
  const plain = process('a', `/kubepods/besteffort/pod${uid}/${ID('a')}`);
  const systemd = process('b', `/kubepods.slice/kubepods-pod${uid.replaceAll('-', '_')}.slice/cri-containerd-${ID('b')}.scope`);
  process('c', `/docker/${ID('c')}`);
  expect(events.select('k8s.pod.name exists')).toEqual([]);
  object({ uid, name: 'web-0', containers: [] });
  expect(events.select('k8s.pod.name=web-0')).toEqual([plain, systemd]);
});
