/** An hour forward, two back: what is recorded, kept, saved and named while the time of day is set. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { madeProbe } from './kills.ts';

const BIN = join(packageRoot(), 'bin/trowel');
const HOUR = 3600;
const folder = mkdtempSync(join(tmpdir(), 'trowel-clock-'));
const shim = join(folder, 'clock-step.so');
const CLOCK_STEP = join(folder, 'step');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function whyNot(): string | null {
  if (process.platform !== 'linux') return 'needs LD_PRELOAD';
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', shim, join(packageRoot(), 'test/faults/clock-step.c'), '-ldl'], {
      stdio: 'ignore',
    });
    return null;
  } catch {
    return 'there is no C compiler, cc';
  }
}
const reason = whyNot();

/** The time of day of whoever has it preloaded, s from the true one. */
function setClock(seconds: number): void {
  const step = Buffer.alloc(8);
  step.writeBigInt64LE(BigInt(seconds));
  writeFileSync(CLOCK_STEP, step, { flag: existsSync(CLOCK_STEP) ? 'r+' : 'w' }); // the same bytes: they are mapped
}

async function until(what: string, done: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 25));
  if (!done()) throw new Error(`waited in vain until ${what}`);
}

/** An API server with one pod, whose label changes when `relabel` is called. */
async function cluster() {
  const pod = (app: string, resourceVersion: string) => ({
    metadata: { name: 'web', namespace: 'shop', uid: 'u1', resourceVersion, labels: { app }, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { nodeName: 'node-1', containers: [] },
  });
  const watches: ServerResponse[] = [];
  const server = createServer(({ url = '' }, response) => {
    if (!url.startsWith('/api/v1/pods')) response.writeHead(404).end();
    else if (url.includes('watch=1')) watches.push(response.writeHead(200)) && response.flushHeaders();
    else response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: [pod('before', '1')] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    watches,
    relabel: () => watches[0]!.write(`${JSON.stringify({ type: 'MODIFIED', object: pod('after', '2') })}\n`),
    close: () => server.closeAllConnections(),
  };
}

/** Whether a part of the ring is as it should be. */
function inRing(ring: string, wanted: (part: CaptureReader) => boolean): boolean {
  return (existsSync(ring) ? readdirSync(ring) : []).some((name) => name.endsWith('.trowel') && holds(join(ring, name), wanted));
}

function holds(path: string, wanted: (part: CaptureReader) => boolean): boolean {
  try {
    const capture = new CaptureReader(path);
    const found = wanted(capture);
    capture.close();
    return found;
  } catch {
    return false; // it is just being made
  }
}

const labelled = (part: CaptureReader) => [...part.dims.objects.all()].some(({ labels }) => labels.app === 'after');

function eventsIn(ring: string): number {
  let events = 0;
  inRing(ring, (part) => {
    events = Math.max(events, part.last()?.num ?? 0);
    return false;
  });
  return events;
}

test.skipIf(reason !== null)(
  `order, span, saves, retention and names (${reason ?? 'by LD_PRELOAD'})`,
  async () => {
    setClock(0);
    const api = await cluster();
    const into = join(folder, 'saved');
    const env = { ...process.env, TROWEL_PROBE: madeProbe(folder, 20), TROWEL_RUNTIME: folder, CLOCK_STEP, LD_PRELOAD: shim };
    const words = ['--ring', '60s', '--post', '50ms', '-W', '1', '-w', into, '--api', api.url, '--no-node'];
    const child: ChildProcess = spawn(BIN, ['record', ...words], { stdio: 'ignore', env });
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    const ring = join(into, `.ring-${child.pid}`);
    const more = async (what: string) => {
      const before = eventsIn(ring);
      await until(`events come ${what}`, () => eventsIn(ring) > before);
    };
    const snapshot = () =>
      spawnSync(BIN, ['snapshot'], { encoding: 'utf8', env: { ...process.env, TROWEL_RUNTIME: folder } }).stdout.trim();
    try {
      await until('the pods are watched', () => api.watches.length > 0);
      await more('at first');
      setClock(HOUR);
      await more('an hour later');
      api.relabel();
      await until('the new label is stored', () => inRing(ring, labelled));
      const first = snapshot();
      setClock(-HOUR);
      await more('an hour earlier');
      const last = snapshot();
      child.kill('SIGINT');
      expect(await ended).toBe(130);
      const left = readdirSync(into).filter((name) => name.endsWith('.trowel'));
      expect(left, `of ${first} and ${last}`).toEqual([basename(last)]);
      check(last);
    } finally {
      child.kill('SIGKILL');
      api.close();
    }
  },
  60_000,
);

/** The capture that was saved last holds all, as if no clock had been set. */
function check(path: string): void {
  const capture = new CaptureReader(path);
  const chunks = [...capture.heads()].map((head) => capture.chunk(head));
  const nums = chunks.flatMap(({ num, n }) => [...num.subarray(0, n)]);
  const times = chunks.flatMap(({ time, n }) => [...time.subarray(0, n)]);
  expect(nums).toEqual(nums.map((_, i) => i + 1));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  const span = times.at(-1)! - times[0]!;
  expect(span).toBeLessThan(60e9);
  const pods = [...capture.dims.objects.all()].filter(({ name }) => name === 'web');
  expect(pods.map(({ labels }) => labels.app)).toEqual(['before', 'after']);
  const [, after] = pods;
  expect(after!.from > times[0]! && after!.from < times.at(-1)!, `${after!.from} is while it recorded`).toBe(true);
  capture.close();
}
