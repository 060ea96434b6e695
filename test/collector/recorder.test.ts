import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Long from 'long';
import { afterAll, describe, expect, test } from 'vitest';
import type { Capture } from '../../src/capture/capture.ts';
import { Recorder } from '../../src/collector/recorder.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { MS } from '../../src/model/time.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { batchOf, fdDef } from '../helpers/batches.ts';
import { EventsBuilder } from '../helpers/events.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-recorder-'));
afterAll(() => rmSync(folder, { recursive: true }));
let made = 0;

/** What the recorder keeps of the builder's events, which come in batches, and is flushed after each. */
function recorded(events: EventsBuilder, filter: string, size = 100): CaptureReader {
  const path = join(folder, `${++made}.trowel`);
  const recorder = new Recorder({ path, filter, epoch: 0n, meta: {} });
  const fds = [fdDef({ id: 1, ino: Long.fromNumber(7, true), kind: 3, role: 1, l4proto: 17, localIp: ip(10, 0, 0, 7), localPort: 40_000, remoteIp: ip(10, 0, 0, 10), remotePort: 53 })]; // biome-ignore format: a row
  for (let from = 0; from < events.chunk.n; from += size) {
    recorder.add(batchOf(events.chunk, from, Math.min(events.chunk.n, from + size), [], from === 0 ? fds : []));
    recorder.flush();
  }
  recorder.finish(events.chunk.time[events.chunk.n - 1] ?? 0);
  return new CaptureReader(path);
}

const ip = (...bytes: number[]) => Uint8Array.from(bytes);

function numbers(capture: Capture, filter = ''): number[] {
  const { dims, epoch } = capture;
  const compiled = compileFilter(filter, { dims, epoch, hostname: '', growing: false });
  return [...capture.select(compiled)].flatMap(({ chunk, selection, n }) => Array.from(selection.subarray(0, n), (i) => chunk.num[i]!));
}

/** Every ms an event. */
function steady(count: number): EventsBuilder {
  const events = new EventsBuilder();
  for (let i = 0; i < count; i++) events.event({ time: (i + 1) * MS, type: i % 3 === 0 ? 'write' : 'read' });
  return events;
}

/** Questions and answers with an event of something else before each. */
function lookups(): EventsBuilder {
  const events = new EventsBuilder();
  for (const [id, name] of ['a.example', 'b.example', 'c.example'].entries()) {
    events.event({ time: id * 100 * MS + MS, type: 'read' });
    events.event({ time: id * 100 * MS + 2 * MS, type: 'sendto', fd: 1, data: dns(id + 1, name, 0x0100) });
    events.event({ time: id * 100 * MS + 50 * MS, type: 'recvfrom', fd: 1, data: dns(id + 1, name, 0x8183) });
  }
  return events;
}

function dns(id: number, name: string, flags: number): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(flags, 2);
  header.writeUInt16BE(1, 4);
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, 1, 0, 1])]);
}

describe('a filtered recording holds what the same filter finds in the full one', () => {
  const cases: [what: string, make: () => EventsBuilder, filter: string, count: number][] = [
    ['a distance that no event but the first could have', () => steady(2000), 'evt.deltatime>100ms', 0],
    ['the usual distance', () => steady(2000), 'evt.deltatime=1ms', 2000],
    ['a distance and more', () => steady(2000), 'evt.deltatime>=1ms and evt.type=write', 667],
    ['a long pause', lookups, 'evt.deltatime>40ms', 5],
    ['answers', lookups, 'dns.rcode=NXDOMAIN', 3],
    ['one name', lookups, 'dns.qname=b.example and evt.type=recvfrom', 1],
  ];
  test.each(cases)('%s', (_, make, filter, count) => {
    const full = recorded(make(), '');
    const part = recorded(make(), filter);
    expect(numbers(part)).toEqual(numbers(full, filter));
    expect(numbers(part)).toHaveLength(count);
  });
});

describe('DNS messages', () => {
  test('those of stored events are kept, and no others', () => {
    const capture = recorded(lookups(), 'dns.qname=b.example', 1);
    expect([...capture.dims.dns.all()].map(({ num, qname, partner }) => [num, qname, partner])).toEqual([
      [5, 'b.example', 6],
      [6, 'b.example', 5],
    ]);
  });

  test('a stored question learns of an answer that is not', () => {
    const capture = recorded(lookups(), 'evt.type=sendto', 1);
    expect([...capture.dims.dns.all()].map(({ num, latency }) => [num, latency])).toEqual([2, 5, 8].map((num) => [num, 48 * MS + 10]));
  });
});

test('a filter of lookups, whose end is not known when they begin, keeps their messages', () => {
  const capture = recorded(lookups(), 'dns.lookup.latency>10ms');
  expect(numbers(capture)).toEqual([2, 3, 5, 6, 8, 9]);
  expect(capture.dims.dns.size).toBe(6);
});
