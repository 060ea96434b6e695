import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Analysis } from '../../src/explain/analysis.ts';
import { findCandidates } from '../../src/explain/candidates.ts';
import { CATALOG, type CauseId } from '../../src/explain/catalog.ts';
import type { Facts } from '../../src/explain/causes/cause.ts';
import { causesOf } from '../../src/explain/causes/index.ts';
import { explain } from '../../src/explain/explain.ts';
import type { SocketWait } from '../../src/explain/sockets.ts';
import type { Cause, Failure, Phase, SocketPhase, Trouble } from '../../src/explain/story.ts';
import { MS, SECOND } from '../../src/model/time.ts';
import { sentenceOf } from '../../src/output/sentences.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { questions } from '../helpers/dns-traffic.ts';
import { MADE } from './made.ts';

const SCENES = 'captures/scenes';
let healthy: Analysis;
const produced = new Map<string, Cause>();

function note(causes: readonly Cause[]): void {
  for (const cause of causes) if (!produced.has(cause.id)) produced.set(cause.id, cause);
}

const CLIENT = { pid: 1, comm: 'client' };
const TO = '192.0.2.7:80';

function socket(more: Partial<SocketPhase>): SocketPhase {
  return {
    fds: [],
    local: '192.0.2.1:40000',
    remote: TO,
    error: null,
    closed: false,
    outcome: 'answered',
    peer: null,
    trouble: [],
    ...more,
  };
}

function phase(kind: Phase['kind'], more: Partial<Phase> = {}): Phase {
  return {
    kind,
    what: TO,
    start: 0,
    end: SECOND,
    duration: SECOND,
    first: 1,
    last: 2,
    count: 1,
    process: null,
    dns: null,
    socket: null,
    ...more,
  };
}

function trouble(type: string, reason = ''): Trouble {
  return { num: 3, time: 1, type, reason, tuple: `192.0.2.1:40000->${TO}` };
}

function failure(kind: Failure['kind'], error: string, more: Partial<Failure> = {}): Failure {
  return {
    kind,
    pid: 1,
    num: 1,
    last: 1,
    time: 1,
    call: 'call',
    error,
    what: TO,
    fd: 0,
    socket: null,
    times: 1,
    detail: '',
    span: 0,
    ...more,
  };
}

function causes(phases: readonly Phase[], failures: readonly Failure[] = [], analysis = healthy): Cause[] {
  const facts: Facts = {
    analysis,
    process: CLIENT,
    start: 0,
    end: SECOND,
    phases,
    failures,
    lookups: [],
    weight: 0,
    lost: 0,
    floor: MS,
    over: 100 * MS,
  };
  return causesOf(facts);
}

const peer = (kind: Phase['kind'], what = '') => ({
  process: { pid: 2, comm: 'server' },
  pod: null,
  node: null,
  address: TO,
  received: 1,
  answered: SECOND,
  ready: false,
  closed: null,
  nums: [4],
  phases: [phase(kind, { what })],
});

/** A lookup's names, each asked for after the last: with what it was answered (null: not at all) after so many ns. `by`: its server answered. */
function names(asked: readonly (readonly [name: string, rcode: string | null, ns: number])[], by: { comm: string } | null = null): Phase[] {
  const [lookup] = questions(asked);
  return lookup!.attempts.map((attempt) => {
    const query = attempt.queries[0]!;
    const received = { ...query, num: 90 };
    const hop = by && { pid: 3, comm: by.comm, received, answered: { ...received, response: true }, forwards: [] };
    const dns = { lookup: lookup!, attempt, tries: [], hops: hop === null ? [] : [{ query, hop }] };
    return phase('dns', {
      start: attempt.start,
      end: attempt.end,
      duration: attempt.end - attempt.start,
      what: attempt.queries[0]!.qname,
      dns,
    });
  });
}

beforeAll(() => {
  healthy = new Analysis(new CaptureReader(join(SCENES, 'healthy-a-program-that-sleeps.trowel')));
});

