import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanUp, newPath, type Recording, record, whyNot } from '../live/recording.ts';

/** A real cluster, where the laboratory beside the project has been built: `make test-cluster`. */
const LAB = resolve('../shared/lab/kube/kube');
const CACHE = process.env.KUBE_LAB_CACHE ?? join(homedir(), '.cache/kube-lab');
const STATE = process.env.KUBE_LAB_STATE ?? '/run/kube-lab';
const KUBECONFIG = `${STATE}/admin.kubeconfig`;

function reasonNot(): string | null {
  if (process.env.TROWEL_CLUSTER !== '1') return 'make test-cluster runs these';
  if (!existsSync(LAB)) return 'there is no ../shared/lab/kube';
  if (!existsSync(join(CACHE, 'bin/kubectl'))) return 'its cluster is not built: ../shared/lab/kube/kube build';
  return whyNot();
}

function lab(...args: string[]): string {
  return execFileSync(LAB, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 });
}

/** Records a command with names from the API, from the runtime, or from both. */
function recordIn(command: readonly string[], from: 'api' | 'cri' | 'both' = 'both'): Recording {
  const api = from === 'cri' ? [] : ['--kubeconfig', KUBECONFIG];
  const cri = from === 'api' ? ['--cri', '/nowhere'] : ['--cri', `${STATE}/node1/containerd.sock`];
  return record(command, [...api, ...cri]);
}

const reason = reasonNot();

describe.skipIf(reason !== null)(`names in a real cluster (${reason ?? 'as root, with BTF'})`, () => {
  beforeAll(() => {
    lab('down');
    lab('up');
    lab('scenario', 'up');
  }, 240_000);
  afterAll(() => {
    lab('down');
    cleanUp();
  }, 60_000);

  test.each(['api', 'cri', 'both'] as const)('of a request, on both ends, from the first event of each process: %s', (from) => {
    const recording = recordIn([LAB, 'scenario', 'curl', 'backend'], from);
    const pods = (filter: string) => [...new Set(recording.values(filter, 'k8s.pod.name'))];
    expect(pods('proc.name=curl and fd.type=ipv4')).toEqual(['client']);
    expect(pods('proc.name=curl')).toEqual(['client']);
    expect(pods('proc.name=nginx and fd.type=ipv4 and fd.role=server').every((name) => String(name).startsWith('backend-'))).toBe(true);
    expect(recording.values('proc.name=curl and fd.type=ipv4', 'k8s.ns.name')).toContain('critical-app');
    expect(new Set(recording.values('proc.name=curl', 'container.name'))).toEqual(new Set(['client']));
    if (from === 'cri') return;
    expect(recording.count('k8s.ns=critical-app and k8s.svc.name=backend and k8s.deployment.name=backend')).toBeGreaterThan(0);
    const [connect] = recording.rows('evt.type=connect and proc.name=curl and fd.sport=80', [
      'k8s.src.pod',
      'k8s.dst.svc',
      'net.nat.pod',
      'net.nat.dst',
    ]);
    expect(connect).toMatchObject({ 'k8s.src.pod': 'client', 'k8s.dst.svc': 'backend' });
    expect(String(connect!['net.nat.pod'])).toMatch(/^backend-/);
    expect(String(connect!['net.nat.dst'])).toMatch(/^172\.17\.\d+\.\d+:80$/);
  });

  test('of a job that is over at once', () => {
    const path = newPath();
    writeFileSync(
      path,
      `apiVersion: batch/v1
kind: Job
metadata: {name: quick, namespace: critical-app}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - {name: quick, image: docker.io/lab/client:1, imagePullPolicy: Never, command: [cat, /etc/hostname]}
`,
    );
    const script = `"${LAB}" kubectl apply -f ${path} >/dev/null; for i in $(seq 100); do "${LAB}" kubectl -n critical-app get job quick -o jsonpath='{.status.succeeded}' | grep -q 1 && break; sleep 0.2; done; sleep 1`;
    const recording = recordIn(['sh', '-c', script]);
    spawnSync(LAB, ['kubectl', '-n', 'critical-app', 'delete', 'job', 'quick', '--wait=false']);
    const rows = recording.rows('proc.name=cat and fd.name=/etc/hostname', [
      'k8s.pod.name',
      'k8s.job.name',
      'container.name',
      'k8s.workload.kind',
    ]);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row).toMatchObject({ 'k8s.job.name': 'quick', 'container.name': 'quick', 'k8s.workload.kind': 'Job' });
    expect(String(rows[0]!['k8s.pod.name'])).toMatch(/^quick-/);
  }, 90_000);

  test('all of it is in the capture when the cluster is gone', () => {
    const recording = recordIn([LAB, 'scenario', 'curl', 'backend']);
    const before = recording.rows('k8s.ns=critical-app and fd.type=ipv4', ['k8s.pod.name', 'k8s.dst.svc', 'k8s.workload.name']);
    lab('down');
    const again = recording.rows('k8s.ns=critical-app and fd.type=ipv4', ['k8s.pod.name', 'k8s.dst.svc', 'k8s.workload.name']);
    expect(again).toEqual(before);
    expect(before.length).toBeGreaterThan(0);
  }, 60_000);
});
