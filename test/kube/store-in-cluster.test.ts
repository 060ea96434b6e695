/**
 * What is in deploy/cluster, in a real cluster: probes, collectors, ClickHouse (18.16 here; two servers with Distributed tables, where deploy
 * has one) and the job that makes its tables; and the stall of a name, explained across the nodes from what is in that store.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, onTestFailed, test, vi } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { packageRoot } from '../../src/model/package-root.ts';
import { noClickHouse } from '../cluster/clickhouse.ts';
import { inShell, LAB, lab, noCluster, up } from '../helpers/cluster.ts';
import { laboratory } from '../helpers/laboratory.ts';

const DEPLOY = join(packageRoot(), 'deploy/cluster');
const NAMESPACE = ['-n', 'trowel'] as const;
const STORE = 'clickhouse://reader:R@trowel-clickhouse.trowel.svc:8123/trowel';
/** Servers of the store, each behind an address of its own. */
const SERVERS = ['10.3.0.61', '10.3.0.62'] as const;
const DISTRIBUTED = ['--on-cluster', 'trowel', '--here', '--unreplicated'] as const;
/** Its two nodes are one machine, whose processes each probe sees: of each is kept what the pods of its own node did. */
const OWN_PODS = 'k8s.node.name=val(evt.hostname)';
const STALLING = 'backend.critical-app.svc.cluster.local';
const WAIT = { timeout: 120_000, interval: 1000 };
const folder = mkdtempSync(join(tmpdir(), 'trowel-store-in-cluster-'));
const kubectl = (...args: string[]) => lab('kubectl', ...NAMESPACE, ...args);

/** It starts eight pods and a database on one machine: some minutes. */
const asked = process.env.TROWEL_CLUSTER === 'all' ? null : 'TROWEL_CLUSTER=all runs it, too';

laboratory('a store in a cluster', noCluster() ?? noClickHouse ?? asked, () => {
  beforeAll(() => {
    up(2);
    for (const [name, words] of [
      ['trowel', []],
      ['trowel-probe', ['--probe']],
    ] as const) {
      const root = join(folder, name);
      execFileSync(join(packageRoot(), 'scripts/image-root'), [...words, root], { stdio: 'pipe' });
      lab('load', name, root);
    }
    lab('load', 'clickhouse', clickhouseRoot());
  }, 400_000);

  afterAll(() => {
    lab('down');
    rmSync(folder, { recursive: true, force: true });
  }, 200_000);

  beforeEach(() => {
    onTestFailed(() => {
      for (const pod of ['statefulset/trowel-collector', 'deployment/trowel-names', 'daemonset/trowel-probe'])
        console.error(pod, kubectl('logs', pod, '--tail=20'));
    });
  });

  test('probes and collectors get ready, and events of both nodes are in the store with the names of their pods', async () => {
    secretsOfThePage();
    lab('fault', 'upstream-silent', 'off'); // its DNS asks upstream for what a real one knows that it is not
    const file = join(folder, 'all.json');
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects() }));
    lab('kubectl', 'apply', '-f', file);
    serveNames();
    kubectl('rollout', 'status', 'statefulset/trowel-clickhouse', '--timeout=90s');
    kubectl('wait', '--for=condition=complete', 'job/trowel-init', '--timeout=90s');
    kubectl('rollout', 'status', 'deployment/trowel-names', '--timeout=90s');
    kubectl('rollout', 'status', 'statefulset/trowel-collector', '--timeout=90s');
    there('cluster', 'init', `clickhouse://writer:W@${SERVERS[1]}/trowel`, ...DISTRIBUTED);
    kubectl('rollout', 'status', 'daemonset/trowel-probe', '--timeout=90s');
    await vi.waitFor(() => {
      execFileSync('sh', ['-c', inShell('exec', 'client', '--', 'curl', '-s', 'http://backend/')]);
      expect(nodesSeen('proc.name=curl or proc.name=nginx or container.id exists')).toEqual(['node1', 'node2']);
      const pods = there('lens', '--by', 'k8s.pod.name', '--measure', 'count', STORE, 'proc.name=curl and fd.sport=80', '--csv');
      expect(pods).toMatch(/client/);
    }, WAIT);
    expect(
      kubectl(
        'get',
        'pods',
        '-l',
        'app.kubernetes.io/name=trowel-probe',
        '-o',
        'jsonpath={.items[*].status.containerStatuses[*].restartCount}',
      ),
    ).toBe('0 0');
  }, 400_000);

  test('explains a stall with events of both nodes', async () => {
    const [from, to, node] = stall();
    await vi.waitFor(() => {
      const found = there('explain', STORE, '--from', from, '--to', to, 'k8s.pod.name=far');
      expect(found).toMatch(/└ skydns .* never answered/);
      const evidence = new Set(found.match(/node[12](?=:\d+)/g));
      expect(evidence).toEqual(new Set(['node1', 'node2']));
      expect(found).toMatch(new RegExp(`localdomain +TIMEOUT .* ${node}:\\d+`));
    }, WAIT);
  }, 400_000);
});

