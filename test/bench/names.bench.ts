/** What names cost beside the recording: 5,000 pods and 2,000 services, listed once, then at rest, then with a cluster's usual noise. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, linkSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeSource } from '../../src/collector/kube-source.ts';
import { newTables } from '../../src/model/rows.ts';
import { assertEqual, report } from './measure.ts';

const API = '../shared/lab/critical-app/kube-api.mjs';
const PODS = 5000;
const SERVICES = 2000;
const REST_MS = 20_000;
/** Pods whose status changes, though nothing that rows hold, each second. */
const NOISY = 20;

function pod(i: number, beat: number): object {
  const service = i % SERVICES;
  return {
    metadata: {
      name: `web-${i}`,
      namespace: `team-${service % 50}`,
      uid: `pod-${i}`,
      creationTimestamp: '2026-11-21T08:00:00Z',
      labels: { app: `web-${service}`, 'pod-template-hash': 'abcdef', tier: 'front' },
      annotations: { 'prometheus.io/scrape': 'true' },
      ownerReferences: [{ kind: 'ReplicaSet', name: `web-${service}-abcdef`, uid: `rs-${service}`, controller: true }],
      managedFields: Array.from({ length: 3 }, () => ({ fieldsV1: { text: 'f:spec'.repeat(100) } })),
    },
    spec: { nodeName: `node-${i % 100}`, containers: [{ name: 'web', image: 'web:1', env: Array.from({ length: 20 }, (_, k) => ({ name: `V${k}`, value: 'x' })) }] },
    status: {
      phase: 'Running',
      podIP: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`,
      conditions: [{ type: 'Ready', status: 'True', lastProbeTime: i < NOISY ? beat : 0 }],
      containerStatuses: [{ name: 'web', containerID: `containerd://${i.toString(16).padStart(64, '0')}`, image: 'web:1', imageID: 'sha256:1' }],
    },
  }; // biome-ignore format: an object
}

function service(i: number): object {
  const metadata = { name: `web-${i}`, namespace: `team-${i % 50}`, uid: `svc-${i}`, creationTimestamp: '2026-11-21T08:00:00Z' };
  return {
    metadata,
    spec: { clusterIP: `10.96.${i >> 8}.${i & 255}`, selector: { app: `web-${i}` }, ports: [{ port: 80, protocol: 'TCP' }] },
  };
}

const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));
const write = (name: string, items: readonly object[]) => writeFileSync(join(folder, `${name}.json`), JSON.stringify({ items }));
const writePods = (name: string, beat: number) =>
  write(
    name,
    Array.from({ length: PODS }, (_, i) => pod(i, beat)),
  );

/** Lets the server see one of two files, without the cost of writing it. */
function showPods(beat: number): void {
  linkSync(join(folder, `beat-${beat}.json`), join(folder, 'next'));
  renameSync(join(folder, 'next'), join(folder, 'pods.json'));
}

/** The laboratory's API server; gives where it listens. */
function startApi(): Promise<[api: ChildProcess, url: string]> {
  const api = spawn(process.execPath, [API, '--dir', folder, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve) => api.stdout.once('data', (line: Buffer) => resolve([api, /http:\S+/.exec(String(line))![0]])));
}

async function percentOfACore(ms: number): Promise<number> {
  const before = process.cpuUsage();
  await sleep(ms);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 10 / ms;
}

function heapMib(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

async function measure(url: string): Promise<void> {
  const tables = newTables();
  const heap = heapMib();
  const before = process.cpuUsage();
  const names = new KubeSource(tables, BigInt(Date.now()) * 1_000_000n, { url, cri: '/nowhere', docker: '/nowhere' });
  names.start();
  while (tables.objects.size < PODS + SERVICES) await sleep(50);
  const { user, system } = process.cpuUsage(before);
  assertEqual(names.pods, PODS, 'pods');
  report(`${PODS} pods and ${SERVICES} services listed, CPU`, (user + system) / 1000, 'ms');
  await sleep(1000);
  report('memory that they take', heapMib() - heap, 'MiB');
  report('at rest, of a core', await percentOfACore(REST_MS), '%', 1);
  let beat = 0;
  const timer = setInterval(() => showPods(++beat % 2), 1000);
  const noisy = await percentOfACore(REST_MS);
  clearInterval(timer);
  assertEqual(tables.objects.size, PODS + SERVICES, 'rows after noise');
  report(`with ${NOISY} pods a second that change their status, of a core`, noisy, '%');
  names.stop();
}

if (!existsSync(API)) console.log(`  skipped: there is no ${API}`);
else {
  for (const beat of [0, 1]) writePods(`beat-${beat}`, beat);
  showPods(0);
  write(
    'services',
    Array.from({ length: SERVICES }, (_, i) => service(i)),
  );
  const [api, url] = await startApi();
  try {
    await measure(url);
  } finally {
    api.kill();
    rmSync(folder, { recursive: true });
  }
}
