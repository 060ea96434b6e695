import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Reading } from '../../src/event/fields/field.ts';
import {
  inShell,
  killRuntime,
  kubectl,
  lab,
  type NamesFrom,
  namesFrom,
  noCluster,
  type Pod,
  pods,
  recordScript,
  socketOf,
  startRuntime,
  up,
  withoutLoss,
} from '../helpers/cluster.ts';
import { laboratory } from '../helpers/laboratory.ts';
import { lensTable } from '../helpers/lens.ts';
import { BIN, cleanUp, type Recording, recordMeanwhile } from '../live/recording.ts';

const IN_A_POD = 'thread.cgroups contains /pod';
/** Enough that all three backends are chosen: one of them is passed over once in 200,000 runs. */
const CURLS = 30;

const folder = mkdtempSync(join(tmpdir(), 'trowel-cluster-'));
const reason = noCluster();

afterAll(() => {
  if (reason === null) lab('down');
  cleanUp();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** Fields that no event of a pod's process may be without; the API alone does not know the sandbox’s own container. */
function unnamed(recording: Recording, filter: string, fields: readonly string[]): string[] {
  const rows = recording.rows(`${IN_A_POD} and ${filter}`, ['evt.num', 'proc.name', 'thread.cgroups', ...fields]);
  expect(rows.length).toBeGreaterThan(0);
  return rows
    .filter((row) => fields.some((name) => row[name as 'evt.num'] === null))
    .slice(0, 3)
    .map((row) => JSON.stringify(row));
}

type Row = Readonly<Record<string, Reading>>;

/** Rows of the lens of services, by the names of their columns. */
function services({ capture }: Recording, filter: string): Row[] {
  const context = { dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false };
  const { columns, rows } = lensTable(capture, context, 'services', [], filter);
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i] as Reading])));
}

/** A client pod asks the service again and again; each backend answers with its own name. Gives the answers in their order. */
function curls(from: NamesFrom = 'both'): { recording: Recording; answers: string[] } {
  const path = join(folder, 'answers');
  const loop = `for i in $(seq ${CURLS}); do curl -s http://backend/; done`;
  const make = () => {
    const recording = recordScript(`${inShell('exec', 'client', '--', 'sh', '-c', loop)} > ${path}`, from);
    return { recording, answers: readFileSync(path, 'utf8').trim().split('\n') };
  };
  return withoutLoss(make, ({ recording }) => recording);
}

const one = (values: readonly Reading[]) => [...new Set(values)];

/** What was recorded at the server's end of a connection, for who has to find out why nobody took it. */
function endsLike(recording: Recording, row: Row): string {
  const port = String(row['fd.name']).split('->')[0]!.split(':').at(-1);
  const seen = recording.rows(`proc.name=nginx and fd.cport=${port}`, [
    'evt.num',
    'evt.time',
    'evt.type',
    'evt.latency',
    'fd.name',
    'fd.role',
  ]);
  return JSON.stringify([row, ...seen], (_, value) => (typeof value === 'bigint' ? String(value) : value));
}