/** What two machines are needed for, or hardware, is made from phases by hand: the rules see no difference. */
// biome-ignore format: a table
const BY_HAND: readonly (readonly [id: CauseId, says: RegExp, phases: readonly Phase[], failures?: readonly Failure[]])[] = [
  ['connect-packets-dropped', /a packet filter dropped its packets \(192\.0\.2\.1:40000->192\.0\.2\.7:80\): iptables or nftables/, [phase('connect', { socket: socket({ outcome: 'given up', trouble: [trouble('packet_drop', 'NETFILTER_DROP')] }) })]],
  ['connect-packets-dropped', /does not forward packets/, [phase('connect', { socket: socket({ outcome: 'given up', trouble: [trouble('packet_drop', 'IP_INADDRERRORS')] }) })]],
  ['connect-packets-lost', /had to be sent again/, [phase('connect', { socket: socket({ trouble: [trouble('tcp_retransmit')] }) })]],
  ['connect-slow', /is that far away/, [phase('connect', { socket: socket({}) })]],
  ['connect-failed', /EINVAL/, [], [failure('connect', 'EINVAL')]],
  ['mtu-black-hole', /large packets/, [phase('server', { socket: socket({ outcome: 'given up', trouble: [trouble('packet_drop', 'PKT_TOO_BIG')] }) })]],
  ['packets-lost', /sent again 2 times/, [phase('server', { socket: socket({ trouble: [trouble('tcp_retransmit'), trouble('tcp_retransmit')] }) })]],
  ['server-silent', /got no answer/, [phase('server', { socket: socket({ outcome: 'given up' }) })]],
  ['server-slow', /the server was not recorded/, [phase('server', { socket: socket({}) })]],
  ['tls-slow', /TLS handshake/, [phase('tls', { socket: socket({}) })]],
  ['server-polls', /timer of its own/, [phase('server', { socket: socket({ peer: peer('poll') }) })]],
  ['server-waits-for-connect', /its connection to x/, [phase('server', { socket: socket({ peer: peer('connect', 'x') }) })]],
  ['server-waits-for-disk', /read and wrote \/data/, [phase('server', { socket: socket({ peer: peer('file', '/data') }) })]],
  ['server-waits-for-lock', /a lock on \/data/, [phase('server', { socket: socket({ peer: peer('lock', '/data') }) })]],
  ['slow-file', /reading and writing \/data/, [phase('file', { what: '/data' })]],
  ['lock-futex', /futex/, [phase('lock', { what: '' })]],
  ['own-poll', /timers of its own/, [phase('poll', { what: '' })]],
  ['own-cpu', /computed/, [phase('cpu', { what: '' })]],
  ['dns-search-list', /2 names of its search list were tried first and brought nothing/, names([['b.a.test', 'NXDOMAIN', 60 * MS], ['b.test', 'NXDOMAIN', 60 * MS], ['b', 'NOERROR', 60 * MS]])],
  ['dns-failed', /could not look up b: 10\.3\.0\.10:53 answered FORMERR/, names([['b', 'FORMERR', MS]])],
  ['dns-search-domain-fails', /names under the search domain test, and after 5\.000 s the resolver gave up there/, names([['b', 'NXDOMAIN', MS], ['b.test', null, 5 * SECOND]])],
  ['dns-name-silent', /answers other names at once, but not this one/, names([['b.test', 'NXDOMAIN', MS], ['b', null, 5 * SECOND]])],
  ['dns-answer-lost', /coredns \(3\), the DNS server at 10\.3\.0\.10:53, received the questions and answered, but its answers did not arrive/, names([['b', null, 5 * SECOND]], { comm: 'coredns' })],
  ['datagram-slow', /waited 1\.000 s for the answer of 192\.0\.2\.7:80 to its datagram; who should answer is not on this node/, [phase('datagram', { socket: socket({ local: '' }) })]],
  ['datagram-unanswered', /sent a datagram to 192\.0\.2\.7:80, and after 1\.000 s it came back with EHOSTUNREACH/, [phase('datagram', { socket: socket({ local: '', outcome: 'failed', error: 'EHOSTUNREACH' }) })]],
  ['connect-forbidden', /a packet filter .* rejects connections to 192\.0\.2\.7:80 \(EHOSTUNREACH\)/, [], [failure('connect', 'EHOSTUNREACH', { socket: socket({ trouble: [trouble('packet_drop', 'NETFILTER_DROP')] }) })]],
  ['connect-unreachable', /no route to the host/, [], [failure('connect', 'EHOSTUNREACH')]],
  ['answer-cut', /got only a part of the answer of 192\.0\.2\.7:80, which closed the connection after 4 of the 9 bytes/, [], [failure('lost', 'cut', { what: '192.0.2.7:80', detail: '4 of the 9 bytes that were left of it' })]],
  ['socket-full', /could not connect to the Unix socket \/s\.sock: the accept queue of its server is full \(EAGAIN\)/, [], [failure('connect', 'EAGAIN', { what: '/s.sock' })]],
  ['accept-queue-full', /\/s\.sock: .* the accept queue of the server is full, so the kernel let it wait\.$/, [phase('connect', { what: '/s.sock', socket: socket({ remote: '/s.sock', outcome: 'open' }) })]],
  ['disk-full', /failed in call of \/data: the quota is used up \(EDQUOT, once\)/, [], [failure('file', 'EDQUOT', { what: '/data' })]],
  ['own-sleep', /slept by itself for 2\.000 s, in 25 sleeps of 80\.0 ms on average/, [phase('sleep', { what: '', duration: 2 * SECOND, count: 25 })]],
  ['own-sleep', /^sleep, of which 3 ran under client \(1\), slept for 240 ms together, in 3 sleeps of 80\.0 ms/, [2, 3, 4].map((pid) => phase('sleep', { what: '', duration: 80 * MS, process: { pid, comm: 'sleep' } }))],
  ['own-cpu', /^cat, of which 3 ran under client \(1\), computed, or waited for a CPU for 240 ms\./, [2, 3, 4].map((pid) => phase('cpu', { what: '', duration: 80 * MS, process: { pid, comm: 'cat' } }))],
  ['out-of-memory', /no memory is left/, [], [failure('file', 'ENOMEM')]],
];

