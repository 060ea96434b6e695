import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { MS } from '../../src/model/time.ts';
import { buildWorkload, cleanUp, GIVEN, Recording, record, testWith, WORKLOAD, whyNot } from './recording.ts';

const reason = whyNot();
/** What every workload does a known number of times; see native/test/workload.c. */
const TIMES = 23;
const WORKLOADS =
  'files iovecs udp-connected udp-unconnected mmsg tcp refused http dns-tcp ipv6 unix passed-fd fork-storm killed cut-off crashed locks changes int80 socketcall uring waits interrupted uring-pending';

let recording: Recording;

/** Restricts a filter to one workload's processes. */
const of = (workload: string, filter: string) => `proc.args=${workload} and (${filter})`;
const count = (workload: string, filter: string) => recording.count(of(workload, filter));
const distinct = (workload: string, filter: string, field: string) => [...new Set(recording.values(of(workload, filter), field))];

describe.skipIf(reason !== null)(`the probe counts right (${reason ?? 'as root, with BTF'})`, () => {
  beforeAll(() => {
    if (GIVEN === undefined) buildWorkload();
    recording =
      GIVEN !== undefined
        ? new Recording(GIVEN)
        : record(['sh', '-c', `for w in ${WORKLOADS}; do ${WORKLOAD} $w || exit 1; done`], ['--only-command']);
  }, 120_000);
  afterAll(cleanUp);

  test('nothing was lost', () => {
    expect([...recording.capture.dims.losses.all()]).toEqual([]);
    expect(recording.capture.meta.state).toBe('complete');
  });

  describe('files', () => {
    const own = 'fd.name=/tmp/workload-file';
    test.each([
      ['open', `evt.type in (open, openat) and ${own}`, TIMES],
      ['write', `evt.type=write and ${own} and evt.rawres=11 and evt.buffer contains "hello, file"`, TIMES],
      ['pread', `evt.type=pread and ${own} and evt.buffer contains "hello, file"`, TIMES],
      ['close', `evt.type=close and ${own}`, TIMES],
      ['rename', 'evt.type in (rename, renameat, renameat2) and evt.arg.newpath=/tmp/workload-renamed', 1],
      ['unlink', 'evt.type in (unlink, unlinkat) and evt.res=SUCCESS', 1],
      ['a failed open', 'evt.type in (open, openat) and evt.res=ENOENT and evt.args contains /nonexistent/file', 1],
    ])('%s', (_, filter, times) => expect(count('files', filter)).toBe(times));
  });

  describe('locks and limits', () => {
    test.each([
      ['a lock', 'evt.type=fcntl and evt.arg.cmd contains F_SETLK and evt.arg.type contains F_WRLCK and fd.name=/tmp/workload-lock', TIMES],
      ['its end', 'evt.type=fcntl and evt.arg.cmd contains F_SETLK and evt.arg.type contains F_UNLCK', TIMES],
      ['what fcntl does besides is not recorded', 'evt.type=fcntl', 2 * TIMES],
      ['a new inotify', 'evt.type=inotify_init1 and fd.type=inotify', 1],
      ['a watch', 'evt.type=inotify_add_watch and evt.arg.path=/tmp/workload-lock and fd.type=inotify and evt.failed=false', TIMES],
    ])('%s', (_, filter, times) => expect(count('locks', filter)).toBe(times));
  });

  describe('vectors', () => {
    test('are gathered into one payload', () => {
      const whole = '0123456789abcdefghijklmnopqrstABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-*/';
      expect(distinct('iovecs', 'evt.type=writev', 'evt.buffer')).toEqual([whole]);
      expect(count('iovecs', 'evt.type=readv and evt.rawres=70 and evt.buffer startswith 0123456789abc')).toBe(TIMES);
    });
  });

  describe('UDP', () => {
    test('on connected sockets has the peer without being told', () => {
      const sent = recording.rows(of('udp-connected', 'evt.type=sendto'), ['fd.rip', 'fd.lip', 'fd.rport', 'evt.rawres', 'evt.buffer']);
      expect(sent).toHaveLength(TIMES);
      expect(new Set(sent.map((row) => `${row['fd.lip']} ${row['fd.rip']} ${row['evt.rawres']} ${row['evt.buffer']}`))).toEqual(
        new Set(['127.0.0.1 127.0.0.1 4 ping']),
      );
      expect(count('udp-connected', `evt.type=recvfrom and fd.lport=${sent[0]!['fd.rport']} and evt.buffer contains ping`)).toBe(TIMES);
    });

    test('on others has the peer of each message', () => {
      expect(count('udp-unconnected', 'evt.type=sendto and fd.rip=127.0.0.1 and evt.buffer contains ping')).toBe(TIMES);
      expect(count('udp-unconnected', 'evt.type=sendto and fd.is_server=true and evt.buffer contains pong!')).toBe(TIMES);
      expect(count('udp-unconnected', 'evt.type=recvfrom and evt.buffer contains ping and fd.is_server=true and fd.rip=127.0.0.1')).toBe(
        TIMES,
      );
    });

    test('in several messages a call is one event each', () => {
      for (const type of ['sendmmsg', 'recvmmsg']) {
        expect(count('mmsg', `evt.type=${type} and evt.rawres=10 and evt.buffer contains "question A"`)).toBe(TIMES);
        expect(count('mmsg', `evt.type=${type} and evt.rawres=13 and evt.buffer contains "question AAAA"`)).toBe(TIMES);
      }
    });

    test('over IPv6, with IPv4 in it, keeps both families apart', () => {
      expect(count('ipv6', 'evt.type=recvfrom and evt.buffer contains four and fd.type=ipv4 and fd.rip=127.0.0.1')).toBe(TIMES);
      expect(count('ipv6', 'evt.type=recvfrom and evt.buffer contains sixsix and fd.type=ipv6 and fd.rip=::1')).toBe(TIMES);
    });
  });

  describe('TCP', () => {
    test.each([
      ['connect', 'evt.type=connect and evt.res=SUCCESS and fd.is_server=false and fd.sip=127.0.0.1', TIMES],
      ['accept', 'evt.type in (accept, accept4) and fd.is_server=true', TIMES],
      ['an HTTP head is kept whole', 'evt.type=write and evt.rawres=118 and evt.truncated=false and evt.buffer startswith GET', TIMES],
      ['both sides see the request', 'evt.type=read and evt.rawres=118 and fd.is_server=true', TIMES],
      ['the answer', 'evt.type=write and fd.is_server=true and evt.buffer contains bye', TIMES],
      ['close of both ends', 'evt.type=close and fd.l4proto=tcp', 2 * TIMES],
    ])('%s', (_, filter, times) => expect(count('tcp', filter)).toBe(times));

    test('a refused connection names whom it was for', () => {
      expect(count('refused', 'evt.type=connect and evt.res=ECONNREFUSED and fd.sip=127.0.0.1 and fd.sport=1')).toBe(TIMES);
    });

    /** Of 2,000 bytes behind each head nothing is kept, unless the head is shorter than what is kept of everything. */
    test.each([
      ['that ends anywhere in a word', 'evt.rawres>2300 and evt.rawres<2309', [301, 302, 303, 304, 305, 306, 307, 308]],
      ['that is long', 'evt.rawres=5500', [3500]],
      ['that does not end', 'evt.rawres=7000', [4096]],
      ['that is short', 'evt.rawres=2060', [80]],
      ['in pieces', 'evt.type=writev', [400]],
    ])('of HTTP the head is kept, one %s', (_, filter, kept) => {
      const lengths = recording
        .values(of('http', `evt.is_io_write=true and evt.truncated=true and ${filter}`), 'evt.buffer')
        .map((bytes) => String(bytes).length);
      expect(lengths.sort((a, b) => a - b)).toEqual(kept.flatMap((length) => Array<number>(TIMES).fill(length)));
    });

    test('DNS over it is put together from pieces', () => {
      expect(count('dns-tcp', 'evt.type=write and dns.qname=example.com and dns.transport=tcp and dns.side!=server')).toBe(TIMES);
      expect(count('dns-tcp', 'evt.type=recvfrom and dns.qname=example.com and dns.side=server')).toBe(TIMES);
    });
  });

  test('Unix sockets are known by the path, on both ends', () => {
    expect(count('unix', 'evt.type=connect and fd.type=unix and fd.name=/tmp/workload.sock')).toBe(TIMES);
    expect(count('unix', 'evt.type=write and fd.name=/tmp/workload.sock and evt.buffer contains u')).toBe(TIMES);
    expect(count('unix', 'evt.type=read and fd.name=/tmp/workload.sock')).toBe(TIMES);
  });

  test('a descriptor that came over a socket has the name it was opened by', () => {
    const child = recording.rows(of('passed-fd', 'evt.type=pread and not fd.name contains .so'), ['fd.name', 'proc.pid']);
    expect(child.map((row) => row['fd.name'])).toEqual(Array(TIMES).fill('/etc/passwd'));
    const opener = distinct('passed-fd', 'evt.type in (open, openat) and fd.name=/etc/passwd', 'proc.pid');
    expect(opener).not.toContain(child[0]!['proc.pid']);
  });

  describe('processes', () => {
    testWith(['proc.exit'], 'a thousand that are gone at once are all named, with their codes', () => {
      const exits = recording.rows(of('fork-storm', 'evt.type=procexit'), ['proc.name', 'evt.rawarg.ret']);
      const children = exits.filter((row) => row['evt.rawarg.ret'] !== 0 || exits.length > 0);
      expect(children.length).toBe(1001);
      expect(new Set(exits.map((row) => row['proc.name']))).toEqual(new Set(['workload']));
      expect(count('fork-storm', 'evt.type in (open, openat) and fd.name=/etc/passwd')).toBe(1000);
    });

    testWith(['proc.exit'], 'killed ones tell by what', () => {
      expect(count('killed', 'evt.type=procexit and evt.arg.sig contains SIGKILL')).toBe(TIMES);
      expect(count('killed', 'evt.type=kill and evt.arg.sig contains SIGKILL')).toBe(TIMES);
    });

    testWith(['proc.exit', 'proc.killer'], 'those that die tell who killed them', () => {
      const killers = distinct('killed', 'evt.type=procexit and evt.arg.sig contains SIGKILL', 'evt.arg.sname');
      expect(killers).toEqual(['workload']);
      const parents = distinct('killed', 'evt.type=kill', 'proc.pid');
      expect(distinct('killed', 'evt.type=procexit and evt.arg.sig contains SIGKILL', 'evt.rawarg.spid')).toEqual(parents);
      expect(count('crashed', 'evt.type=procexit and evt.arg.sig contains SIGSEGV and evt.arg.sname=kernel')).toBe(TIMES);
      expect(count('crashed', 'evt.type=procexit and evt.rawarg.core=0')).toBe(TIMES);
    });

    testWith(['latency'], 'calls that a signal cut off are pending, with what they waited for', () => {
      expect(count('cut-off', 'evt.type in (poll, ppoll) and evt.pending=true and evt.latency>=1ms and fd.type=pipe')).toBe(TIMES);
      expect(count('cut-off', 'evt.type=read and evt.pending=true and evt.latency>=1ms and fd.type=pipe')).toBe(TIMES);
      expect(count('cut-off', 'evt.type in (nanosleep, clock_nanosleep) and evt.pending=true and evt.rawarg.timeout=100000000000')).toBe(
        TIMES,
      );
    });

    test('a new name, directory and user show at once', () => {
      const rows = recording.rows('proc.args=changes and evt.type in (open, openat) and fd.filename=os-release', [
        'proc.name',
        'user.uid',
        'proc.cwd',
        'fd.name',
      ]);
      expect(rows.map((row) => [row['proc.name'], row['user.uid'], row['proc.cwd']])).toEqual([
        ['renamed', 0, '/usr/lib'],
        ['renamed', 65534, '/usr/lib'],
      ]);
      expect(rows[0]!['fd.name']).toBe('/usr/lib/os-release');
    });
  });

  describe('other ways into the kernel', () => {
    const onX86 = ({ skip }: TestContext) => skip(recording.capture.meta.machine !== 'x86_64', 'only x86-64 has 32-bit calls');

    test('32-bit calls have their right names', (context) => {
      onX86(context);
      expect(count('int80', 'evt.type=read and evt.rawres=16 and fd.name=/etc/passwd')).toBe(TIMES);
      expect(count('int80', 'evt.type=close and fd.name=/etc/passwd')).toBe(1);
    });

    test('socketcall is what it stands for', (context) => {
      onX86(context);
      expect(count('socketcall', 'evt.type=socket and evt.failed=false and fd.l4proto=udp')).toBe(2);
      expect(count('socketcall', 'evt.type=sendto and evt.rawres=6 and evt.buffer=ping32 and fd.rip=127.0.0.1 and fd.rport>0')).toBe(TIMES);
      expect(count('socketcall', 'evt.type=recvfrom and evt.rawres=6 and evt.buffer=ping32 and fd.lport>0')).toBe(TIMES);
    });
  });

  /** Two rings, the second with a thread of the kernel that takes what is submitted. */
  const noRing = whyNot('io_uring', 'io_uring.submit');
  describe(`io_uring${noRing === null ? '' : ` (skipped: ${noRing})`}`, () => {
    const notHere = ({ skip }: TestContext) =>
      skip(count('uring', 'evt.type=io_uring_setup and evt.failed=false') === 0, 'no io_uring here');
    const accepts = 'evt.type=accept4 and fd.is_server=true';
    test.skipIf(noRing !== null).for([
      ['an open', 'evt.type=openat and evt.failed=false and fd.name in (/etc/passwd, /tmp/workload-ring)', 2 * TIMES],
      ['one that failed', 'evt.type=openat and evt.res=ENOENT and evt.arg.name=/nonexistent/ring', TIMES],
      ['a read', 'evt.type=read and fd.name=/etc/passwd and evt.rawres=16 and evt.buffer startswith root:', TIMES],
      ['of a vector', 'evt.type=readv and fd.name=/etc/passwd and evt.rawres=20 and evt.buffer startswith root:', TIMES],
      ['a write', 'evt.type=write and fd.name=/tmp/workload-ring and evt.buffer = "hello, ring"', TIMES],
      ['a close', 'evt.type=close and fd.name in (/etc/passwd, /tmp/workload-ring)', 2 * TIMES],
      ['a file that only the ring has', 'evt.type=read and fd.name=/etc/hosts and not fd.num exists', TIMES],
      ['a connect', 'evt.type=connect and evt.res=SUCCESS and fd.is_server=false and fd.sip=127.0.0.1', TIMES],
      ['one that is refused', 'evt.type=connect and evt.res=ECONNREFUSED and fd.sip=127.0.0.1 and fd.sport=1', TIMES],
      ['accepts, asked for one by one and all at once', accepts, 2 * TIMES],
      ['a receive that waits', 'evt.type=recvfrom and evt.latency>=5ms and evt.buffer = "ping ring" and fd.is_server=true', TIMES],
      ['a send', 'evt.type=sendto and evt.buffer = "bye ring" and fd.is_server=false and fd.l4proto=tcp', TIMES],
      ['messages', 'evt.type in (sendmsg, recvmsg) and evt.buffer = pong and fd.l4proto=tcp', 2 * TIMES],
      ['datagrams, by the address in them', 'evt.type=sendmsg and evt.buffer = datagram and fd.rip=127.0.0.1 and fd.rport>0', TIMES],
      ['and from whom they came', 'evt.type=recvmsg and evt.buffer = datagram and fd.rip=127.0.0.1 and fd.rport>0', TIMES],
      ['bytes in a buffer that the kernel chose', 'evt.type=recvfrom and evt.rawres=13 and fd.type=unix and not evt.buffer exists', TIMES],
      ['what a thread of the kernel took', 'evt.type=read and fd.name=/etc/group and evt.rawres=3', TIMES],
    ] as const)('%s', ([, filter, times], context) => {
      notHere(context);
      expect(count('uring', `evt.io_uring=true and ${filter}`)).toBe(times);
    });

    test.skipIf(whyNot('io_uring.pending') !== null)('what is not done at the end is pending, since it was asked for', (context) => {
      notHere(context);
      const pending = 'evt.io_uring=true and evt.pending=true and evt.type=recvfrom and evt.latency>=1ms and fd.l4proto=udp';
      expect(count('uring-pending', `${pending} and fd.lport>0`)).toBe(TIMES);
      expect(recording.count('evt.io_uring=true and evt.pending=true and proc.name=workload and not proc.args=uring-pending')).toBe(0);
    });

    test('is told of the process, and of nobody else', (context) => {
      notHere(context);
      expect(count('uring', 'evt.type=io_uring_setup')).toBe(2);
      expect(count('uring', 'evt.io_uring=true and proc.uses_io_uring=false')).toBe(0);
      // one that an earlier recording left behind ends in this one, and no more is known of it than its name
      const args = new Set(recording.values('evt.io_uring=true and proc.name=workload', 'proc.args'));
      expect([...args].filter((text) => text !== '').sort()).toEqual(['uring', 'uring-pending']);
    });
  });

  describe('waits', () => {
    testWith(['latency'], 'are recorded from the threshold on, with their length', () => {
      const ten = 'evt.type in (nanosleep, clock_nanosleep) and evt.rawarg.timeout=10000000';
      const sleeps = recording.values(of('waits', ten), 'evt.latency') as number[];
      expect(sleeps).toHaveLength(TIMES);
      for (const latency of sleeps) expect(latency).toBeGreaterThanOrEqual(10 * MS);
      expect(count('waits', 'evt.type in (poll, ppoll) and evt.rawres=0 and fd.type=pipe')).toBe(TIMES);
    });

    testWith(['signals', 'latency'], 'that a signal ended say so, those that went on are one event', () => {
      expect(count('interrupted', 'evt.type in (nanosleep, clock_nanosleep) and evt.res=EINTR')).toBe(TIMES);
      expect(count('interrupted', 'evt.type=read and fd.type=pipe and evt.res=EINTR')).toBe(TIMES);
      const resumed = recording.values(of('interrupted', 'evt.type=read and fd.type=pipe and evt.rawres=1'), 'evt.latency') as number[];
      expect(resumed).toHaveLength(TIMES);
      const lives = recording.values(of('interrupted', 'evt.type=procexit'), 'evt.rawarg.duration').map(Number);
      for (const latency of resumed) expect(latency).toBeLessThan(Math.max(...lives));
    });
  });
});