laboratory('a real cluster', reason, () =>
  describe.each([1, 2])('of %d', (nodes) => {
    let recording: Recording;
    let answers: readonly string[];
    let there: ReadonlyMap<string, Pod>;

    beforeAll(() => {
      up(nodes);
      ({ recording, answers } = curls());
      there = new Map(pods().map((pod) => [pod.name, pod]));
    }, 240_000);

    test('every event of a pod’s process has the names of its pod, container and node, the first as well', () => {
      expect(unnamed(recording, 'evt.num>0', ['k8s.ns.name', 'k8s.pod.name', 'k8s.pod.uid', 'container.name', 'k8s.node.name'])).toEqual(
        [],
      );
      const processes = recording.rows(`${IN_A_POD} and proc.name=curl`, ['proc.pid', 'k8s.pod.name', 'container.name']);
      expect(new Set(processes.map((row) => row['proc.pid'])).size).toBe(CURLS);
      for (const row of processes) expect(row).toMatchObject({ 'k8s.pod.name': 'client', 'container.name': 'client' });
      for (const row of recording.rows(`${IN_A_POD} and k8s.ns.name=critical-app`, ['k8s.pod.name', 'k8s.node.name']))
        expect(row['k8s.node.name']).toBe(there.get(String(row['k8s.pod.name']))!.node);
    });

    test('so they have on the command line', () => {
      const format = '%k8s.ns.name/%k8s.pod.name/%container.name/%k8s.node.name';
      const lines = execFileSync(BIN, ['read', recording.path, IN_A_POD, '-p', format], { encoding: 'utf8', maxBuffer: 1 << 28 })
        .trim()
        .split('\n');
      expect(lines.length).toBe(recording.count(IN_A_POD));
      expect(lines.filter((line) => !/^[a-z0-9-]+\/[a-z0-9-]+\/[A-Za-z0-9-]+\/node[12]$/.test(line))).toEqual([]);
    });

    test('the namespace’s connections are the client’s and the backends’', () => {
      const rows = recording.rows('k8s.ns=critical-app and fd.type=ipv4', ['proc.name', 'k8s.pod.name']);
      const names = (proc: string) => one(rows.filter((row) => row['proc.name'] === proc).map((row) => row['k8s.pod.name']));
      expect(names('curl')).toEqual(['client']);
      expect(names('nginx').sort()).toEqual([...there.keys()].filter((name) => name.startsWith('backend-')).sort());
      expect(recording.count('k8s.svc.name=backend and k8s.deployment.name=backend')).toBeGreaterThan(0);
    });

    test('each request to the service is one row: the client’s end, the endpoint that was chosen, and who took it there', () => {
      const rows = services(recording, 'proc.name=curl');
      expect(rows.map((row) => row['endpoint.pod'])).toEqual(answers);
      const { ip } = there.get('client')!;
      for (const row of rows) {
        const server = there.get(String(row['endpoint.pod']))!;
        expect(row).toMatchObject({
          'k8s.src.ns': 'critical-app',
          'k8s.src.pod': 'client',
          'k8s.dst.svc': 'backend',
          endpoint: `${server.ip}:80`,
          'endpoint.node': server.node,
        });
        expect(row['fd.name']).toMatch(new RegExp(`^${ip.replaceAll('.', '\\.')}:\\d+->10\\.3\\.0\\.214:80$`));
        expect(row['accept.num'], `who took ${row['fd.name']}? ${endsLike(recording, row)}`).not.toBeNull();
        const [accept] = recording.rows(`evt.num=${row['accept.num']}`, ['proc.name', 'k8s.pod.name', 'fd.name', 'proc.pid']);
        expect(accept).toMatchObject({ 'proc.name': 'nginx', 'k8s.pod.name': server.name });
        expect(accept!['fd.name']).toBe(`${String(row['fd.name']).split('->')[0]}->${row.endpoint}`);
        expect(row['accept.by']).toBe(`nginx (${accept!['proc.pid']})`);
        expect(row['accept.after']).toBeGreaterThan(0);
      }
      const nodesSeen = one(rows.map((row) => row['endpoint.node']!)).sort();
      expect(nodesSeen).toEqual(nodes === 1 ? ['node1'] : ['node1', 'node2']);
    });
  }),
);

