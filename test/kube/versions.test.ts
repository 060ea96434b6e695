/** Names as of each event's time: what sources tell goes into a real capture file, and filters ask that file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, test } from 'vitest';
import { contextOf } from '../../src/cli/capture-context.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { KubeRows } from '../../src/kube/kube-rows.ts';
import { Observations } from '../../src/kube/observations.ts';
import { type KubeObject, reduceObject } from '../../src/kube/reduce.ts';
import type { KubeKind, KubeObjectRow, NameSource } from '../../src/model/kube.ts';
import { newTables } from '../../src/model/rows.ts';
import { SECOND } from '../../src/model/time.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { CaptureWriter } from '../../src/store/writer.ts';
import { EventsBuilder } from '../helpers/events.ts';
import { lensTable } from '../helpers/lens.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-versions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const EPOCH_MS = Date.parse('2026-11-21T08:00:00Z');
const ID = (letter: string) => letter.repeat(64);
const at = (seconds: number) => new Date(EPOCH_MS + seconds * 1000).toISOString();

/** A recording to be made: what is told when, and one event a second of a process in a container and of a connection to an address. */
class Story {
  readonly events = new EventsBuilder();
  readonly #rows: KubeRows;
  #now = 0;

  constructor() {
    this.#rows = new KubeRows(this.events.tables, EPOCH_MS, () => this.#now * SECOND);
  }

  api(second: number, kind: KubeKind, uid: string, item: { metadata?: object; spec?: object; status?: object } & object): this {
    const { metadata, ...rest } = item;
    const object = reduceObject(kind, {
      metadata: { uid, name: uid, namespace: 'shop', creationTimestamp: at(-100), resourceVersion: String(second), ...metadata },
      ...rest,
    });
    return this.observe(second, 'api', object!);
  }

  observe(second: number, source: NameSource, object: KubeObject): this {
    this.#now = second;
    this.#rows.sink(source).object(object);
    return this;
  }

  container(second: number, source: NameSource, fields: object): this {
    this.#now = second;
    this.#rows.sink(source).container({
      container: ID('a'), runtime: 'containerd', name: 'web', image: 'web:1', imageId: '', ip: '', privileged: false, labels: {}, mounts: [], ...fields,
    }); // biome-ignore format: a row
    return this;
  }

  event(second: number, item: object): this {
    this.#now = second;
    this.#rows.sink('api').event?.(item as never);
    return this;
  }

  gone(second: number, uid: string, source: NameSource = 'api'): this {
    this.#now = second;
    this.#rows.sink(source).gone(uid);
    return this;
  }

  /** Writes the capture with an event in each of the first seconds, half past; gives what asks it. */
  ends({ container = '', to = null, seconds = 10 }: { container?: string; to?: string | null; seconds?: number }): Asked {
    const { events } = this;
    const thread = events.thread({ of: events.process({ container }) }).id;
    const ends = { localIp: '10.0.0.200', localPort: 4000, remoteIp: to, remotePort: 80 };
    const fd = to === null ? 0 : events.fd({ kind: 'ipv4', role: 'client', l4proto: 6, ...ends }).id;
    for (let second = 0; second < seconds; second++) events.event({ type: 'read', thread, fd, time: (second + 0.5) * SECOND });
    const path = join(folder, `${Math.random()}.trowel`);
    const writer = new CaptureWriter(path, events.tables, { level: 1, live: false });
    writer.meta({ epoch: (BigInt(EPOCH_MS) * 1_000_000n).toString() });
    writer.append(events.chunk);
    writer.close({});
    return new Asked(path);
  }
}

class Asked {
  readonly capture: CaptureReader;

  constructor(path: string) {
    this.capture = new CaptureReader(path);
  }

  /** In which seconds a filter's events are. */
  seconds(filter: string): number[] {
    const found: number[] = [];
    for (const { chunk, selection, n } of this.capture.select(compileFilter(filter, contextOf(this.capture))))
      for (let k = 0; k < n; k++) found.push(Math.floor(chunk.time[selection[k]!]! / SECOND));
    return found;
  }

  rows(uid: string): KubeObjectRow[] {
    return [...this.capture.dims.objects.all()].filter((row) => row.uid === uid);
  }
}

