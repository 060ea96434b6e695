import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Long from 'long';
import { afterAll, describe, expect, test } from 'vitest';
import { Session } from '../../src/collector/session.ts';
import type { Config, Hello, Ready } from '../../src/collector/wire.ts';
import { CaptureReader } from '../../src/store/reader.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-session-'));
afterAll(() => rmSync(folder, { recursive: true }));
let made = 0;

/** The capture that is made of a probe's words, without events. */
function recorded(said: Partial<Ready>, config: Config = {}): CaptureReader {
  const path = join(folder, `${++made}.trowel`);
  const control = { stop: () => {}, configure: () => {} };
  const session = new Session({ path, filter: '', config, command: 'test', onEnd: () => {} }, control);
  const clock = { bootNs: Long.fromNumber(5), wallNs: Long.fromNumber(1e15) };
  const hello: Hello = { layout: 1, version: '0', hostname: 'node-7', kernel: '6', machine: 'x', cpus: 1, pid: 1, bootId: '', clock };
  const start = { hook: 'tp_btf', notes: [], startNs: Long.fromNumber(5), cgroupV2: true, missing: [] };
  session.ready(hello, { ...start, users: [], groups: [], usersCut: false, ...said });
  session.ended({ events: Long.ZERO, lost: Long.ZERO, endNs: 7, programs: [], cpuS: 0 }, null);
  return new CaptureReader(path);
}

const ids = ({ blindSpots }: CaptureReader) => blindSpots.map(({ id }) => id);

describe('users are those of the node', () => {
  const user = (uid: number, name: string) => {
    const text = (value: string) => Buffer.from(value);
    return { uid, gid: 7, name: text(name), home: text('/h'), shell: text('/bin/sh') };
  };

  test('as its probe names them; of two names of a number the first', () => {
    const capture = recorded({ users: [user(0, 'wurzel'), user(0, 'toor')], groups: [{ gid: 7, name: Buffer.from('wheel') }] });
    expect([...capture.dims.users.all()]).toEqual([{ id: 1, uid: 0, gid: 7, name: 'wurzel', home: '/h', shell: '/bin/sh' }]);
    expect([...capture.dims.groups.all()]).toEqual([{ id: 1, gid: 7, name: 'wheel' }]);
    expect(ids(capture)).not.toContain('users');
  });

  test('of a probe that names none there are none, and the capture says so', () => {
    const capture = recorded({});
    expect([capture.dims.users.size, capture.dims.groups.size]).toEqual([0, 0]);
    expect(ids(capture)).toContain('users');
  });

  test('where there are more than a probe sends, the capture says so', () => {
    expect(ids(recorded({ users: [user(0, 'root')], usersCut: true }))).toContain('users-cut');
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