laboratory('names from one source alone', reason, () => {
  beforeAll(() => up(1), 240_000);

  test.each(['api', 'cri'] as const)('of a request, on both ends, from the first event of each process: %s', (from) => {
    const { recording, answers } = curls(from);
    expect(unnamed(recording, 'proc.name in (curl, nginx)', ['k8s.ns.name', 'k8s.pod.name', 'container.name'])).toEqual([]);
    expect(one(recording.values('proc.name=curl', 'k8s.pod.name'))).toEqual(['client']);
    const accepted = recording.values(
      'proc.name=nginx and evt.type=accept4 and evt.failed=false and fd.cnet=172.17.0.0/24',
      'k8s.pod.name',
    );
    for (const name of answers) expect(accepted).toContain(name);
    if (from === 'api') expect(services(recording, 'proc.name=curl').map((row) => row['endpoint.pod'])).toEqual(answers);
  });

  /** A pod whose only process is over 50 ms after it began. */
  function job(name: string): string {
    const path = join(folder, `${name}.yaml`);
    writeFileSync(
      path,
      `apiVersion: batch/v1
kind: Job
metadata: {name: ${name}, namespace: critical-app}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - {name: ${name}, image: docker.io/lab/client:1, imagePullPolicy: Never, command: [sh, -c, "cat /etc/hostname; sleep 0.05"]}
`,
    );
    const succeeded = `${inShell('get', 'job', name, '-o', 'jsonpath={.status.succeeded}')} | grep -q 1`;
    return `${inShell('apply', '-f', path)} >/dev/null; for i in $(seq 200); do ${succeeded} && break; sleep 0.2; done; sleep 1`;
  }

  test.each(['both', 'cri', 'api'] as const)(
    'of a job that is over at once: %s',
    (from) => {
      const name = `quick-${from}`;
      const recording = recordScript(job(name), from);
      kubectl('delete', 'job', name, '--wait=false');
      const rows = recording.rows('proc.name=cat and fd.name=/etc/hostname', [
        'k8s.ns.name',
        'k8s.pod.name',
        'container.name',
        'k8s.job.name',
        'k8s.workload.kind',
      ]);
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) {
        expect(row).toMatchObject({ 'k8s.ns.name': 'critical-app', 'container.name': name });
        expect(row['k8s.pod.name']).toMatch(new RegExp(`^${name}-`));
        if (from !== 'cri') expect(row).toMatchObject({ 'k8s.job.name': name, 'k8s.workload.kind': 'Job' });
      }
      expect(unnamed(recording, 'evt.num>0', ['k8s.ns.name', 'k8s.pod.name'])).toEqual([]);
    },
    120_000,
  );

  test('of what is mounted, and of nobody’s environment', () => {
    const recording = recordScript(inShell('exec', 'client', '--', 'cat', '/etc/hostname'), 'cri');
    const [row] = recording.rows('proc.name=cat and fd.name=/etc/hostname', [
      'container.mounts',
      'container.privileged',
      'container.type',
      'container.image',
    ]);
    expect(row).toMatchObject({
      'container.privileged': false,
      'container.type': 'containerd',
      'container.image': 'docker.io/lab/client:1',
    });
    expect(row!['container.mounts']).toMatch(/\/etc-hosts:\/etc\/hosts::true:private/);
    expect([...recording.capture.dims.containers.all()].length).toBeGreaterThan(0);
    expect(JSON.stringify([...recording.capture.dims.containers.all()])).not.toMatch(/KUBERNETES_SERVICE_HOST|PATH=/);
  });

  test('of a runtime that is killed and started again: recording goes on, its silence is told, and what is new has names', async () => {
    const started = join(folder, 'started');
    const script = `sleep 1; touch ${started}; while [ -e ${started} ]; do sleep 0.1; done; ${job('after')}`;
    const going = recordMeanwhile(['sh', '-c', script], namesFrom('cri'));
    await vi.waitFor(() => expect(existsSync(started)).toBe(true), 30_000);
    killRuntime('node1');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    startRuntime('node1');
    await vi.waitFor(() => expect(existsSync(socketOf('node1'))).toBe(true), 30_000);
    rmSync(started);
    const recording = await going;
    expect(recording.capture.meta.names).toMatch(/node1\/containerd\.sock was silent from \d\d:\d\d:\d\d to \d\d:\d\d:\d\d/);
    expect(recording.values('proc.name=cat and fd.name=/etc/hostname', 'container.name')).toContain('after');
    expect(unnamed(recording, 'evt.num>0', ['k8s.ns.name', 'k8s.pod.name'])).toEqual([]);
  }, 180_000);

  test('all of it is in the capture when the cluster is gone', () => {
    const { recording } = curls();
    const ask = () => [
      recording.rows(IN_A_POD, [
        'evt.num',
        'k8s.ns.name',
        'k8s.pod.name',
        'k8s.node.name',
        'k8s.workload.name',
        'container.name',
        'k8s.dst.svc',
      ]),
      services(recording, 'proc.name=curl'),
    ];
    const before = ask();
    lab('down');
    expect(ask()).toEqual(before);
    expect(before.map(({ length }) => length > 0)).toEqual([true, true]);
  }, 60_000);
});
