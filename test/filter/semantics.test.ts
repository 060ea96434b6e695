import { describe, expect, test } from 'vitest';
import { EventFlag } from '../../src/model/chunk.ts';
import { EventsBuilder } from '../helpers/events.ts';

/** Five events: curl asks DNS, curl reads a file, nginx accepts, a call fails, and the kernel says something of nobody. */
function scene(): EventsBuilder {
  const events = new EventsBuilder();
  const shell = events.process({ pid: 50, ppid: 1, comm: 'bash' });
  const curl = events.thread({
    of: events.process({ pid: 100, ppid: shell.pid, comm: 'curl', args: ['-s', 'backend'], container: 'c'.repeat(64) }),
  });
  const nginx = events.thread({ of: events.process({ pid: 200, ppid: 1, comm: 'nginx' }) });
  const udp = events.udp('172.17.0.7:40000', '10.3.0.10:53');
  const file = events.fd({ kind: 'file', name: '/etc/resolv.conf' });
  const listener = events.fd({ kind: 'ipv4', role: 'listen', l4proto: 6, localIp: '0.0.0.0', localPort: 80 });
  events.event({ type: 'sendto', thread: curl.id, fd: udp.id, res: 30, data: '\x03svc\x07cluster', latency: 5000 });
  events.event({ type: 'read', thread: curl.id, fd: file.id, res: 80, data: 'search localdomain', latency: 2e6 });
  events.event({ type: 'accept4', thread: nginx.id, fd: listener.id, res: 5, latency: -1 });
  events.event({ type: 'openat', thread: curl.id, res: -2, args: [-100, Buffer.from('/etc/nothing'), 0o2000000, 0], fdnum: -1 });
  events.event({ type: 'procexit', res: null, flags: EventFlag.ONE_SIDED, fdnum: -1 });
  return events;
}

const all = [1, 2, 3, 4, 5];

describe('a missing value', () => {
  test.each([
    ['fd.name=zzz', []],
    ['fd.name!=zzz', [1, 2, 3]],
    ['fd.name exists', [1, 2, 3]],
    ['not fd.name=zzz', all],
    ['not fd.name exists', [4, 5]],
    ['proc.name exists', [1, 2, 3, 4]],
    ['evt.res exists', [1, 2, 3, 4]],
    ['evt.latency exists', [1, 2, 4, 5]],
    ['not evt.latency>1000', [3, 4, 5]],
    ['evt.rawres!=0', [1, 2, 3, 4]],
  ])('%s → %j', (filter, expected) => expect(scene().select(filter)).toEqual(expected));
});

describe('fields with two ends', () => {
  test.each([
    ['fd.port=53', [1]],
    ['fd.port!=53', [3]],
    ['fd.port=40000', [1]],
    ['fd.port>1024', [1]],
    ['fd.ip=172.17.0.7', [1]],
    ['fd.ip!=172.17.0.7', [3]],
    ['fd.net=10.0.0.0/8', [1]],
    ['fd.sport=domain', [1]],
    ['fd.cip=172.17.0.7', [1]],
    ['fd.lport=80', [3]],
    ['fd.rport exists', [1]],
    ['fd.ip in (1.1.1.1, 10.3.0.10)', [1]],
  ])('%s → %j', (filter, expected) => expect(scene().select(filter)).toEqual(expected));
});

describe('operators', () => {
  test.each([
    ['fd.name contains resolv', [2]],
    ['fd.name icontains RESOLV', [2]],
    ['fd.name startswith /etc', [2]],
    ['fd.name endswith .conf', [2]],
    ['fd.name glob /etc/*.conf', [2]],
    ['fd.name iglob /ETC/*', [2]],
    ['fd.name regex "/etc/.*"', [2]],
    ['fd.name regex etc', []],
    ['fd.name pmatch (/etc, /proc)', [2]],
    ['fd.name pmatch (/et)', []],
    ['fd.type in (ipv4, file)', [1, 2, 3]],
    ['evt.type in (openat, read)', [2, 4]],
    ['evt.buffer contains \\x03svc', [1]],
    ['evt.buffer bcontains 03737663', [1]],
    ['evt.buffer startswith search', [2]],
    ['evt.latency>1ms', [2]],
    ['evt.latency<=5us', [1, 4, 5]],
    ['evt.buflen>=80', [2]],
    ['evt.res=ENOENT', [4]],
    ['evt.failed=true', [4]],
    ['evt.failed=false', [1, 2, 3, 5]],
    ['evt.dir=>', [5]],
    ['evt.arg.name contains nothing', [4]],
    ['evt.args contains O_CLOEXEC', [4]],
    ['evt.num in (1, 3)', [1, 3]],
    ['proc.name startswith oneof (cu, ng)', [1, 2, 3, 4]],
    ['proc.name contains allof (cu, rl)', [1, 2, 4]],
    ['proc.name contains oneof (cu, rl)', []],
    ['tolower(proc.name)=curl', [1, 2, 4]],
    ['len(fd.name) > 15', [1, 2]],
    ['basename(fd.name)=resolv.conf', [2]],
    ['proc.exe = val(proc.name)', [1, 2, 4]],
    ['concat(proc.name, "-", fd.type) = curl-file', [2]],
    ['join(":", (proc.name, evt.type)) = curl:read', [2]],
  ])('%s → %j', (filter, expected) => expect(scene().select(filter)).toEqual(expected));
});

describe('combinations', () => {
  test.each([
    ['proc.name=curl and fd.type=ipv4', [1]],
    ['proc.name=curl or fd.type=ipv4', [1, 2, 3, 4]],
    ['proc.name=curl and not fd.type=ipv4', [2, 4]],
    ['not (proc.name=curl or proc.name=nginx)', [5]],
    ['not not proc.name=curl', [1, 2, 4]],
    ['(evt.type=read or evt.num=5) and not evt.buffer contains zzz', [2, 5]],
    ['proc.pname=bash', [1, 2, 4]],
    ['proc.aname=bash', [1, 2, 4]],
    ['proc.aname!=zzz', [1, 2, 4]],
    ['proc.aname[1]=bash and proc.aname[0]=curl', [1, 2, 4]],
    ['proc.aname[2] exists', []],
    ['proc.args contains backend', [1, 2, 4]],
    ['container.id=cccccccccccc', [1, 2, 4]],
    ['container.id=host', [3]],
    ['', all],
  ])('%s → %j', (filter, expected) => expect(scene().select(filter)).toEqual(expected));
});

test('a name holds only while its row does', () => {
  const events = new EventsBuilder();
  const parent = events.process({ pid: 50, comm: 'sh', from: 0, to: 2000 });
  events.process({ pid: 50, comm: 'make', from: 2000, to: 3500 });
  const child = events.thread({ of: events.process({ pid: 60, ppid: parent.pid, comm: 'cc' }) });
  for (const time of [1000, 2000, 3000, 4000]) events.event({ time, thread: child.id });
  expect(events.select('proc.pname=sh')).toEqual([1]);
  expect(events.select('proc.pname=make')).toEqual([2, 3]);
  expect(events.select('not proc.pname exists')).toEqual([4]);
});
