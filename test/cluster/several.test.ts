/** Several captures, or a folder of them, where a command takes one. */
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Folder, trowel } from '../export/made.ts';
import { EventsBuilder } from '../helpers/events.ts';

const folder = new Folder();
process.env.XDG_CACHE_HOME = folder.file('cache');
afterAll(() => folder.remove());

const MS = 1e6;
const IP = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];

interface End {
  readonly name: string;
  readonly host: number;
  readonly role: 'client' | 'server';
  readonly peer: number;
  readonly port: number;
  readonly write: number;
  readonly read: number;
}

/** One end of a connection on a node. */
function capture({ name, host, role, peer, port, write, read }: End): string {
  const made = new EventsBuilder();
  const [localPort, remotePort] = role === 'client' ? [port, 80] : [80, port];
  const ends = { localIp: IP[host]!, remoteIp: IP[peer]!, localPort, remotePort };
  const fd = made.fd({ kind: 'ipv4', role, l4proto: 6, ...ends }).id;
  const thread = made.thread({ of: made.process({ comm: role, pid: 100 }), tid: 100 }).id;
  const io = [
    { type: 'write', time: write + 0.1 * MS, latency: 0.1 * MS },
    { type: 'read', time: read, latency: 1 },
  ];
  for (const one of io.sort((a, b) => a.time - b.time)) made.event({ ...one, fd, thread, res: 4, data: 'ping' });
  return folder.capture(join('nodes', name), made, { hostname: `node-${host}`, state: 'complete' });
}

mkdirSync(folder.file('nodes'));
// Node 1's clock is 50 ms ahead of node 0's, node 2's 20 ms behind; only node 1 talked with both.
const files = [
  capture({ name: 'a.trowel', host: 0, role: 'client', peer: 1, port: 40_000, write: 10 * MS, read: 14 * MS }),
  capture({ name: 'b.trowel', host: 1, role: 'server', peer: 0, port: 40_000, write: 63 * MS, read: 61 * MS }),
  capture({ name: 'c.trowel', host: 2, role: 'client', peer: 1, port: 50_000, write: 0, read: 4 * MS }),
];
const more = new EventsBuilder();
const served = more.fd({
  kind: 'ipv4',
  role: 'server',
  l4proto: 6,
  localIp: IP[1]!,
  remoteIp: IP[2]!,
  localPort: 80,
  remotePort: 50_000,
}).id;
const worker = more.thread({ of: more.process({ comm: 'worker', pid: 200 }), tid: 200 }).id;
more.event({ type: 'read', time: 71 * MS, latency: 1, fd: served, thread: worker, res: 4, data: 'ping' });
more.event({ type: 'write', time: 73.1 * MS, latency: 0.1 * MS, fd: served, thread: worker, res: 4, data: 'pong' });
const extra = folder.capture(join('nodes', 'd.trowel'), more, { hostname: 'node-1', state: 'complete' });
const FORMAT = '%evt.num %evt.hostname %proc.name %evt.type %proc.pid';
const WHOLE = [
  '1 node-0 client write 100',
  '2 node-1 server read 10000100',
  '3 node-1 server write 10000100',
  '4 node-0 client read 100',
  '5 node-2 client write 20000100',
  '6 node-1 worker read 10000200',
  '7 node-1 worker write 10000200',
  '8 node-2 client read 20000100',
];
const linesOf = (...words: string[]) =>
  trowel('read', ...words, '-p', FORMAT)
    .stdout.trim()
    .split('\n');

describe('several captures', () => {
  test('are one time line, each clock set by who it talked with', () => {
    const { stdout, stderr } = trowel('read', ...files, extra, '-p', FORMAT);
    expect(stdout.trim().split('\n')).toEqual(WHOLE);
    expect(stderr).toMatch(/b\.trowel is 50\.0 ms ahead of that of a\.trowel, give or take 1\.00 ms/);
  });

  test('as a folder give the same', () => {
    expect(linesOf(folder.file('nodes'))).toEqual(WHOLE);
  });

  test.each([
    ['a field of the node', ['evt.hostname=node-2'], [WHOLE[4], WHOLE[7]]],
    ['a field of the process', ['proc.name=worker'], [WHOLE[5], WHOLE[6]]],
    ['a date', ['--from', '2023-11-14T22:13:20.020Z', '--to', '2023-11-14T22:13:20.0225Z'], [WHOLE[4], WHOLE[5]]],
  ])('are asked by %s', (_, words, expected) => {
    expect(linesOf(folder.file('nodes'), ...words)).toEqual(expected);
  });

  test('of one node alone', () => {
    expect(linesOf(folder.file('nodes'), '--node', 'node-1').map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'node-1 server read 100',
      'node-1 server write 100',
      'node-1 worker read 200',
      'node-1 worker write 200',
    ]);
    expect(trowel('read', folder.file('nodes'), '--node', 'elsewhere').stderr).toMatch(/of node-0, node-1, node-2: none of the node/);
  });

  test('of which two are of one node at one time: that is said', () => {
    const { stderr } = trowel('read', files[1]!, files[1]!, '--count');
    expect(stderr).toMatch(/^node-1 was recorded twice at one time/m);
    expect(trowel('read', ...files, extra, '--count').stderr).not.toMatch(/twice/);
  });

  test('where a lens stands before them', () => {
    const { stdout } = trowel('lens', 'procs-net', ...files, '--json');
    expect(stdout.trim().split('\n').length).toBeGreaterThan(1);
  });

  test('a folder without captures is none', () => {
    mkdirSync(folder.file('empty'));
    expect(trowel('read', folder.file('empty')).stderr).toMatch(/is a directory without captures/);
    renameSync(folder.file('empty'), folder.file('gone'));
  });
});
