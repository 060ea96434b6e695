/** Compressed files: the same bytes as without, wherever they are cut or damaged, and never more of them in memory than a block. */
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { ScapDamage } from '../../src/scap/blocks.ts';
import { compressionOf } from '../../src/scap/decompress/format.ts';
import { decompressed } from '../../src/scap/decompress/index.ts';
import { Xxh32 } from '../../src/scap/decompress/xxh32.ts';
import { readBack } from './read-back.ts';
import { samples } from './scap-samples.ts';
import { u32 } from './scap-writer.ts';

const FILES = join(import.meta.dirname, 'compressed');
const MB = 1 << 20;
const PATIENCE = { timeout: 120_000 };
const folder = mkdtempSync(join(tmpdir(), 'scap-compressed-'));
afterAll(() => rmSync(folder, { recursive: true }));

const whole = gunzipSync(readFileSync(join(FILES, 'reads.scap.gz')));
const frames = (...parts: readonly Uint8Array[]) => Buffer.concat(parts.map((part) => zstdCompressSync(part)));
const SKIPPED = Buffer.concat([u32(0x184d2a53), u32(5), Buffer.from('hello')]);

/** What is in `reads.scap.gz`, compressed in other ways. */
const COMPRESSED: ReadonlyMap<string, Buffer> = new Map([
  ...readdirSync(FILES)
    .filter((name) => name.startsWith('reads.'))
    .map((name) => [name, readFileSync(join(FILES, name))] as const),
  ['zstd', frames(whole)],
  ['zstd, frame after frame', frames(whole.subarray(0, 7), whole.subarray(7, 100_000), Buffer.alloc(0), whole.subarray(100_000))],
  ['zstd, with frames to be skipped', Buffer.concat([frames(whole.subarray(0, 99)), SKIPPED, frames(whole.subarray(99)), SKIPPED])],
  ['gzip, member after member', Buffer.concat([gzipSync(whole.subarray(0, 777)), gzipSync(whole.subarray(777))])],
]);

interface Read {
  readonly bytes: Buffer;
  readonly damage: string | null;
}

/** Decompresses bytes that come in pieces of a size. Any error but damage is one. */
async function read(compressed: Buffer, size = 1 << 16): Promise<Read> {
  async function* file() {
    for (let at = 0; at < compressed.length; at += size) yield compressed.subarray(at, at + size);
  }
  const found: Uint8Array[] = [];
  try {
    for await (const piece of decompressed(file(), compressionOf(compressed)!)) found.push(Buffer.from(piece));
  } catch (error) {
    if (!(error instanceof ScapDamage)) throw error;
    return { bytes: Buffer.concat(found), damage: error.message };
  }
  return { bytes: Buffer.concat(found), damage: null };
}

