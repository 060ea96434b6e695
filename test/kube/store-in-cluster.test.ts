/** What is in deploy/cluster, in a real cluster: probes, collectors, a ClickHouse (18.16 here) and the job that makes its tables. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { packageRoot } from '../../src/model/package-root.ts';
import { noClickHouse } from '../cluster/clickhouse.ts';
import { inShell, LAB, lab, noCluster, up } from '../helpers/cluster.ts';
import { laboratory } from '../helpers/laboratory.ts';

const DEPLOY = join(packageRoot(), 'deploy/cluster');
const NAMESPACE = ['-n', 'trowel'] as const;
const STORE = 'clickhouse://reader:R@trowel-clickhouse.trowel.svc:8123/trowel';
const WAIT = { timeout: 90_000, interval: 1000 };
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

  test('probes and collectors get ready, and events of both nodes are in the store with the names of their pods', async () => {
    secretsOfThePage();
    lab('fault', 'upstream-silent', 'off'); // its DNS asks upstream for what a real one knows that it is not
    const file = join(folder, 'all.json');
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects() }));
    lab('kubectl', 'apply', '-f', file);
    serveNames();
    kubectl('rollout', 'status', 'statefulset/trowel-clickhouse', '--timeout=90s');
    kubectl('wait', '--for=condition=complete', 'job/trowel-init', '--timeout=90s');
    kubectl('rollout', 'status', 'statefulset/trowel-collector', '--timeout=90s');
    kubectl('rollout', 'status', 'daemonset/trowel-probe', '--timeout=90s');
    const there = (...words: string[]) =>
      kubectl('exec', 'trowel-collector-0', '--', '/usr/bin/node', '/opt/trowel/dist/trowel.js', ...words);
    await vi.waitFor(() => {
      execFileSync('sh', ['-c', inShell('exec', 'client', '--', 'curl', '-s', 'http://backend/')]);
      const nodes = there('lens', '--by', 'evt.hostname', '--measure', 'count', STORE, '--from', '-10m', '--csv');
      expect(nodes).toMatch(/node1/);
      expect(nodes).toMatch(/node2/);
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
});

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
    readonly containers: { image: string; imagePullPolicy?: string; command?: string[]; resources?: { requests?: object } }[];
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
  }
  return all;
}

function ofTheLab({ spec }: Template, claims: readonly { readonly metadata: { readonly name: string } }[]): void {
  for (const container of spec.containers) {
    const name = /(trowel-probe|trowel|clickhouse)(?:-server)?:/.exec(container.image)![1];
    Object.assign(container, { image: `docker.io/lab/${name}:1`, imagePullPolicy: 'Never' });
    delete container.resources?.requests; // its two nodes are this one machine
    if (name === 'clickhouse') container.command = ['/usr/sbin/clickhouse-server', '--config-file=/etc/clickhouse-server/config.xml'];
  }
  if (claims.length > 0) spec.volumes = [...(spec.volumes ?? []), ...claims.map(({ metadata: { name } }) => ({ name, emptyDir: {} }))];
}

/** The laboratory's DNS has static records. */
function serveNames(): void {
  const system = (...args: string[]) => lab('kubectl', '-n', 'kube-system', ...args);
  const config = JSON.parse(system('get', 'configmap', 'dns', '-o', 'json')) as { data: { 'dnsmasq.conf': string } };
  const records = ['trowel-collector', 'trowel-clickhouse'].map(
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
<users_config>users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database></yandex>`;
const USERS = `<yandex><profiles><default></default></profiles><users><default><password></password><networks><ip>127.0.0.1</ip></networks>
<profile>default</profile><quota>default</quota></default></users><quotas><default></default></quotas></yandex>`;
