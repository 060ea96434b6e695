import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { CriSource } from '../../src/kube/cri.ts';
import { runtimeStreams } from '../../src/kube/cri-events.ts';
import type { KubeContainer, KubeObject } from '../../src/kube/reduce.ts';
import { Runtime, type RuntimeOptions } from '../helpers/runtime.ts';

const CRI_O: RuntimeOptions = { name: 'cri-o', version: '1.30.2', streams: ['cri'] };
const CONTAINERD_1: RuntimeOptions = { name: 'containerd', version: 'v1.7.27', streams: ['cri', 'containerd'] };
const CONTAINERD_2: RuntimeOptions = { name: 'containerd', version: 'v2.1.0', streams: ['cri', 'containerd'] };
const OLD: RuntimeOptions = { name: 'other', version: '0.9', streams: [] };

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** What a source tells, with the runtime that it asks. */
async function asking(options: RuntimeOptions, before: (runtime: Runtime) => void = () => {}) {
  const folder = mkdtempSync(join(tmpdir(), 'trowel-cri-'));
  const socket = join(folder, 'cri.sock');
  const runtime = new Runtime(options);
  before(runtime);
  await runtime.listen(socket);
  const pods: KubeObject[] = [];
  const containers: KubeContainer[] = [];
  const gone: string[] = [];
  const source = new CriSource(socket, {
    object: (object) => pods.push(object),
    container: (container) => containers.push(container),
    gone: (uid) => gone.push(uid),
  });
  source.start();
  ends.push(() => {
    source.stop();
    runtime.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const named = (name: string) => containers.filter((one) => one.name === name);
  return { socket, runtime, source, pods, containers, gone, named };
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 10 });

describe('what happens is told by', () => {
  test('the stream of CRI, with names: what is over before anyone can look has them', async () => {
    const { runtime, source, pods, named } = await asking(CRI_O);
    await until(() => expect(runtime.listeners.cri.size).toBe(1));
    expect(source.streamName).toBe('GetContainerEvents');
    const pod = runtime.pod('quick');
    const container = runtime.container('quick-web', pod, { status: { mounts: [] } });
    runtime.emit(pod, [container]);
    runtime.sandboxes.clear();
    runtime.containers.clear();
    await until(() => expect(named('quick-web')).toMatchObject([{ runtime: 'cri-o', labels: { app: 'quick', tier: 'front' } }]));
    expect(pods[0]).toMatchObject({
      name: 'quick',
      namespace: 'shop',
      ips: ['10.0.0.1'],
      containers: [pod, container],
      labels: { app: 'quick' },
    });
    expect(named('POD')).toMatchObject([{ container: pod, ip: '10.0.0.1' }]);
  });

  test('containerd’s own stream before its 2.0, whose CRI stream has one listener, the kubelet', async () => {
    const { runtime, source, named } = await asking(CONTAINERD_1);
    await until(() => expect(runtime.listeners.containerd.size).toBe(1));
    expect(runtime.listeners.cri.size).toBe(0);
    expect(source.streamName).toBe('containerd’s events');
    const [listener] = runtime.listeners.containerd;
    expect(listener!.request.toString()).toMatch(/topic=="\/containers\/create".*topic=="\/tasks\/start"/s);
    runtime.container('web', runtime.pod('shop'));
    runtime.hint();
    await until(() => expect(named('web')).toHaveLength(1));
  });

  test('CRI’s in containerd 2.0', async () => {
    const { runtime } = await asking(CONTAINERD_2);
    await until(() => expect(runtime.listeners.cri.size).toBe(1));
    expect(runtime.listeners.containerd.size).toBe(0);
  });

  test('the lists alone, where there is no stream', async () => {
    const { runtime, source, named } = await asking(OLD);
    await until(() => expect(runtime.asked.get('ListContainers') ?? 0).toBeGreaterThan(1));
    expect(source.streamName).toBeNull();
    runtime.container('web', runtime.pod('shop'));
    await until(() => expect(named('web')).toHaveLength(1));
  });

  test.each([
    ['containerd', '1.6.20~ds1', 1],
    ['containerd', 'v1.7.27', 1],
    ['containerd', 'unknown', 1],
    ['containerd', 'v2.0.0', 2],
    ['containerd', '2.1.4', 2],
    ['cri-o', '1.28.1', 2],
  ])('%s %s: of %d streams', (runtimeName, runtimeVersion, ways) => {
    expect(runtimeStreams({ runtimeName, runtimeVersion })).toHaveLength(ways);
  });
});

test('a runtime that is gone and back: that is told, and so is what is new', async () => {
  const { socket, runtime, source, named } = await asking(CRI_O, (before) => before.container('web', before.pod('one')));
  await until(() => expect(named('web')).toHaveLength(1));
  expect(source.sourceError).toBeNull();
  runtime.close();
  await until(() => expect(source.sourceError).toMatch(/silent since \d\d:\d\d:\d\d: /));
  runtime.container('late', runtime.pod('two'));
  await runtime.listen(socket);
  await until(() => expect(named('late')).toHaveLength(1));
  await until(() => expect(source.sourceError).toMatch(/was silent from \d\d:\d\d:\d\d to \d\d:\d\d:\d\d$/));
  await until(() => expect(runtime.listeners.cri.size).toBe(1));
  expect(named('web')).toHaveLength(1);
});

describe('of a container', () => {
  const mounts = [
    { containerPath: '/data', hostPath: '/srv/data', readonly: false, propagation: 1 },
    { containerPath: '/etc/hosts', hostPath: '/var/lib/hosts', readonly: true, propagation: 0 },
  ];
  const secrets = { envs: [{ key: 'PASSWORD', value: 'hunter2' }], args: ['--token=hunter2'] };

  test.each([
    ['containerd', { config: { ...secrets, linux: { security_context: { privileged: true } } } }, true],
    [
      'containerd',
      { config: { ...secrets, linux: { security_context: {} } }, runtimeSpec: { process: { env: ['PASSWORD=hunter2'] } } },
      false,
    ],
    ['cri-o', { privileged: true, runtimeSpec: { process: { env: ['PASSWORD=hunter2'] } } }, true],
    ['another', {}, false],
  ])('of %s: its mounts, and whether it is privileged; nothing of its environment', async (_, info, privileged) => {
    const { named, containers, pods } = await asking(CRI_O, (runtime) =>
      runtime.container('web', runtime.pod('one'), { status: { mounts }, info }),
    );
    await until(() => expect(named('web')).toHaveLength(1));
    expect(named('web')[0]).toMatchObject({
      privileged,
      mounts: [
        { source: '/srv/data', target: '/data', mode: '', writable: true, propagation: 'rslave' },
        { source: '/var/lib/hosts', target: '/etc/hosts', mode: '', writable: false, propagation: 'private' },
      ],
    });
    expect(JSON.stringify([containers, pods])).not.toContain('hunter2');
  });

  test('that is gone when its status is asked for there is what the list said; info that is no JSON is none', async () => {
    const { named } = await asking(CRI_O, (runtime) => {
      const pod = runtime.pod('one');
      runtime.container('gone', pod, { status: null });
      runtime.containers.get(runtime.container('odd', pod))!.info = { info: '{"config":' };
    });
    await until(() => expect([...named('gone'), ...named('odd')]).toMatchObject([{ image: 'shop/web:1' }, { privileged: false }]));
  });

  test('each status is asked for once, a few at a time', async () => {
    const { runtime, containers } = await asking({ ...OLD, delayMs: 5 }, (before) => {
      const pod = before.pod('many');
      for (let i = 0; i < 100; i++) before.container(`web-${i}`, pod);
    });
    await until(() => expect(containers.filter(({ name }) => name !== 'POD')).toHaveLength(100));
    const lists = runtime.asked.get('ListContainers')!;
    await until(() => expect(runtime.asked.get('ListContainers')).toBeGreaterThan(lists));
    expect(runtime.asked.get('ContainerStatus')).toBe(100);
    expect(runtime.mostAtOnce).toBeGreaterThan(1);
    expect(runtime.mostAtOnce).toBeLessThanOrEqual(8);
  });
});

describe('of a pod', () => {
  test('that has the node’s network nothing more is awaited; one whose address is to come is asked again', async () => {
    const none = { ip: '', additionalIps: [] };
    const { runtime, pods } = await asking(OLD, (before) => {
      before.pod('host', { network: none, linux: { namespaces: { options: { network: 2 } } } });
    });
    await until(() => expect(runtime.asked.get('ListPodSandbox')).toBe(2));
    expect(runtime.asked.get('PodSandboxStatus')).toBe(1);
    runtime.pod('late', { network: none });
    await until(() => expect(pods.at(-1)).toMatchObject({ name: 'late', ips: [] }));
    runtime.pod('late');
    await until(() => expect(pods.at(-1)).toMatchObject({ name: 'late', ips: ['10.0.0.1'] }));
  });

  test('of its sandboxes the one that is ready speaks; its containers are those of all', async () => {
    const { pods } = await asking(OLD, (runtime) => {
      const metadata = { name: 'web', uid: 'uid-web', namespace: 'shop' };
      runtime.container('old-web', runtime.pod('old', { metadata, state: 1, createdAt: 5, network: null }));
      runtime.container('new-web', runtime.pod('new', { metadata, createdAt: 3 }));
    });
    await until(() => expect(pods).toHaveLength(1));
    expect(pods[0]).toMatchObject({ uid: 'uid-web', ips: ['10.0.0.1'] });
    expect(pods[0]!.containers).toHaveLength(4);
  });

  test('that the runtime knows no more it is told that it is gone; one without a name is passed over', async () => {
    const { runtime, pods, gone } = await asking(OLD, (before) => {
      before.pod('web');
      before.pod('nameless', { metadata: null });
    });
    await until(() => expect(pods.map(({ uid }) => uid)).toEqual(['uid-web']));
    runtime.sandboxes.clear();
    await until(() => expect(gone).toEqual(['uid-web']));
  });
});
