import { expect, test } from 'vitest';
import { type Pushed, pushedConfig, pushedOf, pushedText } from '../../src/collector/pushdown.ts';
import { planFilter } from '../../src/filter/planner.ts';

const pushed = (filter: string): Pushed => pushedOf(planFilter(filter).plan);

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
  ['proc.pid=41 and proc.pid in (41, 42)', 'proc.pid in (41) or below'],
  ['proc.pid=0x2a', 'proc.pid in (42) or below'],
  ['proc.pid=1', ''], // the probe looks for ancestors up to the first process, and not at it
  ['proc.ppid in (1, 42)', ''],
  ['thread.name=curl', 'proc.name in (curl)'],
  ['tcp.port=53', 'fd.port in (53)'],
  ['tolower(proc.name)=curl', ''],
  ['proc.name startswith oneof (curl, wget)', ''],
  ['proc.name = val(proc.pname)', ''],
  ['fd.port in ()', ''],
  ['evt.latency>1e+30', ''],
  ['dns.qname contains localdomain', 'fd.type in (ipv4, ipv6)'],
  ['dns.qname contains localdomain or fd.type=unix', 'fd.type in (ipv4, ipv6, unix)'],
  ['k8s.ns.name=critical-app and fd.type=file', 'fd.type in (file)'],
  // A head of HTTP/2 is told by those before it on its connection, which another thread may have sent.
  ['evt.type=read and proc.name=curl and fd.port=80 and evt.latency>1ms and http.status=200', 'fd.port in (80)'],
  // An answer is another event than its query, and may be read by another thread.
  ['evt.type=sendto and proc.name=curl and dns.qname=backend', 'evt.type in (sendto); proc.name in (curl); fd.type in (ipv4, ipv6)'],
  ['evt.type=sendto and proc.name=curl and dns.answered=true', 'fd.type in (ipv4, ipv6)'],
  ['proc.name=curl and fd.sip.name contains backend', ''],
  ['fd.type=ipv4 and fd.sip.name contains backend', 'fd.type in (ipv4, ipv6)'],
  ['proc.name=curl and evt.deltatime>100ms', ''],
  ['proc.name=curl and evt.num>100', ''],
  ['fd.type in (ipv4, ipv6) and not fd.port=22', 'fd.type in (ipv4, ipv6)'],
])('of %s the kernel takes: %s', (filter, kernel) => {
  expect(pushedText(pushed(filter)).join('; ')).toBe(kernel);
});

test('what files and processes are named by is recorded whatever calls are asked for', () => {
  const { calls } = pushedConfig(pushed('evt.type=fsync'));
  expect(calls).toEqual(expect.arrayContaining([74, 257, 42, 59, 1024]));
});
