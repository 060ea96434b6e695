import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { captureEnd } from '../../src/capture/capture.ts';
import { RESOURCES } from '../../src/kube/watcher.ts';
import type { NodeMissing } from '../../src/model/node.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { Cluster, type PodPlace } from '../../src/node/cluster.ts';
import { netReport } from '../../src/output/reports/net.ts';
import { inShell, KUBECONFIG, KUBECTL, lab, noCluster, STATE, up, withoutLoss } from '../helpers/cluster.ts';
import { laboratory } from '../helpers/laboratory.ts';
import { cleanUp, Recording, record, recordMeanwhile } from '../live/recording.ts';

/** A folder to keep the captures in, for those that are shipped; absent: they are removed. */
const KEEP = process.env.TROWEL_KEEP;
const folder = mkdtempSync(join(tmpdir(), 'trowel-in-cluster-'));
const DEPLOY = join(packageRoot(), 'deploy');
const PATCH = readFileSync(join(DEPLOY, 'node-network.yaml'), 'utf8');
const ACCOUNT = 'system:serviceaccount:kube-system:trowel';
const reason = noCluster();

const system = (...args: string[]) => lab('kubectl', '-n', 'kube-system', ...args);
const seconds = (n: number) => new Promise((resolve) => setTimeout(resolve, n * 1000));
/** Not of other work of this machine. */
const IN_POD = 'proc.name=curl and thread.cgroups contains /pod';
const CURL = inShell('exec', 'client', '--', 'curl', '-s', 'http://backend/');

function isAllowed(verb: string, resource: string): boolean {
  try {
    return lab('kubectl', 'auth', 'can-i', verb, resource, '-A', `--as=${ACCOUNT}`).trim() === 'yes';
  } catch {
    return false; // it ends with 1 where the answer is no
  }
}

