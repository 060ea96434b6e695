/** The doctor on a real cluster: each of its faults is put first, and nothing is found where nothing is wrong. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/doctor/check.ts';
import { diagnose } from '../../src/doctor/doctor.ts';
import { KUBE_FAULTS } from '../doctor/faults.ts';
import { inShell, kubectl, lab, namesFrom, noCluster, up } from '../helpers/cluster.ts';
import { laboratory } from '../helpers/laboratory.ts';
import { BIN, cleanUp, record } from '../live/recording.ts';

const reason = noCluster();
const SECONDS = 6;
/** A folder to keep the captures of faults in, for those that are shipped; absent: they are removed. */
const KEEP = process.env.TROWEL_KEEP;

afterAll(() => {
  if (reason === null) lab('down');
  cleanUp();
}, 60_000);

/** Process that holds the first node's namespaces. */
function nodePid(): string {
  return /^node1_PID='(\d+)'$/m.exec(lab('paths'))?.[1] ?? '';
}

/** What is found on the first node while a script runs. */
function findings(script: string, options: readonly string[] = ofNode(), keep = ''): readonly Finding[] {
  const { capture, path } = record(['sh', '-c', `{ ${script}\n} >/dev/null 2>&1; exit 0`], options);
  if (KEEP !== undefined && keep !== '') {
    mkdirSync(KEEP, { recursive: true });
    copyFileSync(path, join(KEEP, `kube-${keep}.trowel`));
  }
  return diagnose(capture).findings;
}

const ofNode = () => ['--netns', nodePid(), ...namesFrom('both')];

/** Again and again in a pod, by so many at once. */
function inClient(command: string, jobs = 1): string {
  const loop = `end=$(( $(date +%s) + ${SECONDS} )); for j in $(seq ${jobs}); do (while [ $(date +%s) -lt $end ]; do ${command}; done) & done; wait`;
  return `timeout 20 ${inShell('exec', 'client', '--', 'sh', '-c', loop)}`;
}

const REQUESTS = 'curl -s -o /dev/null --max-time 3 http://backend/; curl -s -o /dev/null --max-time 2 http://10.3.0.214/; sleep 0.2';
const STALL = `timeout 15 ${inShell('exec', 'client', '--', 'curl', '-s', '-o', '/dev/null', 'http://backend.critical-app.svc.cluster.local/')}`;
const churn = [
  `${inShell('exec', 'client', '--', 'cat', '/etc/hosts')}`,
  `${inShell('scale', 'deployment', 'backend', '--replicas=4')}; ${inShell('rollout', 'status', 'deployment/backend', '--timeout=30s')}`,
  `${inShell('get', 'pods', '-o', 'wide')}; ${inShell('logs', 'deployment/backend')}`,
].join('; ');
const BUILD =
  'd=$(mktemp -d); for i in 1 2 3 4; do echo "int f$i(void) { return $i; }" >$d/$i.c; cc -O2 -c -o $d/$i.o $d/$i.c; done; rm -r $d';
const SERVER = `node -e "
const http = require('http');
const server = http.createServer((q, s) => s.end('x'.repeat(100000))).listen(0, '127.0.0.1', async () => {
  const url = 'http://127.0.0.1:' + server.address().port;
  for (let i = 0; i < 300; i++) await (await fetch(url)).text();
  server.close();
});"`;
const FILES =
  'd=$(mktemp -d); dd if=/dev/urandom of=$d/a bs=1M count=16; cp $d/a $d/b; sync $d/b; tar -C $d -cf $d/c a b; gzip -1 $d/a; rm -r $d';
const ONLY = ['--only-command', '--no-k8s'];

// biome-ignore format: a table
const HEALTHY: readonly [what: string, script: string, options?: readonly string[]][] = [
  ['the cluster under requests', inClient('curl -s -o /dev/null http://backend/', 4)],
  ['the cluster under questions for names', inClient('getent hosts backend; getent hosts kube-dns.kube-system', 4)],
  ['the cluster under many requests on few connections, to the other node', inClient(`curl -s -o /dev/null ${'http://backend/ '.repeat(50)}`, 2)],
  ['the cluster with nothing to do', `sleep ${SECONDS}`],
  ['the cluster with a request now and then', inClient(REQUESTS)],
  ['the cluster while pods come', churn],
  ['the cluster while pods go', `${inShell('scale', 'deployment', 'backend', '--replicas=3')}; sleep 3; ${inClient('getent hosts backend; sleep 0.1')}`],
  ['a build', BUILD, ONLY],
  ['a server and its client on one machine', SERVER, ONLY],
  ['much work with files', FILES, ONLY],
];

laboratory('the doctor on a real cluster', reason, () => {
  beforeAll(() => {
    up(2);
    lab('fault', 'upstream-silent', 'off');
  }, 240_000);

  describe('finds nothing where nothing is wrong', () => {
    test.each(HEALTHY)(
      '%s',
      (_, script, options) => {
        // that events were lost is true on a busy machine, and notes are no alarm
        const found = findings(script, options).filter(({ id, severity }) => id !== 'losses' && severity !== 'note');
        expect(found.map(({ id, verdict }) => `${id}: ${verdict}`)).toEqual([]);
      },
      120_000,
    );
  });

  describe('puts the fault first', () => {
    test.each(KUBE_FAULTS.map((row) => [row.fault, row] as const))(
      '%s',
      (_, { fault, finding, says }) => {
        const script = fault === 'upstream-silent' ? STALL : inClient(REQUESTS);
        lab('fault', fault, 'on');
        try {
          const [first] = findings(script, ofNode(), fault).filter(({ id }) => id !== 'losses');
          expect(first?.id, first?.verdict).toBe(finding);
          expect(first?.verdict).toMatch(says);
        } finally {
          lab('fault', fault, 'off');
        }
      },
      120_000,
    );
  });

  test('pods of the node have their namespaces, and the way into each', () => {
    const { path } = record(['sleep', '1'], ofNode());
    const text = execFileSync(BIN, ['net', path, 'pods'], { encoding: 'utf8' });
    expect(text).toMatch(/critical-app\/client +172\.17\.0\.\d+ +yes .* cni0 .* nsenter -t \d+ -n/);
    expect(kubectl('get', 'pod', 'client', '-o', 'jsonpath={.status.podIP}')).toMatch(/^172\.17\.0\.\d+$/);
  });
});
