/** proc.stdin.*, proc.stdout.* and proc.stderr.*: what a process had as descriptors 0, 1 and 2, from its own use and its parent's. */
import { afterAll, expect, test } from 'vitest';
import { contextOf } from '../../src/cli/capture-context.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { Folder } from '../export/made.ts';
import { EventsBuilder } from '../helpers/events.ts';

const folder = new Folder();
const capture = new CaptureReader(folder.capture('stdio.trowel', reverseShell()));
const context = contextOf(capture);
afterAll(() => {
  capture.close();
  folder.remove();
});

/** A shell with a terminal; its child puts a socket in the place of its input and output, and becomes another program. */
function reverseShell(): EventsBuilder {
  const made = new EventsBuilder();
  const shell = made.thread({ of: made.process({ pid: 100, comm: 'sh', started: null }) }).id;
  const child = made.process({ pid: 101, ppid: 100, comm: 'sh', started: 2000, from: 2000, to: 6000 });
  const before = made.thread({ of: child, from: 2000, to: 6000 }).id;
  const after = made.thread({ of: made.process({ ...child, comm: 'bash', from: 6000, to: null }), from: 6000 }).id;
  const terminal = made.fd({ name: '/dev/pts/0' }).id;
  const socket = made.fd({ kind: 'ipv4', role: 'client', l4proto: 6, localIp: '10.0.0.1', localPort: 40000, remoteIp: '10.0.0.2', remotePort: 4444 }).id; // biome-ignore format: a row
  made.event({ type: 'write', time: 1000, thread: shell, fd: terminal, fdnum: 2, res: 1 });
  made.event({ type: 'clone', time: 2000, thread: before, res: 0 });
  made.event({ type: 'dup2', time: 3000, thread: before, fd: socket, fdnum: 0, res: 0 });
  made.event({ type: 'dup2', time: 4000, thread: before, fd: socket, fdnum: 1, res: 1 });
  made.event({ type: 'dup2', time: 5000, thread: before, fd: socket, fdnum: 9, res: -9 });
  made.event({ type: 'execve', time: 6000, thread: after, res: 0 });
  made.event({ type: 'close', time: 7000, thread: after, fd: socket, fdnum: 1, res: 0 });
  made.event({ type: 'nanosleep', time: 8000, thread: after, res: 0 });
  made.event({ type: 'read', time: 9000, thread: shell, fd: terminal, fdnum: 0, res: 1 });
  return made;
}

function numbers(filter: string): number[] {
  return [...capture.select(compileFilter(filter, context))].flatMap(({ chunk, selection, n }) =>
    Array.from(selection.subarray(0, n), (i) => chunk.num[i]!),
  );
}

// biome-ignore format: a table
test.each([
  ['evt.type=execve and proc.stdin.type in (ipv4, ipv6) and proc.stdout.type=ipv4', [6]],
  ['proc.stdin.name=10.0.0.1:40000->10.0.0.2:4444', [3, 4, 5, 6, 7, 8]],
  ['proc.stdin.name=/dev/pts/0', [1, 2, 9]], // of the child at first its parent's, which a later read of that shows
  ['proc.stdout.type exists', [4, 5, 6]],
  ['proc.stderr.name=/dev/pts/0', [1, 2, 3, 4, 5, 6, 7, 8, 9]],
] as const)('%s', (filter, expected) => {
  expect(numbers(filter)).toEqual(expected);
});