laboratory('within a cluster', reason, () => {
  beforeAll(() => {
    up(1);
    lab('kubectl', 'apply', '-f', join(DEPLOY, 'rbac.yaml'));
  }, 240_000);
  afterAll(() => {
    lab('down');
    cleanUp();
    rmSync(folder, { recursive: true, force: true });
  }, 180_000); // recorders that are being taken away hold it up

  test('the API server takes what is in deploy', () => {
    const taken = lab('kubectl', 'apply', '--dry-run=server', '-k', DEPLOY);
    expect(taken).toMatch(/daemonset\.apps\/trowel created \(server dry run\)/);
  });

  test('the recorder’s account may list and watch what is asked for, and nothing that is secret', () => {
    const served = lab('kubectl', 'api-resources', '-o', 'name').trim().split('\n');
    const asked = RESOURCES_ASKED.filter((resource) => served.includes(resource));
    expect(asked).toContain('pods');
    for (const resource of asked)
      for (const verb of ['list', 'watch']) expect([verb, resource, isAllowed(verb, resource)]).toEqual([verb, resource, true]);
    for (const verb of ['get', 'create', 'delete']) expect(isAllowed(verb, 'secrets')).toBe(false);
    expect(isAllowed('create', 'pods')).toBe(false);
  });

  test('a token that was not valid is read again: names come with the next', async () => {
    const [token, kubeconfig] = [join(folder, 'token'), join(folder, 'kubeconfig')];
    writeFileSync(token, 'no token');
    const admin = parse(readFileSync(KUBECONFIG, 'utf8'));
    writeFileSync(kubeconfig, stringify({ ...admin, users: [{ name: 'admin', user: { tokenFile: token } }] }));
    const script = `${CURL}; sleep 3; while [ "$(cat ${token})" = "no token" ]; do sleep 0.2; done; sleep 6; ${CURL}`;
    const going = recordMeanwhile(['sh', '-c', script], ['--kubeconfig', kubeconfig, '--cri', '/nowhere']);
    await seconds(3);
    const secret = system('get', 'serviceaccount', 'trowel', '-o', 'jsonpath={.secrets[0].name}');
    writeFileSync(token, Buffer.from(system('get', 'secret', secret, '-o', 'jsonpath={.data.token}'), 'base64'));
    const recording = await going;
    expect(new Set(recording.values(IN_POD, 'k8s.pod.name'))).toEqual(new Set(['client']));
  }, 60_000);

  test('-k URL: through kubectl proxy', async () => {
    const proxy = spawn(KUBECTL, [
      '--kubeconfig', KUBECONFIG, 'proxy', '--port=0',
    ]); // biome-ignore format: a command
    try {
      const line = await new Promise<string>((resolve) => proxy.stdout.once('data', (text) => resolve(String(text))));
      const from = ['-k', `http://${line.trim().split(' ').at(-1)}`, '--cri', '/nowhere'];
      const recording = withoutLoss(
        () => record(['sh', '-c', CURL], from),
        (made) => made,
      );
      expect(new Set(recording.values(IN_POD, 'k8s.pod.name'))).toEqual(new Set(['client']));
    } finally {
      proxy.kill();
    }
  }, 60_000);

  describe('with its image', () => {
    beforeAll(() => {
      const root = join(folder, 'root');
      execFileSync(join(packageRoot(), 'scripts/image-root'), [root], { stdio: 'pipe' });
      lab('load', 'trowel', root);
      writeFileSync(join(folder, 'daemonset.yaml'), stringify(ofTheLab()));
    }, 120_000);

    /** `kubectl trowel ARGS`, as kubectl runs its plugins. `said`: what it has said so far. */
    function plugin(...args: string[]): { child: ChildProcess; said: () => string; ended: Promise<number | null> } {
      const plugins = join(folder, 'plugins');
      mkdirSync(plugins, { recursive: true });
      rmSync(join(plugins, 'kubectl-trowel'), { force: true });
      symlinkSync(join(packageRoot(), 'bin/trowel'), join(plugins, 'kubectl-trowel'));
      const env = { ...process.env, KUBECONFIG, PATH: `${plugins}:${dirname(KUBECTL)}:${process.env.PATH}` };
      const child = spawn(KUBECTL, ['trowel', ...args, '--template', join(folder, 'daemonset.yaml')], { env });
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      return { child, said: () => said, ended: new Promise((resolve) => child.on('exit', resolve)) };
    }
    /** Jobs, and pods that are not being taken away: a kubelet may take a minute to say that one is gone. */
    const recorderPods = (): number => {
      const { items } = JSON.parse(system('get', 'jobs,pods', '-l', 'app.kubernetes.io/name=trowel', '-o', 'json')) as {
        items: { metadata: { deletionTimestamp?: string } }[];
      };
      return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined).length;
    };
    const nothingIsLeft = () => vi.waitFor(() => expect(recorderPods()).toBe(0), { timeout: 60_000, interval: 500 });

    test('kubectl trowel POD: what the pod does until Ctrl-C comes home, and nothing is left in the cluster', async () => {
      const path = join(folder, 'pod.trowel');
      const { child, said, ended } = plugin('critical-app/client', '-w', path, '--for', '5m');
      await vi.waitFor(() => expect(said()).toContain('kernel pushdown'), { timeout: 60_000, interval: 200 });
      await seconds(3); // the runtime's names come
      execFileSync('sh', ['-c', CURL]);
      await seconds(1);
      child.kill('SIGINT');
      expect(await ended, said()).toBe(130);
      const recording = complete(path);
      expect(recording.count('proc.name=curl and evt.type=connect and fd.sport=80')).toBeGreaterThan(0);
      expect(new Set(recording.values('thread.cgroups contains /pod', 'k8s.pod.name'))).toEqual(new Set(['client']));
      await nothingIsLeft();
    }, 180_000);

    test('kubectl trowel NODE: ends by itself, with the whole node', async () => {
      const path = join(folder, 'node.trowel');
      const { said, ended } = plugin('node1', '-w', path, '--for', '5s');
      expect(await ended, said()).toBe(0);
      expect(complete(path).capture.meta.hostname).toBe('node1');
      await nothingIsLeft();
    }, 180_000);

    test.each([
      ['an image that there is not', ['node1', '--image', 'docker.io/lab/none:1'], /does not start on node1: ErrImage.*--image/],
      ['a pod that there is not', ['critical-app/none'], /no pod called critical-app\/none/],
    ])(
      'kubectl trowel with %s: says so, and leaves nothing',
      async (_, args, message) => {
        const { said, ended } = plugin(...args, '-w', join(folder, 'none.trowel'));
        expect(await ended).not.toBe(0);
        expect(said()).toMatch(message);
        await nothingIsLeft();
      },
      180_000,
    );

    test('kubectl trowel, given up while it starts: nothing is left', async () => {
      const { child, said, ended } = plugin('node1', '-w', join(folder, 'given-up.trowel'));
      await vi.waitFor(() => expect(recorderPods()).toBeGreaterThan(0), { timeout: 60_000, interval: 100 });
      child.kill('SIGINT');
      child.kill('SIGTERM');
      expect(await ended, said()).toBe(130);
      await nothingIsLeft();
    }, 180_000);

    /** What it recorded while a pod asked the service. `patch`: words for kubectl patch, before it starts. */
    async function recorded(...patch: string[]): Promise<Recording> {
      rmSync(join(STATE, 'captures'), { recursive: true, force: true });
      const set = join(folder, 'daemonset.yaml');
      const patched = patch.length === 0 ? readFileSync(set, 'utf8') : system('patch', '--local', '-f', set, '-o', 'yaml', ...patch);
      writeFileSync(join(folder, 'patched.yaml'), patched);
      system('apply', '-f', join(folder, 'patched.yaml'));
      system('rollout', 'status', 'daemonset/trowel', '--timeout=60s');
      const path = await vi.waitFor(captureInLab, 30_000);
      await seconds(2);
      execFileSync('sh', ['-c', CURL]);
      system('delete', 'daemonset', 'trowel');
      const recording = await vi.waitFor(() => complete(path), { timeout: 30_000, interval: 500 });
      if (KEEP !== undefined) {
        mkdirSync(KEEP, { recursive: true });
        copyFileSync(path, join(KEEP, `kube-daemonset-${patch.join('').match(/[A-Z]+_[A-Z]+/g)?.length ?? 0}.trowel`));
      }
      return recording;
    }

    const kindsOf = ({ capture }: Recording, where: (place: PodPlace | null) => boolean) => {
      const cluster = new Cluster(capture.dims, captureEnd(capture));
      const facts = [...capture.dims.nodeFacts.all()].filter(({ netns }) => netns !== 0 && where(cluster.placeOf(netns)));
      return new Set(facts.map(({ kind }) => kind));
    };
    const missingOf = ({ capture }: Recording): Record<string, string> =>
      Object.fromEntries((JSON.parse(capture.meta.nodeMissing ?? '[]') as NodeMissing[]).map(({ id, reason }) => [id, reason]));
    const cniOf = ({ capture }: Recording): unknown[] => [...netReport('cni', capture, captureEnd(capture)).items].map((row) => row[2]);
    const ofNode = (place: PodPlace | null) => place?.name === 'the node';
    const ofClient = (place: PodPlace | null) => place?.name === 'critical-app/client';

    test('with two capabilities: names by its account and by the runtime, the node’s own part, and what it may not see', async () => {
      const recording = await recorded();
      expect(recording.capture.meta.hostname).toBe('node1');
      expect(recording.capture.meta.names).toBeUndefined();
      const fields = ['k8s.pod.name', 'container.name', 'container.type'] as const;
      const [connect] = recording.rows('proc.name=curl and evt.type=connect and fd.sport=80', fields);
      expect(connect).toMatchObject({
        'k8s.pod.name': 'client',
        'container.name': 'client',
        'container.type': 'containerd',
      });
      expect(recording.count('k8s.deployment.name=backend')).toBeGreaterThan(0);
      expect(recording.count('thread.cgroups contains /pod and not k8s.pod.name exists')).toBe(0);
      expect([...kindsOf(recording, ofNode)]).toEqual(expect.arrayContaining(['link', 'route', 'sysctl', 'traffic', 'listener']));
      expect([...kindsOf(recording, ofClient)]).toEqual([]);
      const missing = missingOf(recording);
      expect(missing.namespaces).toMatch(/CAP_SYS_PTRACE/);
      for (const id of ['iptables', 'ip6tables', 'nftables', 'conntrack-entries'])
        expect(missing[id], id).toMatch(/CAP_NET_ADMIN|is not installed/);
      expect(cniOf(recording)).toEqual([['bridge', 'portmap']]);
    }, 180_000);

    const RULES = ['chain', 'hits', 'flow'] as const;
    const OF_PODS = ['link', 'route', 'sysctl', 'conntrack', 'counter', 'traffic'] as const;

    test('with NET_ADMIN and SYS_ADMIN: rules, connections that are translated, namespaces that have a name', async () => {
      const recording = await recorded('--patch', PATCH.replace(', SYS_PTRACE, SYSLOG', ''));
      expect([...kindsOf(recording, ofNode)]).toEqual(expect.arrayContaining([...RULES]));
      expect([...kindsOf(recording, ofClient)]).toEqual(expect.arrayContaining([...OF_PODS]));
      expect(Object.keys(missingOf(recording)).toSorted()).toEqual(['kernel-log', 'namespaces']);
    }, 180_000);

    test('with node-network.yaml: all of that, by pod', async () => {
      const recording = await recorded('--patch', PATCH);
      expect([...kindsOf(recording, ofNode)]).toEqual(expect.arrayContaining([...RULES]));
      expect([...kindsOf(recording, ofClient)]).toEqual(expect.arrayContaining([...OF_PODS, 'resolver']));
      // at most: a process of this machine that nobody may look at
      expect(Object.keys(missingOf(recording)).filter((id) => id !== 'namespaces')).toEqual([]);
    }, 180_000);
  });
});