/** trowel in a collector's pod. */
const there = (...words: string[]): string =>
  kubectl('exec', 'trowel-collector-0', '--', '/usr/bin/node', '/opt/trowel/dist/trowel.js', ...words);

function nodesSeen(filter: string): string[] {
  const rows = there('lens', '--by', 'evt.hostname', '--measure', 'count', STORE, filter, '--from', '-10m', '--csv');
  return [...new Set(rows.match(/node[12]/g))].sort();
}

/** A client where the DNS server is not asks for a name that its search list delays; gives from when to when, and the client's node. */
function stall(): [from: string, to: string, node: string] {
  const dns = lab('kubectl', '-n', 'kube-system', 'get', 'pods', '-l', 'k8s-app=kube-dns', '-o', 'jsonpath={.items[0].spec.nodeName}');
  const node = dns === 'node1' ? 'node2' : 'node1';
  const pod = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'far', namespace: 'critical-app' } },
    spec: {
      terminationGracePeriodSeconds: 1,
      nodeSelector: { 'kubernetes.io/hostname': node },
      containers: [{ name: 'client', image: 'docker.io/lab/client:1', imagePullPolicy: 'Never' }],
    },
  };
  const file = join(folder, 'far.json');
  writeFileSync(file, JSON.stringify(pod));
  lab('kubectl', 'apply', '-f', file);
  lab('kubectl', '-n', 'critical-app', 'wait', '--for=condition=Ready', 'pod/far', '--timeout=60s');
  lab('fault', 'upstream-silent', 'on');
  const from = new Date(Date.now() - 1000).toISOString();
  try {
    execFileSync('sh', ['-c', inShell('exec', 'far', '--', 'curl', '-sS', '--max-time', '30', `http://${STALLING}/`)]);
  } finally {
    lab('fault', 'upstream-silent', 'off'); // the store's own names go by way of it
  }
  return [from, new Date(Date.now() + 1000).toISOString(), node];
}

/** What docs/cluster.md says to do before: keys and secrets, by its own words. */
function secretsOfThePage(): void {
  const page = readFileSync(join(packageRoot(), 'docs/cluster.md'), 'utf8');
  const script = /```sh\n(openssl[\s\S]*?|kubectl[\s\S]*?)```/.exec(page)![1]!.replace(/kubectl apply -k .*/, '');
  const keys = join(folder, 'keys');
  mkdirSync(keys);
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'kubectl'), `#!/bin/sh\nexec '${LAB}' kubectl "$@"\n`, { mode: 0o755 });
  const text = script.replaceAll('deploy/cluster', DEPLOY);
  execFileSync('sh', ['-ec', text], { cwd: keys, env: { ...process.env, PATH: `${bin}:${process.env.PATH}` }, stdio: 'pipe' });
}

interface Template {
  readonly spec: {
    readonly containers: {
      image: string;
      imagePullPolicy?: string;
      command?: string[];
      args?: string[];
      resources?: { requests?: object };
    }[];
    volumes?: object[];
  };
}
interface Document {
  apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; namespace?: string };
  readonly spec?: {
    readonly template?: Template;
    readonly jobTemplate?: { readonly spec: { readonly template: Template } };
    volumeClaimTemplates?: { readonly metadata: { readonly name: string } }[];
    readonly [other: string]: unknown;
  };
  readonly data?: Record<string, string>;
}

/** Kinds that have no namespace. */
const OF_CLUSTER: readonly string[] = ['Namespace', 'ClusterRole', 'ClusterRoleBinding'];
/** This cluster is of a version that has them so. */
const OLD_VERSIONS: Readonly<Record<string, string>> = { PodDisruptionBudget: 'policy/v1beta1', CronJob: 'batch/v1beta1' };

/** All objects, with the laboratory's images and without disks, which it does not have; all else as it is. */
function objects(): Document[] {
  const { resources } = parse(readFileSync(join(DEPLOY, 'kustomization.yaml'), 'utf8')) as { resources: string[] };
  const all = resources.flatMap((name) => parseAllDocuments(readFileSync(join(DEPLOY, name), 'utf8')).map((one) => one.toJS() as Document));
  for (const one of all) {
    one.apiVersion = OLD_VERSIONS[one.kind] ?? one.apiVersion;
    if (!OF_CLUSTER.includes(one.kind)) one.metadata.namespace ??= 'trowel';
    if (one.data?.['users.xml'] !== undefined) one.data['users.xml'] = one.data['users.xml'].replaceAll('clickhouse>', 'yandex>');
    const template = one.spec?.template ?? one.spec?.jobTemplate?.spec.template;
    if (template !== undefined) ofTheLab(template, one.spec?.volumeClaimTemplates ?? []);
    if (one.spec?.volumeClaimTemplates !== undefined) delete one.spec.volumeClaimTemplates;
    if (one.kind === 'StatefulSet' && one.metadata.name === 'trowel-clickhouse') Object.assign(one.spec!, { replicas: SERVERS.length });
  }
  return [...all, ...SERVERS.map(serverAddress)];
}

