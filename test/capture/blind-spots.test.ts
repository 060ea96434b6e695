import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { BLIND_SPOTS, type BlindId } from '../../src/capture/blind-spot-kinds.ts';
import { blindSpots, mattering } from '../../src/capture/blind-spots.ts';
import type { CaptureMeta } from '../../src/capture/meta.ts';
import { ProcessFlag } from '../../src/model/rows.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { CaptureWriter } from '../../src/store/writer.ts';
import { EventsBuilder } from '../helpers/events.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-blind-'));
afterAll(() => rmSync(folder, { recursive: true }));

const refused = (id: string, effect = '') => ({ missing: JSON.stringify([{ id, effect, reason: 'EPERM', errno: 1 }]) });
const builder = new EventsBuilder();
const plain = builder.tables;

function tables(add: (events: EventsBuilder) => void) {
  const events = new EventsBuilder();
  add(events);
  return events.tables;
}

type Case = [id: BlindId, meta: Partial<CaptureMeta>, dims: typeof plain, sentence: string];

const loss = { reason: 'ring', cpu: 0, family: 'net' } as const;
const counter = { cpu: 0, family: 'net', seen: 9, filtered: 0, emitted: 9, lost: 0, faults: 7 };

// biome-ignore format: a table
const CASES: readonly Case[] = [
  ['raw_tp', { hook: 'raw_tp' }, plain, 'this kernel runs only the simpler hooks: signals, and what the kernel says of connections (retransmissions, resets, drops, full queues), are not seen'],
  ['latency', { latency: 'off' }, plain, 'how long calls take was not measured: waits are missing, and nothing here was slow or fast'],
  ['pending', refused('pending'), plain, 'calls that had not returned when the recording ended are missing: what hung to the end looks as if it did nothing'],
  ['existing_fds', refused('existing_fds'), plain, 'files opened before the recording have no names, and full accept queues of sockets that listened before are not seen'],
  ['existing_processes', refused('existing_processes'), plain, 'processes that did nothing during the recording have no names'],
  ['signals', refused('signals'), plain, 'signals are not seen: who was stopped or killed looks as if it ended or slept by itself'],
  ['proc.exec', refused('proc.exec'), plain, 'programs that were started by execve are not seen'],
  ['proc.exit', refused('proc.exit'), plain, 'ends of processes are not seen: one that died looks as if it did nothing more'],
  ['proc.fork', refused('proc.fork'), plain, 'children of the processes asked for are missing once their parent is gone'],
  ['proc.killer', refused('proc.killer'), plain, 'who sent a fatal signal is not known'],
  ['net.retransmit', refused('net.retransmit'), plain, 'TCP retransmissions are not seen: lost packets and unanswered connects look like a slow server'],
  ['net.reset_sent', refused('net.reset_sent'), plain, 'TCP resets that were sent are not seen'],
  ['net.reset_sent_no_socket', refused('net.reset_sent_no_socket'), plain, 'TCP resets of closed ports are not seen where they are sent'],
  ['net.reset_received', refused('net.reset_received'), plain, 'TCP resets that were received are not seen'],
  ['net.reset', refused('net.reset'), plain, 'TCP resets are not seen'],
  ['net.state', refused('net.state'), plain, 'TCP state changes are not seen'],
  ['net.drop', refused('net.drop'), plain, 'dropped packets are not seen: one that a firewall took looks like one that was not answered'],
  ['udp_queue', refused('udp_queue'), plain, 'full UDP receive queues are not seen: a question dropped there looks like a server that does not answer'],
  ['accept_queue', refused('accept_queue'), plain, 'accept queues are not seen: a full one looks like a host that does not answer'],
  ['no-net', { net: 'off' }, plain, 'what the kernel says of connections was left out (--no-net): retransmissions, resets, dropped packets and full queues are not seen'],
  ['snaplen', { snaplen: '80' }, plain, 'of what was read and written only the first 80 bytes were kept (of DNS, HTTP heads and resolver files more)'],
  ['no-payload', { snaplen: '0' }, plain, 'nothing of what was read and written was kept (-s 0)'],
  ['wait-over', { wait_over: '1000000' }, plain, 'waits shorter than 1 ms were not recorded'],
  ['long-wait-over', { wait_over: '100000000' }, plain, 'waits shorter than 100 ms were not recorded: many short ones look like computing'],
  ['filter', { filter: "proc.name='$&#'" }, plain, "only what matches “proc.name='$&#'” was recorded"],
  ['only', { only: 'what is in one cgroup, or below' }, plain, 'only what is in one cgroup, or below was recorded'],
  ['no-k8s', { k8s: 'off' }, plain, 'names of containers and pods were not asked for (--no-k8s)'],
  ['io_uring', {}, tables((events) => { events.process({ comm: 'qemu', pid: 12, flags: ProcessFlag.IO_URING }); events.process({ comm: 'curl' }); }), 'qemu (12) works by io_uring: its reads and writes are not seen'],
  ['io_uring.submit', refused('io_uring.submit'), plain, 'of what was done through io_uring the bytes, and how long it took, are not known'],
  ['io_uring.pending', refused('io_uring.pending'), plain, 'what was asked for through io_uring and not done when the recording ended is missing: what hung to the end looks as if it did nothing'],
  ['busy_cpus', refused('busy_cpus'), plain, 'this kernel skips hooks while a CPU is busy: up to a third of what happens there is lost, and counted as lost'],
  ['unreadable', {}, tables(({ tables: { counters } }) => counters.add(counter)), 'of 7 calls the memory was not readable: their payload or an argument is missing'],
  ['names', { names: 'the API does not answer' }, plain, 'names of pods and services may be missing or old: the API does not answer'],
  ['users', { users: 'none' }, plain, 'users and groups have numbers and no names: the probe could not read the node’s list of users'],
  ['users-cut', { users: 'cut' }, plain, 'only the first 4,096 users and groups of the node have names'],
  ['lost', {}, tables(({ tables: { losses } }) => { losses.add({ ...loss, count: 3, from: 5, to: 9 }); losses.add({ ...loss, count: 4, from: 2, to: 6 }); }), '7 events were lost: buffers were full'],
  ['shed', {}, tables(({ tables: { losses } }) => { losses.add({ ...loss, reason: 'shed', family: 'file', count: 0, from: 5, to: 9 }); }), 'files were not recorded for a time, since recording would have cost more than --max-cpu: what is missing there is not counted'],
  ['not-closed', { state: 'recording' }, plain, 'the recording was not closed: it still goes on, or its last moments are missing'],
  ['broke-off', { state: 'broke off', broke: 'the probe ended' }, plain, 'the recording broke off (the probe ended): what came then is missing, and nobody knows how much'],
  ['scap', { source: 'scap', snaplen: '0' }, plain, 'sysdig’s recorder tells nothing of packets and full queues'],
  ['damage', { damage: JSON.stringify({ reason: 'unexpected end of file' }) }, plain, 'the file was damaged: unexpected end of file; what came after is missing'],
  ['damage-within', { damage: JSON.stringify({ reason: 'events 3 to 900 could not be read', kept: 'rest' }) }, plain, 'the file was damaged: events 3 to 900 could not be read'],
  ['left-out', { left_out: JSON.stringify([{ kind: 'threads', count: 5, limit: 262144 }]) }, plain, 'more was in the file than is kept: 5 threads (the limit is 262144)'],
  ['node', { nodeMissing: JSON.stringify([{ id: 'conntrack', reason: 'needs CAP_NET_ADMIN' }]) }, plain, 'of the node’s network this could not be read: conntrack (needs CAP_NET_ADMIN)'],
  ['note', { notes: 'something that only an older probe says' }, plain, 'something that only an older probe says'],
];

