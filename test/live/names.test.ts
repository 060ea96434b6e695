/** A pod whose label changes while it is recorded: a real process in a cgroup of its own, and an API server that tells of it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BIN, cleanUp, hasBegun, newPath, peek, type Recording, recordMeanwhile, until, whyNot } from './recording.ts';

const API = resolve('../shared/lab/critical-app/kube-api.mjs');
const UID = '11111111-2222-3333-4444-555555555555';
const CONTAINER = 'a'.repeat(64);

/** Where cgroups of the unified hierarchy are; null: nowhere. */
function cgroups(): string | null {
  const line = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .find((one) => one.includes(' cgroup2 '));
  return line?.split(' ')[1] ?? null;
}

function reasonNot(): string | null {
  if (!existsSync(API)) return 'there is no ../shared/lab/critical-app';
  return cgroups() === null ? 'no cgroup2 is mounted' : whyNot();
}

const reason = reasonNot();

describe.skipIf(reason !== null)(`names while they change (${reason ?? 'as root, with BTF'})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'trowel-api-'));
  const top = join(cgroups() ?? '', `trowel-names-${process.pid}`);
  const cgroup = join(top, 'kubepods', `pod${UID}`, CONTAINER);
  let api: ChildProcess;
  let url = '';

  /** What the server tells from now on. */
  function say(resource: string, items: readonly object[]): void {
    writeFileSync(join(folder, 'next'), JSON.stringify({ items }));
    renameSync(join(folder, 'next'), join(folder, `${resource}.json`));
  }

  const pod = (tier: string) => ({
    metadata: { name: 'web-0', namespace: 'shop', uid: UID, creationTimestamp: '2026-01-01T00:00:00Z', labels: { tier } },
    status: { phase: 'Running', podIP: '10.0.0.7', containerStatuses: [{ name: 'web', containerID: `containerd://${CONTAINER}` }] },
  });

  beforeAll(async () => {
    say('pods', [pod('blue')]);
    const about = { kind: 'Pod', namespace: 'shop', name: 'web-0', uid: UID };
    const soon = new Date(Date.now() + 60_000).toISOString();
    const event = {
      involvedObject: about,
      reason: 'Unhealthy',
      type: 'Warning',
      message: 'bad \u001b[31mred\nline',
      count: 3,
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: soon,
    };
    say('events', [{ metadata: { name: 'e', uid: 'e', namespace: 'shop' }, ...event }]);
    api = spawn(process.execPath, [API, '--dir', folder, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    url = await new Promise((found) => api.stdout!.once('data', (line: Buffer) => found(/http:\S+/.exec(String(line))![0])));
  });
  afterAll(() => {
    api.kill();
    for (let path = cgroup; path.startsWith(top); path = dirname(path)) if (existsSync(path)) rmdirSync(path);
    rmSync(folder, { recursive: true });
    cleanUp();
  });

  test('each event has the label of its time, from the first to the last; the cluster’s own word is harmless on a terminal', async () => {
    const [path, relabelled] = [newPath(), join(folder, 'relabelled')];
    const inPod = `echo $$ >${cgroup}/cgroup.procs; cat ${folder}/before; while ! [ -e ${relabelled} ]; do sleep 0.05; done; cat ${folder}/after`;
    const script = `mkdir -p ${cgroup}; sh -c '${inPod}' 2>/dev/null; true`;
    const going = recordMeanwhile(['sh', '-c', script], ['-k', url], path);
    const isIn = (ask: (recording: Recording) => boolean) => hasBegun(path) && peek(path, ask);
    const hasLabel = (tier: string) => isIn(({ capture }) => [...capture.dims.objects.all()].some(({ labels }) => labels?.tier === tier));
    await until('the first label is known', () => hasLabel('blue'));
    await until('the first event is stored', () => isIn((recording) => recording.count(`fs.path.name=${folder}/before`) > 0));
    say('pods', [pod('green')]);
    await until('the new label is known', () => hasLabel('green'));
    writeFileSync(relabelled, '');
    const recording = await going;
    const opened = recording.rows(`proc.name=cat and evt.type=openat and fs.path.name startswith ${folder}`, [
      'k8s.pod.name',
      'k8s.pod.label.tier',
      'k8s.pod.event',
    ]);
    expect(opened.map((row) => Object.values(row))).toEqual([
      ['web-0', 'blue', ['Unhealthy']],
      ['web-0', 'green', ['Unhealthy']],
    ]);
    const lens = execFileSync(BIN, ['lens', 'k8s-events', recording.path], { encoding: 'utf8' });
    expect(lens).toContain('bad ␛[31mred␊line');
    const info = JSON.parse(execFileSync(BIN, ['info', '--json', recording.path], { encoding: 'utf8' })) as { pods: number };
    expect(info.pods).toBe(1);
  });
});
