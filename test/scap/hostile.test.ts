/** Damaged files end in what came before the damage: never in a crash, a hang, or memory without bound. */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newTables } from '../../src/model/rows.ts';
import { ScapReader } from '../../src/scap/reader.ts';
import { Surveyor } from '../../src/scap/survey.ts';
import { untilDamage } from './damage.ts';
import { samples } from './scap-samples.ts';

const SAMPLE = '../shared/scap/modern-zoo.scap';
/** Enough of a real file for lists and events of many kinds. */
const LENGTH = 24_000;
/** Bytes of the smallest block of an event: its frame, and a head of time, thread, length and type. */
const LEAST_EVENT = 34;
const SECTION = [
  0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 2, 0, 255, 255, 255, 255, 255, 255, 255, 255, 28, 0, 0, 0,
];

/**
 * Reads bytes as a file would be; gives the number of events. However damaged they are, no event is made up: there are as many as the
 * survey counted at most, in ascending order, at times that are numbers.
 */
function read(bytes: Uint8Array): number {
  const surveyor = new Surveyor();
  const cut = untilDamage(() => surveyor.push(bytes));
  const survey = surveyor.finish(cut);
  let events = 0;
  let last = 0;
  const reader = new ScapReader(newTables(), survey, ({ n, num, time, latency }) => {
    for (let i = 0; i < n; i++) {
      if (!(num[i]! > last) || !Number.isFinite(time[i]!) || !Number.isFinite(latency[i]!)) expect.fail(`event ${num[i]} after ${last}`);
      last = num[i]!;
    }
    events += n;
  });
  untilDamage(() => reader.push(bytes));
  reader.finish();
  expect(events).toBeLessThanOrEqual(survey.events);
  return events;
}

const RUNS = { numRuns: 2500 };
const PATIENCE = 120_000;

test('random bytes behind a section header', { timeout: PATIENCE }, () => {
  const blocks = fc.array(
    fc.tuple(
      fc.constantFrom(0x201, 0x202, 0x203, 0x204, 0x205, 0x206, 0x215, 0x216, 0x218, 0x219, 0x220),
      fc.uint8Array({ maxLength: 200 }),
    ),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(blocks, (all) => {
      const events = read(Buffer.concat([Buffer.from(SECTION), ...all.map(([type, body]) => block(type, body))]));
      expect(events).toBeLessThanOrEqual(all.length);
    }),
    { numRuns: 5000 },
  );
});

function block(type: number, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(12 + body.length);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(bytes.length, 4);
  bytes.set(body, 8);
  bytes.writeUInt32LE(bytes.length, bytes.length - 4);
  return bytes;
}

describe.each([...samples()])('%s', (_, whole) => {
  const MADE_RUNS = { numRuns: 300 };
  const undamaged = read(whole);

  test('as it is', () => {
    expect(undamaged).toBeGreaterThan(10);
  });

  test('with bytes changed', { timeout: PATIENCE }, () => {
    const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(changes, (all) => {
        const bytes = Uint8Array.from(whole);
        for (const [at, value] of all) bytes[at] = value;
        expect(read(bytes)).toBeLessThanOrEqual(bytes.length / LEAST_EVENT);
      }),
      MADE_RUNS,
    );
  });

  test('cut anywhere, or begun anywhere', { timeout: PATIENCE }, () => {
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(whole.length), (end, start) => {
        expect(read(whole.subarray(0, end))).toBeLessThanOrEqual(undamaged);
        expect(read(Buffer.concat([Buffer.from(SECTION), whole.subarray(start)]))).toBeLessThanOrEqual(undamaged);
      }),
      MADE_RUNS,
    );
  });
});

test.skipIf(!existsSync(SAMPLE))(
  'a real file, changed, cut or begun anywhere (skipped where ../shared is absent)',
  { timeout: 2 * PATIENCE },
  () => {
    const real = unzipped(readFileSync(SAMPLE));
    const head = real.subarray(0, LENGTH);
    // Events lie behind the lists: some of both.
    const tail = real.subarray(-LENGTH * 2);
    const bound = (LENGTH * 2) / LEAST_EVENT;
    const changes = fc.array(fc.tuple(fc.nat(LENGTH - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(changes, fc.nat(LENGTH), fc.nat(LENGTH * 2), (all, end, start) => {
        const bytes = Uint8Array.from(head);
        for (const [at, value] of all) bytes[at % bytes.length] = value;
        expect(read(bytes)).toBeLessThanOrEqual(bound);
        expect(read(head.subarray(0, end))).toBeLessThanOrEqual(bound);
        expect(read(Buffer.concat([Buffer.from(SECTION), tail.subarray(start)]))).toBeLessThanOrEqual(bound);
      }),
      RUNS,
    );
  },
);

function unzipped(bytes: Buffer): Uint8Array {
  return bytes[0] === 0x1f ? gunzipSync(bytes) : bytes;
}
