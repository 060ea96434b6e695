/** What Wireshark makes of the packets. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { EventsBuilder } from '../helpers/events.ts';
import { CAPTURE, Folder, has, trowel } from './made.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const CHECKS = ['ip.check_checksum', 'tcp.check_checksum', 'udp.check_checksum'].flatMap((name) => ['-o', `${name}:TRUE`]);
const NAMES = ['-n', '-t', 'r'];

function tshark(file: string, ...args: string[]): string[] {
  const { status, stdout, stderr } = spawnSync('tshark', ['-r', file, ...CHECKS, ...NAMES, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  expect([status, stderr.replace(/^Running as user.*\n/, '')]).toEqual([0, '']);
  return stdout.split('\n').filter((line) => line !== '');
}

/** What it complains of: warnings and errors, which checks of headers and sequence numbers give. */
const complaints = (file: string) => tshark(file, '-q', '-z', 'expert,warn').filter((line) => !/^\s*$|^=/.test(line));

function exported(name: string, capture: string, ...filter: string[]): string {
  const file = folder.file(name);
  expect(trowel('export', capture, ...filter, '--format', 'pcapng', '-o', file)).toEqual({ status: 0, stdout: '', stderr: '' });
  return file;
}

describe.skipIf(!has('tshark'))('packets (skipped where there is no tshark)', () => {
  test('of a capture are read without a complaint', () => {
    const file = exported('article.pcapng', CAPTURE);
    expect(complaints(file)).toEqual([]);
    const questions = tshark(file, '-Y', 'dns.flags.response==0 and ip.src==10.88.0.7', '-T', 'fields', '-e', 'dns.qry.name');
    expect(questions).toHaveLength(12);
    expect(questions[0]).toBe('backend.critical-app.svc.cluster.local.critical-app.svc.cluster.local');
  });

  test('say whose they are, and that their headers are made up', () => {
    const file = exported('comments.pcapng', CAPTURE, 'evt.num=822');
    expect(tshark(file, '-T', 'fields', '-e', 'frame.comment')).toEqual(['process curl (26768), event 822']);
    expect(readFileSync(file).includes('synthesised')).toBe(true);
  });

  test('of what a filter lets through are the server’s where the client is left out', () => {
    const file = exported('server.pcapng', CAPTURE, 'proc.name=skydns and fd.port=53');
    expect(tshark(file, '-Y', 'ip.src==10.88.0.7').length).toBeGreaterThan(5);
  });

  test('over TCP and IPv6, cut, larger than a packet, with both ends recorded', () => {
    const file = exported('made.pcapng', folder.capture('made.trowel', conversation()));
    expect(complaints(file)).toEqual([]);
    const fields = ['ipv6.src', 'tcp.srcport', 'tcp.seq_raw', 'tcp.ack_raw', 'tcp.len'].flatMap((field) => ['-e', field]);
    expect(tshark(file, '-Y', 'tcp and ipv6', '-T', 'fields', ...fields).map((line) => line.split('\t'))).toEqual([
      ['fd00::1', '40000', '1', '1', '18'],
      ['fd00::2', '80', '1', '19', '65475'],
      ['fd00::2', '80', '65476', '19', '65475'],
      ['fd00::2', '80', '130951', '19', '50'],
      ['fd00::1', '40000', '19', '131001', '18'],
    ]);
    expect(tshark(file, '-Y', 'udp', '-T', 'fields', '-e', 'ip.src', '-e', 'udp.length')).toEqual(['10.0.0.1\t12']);
    expect(tshark(file, '-Y', 'tcp.stream==1', '-T', 'fields', '-e', 'ip.src')).toEqual(['10.0.0.3']);
  });

  test('none make a file that is read, too', () => {
    const file = folder.file('none.pcapng');
    expect(trowel('export', CAPTURE, 'evt.num=1', '--format', 'pcapng', '-o', file).stderr).toMatch(/^note: no event matches/);
    expect(tshark(file)).toEqual([]);
  });
});

function conversation(): EventsBuilder {
  const made = new EventsBuilder();
  const socket = { kind: 'ipv6', l4proto: 6 } as const;
  const client = {
    ...socket,
    role: 'client',
    localIp: 'fd00::1',
    localPort: 40_000,
    remoteIp: 'fd00::2',
    remotePort: 80,
    netns: 1,
  } as const;
  const server = {
    ...socket,
    role: 'server',
    localIp: 'fd00::2',
    localPort: 80,
    remoteIp: 'fd00::1',
    remotePort: 40_000,
    netns: 2,
  } as const;
  const [a, b] = [made.fd(client).id, made.fd(server).id];
  const thread = made.thread().id;
  const request = 'GET / HTTP/1.1\r\n\r\n';
  made.event({ type: 'write', fd: a, thread, data: request, res: request.length });
  made.event({ type: 'read', fd: b, thread, data: request, res: request.length });
  made.event({ type: 'read', fd: a, thread, data: 'HTTP/1.1 200 OK\r\nContent-Length: 130961\r\n\r\n', res: 131_000, flags: 8 });
  made.event({ type: 'write', fd: a, thread, data: request, res: request.length });
  const udp = made.udp('10.0.0.1:50000', '10.0.0.2:50001').id;
  made.event({ type: 'sendto', fd: udp, thread, data: 'ping', res: 4 });
  made.event({ type: 'sendto', fd: udp, thread, data: '', res: -11 });
  const mapped = made.fd({ ...client, localIp: '::ffff:10.0.0.3', remoteIp: '::ffff:10.0.0.4', localPort: 1 }).id;
  made.event({ type: 'write', fd: mapped, thread, data: 'x', res: 1 });
  return made;
}
