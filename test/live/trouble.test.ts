import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasIptables } from '../helpers/iptables.ts';
import { cleanUp, type Recording, record, testWith, whyNot } from './recording.ts';

const reason = whyNot();
const folder = mkdtempSync(join(tmpdir(), 'trowel-trouble-'));
const STAGE = join(import.meta.dirname, '../explain/stage');
const SILENT =
  'ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up; ip addr add 192.0.2.1/24 dev v0; ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:01 dev v0';

/** Plays a script in a network of its own, under the recorder. */
function play(script: string, ...options: string[]): Recording {
  return record(['unshare', '-n', '-m', STAGE, folder, script], ['--only-command', ...options]);
}

describe.skipIf(reason !== null)(`trouble in the network (${reason ?? 'as root, with BTF'})`, () => {
  beforeAll(() => {
    execFileSync('gcc', ['-O1', '-o', join(folder, 'sick'), join(import.meta.dirname, '../explain/sick.c')]);
  });
  afterAll(() => {
    cleanUp();
    rmSync(folder, { recursive: true, force: true });
  });

  testWith(
    ['net.reset_sent', 'net.reset_sent_no_socket', 'net.reset_received', 'net.drop'],
    'a closed port: a reset, sent and received, with both ends and why the packet was dropped',
    () => {
      const recording = play('curl -s http://127.0.0.1:81/');
      const [received] = recording.rows('net.event=reset_received', ['fd.name', 'net.state']);
      expect(received!['fd.name']).toMatch(/^127\.0\.0\.1:\d+->127\.0\.0\.1:81$/);
      expect(received!['net.state']).toBe('SYN_SENT');
      expect(recording.count('net.event=reset_sent and fd.port=81')).toBe(1);
      expect(recording.values('net.event=drop and fd.port=81', 'net.drop.reason')).toContain('NO_SOCKET');
    },
  );

  testWith(['net.retransmit', 'net.state'], 'nobody answers: each further try of a connection', () => {
    const recording = play(`${SILENT}; curl -s -m 3.5 http://192.0.2.9/`);
    expect(recording.values('net.event=connect_unanswered and fd.sip=192.0.2.9', 'net.tries').slice(0, 2)).toEqual([2, 3]);
    expect(recording.values('net.state.new exists and fd.sip=192.0.2.9', 'net.state.old')[0]).toBe('SYN_SENT');
  });

  testWith(['net.retransmit'], 'a segment that is sent again and again: which bytes', ({ skip }) => {
    if (!hasIptables()) skip('iptables is not installed, or may not be used');
    const drop = 'iptables -A INPUT -p tcp --dport 80 -m length --length 1000: -j DROP';
    const again = play(`${drop}; start serve quick 80; curl -s -m 1.5 -H Expect: -d ${'x'.repeat(1200)} http://127.0.0.1/`).rows(
      'net.event=retransmit and fd.sport=80',
      ['evt.arg.seq', 'evt.arg.length'],
    );
    expect(again.length).toBeGreaterThanOrEqual(2);
    expect(new Set(again.map((row) => row['evt.arg.seq'])).size).toBe(1);
    expect(Number(again[0]!['evt.arg.length'])).toBeGreaterThan(1200);
  });

  testWith(['accept_queue'], 'a full accept queue: how long it is and may be', () => {
    const recording = play('start serve deaf 80; start crowd 80; curl -s -m 1.5 http://127.0.0.1/');
    const [full] = recording.rows('net.event=accept_queue_full', ['fd.port', 'net.backlog.length', 'net.backlog.max']);
    expect(full).toMatchObject({ 'net.backlog.length': 1, 'net.backlog.max': 0 });
  });

  testWith(['udp_queue'], 'a full receive queue of UDP', () => {
    expect(play('sick flood 5000').count('net.event=udp_queue_full and fd.port=5000')).toBeGreaterThan(0);
  });

  testWith(['net.state'], 'each connection’s states, from the first packet to the last', () => {
    const recording = play('start serve quick 80; curl -s http://127.0.0.1/');
    const states = recording.values('net.state.new exists and fd.port=80', 'net.state.new');
    expect(states).toEqual(expect.arrayContaining(['LISTEN', 'SYN_RECV', 'ESTABLISHED', 'CLOSE_WAIT', 'CLOSE']));

    // From its beginning to its end both ends have the same numbers; a client's own SYN counts as sent.
    const counted = (filter: string, [own, other]: readonly [string, string]) =>
      recording.rows(`${filter} and fd.port=80`, [own, other]).map((row) => [Number(row[own]), Number(row[other])]);
    const [[sent, received]] = counted('net.state.old=SYN_SENT', ['evt.arg.snd_seq', 'evt.arg.rcv_seq']) as [[number, number]];
    const servers = counted('(net.state.old=SYN_RECV or net.state.old=ESTABLISHED) and fd.role=server', [
      'evt.arg.rcv_seq',
      'evt.arg.snd_seq',
    ]);
    expect(servers).toEqual([
      [(sent + 1) % 2 ** 32, received],
      [(sent + 1) % 2 ** 32, received],
    ]);
    expect(recording.rows('net.state.new=LISTEN and fd.port=80', ['evt.arg.snd_seq'])[0]!['evt.arg.snd_seq']).toBeNull();
  });

  test('none of it with --no-net', () => {
    const recording = play('curl -s http://127.0.0.1:81/', '--no-net');
    expect(recording.count('net.event exists')).toBe(0);
    expect(recording.count('evt.type=connect and fd.port=81')).toBeGreaterThan(0);
  });
});
