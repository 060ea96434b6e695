import { expect, test } from 'vitest';
import { pushedConfig, pushedOf, pushedText } from '../../src/collector/pushdown.ts';

test.each([
  ['', ''],
  ['proc.name=curl', 'proc.name in (curl)'],
  ['proc.name in (curl, wget) and fd.type=ipv4', 'proc.name in (curl, wget); fd.type in (ipv4)'],
  ['proc.name=curl or proc.name=wget', 'proc.name in (curl, wget)'],
  ['proc.name=curl or fd.port=53', ''],
  ['(proc.name=curl and fd.port=80) or (proc.name=wget and fd.port=http)', 'proc.name in (curl, wget); fd.port in (80)'],
  ['not proc.name=curl', ''],
  ['proc.name!=curl', ''],
  ['proc.name contains curl', ''],
  ['proc.name=a-name-that-is-too-long', ''],
  ['fd.sport=dns and evt.latency>1ms', 'fd.port in (53); evt.latency>=1000001'],
  ['evt.latency>=1ms and evt.latency>=2ms', 'evt.latency>=2000000'],
  ['evt.latency>=1ms or evt.latency>=2ms', 'evt.latency>=1000000'],
  ['evt.type in (connect, accept4)', 'evt.type in (connect, accept4)'],
  ['evt.type=connect or evt.type=nonsense', ''],
  ['proc.apid=1234', 'proc.pid in (1234) or below'],
  ['proc.pid=1 and proc.pid in (1, 2)', 'proc.pid in (1) or below'],
  ['dns.qname contains localdomain', 'fd.type in (ipv4, ipv6)'],
  ['dns.qname contains localdomain or fd.type=unix', 'fd.type in (ipv4, ipv6, unix)'],
  ['k8s.ns.name=critical-app and fd.type=file', 'fd.type in (file)'],
  ['fd.type in (ipv4, ipv6) and not fd.port=22', 'fd.type in (ipv4, ipv6)'],
])('of %s the kernel takes: %s', (filter, kernel) => {
  expect(pushedText(pushedOf(filter)).join('; ')).toBe(kernel);
});

test('what files and processes are named by is recorded whatever calls are asked for', () => {
  const { calls } = pushedConfig(pushedOf('evt.type=fsync'));
  expect(calls).toEqual(expect.arrayContaining([74, 257, 59, 1024]));
});