describe('each blind spot is found in a capture that has it, and says what it means', () => {
  test.each(CASES)('%s', (id, meta, dims, sentence) => {
    const spots = blindSpots({ meta, dims });
    expect(spots.map(({ id: found, what }) => [found, what])).toEqual([[id, sentence]]);
  });

  test('no kind is left without a case', () => {
    expect(CASES.map(([id]) => id).sort()).toEqual(Object.keys(BLIND_SPOTS).sort());
  });
});

describe('what the probe says', () => {
  test('a refusal keeps its reason', () => {
    expect(blindSpots({ meta: refused('accept_queue'), dims: plain })[0]).toMatchObject({ reason: 'EPERM', hides: ['accept-queues'] });
  });

  test('what a newer probe does not see is told in its own words', () => {
    const [spot] = blindSpots({ meta: refused('net.quic', 'QUIC handshakes are not seen'), dims: plain });
    expect(spot).toMatchObject({ id: 'net.quic', what: 'QUIC handshakes are not seen', reason: 'EPERM' });
  });

  test('all that --no-net leaves out is one line, and so is all that raw_tp lacks', () => {
    const ids = ['net.retransmit', 'net.state', 'net.drop', 'udp_queue', 'accept_queue'];
    const missing = (reason: string) => JSON.stringify(ids.map((id) => ({ id, effect: '', reason, errno: 0 })));
    const found = (meta: Partial<CaptureMeta>) => blindSpots({ meta, dims: plain }).map(({ id }) => id);
    expect(found({ missing: missing('not asked for') })).toEqual(['no-net']);
    expect(found({ hook: 'raw_tp', missing: missing('only tp_btf hooks have it') })).toEqual(['raw_tp']);
    expect(found({ missing: missing('EPERM') })).toEqual(ids);
  });

  const OLD = [
    ['calls that have not returned at the end are not recorded', 'pending'],
    ['files opened before the recording have no names', 'existing_fds'],
    ['processes that do nothing during the recording have no names', 'existing_processes'],
    ['signals, and calls that they interrupt, are not seen', 'signals'],
    ['TCP retransmissions and unanswered connects are not seen', 'net.retransmit'],
    ['TCP resets that are sent are not seen', 'net.reset_sent'],
    ['TCP resets that answer a packet without a socket, as of a closed port, are not seen where they are sent', 'net.reset_sent_no_socket'],
    ['TCP resets that are received are not seen', 'net.reset_received'],
    ['TCP state changes are not seen', 'net.state'],
    ['dropped packets are not seen', 'net.drop'],
    ['accept queues that stay full are not seen', 'accept_queue'],
    ['full UDP receive queues are not seen', 'udp_queue'],
    ['blocking waits are not recorded: how long they take is not measured', 'latency'],
  ] as const;
  test.each(OLD)('an older probe: %s', (notes, id) => {
    expect(blindSpots({ meta: { notes }, dims: plain }).map((spot) => spot.id)).toEqual([id]);
  });

  test.each(['', '{', 'null', '7', '[null, {}, {"id": 3}]'])('a damaged list (%s) stops nothing', (missing) => {
    expect(blindSpots({ meta: { missing }, dims: plain }).length).toBeLessThan(2);
  });
});

