import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';
import { cleanUp, type Missing, missingOf, newPath, type Recording, recordMeanwhile, whyNot } from './recording.ts';

const reason = whyNot();
/** Every feature that a recording can do without, as the probe itself lists them. */
const FEATURES = [...readFileSync(join(packageRoot(), 'native/feature.c'), 'utf8').matchAll(/\[FEATURE_\w+\] = \{\s*"([\w.]+)"/g)].map(
  ([, id]) => id!,
);
const WORK = `cat /etc/hosts; sleep 0.05; curl -s -m 1 http://127.0.0.1:1/; sh -c 'trap : TERM; kill -TERM $$'`;

/** What is not in a recording without the feature, and is in one with it. */
const ABSENT: Readonly<Record<string, string>> = {
  latency: 'evt.latency>=0',
  'proc.exec': 'evt.type=execve and evt.failed=false',
  'proc.exit': 'evt.type=procexit',
  signals: 'evt.type=signaldeliver',
  'net.reset_sent': 'net.event=reset_sent',
  'net.reset_received': 'net.event=reset_received',
  'net.state': 'net.state.new exists',
  'net.drop': 'net.event=drop',
};

/** Records as if the kernel refused what is named. */
function recordWithout(ids: string, ...options: string[]): Promise<Recording> {
  const env = { ...process.env, TROWEL_PROBE_WITHOUT: ids };
  return recordMeanwhile(['sh', '-c', WORK], ['--no-k8s', '--no-node', '--only-command', ...options], newPath(), env);
}

function find(missing: readonly Missing[], id: string): Missing | undefined {
  return missing.find((one) => one.id === id);
}

vi.setConfig({ maxConcurrency: 2 });

describe.skipIf(reason !== null)(
  `what cannot be seen is a fact of the capture (${reason ?? 'as root, with BTF'})`,
  { concurrent: true },
  () => {
    afterAll(cleanUp);

    test.each(FEATURES)('%s can be refused: recording goes on, and says so', async (id) => {
      const recording = await recordWithout(id);
      const told = find(missingOf(recording), id);
      expect(told).toMatchObject({ reason: expect.stringMatching(/./), effect: expect.stringMatching(/./) });
      expect(recording.capture.meta.notes!.split('\n')).toContain(told!.effect);
      expect(recording.count('evt.type in (open, openat) and fd.name=/etc/hosts')).toBeGreaterThan(0);
      if (id in ABSENT) expect(recording.count(ABSENT[id]!)).toBe(0);
    });

    test('with all of it the same work shows what each feature records', async () => {
      const recording = await recordWithout('');
      const missing = missingOf(recording).map(({ id }) => id);
      for (const [id, filter] of Object.entries(ABSENT)) if (!missing.includes(id)) expect(recording.count(filter), id).toBeGreaterThan(0);
    });

    test('without any of it, too', async () => {
      const recording = await recordWithout(FEATURES.join(','));
      expect(missingOf(recording).map(({ id }) => id)).toEqual(FEATURES);
      expect(recording.count('evt.type in (open, openat) and fd.name=/etc/hosts')).toBeGreaterThan(0);
    });

    test('what nobody asked for is missing, too', async () => {
      const missing = missingOf(await recordWithout('', '--no-net', '--no-latency'));
      for (const id of ['latency', 'net.retransmit', 'net.drop', 'accept_queue', 'udp_queue'])
        expect(find(missing, id), id).toMatchObject({ reason: 'not asked for', errno: 0 });
    });

    test('an accept queue needs to know who begins to listen', async () => {
      expect(find(missingOf(await recordWithout('net.state')), 'accept_queue')?.reason).toMatch(/net\.state/);
    });
  },
);