/** Seconds `from` to `until`, that excluded. */
const during = (from: number, until = 10) => Array.from({ length: until - from }, (_, i) => from + i);
const running = (id: string, ip = '10.0.0.7') => ({
  podIP: ip,
  phase: 'Running',
  containerStatuses: [{ name: 'web', containerID: `containerd://${ID(id)}` }],
});
const labelled = (labels: object) => ({ metadata: { labels }, spec: { nodeName: 'node-1' }, status: running('a') });
const IN_POD = { container: ID('a') };
const TO_POD = { to: '10.0.0.7' };

describe('as of the event', () => {
  test('a label that changes', () => {
    const asked = new Story()
      .api(0, 'Pod', 'p', labelled({ tier: 'blue' }))
      .api(4, 'Pod', 'p', labelled({ tier: 'green' }))
      .ends(IN_POD);
    expect(asked.seconds('k8s.pod.label.tier=blue')).toEqual(during(0, 4));
    expect(asked.seconds('k8s.pod.label.tier=green')).toEqual(during(4));
    expect(asked.seconds('k8s.pod.name=p')).toEqual(during(0));
    expect(asked.seconds('not k8s.pod.label.tier exists')).toEqual([]);
    expect(asked.rows('p').map(({ from, to }) => [from / SECOND, to === null ? null : to / SECOND])).toEqual([
      [-100, 4],
      [4, null],
    ]);
    expect(lensTable(asked.capture, contextOf(asked.capture), 'count-by', ['k8s.pod.label.tier']).rows).toEqual([
      [6, 'green'],
      [4, 'blue'],
    ]);
  });

  test('a label that is taken away, and one that comes to a pod without any', () => {
    const asked = new Story()
      .api(0, 'Pod', 'p', labelled({}))
      .api(3, 'Pod', 'p', labelled({ tier: 'blue' }))
      .api(6, 'Pod', 'p', labelled({}))
      .ends(IN_POD);
    expect(asked.seconds('k8s.pod.label.tier=blue')).toEqual(during(3, 6));
  });

  test('a label whose name objects have by themselves', () => {
    const asked = new Story().api(0, 'Pod', 'p', labelled({ app: 'web' })).ends(IN_POD);
    for (const key of ['constructor', 'toString', '__proto__']) expect(asked.seconds(`k8s.pod.label.${key} exists`), key).toEqual([]);
  });

  test('an annotation; what is too long or the whole object again is not kept', () => {
    const annotated = (annotations: object) => ({ metadata: { annotations }, status: running('a') });
    const asked = new Story()
      .api(0, 'Pod', 'p', annotated({ team: 'a', long: 'x'.repeat(5000), 'kubectl.kubernetes.io/last-applied-configuration': '{}' }))
      .api(5, 'Pod', 'p', annotated({ team: 'b' }))
      .ends(IN_POD);
    expect(asked.seconds('k8s.pod.annotation.team=a')).toEqual(during(0, 5));
    expect(asked.seconds('k8s.pod.annotation.team=b')).toEqual(during(5));
    expect(Object.keys(asked.rows('p')[0]!.annotations!)).toEqual(['team']);
  });

  test('an address that goes from one pod to the next', () => {
    const asked = new Story()
      .api(0, 'Pod', 'old', { status: running('a') })
      .gone(3, 'old')
      .api(5, 'Pod', 'new', { metadata: { creationTimestamp: at(5) }, status: { phase: 'Pending' } })
      .api(6, 'Pod', 'new', { metadata: { creationTimestamp: at(5) }, status: running('b') })
      .ends(TO_POD);
    expect(asked.seconds('k8s.dst.pod=old')).toEqual(during(0, 3));
    expect(asked.seconds('not k8s.dst.pod exists')).toEqual(during(3, 5));
    expect(asked.seconds('k8s.dst.pod=new')).toEqual(during(5));
  });

  test('the address of a job’s pod that has ended, but is still there, is another’s', () => {
    const asked = new Story()
      .api(0, 'Pod', 'job', { status: running('a') })
      .api(4, 'Pod', 'job', { status: { ...running('a'), phase: 'Succeeded' } })
      .ends(TO_POD);
    expect(asked.seconds('k8s.dst.pod=job')).toEqual(during(0, 4));
  });

  test('a node’s address is the node’s, not that of pods without a network of their own', () => {
    const asked = new Story()
      .api(0, 'Node', 'node-1', { metadata: { namespace: '' }, status: { addresses: [{ type: 'InternalIP', address: '10.0.0.7' }] } })
      .api(0, 'Pod', 'kube-proxy', { status: running('a') })
      .ends(TO_POD);
    expect(asked.seconds('k8s.dst.pod exists')).toEqual([]);
    expect(asked.seconds('k8s.dst.node=node-1')).toEqual(during(0));
  });

  test('a pod that is made again under its name', () => {
    const pod = (uid: string, tier: string, id: string) => ({
      metadata: { name: 'web-0', creationTimestamp: at(uid === 'one' ? -9 : 5), labels: { tier } },
      status: running(id),
    });
    const story = new Story()
      .api(0, 'Pod', 'one', pod('one', 'blue', 'a'))
      .gone(4, 'one')
      .api(5, 'Pod', 'two', pod('two', 'green', 'b'));
    const asked = story.ends({ ...IN_POD, ...TO_POD });
    expect(asked.seconds('k8s.pod.uid=one and k8s.pod.label.tier=blue')).toEqual(during(0)); // the container is one’s, for ever
    expect(asked.seconds('k8s.dst.pod=web-0')).toEqual([...during(0, 4), ...during(5)]);
  });

  test('a service whose selector changes', () => {
    const service = (app: string) => ({ spec: { clusterIP: '10.3.0.1', selector: { app } } });
    const asked = new Story()
      .api(0, 'Pod', 'p', labelled({ app: 'web' }))
      .api(0, 'Service', 'front', service('web'))
      .api(4, 'Service', 'front', service('other'))
      .ends({ ...IN_POD, ...TO_POD });
    expect(asked.seconds('k8s.svc.name=front')).toEqual(during(0, 4));
    expect(asked.seconds('k8s.dst.svc=front')).toEqual(during(0, 4));
  });

  test('a pod that leaves a service by its label', () => {
    const asked = new Story()
      .api(0, 'Service', 'front', { spec: { selector: { app: 'web' } } })
      .api(0, 'Pod', 'p', labelled({ app: 'web' }))
      .api(7, 'Pod', 'p', labelled({ app: 'debug' }))
      .ends({ ...IN_POD, ...TO_POD });
    expect(asked.seconds('k8s.svc.name=front')).toEqual(during(0, 7));
    expect(asked.seconds('k8s.dst.svc=front')).toEqual(during(0, 7));
  });

  test.each([
    [
      'EndpointSlice',
      (ips: string[]) => ({ metadata: { labels: { 'kubernetes.io/service-name': 'front' } }, endpoints: [{ addresses: ips }] }),
    ],
    ['Endpoints', (ips: string[]) => ({ metadata: { name: 'front' }, subsets: [{ addresses: ips.map((ip) => ({ ip })) }] })],
  ] as const)('an endpoint that leaves a service without a selector, and comes back: %s', (kind, endpoints) => {
    const asked = new Story()
      .api(0, 'Service', 'front', { spec: { clusterIP: '10.3.0.1' } })
      .api(0, 'Pod', 'p', labelled({}))
      .api(0, kind, 'e', endpoints(['10.0.0.7', '10.0.0.8']))
      .api(2, kind, 'e', endpoints(['10.0.0.8', '10.0.0.7'])) // another order is no change
      .api(3, kind, 'e', endpoints(['10.0.0.8']))
      .api(8, kind, 'e', endpoints(['10.0.0.8', '10.0.0.7']))
      .ends({ ...IN_POD, ...TO_POD });
    expect(asked.seconds('k8s.svc.name=front')).toEqual([...during(0, 3), ...during(8)]);
    expect(asked.seconds('k8s.dst.svc=front')).toEqual([...during(0, 3), ...during(8)]);
    expect(asked.rows('e')).toHaveLength(3);
  });

  test('network policies, also those that take all pods or ask more than equal labels', () => {
    const policy = (podSelector: object) => ({ spec: { podSelector } });
    const story = new Story()
      .api(0, 'Pod', 'p', labelled({ app: 'web' }))
      .api(0, 'NetworkPolicy', 'all', policy({}))
      .api(0, 'NetworkPolicy', 'web', policy({ matchLabels: { app: 'web' } }))
      .api(0, 'NetworkPolicy', 'other', policy({ matchLabels: { app: 'other' } }))
      .api(0, 'NetworkPolicy', 'in', policy({ matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'x'] }] }))
      .api(0, 'NetworkPolicy', 'without', policy({ matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }))
      .api(0, 'NetworkPolicy', 'elsewhere', { metadata: { namespace: 'bar' }, ...policy({}) })
      .gone(5, 'web')
      .api(6, 'NetworkPolicy', 'late', { metadata: { creationTimestamp: at(6) }, ...policy({}) });
    const asked = story.ends(IN_POD);
    const when = (name: string) => asked.seconds(`k8s.netpol=${name}`);
    expect(['all', 'web', 'in', 'late'].map(when)).toEqual([during(0), during(0, 5), during(0), during(6)]);
    expect(['other', 'without', 'elsewhere'].flatMap(when)).toEqual([]);
  });

  test('what stands above a pod, to the top: a cron job', () => {
    const owned = (kind: string, uid: string) => ({ ownerReferences: [{ kind, name: uid, uid, controller: true }] });
    const asked = new Story()
      .api(0, 'Pod', 'p', { metadata: owned('Job', 'nightly-1'), status: running('a') })
      .api(0, 'Job', 'nightly-1', { metadata: owned('CronJob', 'nightly') })
      .api(0, 'CronJob', 'nightly', {})
      .ends({ ...IN_POD, ...TO_POD });
    for (const filter of ['k8s.job.name=nightly-1', 'k8s.cronjob.name=nightly', 'k8s.workload.kind=CronJob', 'k8s.dst.workload=nightly'])
      expect(asked.seconds(filter), filter).toEqual(during(0));
  });

  test('a namespace of a name that is made again', () => {
    const named = (team: string, second: number) => ({
      metadata: { name: 'shop', namespace: '', labels: { team }, creationTimestamp: at(second) },
    });
    const asked = new Story()
      .api(0, 'Namespace', 'one', named('a', -9))
      .gone(4, 'one')
      .api(5, 'Namespace', 'two', named('b', 5))
      .api(0, 'Pod', 'p', labelled({}))
      .ends(IN_POD);
    expect(asked.seconds('k8s.ns.label.team=a')).toEqual(during(0, 4));
    expect(asked.seconds('k8s.ns.label.team=b')).toEqual(during(5));
  });

  test('what the cluster had reported of a pod, and what it reported at all', () => {
    const reported = (uid: string, object: string, reason: string, second: number) => ({
      uid, namespace: 'shop', kind: 'Pod', name: object, object, type: 'Warning', reason, message: '', count: 1, first: EPOCH_MS + second * 1000, last: EPOCH_MS + second * 1000,
    }); // biome-ignore format: a row
    const asked = new Story()
      .api(0, 'Pod', 'p', labelled({}))
      .event(3, reported('1', 'p', 'Unhealthy', 3))
      .event(6, reported('2', 'p', 'BackOff', 6))
      .event(7, reported('3', 'q', 'Killing', 7))
      .ends(IN_POD);
    expect(asked.seconds('k8s.pod.event=Unhealthy')).toEqual(during(3));
    expect(asked.seconds('k8s.pod.event=BackOff')).toEqual(during(6));
    expect(asked.seconds('k8s.pod.event=Killing')).toEqual([]);
    const reasons = (filter: string) =>
      lensTable(asked.capture, contextOf(asked.capture), 'k8s-events', [], filter).rows.map((row) => row[4]);
    expect(reasons('')).toEqual(['Unhealthy', 'BackOff', 'Killing']);
    expect(reasons('evt.type=read')).toEqual(['Unhealthy', 'BackOff']);
    expect(reasons('evt.type=open')).toEqual([]);
  });
});

