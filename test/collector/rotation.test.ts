/** A recording that goes on from file to file, and parts of one joined again. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Capture } from '../../src/capture/capture.ts';
import { Recorder, type RecorderOptions } from '../../src/collector/recorder.ts';
import { Ring } from '../../src/collector/ring.ts';
import { Rotation, type RotationLimits } from '../../src/collector/rotation.ts';
import type { SegmentState } from '../../src/collector/segments.ts';
import { readField } from '../../src/event/fields/field.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { fieldNamed } from '../../src/filter/find-field.ts';
import { join as joinParts } from '../../src/store/join.ts';
import { PartsCapture } from '../../src/store/parts.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { Churn } from '../helpers/churn.ts';

const root = mkdtempSync(join(tmpdir(), 'trowel-rotation-'));
afterAll(() => rmSync(root, { recursive: true }));
let made = 0;
const UNLIMITED: RotationLimits = { bytes: Infinity, span: Infinity, events: Infinity, files: Infinity };

function newFolder(): string {
  const folder = join(root, `${++made}`);
  mkdirSync(folder);
  return folder;
}

/** Ten seconds of a busy node. */
function record(options: Partial<RecorderOptions> & Pick<RecorderOptions, 'path'>, rounds = 40): void {
  const recorder = new Recorder({ filter: '', epoch: 0n, meta: {}, ...options });
  const churn = new Churn({ files: 5, connections: 5, processes: 5, reads: 80 });
  for (let i = 0; i < rounds; i++) {
    recorder.add(churn.next());
    recorder.flush();
  }
  recorder.finish(rounds * 0.25e9);
}

/** What each event says, by number: names included. */
function events(path: string): Map<number, string> {
  return eventsOf(new CaptureReader(path));
}

function eventsOf(capture: Capture): Map<number, string> {
  const { dims, epoch } = capture;
  const filter = compileFilter('', { dims, epoch, hostname: '', growing: false });
  const fields = ['evt.type', 'proc.name', 'proc.cmdline', 'fd.name', 'thread.tid'].map(fieldNamed);
  const found = new Map<number, string>();
  for (const { chunk, selection, n } of capture.select(filter))
    for (let k = 0; k < n; k++) {
      const view = filter.view.at(chunk, selection[k]!);
      found.set(chunk.num[selection[k]!]!, fields.map((field) => String(readField(field, view))).join(' '));
    }
  capture.close();
  return found;
}

const merged = (paths: readonly string[]) => new Map(paths.flatMap((path) => [...events(path)]));

const whole = join(root, 'whole.trowel');
record({ path: whole });

test.each<[string, Partial<RotationLimits>, number]>([
  ['-e 700', { events: 700 }, 6],
  ['-G 2', { span: 2e9 }, 5],
  ['-C 0.2', { bytes: 200_000 }, 0],
])('%s: all files together are what one would be, each with its names', (_, limits, files) => {
  const folder = newFolder();
  const rotation = new Rotation(join(folder, 'x.trowel'), { ...UNLIMITED, ...limits });
  record({ path: rotation.first(), segments: rotation });
  if (files > 0) expect(readdirSync(folder)).toHaveLength(files);
  expect(rotation.files.length).toBeGreaterThan(2);
  expect(merged(rotation.files)).toEqual(events(whole));
});

test('files of one recording, read as one capture, are what one would be', () => {
  const rotation = new Rotation(join(newFolder(), 'x.trowel'), { ...UNLIMITED, events: 1500 });
  record({ path: rotation.first(), segments: rotation });
  expect(rotation.files).toHaveLength(3);
  expect(eventsOf(new PartsCapture(rotation.files))).toEqual(events(whole));
});

test('-e N: exactly N events a file, numbered on and on', () => {
  const rotation = new Rotation(join(newFolder(), 'x.trowel'), { ...UNLIMITED, events: 333 });
  record({ path: rotation.first(), segments: rotation });
  const sizes = rotation.files.map((path) => events(path).size);
  expect(new Set(sizes.slice(0, -1))).toEqual(new Set([333]));
  expect([...events(rotation.files[1]!).keys()][0]).toBe(334);
});

