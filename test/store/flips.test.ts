/** A bit that flipped in what a capture has of its events is told as damage, or changes nothing: no codec notices by itself. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, expect, test } from 'vitest';
import { CaptureDamage } from '../../src/capture/error.ts';
import { BYTE_COLUMN_NAMES, NUMBER_COLUMN_NAMES } from '../../src/model/columns.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { CaptureWriter } from '../../src/store/writer.ts';
import { EventsBuilder } from '../helpers/events.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-flips-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string) => join(folder, name);

const EVENTS = 300;
const PIECES = 6;
const PAGE = 4096;
/** `FLIPS=1`: every byte, which takes minutes. */
const STEP = Number(process.env.FLIPS ?? 97);

/** Reads of many lengths and latencies, with payloads: columns of each kind, zipped and not. */
function write(path: string, live: boolean): void {
  const made = new EventsBuilder();
  const thread = made.thread({ of: made.process({ comm: 'reader' }) }).id;
  for (let id = 1; id < 40; id++)
    made.tables.threadStats.put({ id, tid: id, vmsize: 1e6 * id, vmrss: 1, vmswap: 0, children: 0, from: id, to: null });
  const writer = new CaptureWriter(path, made.tables, { level: 3, live });
  writer.meta({ epoch: '1700000000000000000', state: 'recording' });
  for (let i = 0; i < EVENTS; i++)
    made.event({ type: 'read', thread, res: (i * i) % 977, latency: (i * 7919) % 1e5, data: `event ${i} ${'x'.repeat(i % 9)}` });
  for (let k = 0; k < PIECES; k++) {
    writer.append(made.chunk, (k * EVENTS) / PIECES, ((k + 1) * EVENTS) / PIECES);
    writer.flush();
  }
  if (live) writer.abandon({});
  else writer.close({ end: '0' });
}

/** Everything that is read of a capture's events and packed rows. */
function digest(path: string): string {
  const capture = new CaptureReader(path);
  const hash = createHash('sha1');
  try {
    for (const head of capture.heads()) {
      const { presence, id: _, ...numbers } = head;
      hash.update(JSON.stringify([numbers, (['type', 'thread', 'fd'] as const).map((column) => presence(column))]));
      const chunk = capture.chunk(head);
      for (const name of NUMBER_COLUMN_NAMES) hash.update(chunk[name]);
      for (const name of BYTE_COLUMN_NAMES) hash.update(chunk[name]).update(chunk[`${name}End`]);
    }
    for (const row of capture.dims.threadStats.all()) hash.update(JSON.stringify(row));
  } finally {
    capture.close();
  }
  return hash.digest('hex');
}

/** Bytes that are not zero in the pages of what has checksums: every so many of them. */
function placesOf(path: string, bytes: Buffer): number[] {
  const db = new Database(path, { readonly: true });
  const names = "('chunk', 'chunk_column', 'chunk_by_num', 'thread_stat')";
  const pages = db.prepare(`SELECT pageno FROM dbstat WHERE name IN ${names}`).pluck().all() as number[];
  db.close();
  const places = pages.flatMap((page) => Array.from({ length: PAGE }, (_, i) => (page - 1) * PAGE + i)).filter((at) => bytes[at] !== 0);
  return places.filter((_, i) => i % STEP === 0);
}

test.each([
  ['sealed', false],
  ['of pieces', true],
])('each flip in a capture %s is told, or changes nothing', (name, live) => {
  const path = file(`${name}.trowel`);
  write(path, live);
  const whole = digest(path);
  const bytes = readFileSync(path);
  const damaged = file(`${name} damaged.trowel`);
  let told = 0;
  for (const at of placesOf(path, bytes)) {
    bytes[at]! ^= 1 << (at % 8);
    writeFileSync(damaged, bytes);
    bytes[at]! ^= 1 << (at % 8);
    try {
      expect(digest(damaged), `bit ${at % 8} of byte ${at}`).toBe(whole);
    } catch (error) {
      if (!(error instanceof CaptureDamage)) throw error;
      told++;
    }
  }
  expect(told).toBeGreaterThan(10);
});
