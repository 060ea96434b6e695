/** Captures of two nodes as one. */
import { afterAll, describe, expect, test } from 'vitest';
import { EventsBuilder } from '../helpers/events.ts';
import { CAPTURE, Folder, trowel } from './made.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const MS = 1e6;

/** One end of a connection: when it wrote and read first, by its own clock. */
function node(name: string, role: 'client' | 'server', write: number, read: number, host: string, epoch = '1700000000000000000'): string {
  const made = new EventsBuilder();
  const [local, remote] = role === 'client' ? (['10.0.0.1', '10.0.0.2'] as const) : (['10.0.0.2', '10.0.0.1'] as const);
  const [localPort, remotePort] = role === 'client' ? [40_000, 80] : [80, 40_000];
  const fd = made.fd({ kind: 'ipv4', role, l4proto: 6, localIp: local, remoteIp: remote, localPort, remotePort }).id;
  const thread = made.thread({ of: made.process({ comm: role, pid: 100 }) }).id;
  const io = [
    { type: 'write', time: write + 0.1 * MS, latency: 0.1 * MS },
    { type: 'read', time: read, latency: 1 },
  ];
  for (const one of io.sort((a, b) => a.time - b.time)) made.event({ ...one, fd, thread, res: 4, data: 'ping' });
  return folder.capture(name, made, { hostname: host, state: 'complete', epoch });
}

describe('merge', () => {
  // The server's clock is 50 ms ahead: it read 1 ms after the client wrote, and its answer took 1 ms.
  const client = node('client.trowel', 'client', 10 * MS, 14 * MS, 'a');
  const server = node('server.trowel', 'server', 63 * MS, 61 * MS, 'b');
  const both = folder.file('both.trowel');
  const { status, stderr } = trowel('merge', client, server, '-w', both);

  test('tells the offset of the clocks with its error', () => {
    expect(status).toBe(0);
    expect(stderr).toMatch(/server\.trowel is 50\.0 ms ahead of that of .*client\.trowel, give or take 1\.00 ms \(1 connection\)/);
    expect(stderr).toMatch(/have 10000000 added/);
  });

  test('has all events in the order in which they were', () => {
    const lines = trowel('read', both, '-p', '%evt.num %proc.name %evt.type %proc.pid %evt.reltime').stdout.trim().split('\n');
    expect(lines.map((line) => line.split(' ').slice(0, 4).join(' '))).toEqual([
      '1 client write 100',
      '2 server read 10000100',
      '3 server write 10000100',
      '4 client read 100',
    ]);
  });

  test('without a connection says that it does not know', () => {
    const other = node('other.trowel', 'client', 10 * MS, 14 * MS, 'c');
    expect(trowel('merge', client, other, '-w', folder.file('x.trowel')).stderr).toMatch(/clocks are taken to agree/);
  });

  test('of one node have one clock', () => {
    const { stderr } = trowel('merge', client, client, '-w', folder.file('one.trowel'));
    expect(stderr).toMatch(/recorded on one node: they have one clock\n.*are there twice/);
  });

  test('of different years are no one time line', () => {
    expect(trowel('merge', client, CAPTURE, '-w', folder.file('years.trowel')).stderr).toMatch(/recorded 1102 days from/);
  });

  test('DNS of both is still found', () => {
    const two = folder.file('two.trowel');
    const earlier = node('earlier.trowel', 'client', MS, 2 * MS, 'a', '1795247900000000000');
    const [first, second] = [CAPTURE, earlier];
    trowel('merge', first, second, '-w', two);
    const lookup = (file: string) =>
      trowel('dns', file, '--json').stdout.replace(/"(evt\.num|answer|time|proc\.pid|asker|num)":[^,}]*/g, '');
    expect(lookup(two)).toBe(lookup(CAPTURE));
    expect(trowel('read', two, '--count').stdout).toBe('454\n');
  });
});