describe('what is told late', () => {
  test('an object holds from when it was made', () => {
    const asked = new Story()
      .api(8, 'Pod', 'p', { metadata: { creationTimestamp: at(2), labels: { tier: 'blue' } }, status: running('a') })
      .ends(TO_POD);
    expect(asked.seconds('k8s.dst.pod=p')).toEqual(during(2));
  });

  test('an object that a server whose clock is ahead made holds from when it was told', () => {
    const ahead = (tier: string) => ({ metadata: { creationTimestamp: at(60), labels: { tier } }, status: running('a') });
    const asked = new Story().api(2, 'Pod', 'p', ahead('blue')).api(5, 'Pod', 'p', ahead('green')).ends(TO_POD);
    expect(asked.seconds('k8s.dst.pod=p')).toEqual(during(2));
    expect(asked.rows('p').map(({ labels, from }) => [labels.tier, from / SECOND])).toEqual([
      ['blue', 2],
      ['green', 5],
    ]);
  });

  test('node, address and containers of a pod were so from the beginning, though a label changed meanwhile', () => {
    const asked = new Story()
      .api(0, 'Pod', 'p', { metadata: { labels: { tier: 'blue' } }, status: { phase: 'Pending' } })
      .api(2, 'Pod', 'p', { metadata: { labels: { tier: 'green' } }, status: { phase: 'Pending' } })
      .api(5, 'Pod', 'p', labelled({ tier: 'green' }))
      .ends({ ...IN_POD, ...TO_POD });
    expect(asked.seconds('k8s.pod.ip=10.0.0.7 and k8s.dst.pod=p and k8s.node.name=node-1')).toEqual(during(0));
    expect(asked.seconds('k8s.pod.label.tier=blue')).toEqual(during(0, 2));
    expect(asked.rows('p')).toHaveLength(2);
  });

  test('a name does not disappear: before the first version the first, after the last the last', () => {
    const asked = new Story()
      .api(0, 'Service', 'front', { spec: { selector: { app: 'web' } } })
      .api(3, 'Pod', 'p', { ...labelled({ app: 'web' }), metadata: { creationTimestamp: at(3), labels: { app: 'web' } } })
      .gone(6, 'p')
      .gone(7, 'front')
      .ends(IN_POD);
    expect(asked.seconds('k8s.pod.name=p and k8s.pod.label.app=web and k8s.svc.name=front')).toEqual(during(0));
  });

  test('a container that was started again belongs to the same pod, and so does the one before', () => {
    const story = new Story().api(0, 'Pod', 'p', { status: running('a') }).api(5, 'Pod', 'p', { status: running('b') });
    const asked = story.ends(IN_POD);
    expect(asked.seconds('k8s.pod.name=p')).toEqual(during(0));
    expect(asked.rows('p')).toHaveLength(1);
  });
});