test('-W N keeps the last N, also of recordings before; names go on behind those', () => {
  const folder = newFolder();
  for (const name of ['x-6.trowel', 'x-7.trowel', 'x-7.trowel-wal', 'x-7a.trowel']) writeFileSync(join(folder, name), '');
  const rotation = new Rotation(join(folder, 'x.trowel'), { ...UNLIMITED, events: 500, files: 2 });
  record({ path: rotation.first(), segments: rotation });
  expect(readdirSync(folder).sort()).toEqual(['x-14.trowel', 'x-15.trowel', 'x-7a.trowel']);
});

test('a name that another recorder took meanwhile is passed over', () => {
  const folder = newFolder();
  const rotation = new Rotation(join(folder, 'x.trowel'), { ...UNLIMITED, events: 500 });
  const first = rotation.first();
  writeFileSync(join(folder, 'x-2.trowel'), '');
  record({ path: first, segments: rotation });
  expect(rotation.files.slice(0, 3).map((path) => basename(path))).toEqual(['x-1.trowel', 'x-3.trowel', 'x-4.trowel']);
  expect(merged(rotation.files)).toEqual(events(whole));
});

test('parts of a ring joined are the same stretch of one capture', () => {
  const folder = newFolder();
  const ring = new Ring(join(folder, 'ring'), { span: 60e9, bytes: Infinity, keepFree: 0 });
  record({ path: ring.first(), segments: ring });
  const parts = readdirSync(join(folder, 'ring')).map((name) => join(folder, 'ring', name));
  const path = join(folder, 'joined.trowel');
  joinParts(parts, path, { from: 2e9, to: 7e9, meta: {} });
  const all = new CaptureReader(whole);
  const wanted = [...events(whole)].filter(([num]) => all.timeOf(num)! >= 2e9 && all.timeOf(num)! <= 7e9);
  expect(events(path)).toEqual(new Map(wanted));
  const capture = new CaptureReader(path);
  expect(capture.meta).toMatchObject({ state: 'complete', begin: '2000000000', end: '7000000000' });
  expect([...capture.dims.threads.all()].filter(({ comm, to }) => comm.startsWith('job') && to === null)).toEqual([]);
});

test('a ring keeps its span, its bytes, and what is being read', () => {
  const folder = join(newFolder(), 'ring');
  const ring = new Ring(folder, { span: 16e9, bytes: 1600, keepFree: 0 });
  ring.first();
  const state = (i: number): SegmentState => ({ events: 1, bytes: 100, from: i * 1e9, to: (i + 1) * 1e9 });
  const fill = (i: number) => {
    writeFileSync(join(folder, `${String(i + 1).padStart(8, '0')}.trowel`), '');
    ring.next(state(i));
  };
  for (let i = 0; i < 10; i++) fill(i);
  expect(ring.isFull({ events: 1, bytes: 1, from: 0, to: 1e9 })).toBe(true);
  expect(ring.isFull({ events: 1, bytes: 100, from: 0, to: 1e8 })).toBe(true);
  expect(ring.isFull({ events: 1, bytes: 1, from: 0, to: 1e8 })).toBe(false);
  const held = ring.since(0).slice(0, 1);
  ring.hold(held);
  for (let i = 10; i < 40; i++) fill(i);
  expect(ring.bytes).toBeLessThanOrEqual(1500);
  expect(ring.since(0)[0]!.from).toBeLessThanOrEqual(40e9 - 15e9);
  expect(existsSync(held[0]!.path)).toBe(true);
  ring.release(held);
  expect(existsSync(held[0]!.path)).toBe(false);
});

test('rows that nothing can refer to leave memory, and the capture has them all', () => {
  const path = join(newFolder(), 'x.trowel');
  const recorder = new Recorder({ path, filter: '', epoch: 0n, meta: {} });
  const churn = new Churn({ files: 2000, connections: 2000, processes: 500, reads: 0 });
  for (let i = 0; i < 60; i++) {
    recorder.add(churn.next());
    recorder.flush();
  }
  const { fds, threads, processes } = recorder.tables;
  expect(fds.size).toBeLessThan(110_000);
  expect(threads.size).toBeLessThan(6000);
  expect(processes.size).toBeLessThan(6000);
  recorder.finish(15e9);
  const capture = new CaptureReader(path);
  expect(capture.dims.fds.size).toBeGreaterThan(239_000);
  expect(capture.dims.processes.size).toBe(30_001);
}, 60_000);
