/**
 * Pieces of real recordings, put together anew, cut and overwritten: reading ends, and what was read prints as one harmless
 * line. `hostile.test.ts` damages files byte by byte; here calls meet that never met.
 */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DnsIndex } from '../../src/dns/index.ts';
import type { EventView } from '../../src/event/view.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { type DimensionTables, newTables } from '../../src/model/rows.ts';
import { DEFAULT_FORMAT, LineFormat } from '../../src/output/format.ts';
import { eventReport, programColumns } from '../../src/output/reports/events.ts';
import { JsonWriter } from '../../src/output/writers/json.ts';
import { Block, BlockCutter, eventForm } from '../../src/scap/blocks.ts';
import { ScapReader } from '../../src/scap/reader.ts';
import { pieces } from '../../src/scap/source.ts';
import { Surveyor } from '../../src/scap/survey.ts';
import { seeded } from '../bench/synthetic.ts';
import { untilDamage } from './damage.ts';
import { samples } from './scap-samples.ts';

const CASES = 2_000;
const SHARED = '../shared/scap';
const FILES = ['critical-app.scap', 'modern-lab-stall.scap', 'modern-zoo.scap'].map((name) => `${SHARED}/${name}`);
/** One of so many is printed, too. */
const PRINTED = 10;
/** Events of one case: enough for calls that begin and end. */
const EVENTS = 40;

type Random = () => number;

/** A recording taken apart. */
interface Parts {
  readonly heads: readonly Buffer[];
  readonly events: readonly Buffer[];
}

async function partsOf(file: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Parts> {
  const heads: Buffer[] = [];
  const events: Buffer[] = [];
  const cutter = new BlockCutter();
  for await (const piece of file) {
    cutter.feed(piece);
    while (cutter.next()) {
      const block = Buffer.from(cutter.region.part(cutter.from - 8, cutter.to + 4));
      if (eventForm(block.readUInt32LE(0)) !== undefined) events.push(block);
      else heads.push(block);
    }
  }
  return { heads, events };
}

const below = (random: Random, n: number) => Math.floor(random() * n);
const one = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)]!;

const NUMBERS = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** Overwrites some of it: bytes, words, and now and then the frame of a block. */
function mutate(bytes: Buffer, random: Random): void {
  for (let times = below(random, 12); times > 0 && bytes.length > 8; times--) {
    const at = below(random, bytes.length - 4);
    const kind = below(random, 4);
    if (kind === 0) bytes[at] = below(random, 256);
    else if (kind === 1) bytes.writeUInt16LE(one(random, NUMBERS) & 0xffff, at);
    else if (kind === 2) bytes.writeUInt32LE(one(random, NUMBERS), at);
    else bytes.copy(bytes, at, below(random, bytes.length - 4), bytes.length - 4);
  }
}

/** A block with damage inside and a frame that is whole, so that what lies inside is read. */
function damaged(block: Buffer, random: Random): Buffer {
  const copy = Buffer.from(block);
  mutate(copy.subarray(8, copy.length - 4), random);
  return copy;
}

function recording(parts: readonly Parts[], random: Random): Buffer {
  const { heads, events } = one(random, parts);
  const from = below(random, events.length);
  const blocks = heads.filter((head) => head.readUInt32LE(0) === Block.SECTION || random() < 0.3);
  for (const event of events.slice(from, from + EVENTS)) if (random() < 0.95) blocks.push(event);
  // Damage in the lists at the beginning mostly ends it all: it is rare, so that events are reached.
  const chance = (block: Buffer) => (eventForm(block.readUInt32LE(0)) === undefined ? 0.05 : 0.3);
  const bytes = Buffer.concat(blocks.map((block) => (random() < chance(block) ? damaged(block, random) : block)));
  if (random() < 0.2) mutate(bytes, random);
  return random() < 0.2 ? bytes.subarray(0, below(random, bytes.length)) : bytes;
}

function readAll(bytes: Buffer, tables: DimensionTables, printed: boolean): number {
  const surveyor = new Surveyor();
  const cut = untilDamage(() => surveyor.push(bytes));
  const survey = surveyor.finish(cut);
  const dns = new DnsIndex(tables);
  const { view } = compileFilter('', { dims: tables, epoch: survey.epoch, hostname: '', growing: true });
  const line = new LineFormat(DEFAULT_FORMAT, false);
  const json = new JsonWriter<EventView>();
  json.begin(eventReport(programColumns(), [], survey.epoch));
  let events = 0;
  const reader = new ScapReader(tables, survey, (chunk) => {
    dns.add(chunk);
    events += chunk.n;
    for (let i = 0; printed && i < chunk.n; i++) {
      const text = line.line(view.at(chunk, i), '') + json.row(view.at(chunk, i)).trimEnd();
      expect(text).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f\x9b]/);
    }
  });
  untilDamage(() => reader.push(bytes));
  reader.finish();
  expect(events).toBeLessThanOrEqual(survey.events);
  return events;
}

async function shuffle(parts: readonly Parts[], least: number): Promise<void> {
  let events = 0;
  for (let seed = 1; seed <= CASES; seed++) {
    const random = seeded(seed);
    const bytes = recording(parts, random);
    try {
      events += readAll(bytes, newTables(), seed % PRINTED === 0);
    } catch (error) {
      throw new Error(`case ${seed}: ${String(error)}`, { cause: error });
    }
  }
  // Most of it is sound: a reader that gives up at once would pass otherwise.
  expect(events / CASES).toBeGreaterThan(least);
}

test(`${CASES} recordings put together anew, of files made here`, { timeout: 300_000 }, async () => {
  await shuffle(await Promise.all(Array.from(samples().values(), (file) => partsOf([file]))), 2);
});

describe.skipIf(!FILES.every((path) => existsSync(path)))('shuffled events (skipped where ../shared is absent)', () => {
  test(`${CASES} recordings put together anew`, { timeout: 300_000 }, async () => {
    await shuffle(await Promise.all(FILES.map((path) => partsOf(pieces(path)))), 2);
  });
});
