/** Files that were made to grow: what is read of them is bounded, and what is not read is told. */
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { newTables } from '../../src/model/rows.ts';
import { ScapDamage } from '../../src/scap/blocks.ts';
import { LIMITS } from '../../src/scap/limits.ts';
import { ScapReader } from '../../src/scap/reader.ts';
import { Surveyor } from '../../src/scap/survey.ts';
import { type ReadBack, throughImport } from './read-back.ts';
import * as scap from './scap-writer.ts';

const { EVENT, cat, i64, nul, u32 } = scap;
const MB = 1 << 20;
/** Where nothing of a file is kept: what is unzipped ahead, and what waits to be collected. */
const BOUND = 700 * MB;
const PATIENCE = { timeout: 120_000 };
const folder = mkdtempSync(join(tmpdir(), 'scap-bombs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const START = cat(scap.section(), scap.machine('node-1'));
const at = (us: number) => scap.EPOCH + BigInt(us) * 1000n;
const read = (tid: number, us: number) => scap.call(EVENT.READ, tid, at(us), [i64(3), u32(100)], [i64(5), Buffer.from('hello')]);

/** Memory in use, at most, while `work` runs; bytes. */
async function peakOf<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly grown: number }> {
  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  const result = await work();
  clearInterval(timer);
  return { result, grown: Math.max(peak, process.memoryUsage.rss()) - before };
}

/** Writes the parts and reads them. What it takes in memory, and on disk, is returned with it. */
async function bomb(
  parts: Iterable<Uint8Array>,
  filter = 'evt.buffer=hello',
): Promise<ReadBack & { readonly grown: number; readonly size: number; readonly stored: number }> {
  const path = join(folder, 'x.scap');
  const out = createWriteStream(path);
  for (const part of parts) if (!out.write(part)) await once(out, 'drain');
  await finished(out.end());
  try {
    const { result, grown } = await peakOf(() => throughImport(path, '%evt.num %proc.name', filter));
    return { ...result, grown, size: statSync(path).size, stored: statSync(`${path}.trowel`).size };
  } finally {
    rmSync(path);
    rmSync(`${path}.trowel`, { force: true });
  }
}

/** A kilobyte for each megabyte: members of one gzip file. */
function* zipped(head: Uint8Array, filling: Uint8Array, times: number, tail: Uint8Array): Iterable<Uint8Array> {
  yield gzipSync(head);
  const member = gzipSync(filling, { level: 9 });
  for (let i = 0; i < times; i++) yield member;
  yield gzipSync(tail);
}

test('a gigabyte of blocks that nobody knows, in a megabyte', PATIENCE, async () => {
  const filling = cat(...new Array<Buffer>(16).fill(scap.block(0x999, Buffer.alloc(MB - 12))));
  const head = cat(START, scap.processes(9, [{ tid: 10 }]));
  const { lines, grown, size, stored, cut } = await bomb(zipped(head, filling, 64, cat(read(10, 1), read(10, 2))));
  expect(size).toBeLessThan(1.2 * MB);
  expect({ lines, cut }).toEqual({ lines: ['2 prog', '4 prog'], cut: null });
  expect(stored).toBeLessThan(MB);
  expect(grown).toBeLessThan(BOUND);
});

test('a gigabyte of zeros: no block is so short', PATIENCE, async () => {
  const head = cat(START, scap.processes(9, [{ tid: 10 }]), read(10, 1));
  const { lines, grown, cut } = await bomb(zipped(head, Buffer.alloc(16 * MB), 64, Buffer.alloc(0)));
  expect(cut).toBe(`at byte ${head.length}: a block of 0 bytes`);
  expect(lines).toEqual(['2 prog']);
  expect(grown).toBeLessThan(BOUND);
});

test('a block that says it is of a gigabyte', PATIENCE, async () => {
  const head = cat(START, scap.processes(9, [{ tid: 10 }]), read(10, 1), u32(0x999), u32(1 << 30));
  const { lines, grown, cut } = await bomb(zipped(head, Buffer.alloc(16 * MB), 8, Buffer.alloc(0)));
  expect(cut).toMatch(/a block of 1073741824 bytes$/);
  expect(lines).toEqual(['2 prog']);
  expect(grown).toBeLessThan(BOUND);
});

test('a million events, in less than a megabyte', PATIENCE, async () => {
  const two = cat(read(10, 1), read(10, 2));
  const filling = cat(...new Array<Buffer>(20_000).fill(two));
  const head = cat(START, scap.processes(9, [{ tid: 10 }]));
  const { events, grown, size, stored } = await bomb(zipped(head, filling, 25, Buffer.alloc(0)), 'evt.num<0');
  expect(events).toBe(20_000 * 2 * 25);
  expect(size).toBeLessThan(MB);
  expect(stored).toBeLessThan(30 * MB);
  expect(grown).toBeLessThan(BOUND);
});

/** Entries that differ in 8 bytes at a place, in blocks of so many. */
function* numbered(entry: Buffer, place: number, count: number, blockOf: (body: Buffer) => Buffer): Iterable<Buffer> {
  const EACH = 100_000;
  for (let first = 0; first < count; first += EACH) {
    const n = Math.min(EACH, count - first);
    const body = Buffer.alloc(entry.length * n);
    for (let i = 0; i < n; i++) {
      entry.copy(body, i * entry.length);
      body.writeBigInt64LE(BigInt(1000 + first + i), i * entry.length + place);
    }
    yield blockOf(body);
  }
}

test('a million threads in the list', PATIENCE, async () => {
  function* parts(): Iterable<Uint8Array> {
    yield START;
    yield* numbered(scap.processEntry(1, { tid: 0, comm: 'x' }), 0, 1_000_000, (body) => scap.block(0x202, body));
    yield read(1005, 1);
  }
  const { lines, leftOut, notes, grown } = await bomb(parts());
  expect(leftOut).toBe(`left out: ${1_000_000 - LIMITS.threads} threads (the limit is ${LIMITS.threads})`);
  expect(notes).toContain(leftOut);
  expect(lines).toEqual(['2 x']);
  expect(grown).toBeLessThan(1500 * MB);
});

test('two million descriptors in the lists', PATIENCE, async () => {
  function* parts(): Iterable<Uint8Array> {
    yield START;
    yield scap.processes(1, [{ tid: 10 }]);
    const entry = cat(i64(0), i64(1), Buffer.from([1]), scap.text('/x'));
    yield* numbered(entry, 0, 2_000_000, (body) => scap.block(0x203, cat(i64(10), body)));
    yield read(10, 1);
  }
  const { lines, leftOut, grown } = await bomb(parts());
  expect(leftOut).toBe(`left out: ${2_000_000 - LIMITS.descriptors} descriptors (the limit is ${LIMITS.descriptors})`);
  expect(lines).toEqual(['2 prog']);
  expect(grown).toBeLessThan(1500 * MB);
});

test('long arguments without end', PATIENCE, async () => {
  const specs = Array.from({ length: 500 }, (_, i) => ({ tid: i + 1, comm: 'x', args: ['a'.repeat(60_000)] }));
  const { cut, grown, size } = await bomb(zipped(START, scap.processes(1, specs), 24, read(10, 1)));
  expect(size).toBeLessThan(MB);
  expect(cut).toBe('its programs and files have names and arguments of more than 512 MB');
  expect(grown).toBeLessThan(2000 * MB);
});

test('a child for each of a process’s many descriptors', PATIENCE, async () => {
  const DESCRIPTORS = 40_000;
  function* parts(): Iterable<Uint8Array> {
    yield START;
    yield scap.processes(1, [{ tid: 10 }]);
    const entry = cat(i64(0), i64(1), Buffer.from([1]), scap.text('/x'));
    yield* numbered(entry, 0, DESCRIPTORS, (body) => scap.block(0x203, cat(i64(10), body)));
    for (let child = 1000; child < 1100; child++) {
      yield scap.event({ type: EVENT.CLONE_20 + 1, tid: 10, time: at(child), params: scap.cloned(child, { tid: 10 }) });
    }
    yield read(10, 5000);
  }
  const { lines, leftOut } = await bomb(parts());
  expect(leftOut).toMatch(/^left out: [0-9]+ descriptors \(the limit is 1048576\)$/);
  expect(lines).toEqual(['102 prog']);
});

test('users, addresses and calls without end', PATIENCE, async () => {
  const many = (n: number, one: (i: number) => Buffer) => cat(...Array.from({ length: n }, (_, i) => one(i)));
  const users = many(LIMITS.users + 7, (i) => cat(Buffer.from([0]), u32(i), u32(i), scap.text('u'), scap.text(''), scap.text('')));
  const groups = many(LIMITS.groups + 8, (i) => cat(Buffer.from([1]), u32(i), scap.text('g')));
  const addresses = many(LIMITS.addresses + 9, (i) =>
    cat(scap.u16(3), scap.u16(0), Buffer.from([10, i >> 16, i >> 8, i]), Buffer.alloc(8)),
  );
  const told = scap.event({
    type: EVENT.CONTAINER_LARGE,
    tid: -1,
    params: [nul(' '.repeat(LIMITS['longer texts']))],
    form: scap.FORM.LARGE,
  });
  const lists = [scap.block(0x206, users), scap.block(0x206, groups), scap.block(0x205, addresses)];
  const { leftOut, lines } = await bomb([START, ...lists, scap.processes(1, [{ tid: 10 }]), told, read(10, 1)]);
  expect(leftOut).toBe(
    'left out: 7 users (the limit is 65536), 8 groups (the limit is 65536), 9 addresses (the limit is 16384), 1 longer texts (the limit is 8388608)',
  );
  expect(lines).toEqual(['3 prog']);
});

test('two million descriptors, opened and closed by close_range: none is open', PATIENCE, () => {
  const EACH = 1000;
  const opens = Array.from({ length: EACH }, (_, i) =>
    scap.event({ type: EVENT.OPEN + 1, tid: 10, time: at(1), params: [i64(3 + i), nul('/x'), u32(1), u32(0)] }),
  );
  const close = scap.call(EVENT.CLOSE_RANGE, 10, at(2), [], [i64(0), u32(3), u32(0xffffffff), u32(0)]);
  const batch = cat(...opens, close);
  let unnamed = 0;
  let events = 0;
  const tables = newTables();
  const reader = new ScapReader(tables, new Surveyor().finish(null), ({ n, fd, fdnum }) => {
    events += n;
    for (let i = 0; i < n; i++) if (fdnum[i]! >= 0 && tables.fds.get(fd[i]!)?.name !== '/x') unnamed++;
  });
  reader.push(cat(START, scap.processes(9, [{ tid: 10 }])));
  for (let opened = 0; opened < 2_000_000; opened += EACH) reader.push(batch);
  reader.finish();
  expect(events).toBeGreaterThanOrEqual(2_000_000);
  expect({ unnamed, leftOut: reader.leftOut }).toEqual({ unnamed: 0, leftOut: [] });
});

test('a new file name with each event', PATIENCE, async () => {
  const EACH = 20_000;
  const open = scap.event({
    type: EVENT.OPEN + 1,
    tid: 10,
    time: at(1),
    form: scap.FORM.V1,
    params: [i64(3), nul('/0123456789'), u32(1), u32(0)],
  });
  const place = open.indexOf('0123456789');
  const body = cat(...new Array<Buffer>(EACH).fill(open));
  let events = 0;
  // Into memory alone, where the limit is: a store of a million names takes its time.
  const { result: cut, grown } = await peakOf(async () => {
    const reader = new ScapReader(newTables(), new Surveyor().finish(null), (chunk) => {
      events += chunk.n;
    });
    reader.push(cat(START, scap.processes(9, [{ tid: 10 }])));
    for (let first = 0; ; first += EACH) {
      for (let i = 0; i < EACH; i++) body.write(String(first + i).padStart(10, '0'), i * open.length + place);
      try {
        reader.push(body);
      } catch (error) {
        reader.finish();
        if (error instanceof ScapDamage) return error.message;
        throw error;
      }
    }
  });
  expect(cut).toBe('it tells of more than 1048576 threads, processes, descriptors and messages');
  expect(events).toBeGreaterThan(1_000_000);
  expect(grown).toBeLessThan(1500 * MB);
});