test('what says nothing new makes no row: heartbeats, versions, readiness', () => {
  const story = new Story();
  for (let second = 0; second < 9; second++) {
    const noise = { resourceVersion: String(second), managedFields: [{ time: at(second) }], generation: second };
    const beat = { conditions: [{ type: 'Ready', lastHeartbeatTime: at(second) }] };
    story.api(second, 'Node', 'n', { metadata: noise, status: { ...beat, addresses: [{ address: '10.0.0.1' }] } }).api(second, 'Pod', 'p', {
      ...labelled({ app: 'web' }),
      metadata: { ...noise, labels: { app: 'web' } },
      status: { ...running('a'), ...beat },
    });
  }
  const asked = story.ends({});
  expect([...asked.capture.dims.objects.all()].map(({ uid }) => uid)).toEqual(['n', 'p']);
});

test('a capture of an older Trowel says less, and is read all the same', () => {
  const labels = { app: 'web' };
  const story = new Story()
    .api(0, 'Pod', 'p', { metadata: { labels, annotations: { team: 'a' } }, status: running('a') })
    .api(0, 'Service', 'front', { spec: { selector: labels } })
    .container(0, 'cri', {});
  const { path } = story.ends(IN_POD).capture;
  const db = new Database(path);
  db.exec('DROP TABLE kube_event; ALTER TABLE container DROP COLUMN source');
  for (const column of ['source', 'annotations', 'expressions']) db.exec(`ALTER TABLE kube_object DROP COLUMN ${column}`);
  db.pragma('user_version = 1');
  db.close();
  const asked = new Asked(path);
  expect(asked.seconds('k8s.pod.name=p and k8s.svc.name=front and container.name=web')).toEqual(during(0));
  const unknown = ['k8s.pod.source', 'container.source', 'k8s.pod.annotation.team', 'k8s.pod.event', 'k8s.netpol'];
  for (const field of unknown) expect(asked.seconds(`${field} exists`), field).toEqual([]);
});

