/** Names for packets of others, and captures that were damaged. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, test } from 'vitest';
import { EventsBuilder } from '../helpers/events.ts';
import { CAPTURE, Folder, has, trowel } from './made.ts';

const folder = new Folder();
afterAll(() => folder.remove());

/** An Ethernet frame with an IPv4 UDP packet, as pcap (µs). */
function pcap(source: string, sourcePort: number, target: string, targetPort: number): Buffer {
  const ip = (text: string) => text.split('.').map(Number);
  const udp = [sourcePort >> 8, sourcePort & 255, targetPort >> 8, targetPort & 255, 0, 12, 0, 0, 112, 105, 110, 103];
  const frame = Buffer.from([...Array(12).fill(2), 8, 0, 0x45, 0, 0, 32, 0, 1, 0, 0, 64, 17, 0, 0, ...ip(source), ...ip(target), ...udp]);
  const file = Buffer.alloc(40);
  file.writeUInt32LE(0xa1b2c3d4, 0);
  file.writeUInt16LE(2, 4);
  file.writeUInt16LE(4, 6);
  file.writeUInt32LE(65_535, 16);
  file.writeUInt32LE(1, 20);
  file.writeUInt32LE(1_700_000_001, 24);
  file.writeUInt32LE(500, 28);
  file.writeUInt32LE(frame.length, 32);
  file.writeUInt32LE(frame.length, 36);
  return Buffer.concat([file, frame]);
}

function known(): string {
  const made = new EventsBuilder();
  const fd = made.udp('10.0.0.1:5000', '10.0.0.2:6000').id;
  made.event({ type: 'sendto', fd, thread: made.thread({ of: made.process({ comm: 'pinger', pid: 42 }) }).id, data: 'ping', res: 4 });
  return folder.capture('known.trowel', made);
}

describe('annotate', () => {
  const capture = known();

  test.skipIf(!has('tshark')).each<[string, Parameters<typeof pcap>, string]>([
    ['what is sent', ['10.0.0.1', 5000, '10.0.0.2', 6000], 'from process pinger (42)'],
    ['what is received', ['10.0.0.2', 6000, '10.0.0.1', 5000], 'to process pinger (42)'],
    ['what is unknown', ['10.0.0.9', 1, '10.0.0.8', 2], ''],
  ])('%s (read by tshark; skipped where there is none)', (name, ends, comment) => {
    const [from, to] = [folder.file(`${name}.pcap`), folder.file(`${name}.pcapng`)];
    writeFileSync(from, pcap(...ends));
    expect(trowel('annotate', from, capture, '-o', to).status).toBe(0);
    const fields = ['frame.comment', 'frame.time_epoch', 'ip.src'].flatMap((field) => ['-e', field]);
    const { stdout } = spawnSync('tshark', ['-n', '-r', to, '-T', 'fields', ...fields], { encoding: 'utf8' });
    expect(stdout).toBe(`${comment}\t1700000001.000500000\t${ends[0]}\n`);
  });

  test.skipIf(!has('tshark'))(
    'a port that was used again is whose it was at the time (read by tshark; skipped where there is none)',
    () => {
      const made = new EventsBuilder();
      const socket = () => made.udp('10.0.0.1:5000', '10.0.0.2:6000').id;
      const send = (comm: string, pid: number, time: number) =>
        made.event({
          type: 'sendto',
          fd: socket(),
          thread: made.thread({ of: made.process({ comm, pid }) }).id,
          time,
          data: 'ping',
          res: 4,
        });
      send('early', 1, 0);
      send('now', 2, 0.9e9); // the packet comes at 1.0005 s
      send('late', 3, 5e9);
      const [from, to] = [folder.file('again.pcap'), folder.file('again.pcapng')];
      writeFileSync(from, pcap('10.0.0.1', 5000, '10.0.0.2', 6000));
      trowel('annotate', from, folder.capture('again.trowel', made), '-o', to);
      expect(spawnSync('tshark', ['-r', to, '-T', 'fields', '-e', 'frame.comment'], { encoding: 'utf8' }).stdout).toBe(
        'from process now (2)\n',
      );
    },
  );

  test('what cannot be read leaves no file', () => {
    const out = folder.file('none.pcapng');
    expect(trowel('annotate', folder.file('nosuch'), CAPTURE, '-o', out)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/nosuch: no such file\n$/),
    });
    expect(trowel('annotate', CAPTURE, CAPTURE, '-o', out).status).toBe(2);
    expect(existsSync(out)).toBe(false);
  });

  test('reads pcapng of its own, and says what is neither', () => {
    const [made, named] = [folder.file('own.pcapng'), folder.file('named.pcapng')];
    trowel('export', CAPTURE, '--format', 'pcapng', '-o', made);
    expect(trowel('annotate', made, CAPTURE, '-o', named).stderr).toMatch(/: (\d+) packets, \1 with/);
    expect(trowel('annotate', CAPTURE, CAPTURE, '-o', folder.file('no')).stderr).toMatch(/is neither pcap nor pcapng/);
  });

  test('what breaks off is written up to there', () => {
    const [from, to] = [folder.file('cut.pcap'), folder.file('cut.pcapng')];
    writeFileSync(from, Buffer.concat([pcap('10.0.0.1', 1, '10.0.0.2', 2), Buffer.alloc(7)]));
    const { status, stderr } = trowel('annotate', from, CAPTURE, '-o', to);
    expect([status, stderr]).toEqual([
      0,
      expect.stringMatching(/breaks off in a packet at byte \d+; what comes before is written\n.*1 packets/),
    ]);
  });
});

describe('repair', () => {
  test('keeps what can be read, and says what cannot', () => {
    const damaged = folder.file('damaged.trowel');
    const made = new EventsBuilder();
    const thread = made.thread().id;
    for (let i = 0; i < 16_000; i++) made.event({ thread });
    copyFileSync(folder.capture('whole.trowel', made), damaged);
    const db = new Database(damaged);
    db.exec(
      'INSERT INTO chunk SELECT id + 1, n, first_num + 16000, last_num + 16000, min_time, max_time, max_latency, sealed, types, threads, fds, after + 16000, sum FROM chunk',
    );
    db.close();
    const repaired = folder.file('repaired.trowel');
    const { status, stderr } = trowel('repair', damaged, '-w', repaired);
    expect([status, stderr]).toEqual([
      0,
      expect.stringMatching(/^missing: events 16001 to 32000 \(.*\)\n.*repaired.trowel: 16000 events\n$/),
    ]);
    expect(trowel('read', repaired, '--count').stdout).toBe('16000\n');
    expect(trowel('info', repaired).stdout).toMatch(/events 16001 to 32000/);
  });

  test('of a good capture gives the same', () => {
    const same = folder.file('same.trowel');
    expect(trowel('repair', CAPTURE, '-w', same).status).toBe(0);
    expect(trowel('read', same).stdout).toBe(trowel('read', CAPTURE).stdout);
  });
});