/** The path of the one capture that was begun. */
function captureInLab(): string {
  const names = readdirSync(join(STATE, 'captures')).filter((name) => name.endsWith('.trowel'));
  expect(names).toHaveLength(1);
  return join(STATE, 'captures', names[0]!);
}

function complete(path: string): Recording {
  const recording = new Recording(path);
  expect(recording.capture.meta.state).toBe('complete');
  return recording;
}

/** As `kubectl api-resources` calls what the watcher asks for. */
const RESOURCES_ASKED = RESOURCES.flat().map(({ path }) => {
  const parts = path.split('/');
  return parts[1] === 'apis' ? `${parts[4]}.${parts[2]}` : parts[3]!;
});

/** The daemon set with the laboratory's image, socket and folder; all else as it is. */
function ofTheLab(): unknown {
  const set = parse(readFileSync(join(DEPLOY, 'daemonset.yaml'), 'utf8'));
  const { spec } = set.spec.template;
  Object.assign(spec.containers[0], { image: 'docker.io/lab/trowel:1', imagePullPolicy: 'Never' });
  const paths: Record<string, string> = { captures: join(STATE, 'captures'), runtime: join(STATE, 'node1'), cni: join(STATE, 'node1/cni') };
  for (const { name, hostPath } of spec.volumes) if (hostPath !== undefined) hostPath.path = paths[name] ?? hostPath.path;
  return set;
}
