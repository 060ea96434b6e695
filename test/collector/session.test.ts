import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import Long from 'long';
import { afterAll, describe, expect, test } from 'vitest';
import { Session } from '../../src/collector/session.ts';
import type { Config, Hello, Ready } from '../../src/collector/wire.ts';
import { CaptureReader } from '../../src/store/reader.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-session-'));
afterAll(() => rmSync(folder, { recursive: true }));
const BOOT = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
let made = 0;

/** The capture that is made of a probe's words, without events. */
function recorded(hello: Partial<Hello>, config: Config = {}): CaptureReader {
  const path = join(folder, `${++made}.trowel`);
  const control = { stop: () => {}, configure: () => {} };
  const session = new Session({ path, filter: '', config, command: 'test', onEnd: () => {} }, control);
  const clock = { bootNs: Long.fromNumber(5), wallNs: Long.fromNumber(1e15) };
  const here: Hello = { layout: 1, version: '0', hostname: hostname(), kernel: '6', machine: 'x', cpus: 1, pid: 1, bootId: BOOT, clock };
  session.ready({ ...here, ...hello }, { hook: 'tp_btf', notes: [], startNs: Long.fromNumber(5), cgroupV2: true, missing: [] } as Ready);
  session.ended({ events: Long.ZERO, lost: Long.ZERO, endNs: 7, cpuS: 0 }, null);
  return new CaptureReader(path);
}

const ids = ({ blindSpots }: CaptureReader) => blindSpots.map(({ id }) => id);

describe('users are those of the node', () => {
  test('of this machine they have the names that they have here', () => {
    const capture = recorded({});
    expect([...capture.dims.users.all()].find(({ uid }) => uid === 0)?.name).toBe('root');
    expect(ids(capture)).not.toContain('users');
  });

  const elsewhere: [what: string, hello: Partial<Hello>][] = [
    ['booted another time', { bootId: '4a0bb98a-0000-4000-8000-000000000000' }],
    ['that does not say when it booted', { bootId: '' }],
    ['with another name, such as a container of this one', { hostname: 'node-7' }],
  ];
  test.each(elsewhere)('of a machine %s there are none, and the capture says so', (_, hello) => {
    const capture = recorded(hello);
    expect([capture.dims.users.size, capture.dims.groups.size]).toEqual([0, 0]);
    expect(ids(capture)).toContain('users');
  });
});

describe('what was not asked for is a blind spot', () => {
  const cases: [config: Config, id: string][] = [
    [{ latency: false }, 'latency'],
    [{ families: ['net', 'file', 'process', 'wait', 'ipc'] }, 'no-net'],
    [{ waitOverNs: 50e6 }, 'long-wait-over'],
    [{ cgroups: ['17'] }, 'only'],
    [{ pids: [12] }, 'only'],
    [{ snaplen: 0 }, 'no-payload'],
    [{}, 'no-k8s'],
  ];
  test.each(cases)('%o: %s', (config, id) => {
    expect(ids(recorded({}, config))).toContain(id);
  });
});