/** One server's own address. */
function serverAddress(clusterIP: string, k: number): Document {
  const selector = { 'statefulset.kubernetes.io/pod-name': `trowel-clickhouse-${k}` };
  const ports = [
    { name: 'http', port: 8123 },
    { name: 'tcp', port: 9000 },
  ];
  return {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: `trowel-clickhouse-${k}`, namespace: 'trowel' } },
    spec: { clusterIP, selector, ports, publishNotReadyAddresses: true },
  };
}

function ofTheLab({ spec }: Template, claims: readonly { readonly metadata: { readonly name: string } }[]): void {
  for (const container of spec.containers) {
    const name = /(trowel-probe|trowel|clickhouse)(?:-server)?:/.exec(container.image)![1];
    Object.assign(container, { image: `docker.io/lab/${name}:1`, imagePullPolicy: 'Never' });
    delete container.resources?.requests; // its two nodes are this one machine
    if (container.args?.[0] === 'init') container.args = ['init', `clickhouse://writer:W@${SERVERS[0]}/trowel`, ...DISTRIBUTED];
    if (container.args?.includes('--redact') === true) container.args.push(OWN_PODS);
    if (name === 'clickhouse') container.command = ['/usr/sbin/clickhouse-server', '--config-file=/etc/clickhouse-server/config.xml'];
  }
  if (claims.length > 0) spec.volumes = [...(spec.volumes ?? []), ...claims.map(({ metadata: { name } }) => ({ name, emptyDir: {} }))];
}

/** The laboratory's DNS has static records. */
function serveNames(): void {
  const system = (...args: string[]) => lab('kubectl', '-n', 'kube-system', ...args);
  const config = JSON.parse(system('get', 'configmap', 'dns', '-o', 'json')) as { data: { 'dnsmasq.conf': string } };
  const records = ['trowel-collector', 'trowel-names', 'trowel-clickhouse'].map(
    (name) => `host-record=${name}.trowel.svc.cluster.local,${kubectl('get', 'service', name, '-o', 'jsonpath={.spec.clusterIP}')}`,
  );
  config.data['dnsmasq.conf'] += `${records.join('\n')}\n`;
  const file = join(folder, 'dns.json');
  writeFileSync(file, JSON.stringify(config));
  system('replace', '-f', file);
  system('rollout', 'restart', 'deployment/kube-dns');
  system('rollout', 'status', 'deployment/kube-dns', '--timeout=60s');
}

/** Debian's server and what it loads, and as little configuration as it takes. */
function clickhouseRoot(): string {
  const root = join(folder, 'clickhouse');
  const program = '/usr/sbin/clickhouse-server';
  const libraries = execFileSync('ldd', [program], { encoding: 'utf8' }).match(/\/[^ ]*\.so[^ ]*/g)!;
  for (const file of [program, ...new Set(libraries), '/usr/share/zoneinfo/UTC']) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    copyFileSync(file, join(root, file));
  }
  mkdirSync(join(root, 'etc/clickhouse-server'), { recursive: true });
  mkdirSync(join(root, 'var/lib/clickhouse'), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), 'clickhouse:x:101:101::/:/bin/false\n');
  writeFileSync(join(root, 'etc/clickhouse-server/config.xml'), CONFIG);
  writeFileSync(join(root, 'etc/clickhouse-server/users.xml'), USERS);
  return root;
}

const PATH = '/var/lib/clickhouse';
const CONFIG = `<yandex><logger><console>1</console><level>warning</level></logger><http_port>8123</http_port><tcp_port>9000</tcp_port>
<listen_host>0.0.0.0</listen_host><mark_cache_size>67108864</mark_cache_size><timezone>UTC</timezone><path>${PATH}/</path>
<tmp_path>${PATH}/tmp/</tmp_path><user_files_path>${PATH}/user_files/</user_files_path><format_schema_path>${PATH}/schemas/</format_schema_path>
<users_config>users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
<remote_servers><trowel>${SERVERS.map(
  (host) => `<shard><replica><host>${host}</host><port>9000</port><user>writer</user><password>W</password></replica></shard>`,
).join('')}</trowel></remote_servers></yandex>`;
const USERS = `<yandex><profiles><default></default></profiles><users><default><password></password><networks><ip>127.0.0.1</ip></networks>
<profile>default</profile><quota>default</quota></default></users><quotas><default></default></quotas></yandex>`;
