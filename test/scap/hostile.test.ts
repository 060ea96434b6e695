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
const SECTION = [
  0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 2, 0, 255, 255, 255, 255, 255, 255, 255, 255, 28, 0, 0, 0,
];

/** Reads bytes as a file would be; gives the number of events. */
function read(bytes: Uint8Array): number {
  const surveyor = new Surveyor();
  const cut = untilDamage(() => surveyor.push(bytes));
  let events = 0;
  const reader = new ScapReader(newTables(), surveyor.finish(cut), (chunk) => {
    events += chunk.n;
  });
  untilDamage(() => reader.push(bytes));
  reader.finish();
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
      expect(read(Buffer.concat([Buffer.from(SECTION), ...all.map(([type, body]) => block(type, body))]))).toBeGreaterThanOrEqual(0);
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

  test('as it is', () => {
    expect(read(whole)).toBeGreaterThan(10);
  });

  test('with bytes changed', { timeout: PATIENCE }, () => {
    const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(changes, (all) => {
        const bytes = Uint8Array.from(whole);
        for (const [at, value] of all) bytes[at] = value;
        expect(read(bytes)).toBeGreaterThanOrEqual(0);
      }),
      MADE_RUNS,
    );
  });

  test('cut anywhere, or begun anywhere', { timeout: PATIENCE }, () => {
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(whole.length), (end, start) => {
        expect(read(whole.subarray(0, end))).toBeGreaterThanOrEqual(0);
        expect(read(Buffer.concat([Buffer.from(SECTION), whole.subarray(start)]))).toBeGreaterThanOrEqual(0);
      }),
      MADE_RUNS,
    );
  });
});

describe.skipIf(!existsSync(SAMPLE))('a real file (skipped where ../shared is absent)', () => {
  const real = existsSync(SAMPLE) ? unzipped(readFileSync(SAMPLE)).subarray(0, LENGTH) : new Uint8Array(0);
  // Events lie behind the lists: some of both.
  const tail = existsSync(SAMPLE) ? unzipped(readFileSync(SAMPLE)).subarray(-LENGTH * 2) : new Uint8Array(0);

  test('with bytes changed', { timeout: PATIENCE }, () => {
    const changes = fc.array(fc.tuple(fc.nat(LENGTH - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(changes, (all) => {
        const bytes = Uint8Array.from(real);
        for (const [at, value] of all) bytes[at % bytes.length] = value;
        expect(read(bytes)).toBeGreaterThanOrEqual(0);
      }),
      RUNS,
    );
  });

  test('cut anywhere, or begun anywhere', { timeout: PATIENCE }, () => {
    fc.assert(
      fc.property(fc.nat(LENGTH), fc.nat(LENGTH * 2), (end, start) => {
        expect(read(real.subarray(0, end))).toBeGreaterThanOrEqual(0);
        expect(read(Buffer.concat([Buffer.from(SECTION), tail.subarray(start)]))).toBeGreaterThanOrEqual(0);
      }),
      RUNS,
    );
  });
});

function unzipped(bytes: Buffer): Uint8Array {
  return bytes[0] === 0x1f ? gunzipSync(bytes) : bytes;
}