describe('several sources', () => {
  const pod = (fields: Partial<KubeObject>): KubeObject => ({
    kind: 'Pod', uid: 'p', namespace: 'shop', name: 'web-0', labels: {}, selector: null, node: '', ips: [], ports: [], owners: [], containers: [],
    created: EPOCH_MS + 1000, ...fields,
  }); // biome-ignore format: a row

  test('of an object the API says what labels it has; the runtime fills in, and both are named', () => {
    const asked = new Story()
      .observe(2, 'cri', pod({ labels: { tier: 'old' }, ips: ['10.0.0.7'], containers: [ID('a'), ID('0')] }))
      .observe(4, 'api', pod({ labels: { tier: 'new' }, node: 'node-1', owners: [{ kind: 'ReplicaSet', name: 'r', uid: 'r' }] }))
      .observe(6, 'cri', pod({ labels: { tier: 'old' }, ips: ['10.0.0.7'], containers: [ID('a'), ID('0'), ID('c')] }))
      .ends({ ...IN_POD, ...TO_POD });
    expect(asked.rows('p')).toHaveLength(1);
    expect(asked.rows('p')[0]).toMatchObject({
      source: 'api+cri',
      labels: { tier: 'new' },
      ips: ['10.0.0.7'],
      containers: [ID('a'), ID('0'), ID('c')],
    });
    expect(asked.seconds('k8s.pod.source=api+cri and k8s.pod.label.tier=new and k8s.workload.name=r')).toEqual(during(0));
  });

  test('an address that only the runtime told ends when the API says that the pod has', () => {
    const asked = new Story()
      .observe(1, 'cri', pod({ ips: ['10.0.0.7'], containers: [ID('a')] }))
      .api(5, 'Pod', 'p', { status: { ...running('a'), phase: 'Succeeded' } })
      .ends({ ...IN_POD, ...TO_POD });
    expect(asked.seconds('k8s.dst.pod exists')).toEqual(during(0, 5));
    expect(asked.seconds('k8s.pod.ip=10.0.0.7')).toEqual(during(0, 5));
  });

  test('labels that the API took away do not come back from the runtime', () => {
    const asked = new Story()
      .observe(0, 'cri', pod({ labels: { tier: 'old' }, containers: [ID('a')] }))
      .observe(1, 'api', pod({ labels: { tier: 'old' } }))
      .observe(5, 'api', pod({ labels: {} }))
      .ends(IN_POD);
    expect(asked.seconds('k8s.pod.label.tier=old')).toEqual(during(0, 5));
  });

  test('a pod that the API says is gone is not brought back by the runtime, nor taken away by it', () => {
    const asked = new Story()
      .observe(1, 'cri', pod({ ips: ['10.0.0.7'] }))
      .observe(1, 'api', pod({ ips: ['10.0.0.7'] }))
      .gone(2, 'p', 'cri')
      .gone(4, 'p')
      .observe(5, 'cri', pod({ ips: ['10.0.0.7'], containers: [ID('a')] }))
      .ends({ ...IN_POD, ...TO_POD });
    expect(asked.seconds('k8s.dst.pod=web-0')).toEqual(during(1, 4));
    expect(asked.seconds('k8s.pod.name=web-0')).toEqual(during(0));
  });

  test('of a container the runtime goes before the API', () => {
    const asked = new Story()
      .container(0, 'api', { image: 'sha256:1', privileged: true, imageId: 'id' })
      .container(3, 'cri', { image: 'registry/web:1' })
      .container(4, 'api', { image: 'sha256:1', privileged: true, imageId: 'id' })
      .ends(IN_POD);
    expect([...asked.capture.dims.containers.all()]).toMatchObject([
      { source: 'cri+api', image: 'registry/web:1', imageId: 'id', privileged: true },
    ]);
    expect(asked.seconds('container.source=cri+api and container.image=registry/web:1')).toEqual(during(0));
  });

  test('of a container of which nobody told its cgroup does', () => {
    expect(new Story().ends(IN_POD).seconds('container.source=cgroup')).toEqual(during(0));
    expect(new Story().ends({}).seconds('container.source exists')).toEqual([]);
  });
});