test('a capture on disk has those of its rows and of its own words', () => {
  const path = join(folder, 'x.trowel');
  const events = new EventsBuilder();
  const writer = new CaptureWriter(path, events.tables, { level: 1, live: true });
  writer.meta({ source: 'trowel', state: 'recording', snaplen: '80', ...refused('accept_queue') });
  events.process({ comm: 'qemu', pid: 12, flags: ProcessFlag.IO_URING, from: 5 });
  events.tables.losses.add({ ...loss, count: 3, from: 5, to: 9 });
  writer.close({ end: '10' });
  const capture = new CaptureReader(path);
  expect(capture.blindSpots.map(({ id, from, to }) => [id, from, to])).toEqual([
    ['accept_queue', null, null],
    ['snaplen', null, null],
    ['io_uring', 5, null],
    ['lost', 5, 9],
  ]);
  expect(capture.losses).toEqual({ events: 3, from: 5, to: 9 });
  capture.close();
});

test('only those matter that could have shown something else', () => {
  const spots = blindSpots({ meta: { ...refused('accept_queue'), snaplen: '80', names: 'old' }, dims: plain });
  expect(mattering(spots, ['packets', 'accept-queues']).map(({ id }) => id)).toEqual(['accept_queue']);
  expect(mattering(spots, [])).toEqual([]);
});