test.each(BY_HAND.map(([id, says, phases, failures]) => ({ id, says, phases, failures })))(
  '$id says $says',
  ({ id, says, phases, failures }) => {
    const [first] = causes(phases, failures);
    expect(first?.id).toBe(id);
    expect(sentenceOf(first!)).toMatch(says);
  },
);

/** What was got over by trying again stands in what the pass over the events found, not in phases. */
test('what was tried again with success is told with the time that it cost', () => {
  const analysis = new Analysis(new CaptureReader(join(SCENES, 'healthy-a-program-that-sleeps.trowel')));
  const { failures } = findCandidates(analysis, 100 * MS, { from: -Infinity, to: Infinity }, false);
  const answer = failure('http', 'HTTP 503', { detail: 'GET /it', call: 'answer' });
  failures.overcome.push({ failure: answer, until: 500 * MS, tid: 1, goodNum: 9 });
  const tried = { kind: 'connect', socket: socketOf(TO), first: 3, last: 4, error: null, outcome: 'answered', rest: false } as const;
  (analysis.socketWaits(CLIENT.pid) as SocketWait[]).push(
    { ...tried, start: 1, end: 2, error: 'ECONNREFUSED', outcome: 'failed' },
    { ...tried, start: 600 * MS, end: 700 * MS, last: 5 },
  );
  const found = causes([], [], analysis);
  note(found);
  expect(found.map(sentenceOf)).toEqual([
    `client (1) could not connect to ${TO} at first (ECONNREFUSED), and came through only 700 ms later, when it tried again.`,
    `client (1) got HTTP 503 from ${TO} for GET /it, and had a good answer only 500 ms later, when it asked again.`,
  ]);
});

const socketOf = (remote: string) => ({ key: remote, fds: new Set<number>(), local: '', remote });

describe('every cause of the catalogue', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trowel-causes-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  beforeAll(() => {
    const full = join(folder, 'conntrack-full.trowel');
    writeFileSync(full, gunzipSync(readFileSync('captures/doctor/conntrack-full.trowel.gz')));
    note(explain(new CaptureReader(full), { over: 100 * MS, pids: null }).story?.causes ?? []);
    for (const [i, { make }] of MADE.entries()) {
      const path = join(folder, `made-${i}.trowel`);
      make().write(path);
      note(explain(new CaptureReader(path), { over: 100 * MS, pids: null }).story?.causes ?? []);
    }
    for (const [, , phases, failures] of BY_HAND) note(causes(phases, failures));
    for (const file of readdirSync(SCENES)) {
      const capture = new CaptureReader(join(SCENES, file));
      note(explain(capture, { over: 100 * MS, pids: null }).story?.causes ?? []);
      const asleep = [...capture.dims.processes.all()].find(({ comm }) => comm === 'sleep');
      if (asleep !== undefined) note(explain(capture, { over: 100 * MS, pids: null, pid: asleep.pid, end: true }).story?.causes ?? []);
      capture.close();
    }
  });

  test.each(Object.keys(CATALOG))('%s is produced, and has a sentence', (id) => {
    expect(produced.has(id), `nothing in the tests produces ${id}`).toBe(true);
    const sentence = sentenceOf(produced.get(id)!);
    expect(sentence).toMatch(/^\S.*\.$/s);
    expect(sentence).not.toMatch(/undefined|NaN|null|\[object|\(0\)/);
    expect(produced.get(id)!.nums.every((num) => num > 0)).toBe(true);
  });

  test.each(Object.entries(CATALOG))('%s has a title and a confidence', (_, { title, confidence, confirm }) => {
    expect(title).not.toBe('');
    expect(confirm).not.toBe('');
    expect(confidence).toBeGreaterThan(0);
    expect(confidence).toBeLessThanOrEqual(1);
  });
});