describe('there is an end', () => {
  const observations = (limits: object) => {
    const tables = newTables();
    return {
      tables,
      observations: new Observations(tables.objects, ['api'], () => 'changes', { versions: 9, rows: 99, size: 9999, ...limits }),
    };
  };
  const word = (uid: string, tier: string): never =>
    ({ kind: 'Pod', uid, namespace: '', name: uid, labels: { tier }, ips: [], containers: [] }) as never;

  test('to the versions of one object: the last takes what is new, and that is counted', () => {
    const { tables, observations: one } = observations({ versions: 3 });
    for (let i = 0; i < 10; i++) one.observe('a', 'api', word('a', String(i)), null, i);
    expect([...tables.objects.all()].map(({ labels }) => labels.tier)).toEqual(['0', '1', '9']);
    expect(one.dropped).toEqual({ things: 0, changes: 7 });
  });

  test('and it is said what found no room', () => {
    let now = 0;
    const rows = new KubeRows(newTables(), EPOCH_MS, () => now++, { versions: 2, rows: 3, size: 9999 });
    const api = rows.sink('api');
    expect(rows.dropped).toBeNull();
    for (let i = 0; i < 10; i++) api.object(reduceObject('Pod', { metadata: { uid: `p${i % 5}`, labels: { i: String(i) } } })!);
    expect(rows.dropped).toBe('no room for 4 observations of new objects, the time of 3 changes');
  });

  test.each([{ rows: 5 }, { size: 500 }])('to all of them: %o', (limits) => {
    const { tables, observations: one } = observations(limits);
    for (let i = 0; i < 10; i++) one.observe(`pod-${i}`, 'api', word(`pod-${i}`, 'x'), null, i);
    expect(tables.objects.size).toBeLessThan(8);
    expect(one.dropped.things).toBe(10 - tables.objects.size);
  });

  test('to what is remembered: of pods that come and go for a year those that are there, and those that just were', () => {
    const tables = newTables();
    let now = 0;
    const rows = new KubeRows(tables, EPOCH_MS, () => now, { versions: 9, rows: 500, size: 1 << 20 }, 600 * SECOND);
    const [api, cri, docker] = [rows.sink('api'), rows.sink('cri'), rows.sink('docker')];
    const container = (id: string) =>
      ({ container: id, runtime: 'x', name: id, image: '', imageId: '', ip: '', privileged: false, labels: {}, mounts: [] }) as const;
    const pod = (i: number) => reduceObject('Pod', { metadata: { uid: `p${i}`, name: `p${i}`, labels: { i: String(i) } } })!;
    api.object(pod(-1));
    cri.container(container('stays'));
    for (let i = 0; i < 5000; i++, now += 10 * SECOND) {
      api.object({ ...pod(i), containers: [`c${i}`] });
      cri.container(container(`c${i}`));
      docker.container(container(`d${i}`));
      docker.containerGone?.(`d${i}`);
      api.event?.({
        uid: `e${i}`,
        object: `p${i}`,
        namespace: '',
        kind: 'Pod',
        name: '',
        type: 'Normal',
        reason: '',
        message: '',
        count: 1,
        first: EPOCH_MS + now / 1e6,
        last: EPOCH_MS + now / 1e6,
      });
      api.gone(`p${i}`);
    }
    expect(rows.dropped).toBeNull();
    const names = [...tables.objects.all()].map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['p-1', 'p4999', 'p4945']));
    expect(names.length).toBeLessThan(70);
    expect(rows.pods).toBe(names.length);
    const containers = [...tables.containers.all()].map((row) => row.container);
    expect(containers).toEqual(expect.arrayContaining(['stays', 'c4999', 'd4945']));
    expect(containers.length).toBeLessThan(140);
    expect(tables.kubeEvents.size).toBeLessThan(370);
  });
});