describe.each([...COMPRESSED])('%s', (_, compressed) => {
  test.each([1 << 16, 1000, 13])('in pieces of %d bytes', PATIENCE, async (size) => {
    const { bytes, damage } = await read(compressed, size);
    expect(damage).toBe(null);
    expect(bytes.equals(whole)).toBe(true);
  });

  test('cut anywhere: a part of it, and the cut is told', PATIENCE, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 4, max: compressed.length - 1 }), async (length) => {
        const { bytes, damage } = await read(compressed.subarray(0, length));
        expect(bytes.equals(whole.subarray(0, bytes.length))).toBe(true);
        if (damage === null) expect(isBetweenFrames(compressed, length)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('with bytes changed: damage, or the same bytes', PATIENCE, async () => {
    const changes = fc.array(fc.tuple(fc.integer({ min: 4, max: compressed.length - 1 }), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(changes, async (all) => {
        const bytes = Buffer.from(compressed);
        for (const [at, value] of all) bytes[at] = value;
        const { damage } = await read(bytes);
        expect(damage === null || damage.length > 0).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

/** Only behind a frame or a member may a file end and be whole. */
function isBetweenFrames(compressed: Buffer, length: number): boolean {
  const rest = compressed.subarray(length);
  return compressionOf(rest) !== null || rest.subarray(0, 4).equals(SKIPPED.subarray(0, 4));
}

describe('checksums', () => {
  test.each(['reads.scap.lz4', 'reads.checked.scap.lz4', 'reads.scap.bz2'])(
    '%s: one changed byte in its middle is damage',
    async (name) => {
      const bytes = Buffer.from(COMPRESSED.get(name)!);
      bytes[bytes.length >> 1]! ^= 0x10;
      expect((await read(bytes)).damage).toMatch(/^decompressing (lz4|bzip2): /);
    },
  );

  test.each([
    ['', 0x02cc5d05],
    ['a', 0x550d7456],
    ['abc', 0x32d153ff],
    ['Nobody inspects the spammish repetition', 0xe2293b2f],
  ])('xxHash of %j', (text, hash) => {
    expect(new Xxh32().update(Buffer.from(text)).digest()).toBe(hash);
    const inParts = new Xxh32();
    for (const byte of Buffer.from(text)) inParts.update(Uint8Array.of(byte));
    expect(inParts.digest()).toBe(hash);
  });
});

test('events and damage are those of the file without compression', PATIENCE, async () => {
  const FORMAT = '%evt.num %evt.type %proc.name %evt.buffer';
  const plain = (await readBack(whole, FORMAT)).lines;
  expect(plain).toHaveLength(1_000);
  for (const [name, compressed] of COMPRESSED) {
    if (!/^reads/.test(name) && name !== 'zstd') continue;
    expect((await readBack(compressed, FORMAT)).lines).toEqual(plain);
  }
  const cut = await readBack(COMPRESSED.get('reads.blocks.scap.bz2')!.subarray(0, -3000), FORMAT);
  expect(cut.cut).toBe('decompressing bzip2: unexpected end of file');
  expect(cut.lines.length).toBeGreaterThan(100);
  const sample = samples().get('two sections')!;
  expect((await readBack(frames(sample), FORMAT)).lines).toEqual((await readBack(sample, FORMAT)).lines);
});

/** A block of lz4: one byte, and that byte again for as long as said. */
function lz4Run(length: number): Buffer {
  const more = length - 1 - 5 - 4 - 15;
  const lengths = Buffer.concat([Buffer.alloc(Math.floor(more / 255), 255), Buffer.of(more % 255)]);
  return Buffer.concat([Buffer.of(0x1f, 0, 1, 0), lengths, Buffer.of(0x50, 0, 0, 0, 0, 0)]);
}

function lz4Frame(block: Buffer, times: number): Buffer {
  const descriptor = Buffer.of(0x60, 0x70);
  const sum = (new Xxh32().update(descriptor).digest() >> 8) & 0xff;
  const blocks = new Array<Buffer>(times).fill(Buffer.concat([u32(block.length), block]));
  return Buffer.concat([u32(0x184d2204), descriptor, Buffer.of(sum), ...blocks, u32(0)]);
}

test.each([
  ['bzip2', () => readFileSync(join(FILES, 'zeros.bz2'))],
  ['lz4', () => lz4Frame(lz4Run(4 * MB), 256)],
  ['zstd', () => Buffer.concat(new Array<Buffer>(64).fill(frames(Buffer.alloc(16 * MB))))],
] as const)('a gigabyte of zeros in a small file: %s', PATIENCE, async (name, make) => {
  const path = join(folder, name);
  writeFileSync(path, make());
  const before = process.memoryUsage.rss();
  let [length, peak] = [0, before];
  for await (const piece of decompressed(createReadStream(path), name)) {
    length += piece.length;
    expect(piece.length).toBeLessThanOrEqual(4 * MB);
    peak = Math.max(peak, process.memoryUsage.rss());
  }
  expect(length).toBe(1 << 30);
  expect(peak - before).toBeLessThan(500 * MB);
});
