import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EventStream } from '../../src/capture/event-stream.ts';
import { contextOf } from '../../src/cli/capture-context.ts';
import { openCapture, openFor } from '../../src/cli/open-capture.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { ScapStream } from '../../src/scap/stream.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import * as scap from '../scap/scap-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-open-'));
const file = (name: string) => join(folder, name);
const CAPTURE = 'captures/critical-app.trowel';

beforeAll(() => {
  process.env.XDG_CACHE_HOME = join(folder, 'cache');
  mkdirSync(file('nothing'));
  writeFileSync(file('empty'), '');
  writeFileSync(file('notes.txt'), 'no capture at all');
  writeFileSync(file('notes.xz'), Buffer.from('fd377a585a000004e6d6b446', 'hex'));
  writeFileSync(file('x.pcap'), Buffer.from('d4c3b2a1020004000000000000000000', 'hex'));
  writeFileSync(file('x.pcapng'), Buffer.from('0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c0000000100000014000000', 'hex'));
  writeFileSync(file('notes.gz'), gzipSync('no capture at all'));
  writeFileSync(file('ours.gz'), gzipSync(readFileSync(CAPTURE)));
  writeFileSync(file('part.trowel'), readFileSync(CAPTURE).subarray(0, 3000));
  writeFileSync(
    file('small.scap'),
    scap.cat(
      scap.section(),
      scap.machine('node-1'),
      scap.processes(9, [{ tid: 10 }]),
      scap.call(scap.EVENT.READ, 10, scap.EPOCH, [scap.i64(3), scap.u32(100)], [scap.i64(5), Buffer.from('hello')]),
    ),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('what cannot be opened says why', () => {
  const cases: [what: string, name: () => string, says: RegExp][] = [
    ['nothing', () => file('missing'), /missing: no such file/],
    ['a folder', () => file('nothing'), /is a directory without captures/],
    ['an empty file', () => file('empty'), /empty: is empty/],
    ['a part of a capture', () => file('part.trowel'), /is damaged: .*trowel repair/],
    ['a compressed text', () => file('notes.gz'), /is compressed by gzip, and no \.scap file is in it/],
    ['a compressed capture of ours', () => file('ours.gz'), /is compressed by gzip, and a Trowel capture is read as it is/],
    ['a file of xz', () => file('notes.xz'), /is compressed by xz: xz -dc FILE/],
    ['packets', () => file('x.pcap'), /has packets, not events: trowel annotate/],
    ['packets of pcapng, which begins as .scap does', () => file('x.pcapng'), /has packets, not events: trowel annotate/],
    ['text', () => file('notes.txt'), /neither a Trowel capture nor a \.scap file/],
    ['an address that nothing here reads', () => 'postgres://db/trowel', /neither a Trowel capture/],
    ['a store without a database', () => 'clickhouse://db', /names no database/],
  ];
  test.each(cases)('%s', async (_, name, says) => {
    await expect(openCapture(name())).rejects.toThrow(says);
  });
});

describe('one question opens what is enough for it', () => {
  const ask = (text: string) => (stream: EventStream) => compileFilter(text, contextOf(stream));
  const cases: [what: string, name: () => string, filter: string, opens: unknown][] = [
    ['a capture', () => CAPTURE, 'evt.type=close', CaptureReader],
    ['a sysdig capture, as it passes by', () => file('small.scap'), 'evt.type=close', ScapStream],
    ['a sysdig capture, where the answer comes later', () => file('small.scap'), 'evt.deltatime>1s', CaptureReader],
    ['its import, once there is one', () => file('small.scap'), 'evt.type=close', CaptureReader],
  ];
  test.each(cases)('%s', async (_, name, filter, opens) => {
    const { stream } = await openFor(name(), ask(filter));
    expect(stream).toBeInstanceOf(opens);
    expect(stream.path).toBe(name());
    stream.close();
  });
});
