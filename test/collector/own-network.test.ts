import { expect, test } from 'vitest';
import { OwnNetwork } from '../../src/collector/own-network.ts';
import { type Chunk, OpenChunk } from '../../src/model/chunk.ts';
import { STANDARD_TYPES, typeId } from '../../src/model/event-type.ts';
import { type DimensionTables, type FdRow, newTables } from '../../src/model/rows.ts';

const HOST = 4_026_531_840;
const POD = 4_026_532_000;

const SOCKET: Omit<FdRow, 'id'> = {
  kind: 'ipv4', role: 'client', l4proto: 6, localIp: '10.0.0.1', localPort: 40_000, remoteIp: '10.0.0.2', remotePort: 80,
  name: '', ino: 0, dev: 0, netns: HOST, openFlags: 0,
}; // biome-ignore format: a row

function tablesOf(netns: number): { tables: DimensionTables; thread: number } {
  const tables = newTables();
  for (const type of STANDARD_TYPES) tables.types.put(type);
  const process = tables.processes.add({
    pid: 7, ppid: 1, vpid: 7, sid: 1, pgid: 1, uid: 0, gid: 0, loginuid: -1, comm: 'curl', exe: 'curl', exepath: '/bin/curl',
    args: [], env: null, cwd: '/', root: '', cgroups: [], cgroupId: 0, container: '', netns, pidns: 1, mntns: 1, tty: 0, started: 0, flags: 0, from: 0, to: null,
  }); // biome-ignore format: a row
  return { tables, thread: tables.threads.add({ tid: 7, vtid: 7, comm: 'curl', process: process.id, from: 0, to: null }).id };
}

function eventsOf(rows: readonly (readonly [type: string, thread: number, fd: number])[]): Chunk {
  const chunk = new OpenChunk(rows.length, 64);
  for (const [type, thread, fd] of rows) {
    chunk.type[chunk.n] = typeId(type);
    chunk.thread[chunk.n] = thread;
    chunk.fd[chunk.n] = fd;
    chunk.n++;
  }
  return chunk;
}

/** Whether the last of the events is kept, once those before it went by. */
function lastIsKept(netns: number, socket: Partial<FdRow>, packet: Partial<FdRow>, shared = HOST, call = 'socket'): boolean {
  const { tables, thread } = tablesOf(netns);
  const [a, b] = [tables.fds.add({ ...SOCKET, ...socket }), tables.fds.add({ ...SOCKET, ...packet })];
  const chunk = eventsOf([
    [call, thread, a.id],
    ['packet_drop', 0, b.id],
  ]);
  return !new OwnNetwork(tables, shared).othersIn(chunk).has(1);
}

const OTHER = { localIp: '10.9.9.9', localPort: 1, remoteIp: '10.9.9.8', remotePort: 2 };

test.each<[what: string, kept: boolean, netns: number, socket: Partial<FdRow>, packet: Partial<FdRow>]>([
  ['somebody else’s packet', false, HOST, {}, OTHER],
  ['a packet of its socket, by the inode', true, HOST, { ino: 5 }, { ...OTHER, ino: 5 }],
  ['a packet from its own end', true, HOST, {}, { ...OTHER, localIp: '10.0.0.1', localPort: 40_000 }],
  ['an answer to its own end', true, HOST, {}, { ...OTHER, remoteIp: '10.0.0.1', remotePort: 40_000 }],
  ['a packet to the port that it listens on at any address', true, HOST, { localIp: '0.0.0.0', localPort: 80, remoteIp: null }, { ...OTHER, remotePort: 80 }],
  ['somebody else’s packet to the same server', false, HOST, {}, { ...OTHER, remoteIp: '10.0.0.2', remotePort: 80 }],
  ['any packet of the namespace that only it is in', true, POD, {}, { ...OTHER, netns: POD }],
  ['a packet of another namespace', false, POD, {}, OTHER],
])('%s', (_, kept, netns, socket, packet) => {
  expect(lastIsKept(netns, socket, packet)).toBe(kept);
}); // biome-ignore format: a table

test('a connection that is refused before its call returns: its packets are known by a look at the whole part', () => {
  const { tables, thread } = tablesOf(HOST);
  const [packet, socket] = [
    tables.fds.add({ ...SOCKET, localIp: '10.0.0.2', localPort: 80, remoteIp: '10.0.0.1', remotePort: 40_000 }),
    tables.fds.add(SOCKET),
  ];
  const chunk = eventsOf([
    ['tcp_reset_sent', 0, packet.id],
    ['connect', thread, socket.id],
  ]);
  expect([...new OwnNetwork(tables, HOST).othersIn(chunk)]).toEqual([]);
});
