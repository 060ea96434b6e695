import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ApiClient } from '../../src/kube/api.ts';
import type { KubeContainer, KubeEvent, KubeObject } from '../../src/kube/reduce.ts';
import { RESOURCES, Watcher } from '../../src/kube/watcher.ts';
import { packageRoot } from '../../src/model/package-root.ts';

/** An API server with pods, and what a test adds, over real HTTP: pages, watches, and the habits of real ones when things go wrong. */
class ApiServer {
  readonly pods = new Map<string, object>();
  readonly tokens: (string | undefined)[] = [];
  lists = 0;
  #watches = new Set<ServerResponse>();
  #version = 1;
  #server: Server | null = null;
  port = 0;
  /** What else there is, by path. */
  readonly others = new Map<string, object[]>();
  readonly refused = new Set<string>();
  /** Paths that were asked for. */
  readonly asked = new Set<string>();
  /** Versions before this are forgotten. */
  oldest = 0;

  async start(): Promise<void> {
    this.#server = createServer((request, response) => this.#answer(request, response));
    await new Promise<void>((resolve) => this.#server!.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const watch of this.#watches) watch.destroy();
    this.#watches.clear();
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** Watches of pods that are open. */
  get watches(): number {
    return this.#watches.size;
  }

  put(name: string, more: object = {}): void {
    const pod = podNamed(name, ++this.#version, more);
    const type = this.pods.has(name) ? 'MODIFIED' : 'ADDED';
    this.pods.set(name, pod);
    this.#send(type, pod);
  }

  remove(name: string): void {
    const pod = this.pods.get(name)!;
    this.pods.delete(name);
    this.#send('DELETED', pod);
  }

  expire(): void {
    this.oldest = this.#version + 1;
    for (const watch of this.#watches)
      watch.end(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old resource version' } })}\n`);
    this.#watches.clear();
  }

  #send(type: string, object: object): void {
    for (const watch of this.#watches) watch.write(`${JSON.stringify({ type, object })}\n`);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url!, 'http://x');
    this.asked.add(url.pathname);
    if (this.refused.has(url.pathname)) {
      const status = { kind: 'Status', status: 'Failure', code: 403, message: 'trowel cannot list what is secret' };
      response.writeHead(403).end(JSON.stringify(status));
      return;
    }
    if (url.pathname !== '/api/v1/pods') {
      const items = this.others.get(url.pathname);
      if (items === undefined) response.writeHead(404).end();
      else if (url.searchParams.get('watch') === '1') response.writeHead(200).flushHeaders();
      else response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items }));
      return;
    }
    this.tokens.push(request.headers.authorization);
    if (url.searchParams.get('watch') === '1') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      this.#watches.add(response);
      return;
    }
    this.lists++;
    const limit = Number(url.searchParams.get('limit'));
    const from = Number(url.searchParams.get('continue') ?? 0);
    const items = [...this.pods.values()].slice(from, from + limit);
    const more = from + limit < this.pods.size ? String(from + limit) : '';
    response.end(JSON.stringify({ kind: 'PodList', metadata: { resourceVersion: String(this.#version), continue: more }, items }));
  }
}

function podNamed(name: string, version: number, more: object): object {
  return {
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      resourceVersion: String(version),
      labels: { app: name },
      creationTimestamp: '2026-11-21T08:00:00Z',
      managedFields: [{}],
    },
    spec: {
      nodeName: 'node-1',
      containers: [{ name: 'web', env: [{ name: 'PASSWORD', value: 'hunter2' }], securityContext: { privileged: true } }],
    },
    status: {
      podIP: '10.0.0.7',
      containerStatuses: [{ name: 'web', containerID: `containerd://${name.padEnd(64, '0')}`, image: 'nginx:1', imageID: 'sha256:1' }],
    },
    ...more,
  };
}

let server: ApiServer;
let watcher: Watcher | null = null;
const told: KubeObject[] = [];
const containers: KubeContainer[] = [];
const gone: string[] = [];
const events: KubeEvent[] = [];

async function begin(
  pods: readonly string[],
  token: () => string | null = () => null,
  prepare: (server: ApiServer) => void = () => {},
): Promise<void> {
  server = new ApiServer();
  prepare(server);
  for (const pod of pods) server.put(pod);
  await server.start();
  for (const list of [told, containers, gone, events]) list.length = 0;
  const client = new ApiClient({ url: `http://127.0.0.1:${server.port}`, ca: null, certificate: null, key: null, token, verify: true });
  watcher = new Watcher(client, {
    object: (one) => told.push(one),
    container: (one) => containers.push(one),
    gone: (uid) => gone.push(uid),
    event: (one) => events.push(one),
  });
  watcher.start();
}

async function until(done: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(done()).toBe(true);
}

afterEach(async () => {
  watcher?.stop();
  await server.stop();
});

test('what is there, what comes, what changes and what goes', async () => {
  await begin(['a']);
  await until(() => told.length === 1 && server.watches === 1);
  server.put('b');
  server.put('a', { status: { podIP: '10.0.0.9' } });
  server.remove('b');
  await until(() => gone.length === 1);
  expect(told.map(({ name, ips }) => [name, ips])).toEqual([
    ['a', ['10.0.0.7']],
    ['b', ['10.0.0.7']],
    ['a', ['10.0.0.9']],
    ['b', ['10.0.0.7']],
  ]);
  expect(gone).toEqual(['uid-b']);
});

test('of an object only what is asked for is kept', async () => {
  await begin(['a']);
  await until(() => containers.length === 1);
  expect(JSON.stringify([told, containers])).not.toMatch(/hunter2|PASSWORD|managedFields/);
  expect(containers[0]).toMatchObject({
    container: 'a'.padEnd(64, '0'),
    runtime: 'containerd',
    name: 'web',
    image: 'nginx:1',
    privileged: true,
  });
  expect(told[0]).toMatchObject({
    kind: 'Pod',
    namespace: 'shop',
    labels: { app: 'a' },
    node: 'node-1',
    created: Date.parse('2026-11-21T08:00:00Z'),
  });
});

test('five thousand pods, in pages', async () => {
  await begin(Array.from({ length: 5000 }, (_, i) => `pod-${i}`));
  await until(() => told.length === 5000);
  expect(server.lists).toBe(10);
});

test('a version that the server has forgotten: all is listed again, and who went meanwhile is gone', async () => {
  await begin(['a', 'b']);
  await until(() => told.length === 2 && server.watches === 1);
  server.pods.delete('b');
  server.expire();
  await until(() => gone.includes('uid-b'));
  expect(server.lists).toBeGreaterThan(1);
});

test('a server that is away: it is said since when, and all goes on when it is back', async () => {
  await begin(['a']);
  await until(() => told.length === 1);
  await server.stop();
  await until(() => watcher!.sourceError !== null);
  expect(watcher!.sourceError).toMatch(/127\.0\.0\.1:\d+ unreachable since \d\d:\d\d:\d\d/);
  server.put('c');
  await server.start();
  // Each resource comes back by itself.
  await until(() => told.some(({ name }) => name === 'c') && watcher!.sourceError === null);
});

test('a token that changes is read again', async () => {
  let token = 'one';
  await begin(['a'], () => token);
  await until(() => told.length === 1 && server.watches === 1);
  token = 'two';
  server.expire();
  await until(() => server.tokens.includes('Bearer two'));
});

const NO_TOKEN = () => null;
const named = (uid: string, more: object = {}) => ({ metadata: { uid, name: uid, namespace: 'shop' }, ...more });

test('a kind that the server does not have yet is asked for again', async () => {
  await begin(['a'], NO_TOKEN);
  await until(() => server.asked.has('/apis/apps/v1/deployments'));
  server.others.set('/apis/apps/v1/deployments', [named('web')]);
  await until(() => told.some(({ kind, name }) => kind === 'Deployment' && name === 'web'));
  expect(watcher!.sourceError).toBeNull();
});

test.each(['are not there', 'are refused'])('endpoints, where slices %s', async (how) => {
  await begin([], NO_TOKEN, (one) => {
    one.others.set('/api/v1/endpoints', [
      named('web', { subsets: [{ addresses: [{ ip: '10.0.0.9' }], notReadyAddresses: [{ ip: '10.0.0.8' }] }] }),
    ]);
    if (how === 'are refused') one.refused.add('/apis/discovery.k8s.io/v1/endpointslices');
  });
  await until(() => told.some(({ kind }) => kind === 'Endpoints'));
  expect(told.find(({ kind }) => kind === 'Endpoints')).toMatchObject({ ips: ['10.0.0.8', '10.0.0.9'], selector: { service: 'web' } });
  expect(watcher!.sourceError).toBeNull();
});

test('slices of an older version, and cron jobs too, go before endpoints', async () => {
  const slices = '/apis/discovery.k8s.io/v1beta1/endpointslices';
  await begin([], NO_TOKEN, (one) => {
    one.others.set(slices, [named('web-x', { endpoints: [{ addresses: ['10.0.0.9'] }] })]);
    one.others.set('/apis/batch/v1beta1/cronjobs', [named('nightly')]);
    one.others.set('/api/v1/endpoints', [named('web')]);
  });
  await until(() => told.some(({ kind }) => kind === 'EndpointSlice') && told.some(({ kind }) => kind === 'CronJob'));
  expect(server.asked.has('/api/v1/endpoints')).toBe(false);
});

test('a refusal is told in the server’s own words', async () => {
  await begin([], NO_TOKEN, (one) => one.refused.add('/api/v1/pods'));
  await until(() => watcher!.sourceError !== null);
  expect(watcher!.sourceError).toMatch(/refuses to tell since .*: HTTP 403, trowel cannot list what is secret$/);
});

test('what the cluster reports, of whatever age its form is', async () => {
  const about = { kind: 'Pod', name: 'a', namespace: 'shop', uid: 'uid-a' };
  const [early, late] = ['2026-11-21T08:00:00Z', '2026-11-21T08:05:00Z'];
  await begin([], NO_TOKEN, (one) => {
    one.others.set('/api/v1/events', [
      named('old', {
        involvedObject: about,
        reason: 'BackOff',
        type: 'Warning',
        message: 'again',
        count: 7,
        firstTimestamp: early,
        lastTimestamp: late,
      }),
      named('new', {
        involvedObject: about,
        reason: 'Unhealthy',
        type: 'Warning',
        message: 'x'.repeat(5000),
        eventTime: early,
        series: { count: 3, lastObservedTime: late },
      }),
      named('timeless', { involvedObject: about, reason: 'Never' }),
    ]);
  });
  await until(() => events.length > 0);
  const times = { first: Date.parse(early), last: Date.parse(late) };
  expect(events).toMatchObject([
    { uid: 'old', reason: 'BackOff', type: 'Warning', message: 'again', count: 7, kind: 'Pod', name: 'a', object: 'uid-a', ...times },
    { uid: 'new', reason: 'Unhealthy', count: 3, ...times },
  ]);
  expect(events[1]!.message.length).toBeLessThan(2000);
});

test('the role allows what is asked for, and nothing else', async () => {
  const documents = parseAllDocuments(readFileSync(join(packageRoot(), 'deploy/rbac.yaml'), 'utf8')).map((one) => one.toJS());
  const { rules } = documents.find(({ kind }) => kind === 'ClusterRole') as {
    rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
  };
  const allowed = rules.flatMap(({ apiGroups, resources, verbs }) => {
    expect(verbs).toEqual(['get', 'list', 'watch']);
    return apiGroups.flatMap((group) => resources.map((resource) => `${group}/${resource}`));
  });
  const asked = RESOURCES.flat().map(({ path }) => path.replace(/^\/api\/v1\//, '/').replace(/^\/apis\/([^/]+)\/[^/]+\//, '$1/'));
  expect(allowed.sort()).toEqual([...new Set(asked)].sort());
});
