/** What is done through io_uring goes on beside its thread: the thread is in its own calls, and waits for what it has asked for. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { explain } from '../../src/explain/explain.ts';
import { EventFlag } from '../../src/model/chunk.ts';
import { MS } from '../../src/model/time.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { EventsBuilder } from '../helpers/events.ts';
import { writeCapture } from '../tui/scene.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-rings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Phases of a process that asks for a read at 1 ms, sleeps from 10 to 40 ms, waits for its ring until 300 ms. */
function phases(kind: 'file' | 'tcp'): (readonly [kind: string, ms: number])[] {
  const events = new EventsBuilder();
  const process = events.process({ comm: 'rings', pid: 7 });
  const thread = events.thread({ of: process }).id;
  const ring = events.fd({ kind: 'io_uring', name: 'anon_inode:[io_uring]' }).id;
  const { id: fd } =
    kind === 'file' ? events.fd({ name: '/data/rows', ino: 9 }) : events.udp('10.0.0.1:4000', '10.0.0.2:80', { l4proto: 6 });
  const apart = { thread, fd, flags: EventFlag.IO_URING };
  events.event({ type: 'execve', thread, time: 0.5 * MS, res: 0 });
  if (kind === 'tcp') events.event({ ...apart, type: 'sendto', time: 1 * MS, res: 10, data: 'GET / HTTP/1.1' });
  events.event({ type: 'clock_nanosleep', thread, time: 40 * MS, latency: 30 * MS, res: 0 });
  events.event({
    ...apart,
    type: kind === 'file' ? 'read' : 'recvfrom',
    time: 299 * MS,
    latency: 298 * MS,
    res: 10,
    data: 'HTTP/1.1 200 OK',
  });
  events.event({ type: 'io_uring_enter', thread, fd: ring, time: 300 * MS, latency: 200 * MS, res: 1 });
  events.event({ type: 'procexit', thread, time: 301 * MS, res: null, flags: EventFlag.ONE_SIDED });
  const path = join(folder, `${kind}.trowel`);
  writeCapture(path, events);
  const capture = new CaptureReader(path);
  const { story } = explain(capture, { over: 100 * MS, pids: new Set([7]) });
  capture.close();
  return story!.phases.map((phase) => [`${phase.kind} ${phase.what}`.trim(), Math.round(phase.duration / MS)] as const);
}

test('a wait for the ring is a wait for the file that was asked for, other calls are what they are', () => {
  const found = new Map(phases('file'));
  expect(found.get('file /data/rows')).toBe(229); // whoever waits by itself waits for what its process has asked for
  expect([...found.values()].reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(301);
});

test('or for the server', () => {
  const found = new Map(phases('tcp'));
  expect(found.get('server 10.0.0.2:80')).toBeGreaterThanOrEqual(198);
});
