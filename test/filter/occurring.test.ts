import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { usageOf } from '../../src/capture/usage.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { complete } from '../../src/filter/complete.ts';
import { written } from '../../src/filter/literal.ts';
import { occurringValues } from '../../src/filter/occurring.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { CaptureWriter } from '../../src/store/writer.ts';
import { syntheticChunks, syntheticTables } from '../bench/synthetic.ts';
import { EventsBuilder } from '../helpers/events.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-occurring-'));
afterAll(() => rmSync(folder, { recursive: true }));

function captureOf(events: number): CaptureReader {
  const path = join(folder, `${events}.trowel`);
  const writer = new CaptureWriter(path, syntheticTables(), { level: 1, live: false });
  writer.meta({ epoch: '1700000000000000000' });
  for (const chunk of syntheticChunks(events)) writer.append(chunk);
  writer.close({ end: '0' });
  return new CaptureReader(path);
}

/** What completion offers behind a text, and how many events the first has by a filter. */
function offered(capture: CaptureReader, text: string) {
  const context = { dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false };
  const usage = usageOf(capture);
  const { candidates } = complete(text, text.length, (bound) => occurringValues(bound, context, usage));
  const matching = (filter: string) => [...capture.select(compileFilter(filter, context))].reduce((sum, { n }) => sum + n, 0);
  return { candidates, matching };
}

const small = captureOf(40_000);

test.each(['proc.name=', 'evt.type=', 'fd.type=', 'fd.port=', 'container.id=', 'fd.name='])(
  '%s is followed by what occurs, counted',
  (text) => {
    const { candidates, matching } = offered(small, text);
    const [first, second] = candidates;
    expect(first!.doc).toBe(`${String(matching(text + first!.text)).replace(/\B(?=(\d{3})+$)/g, ',')} events`);
    expect(matching(text + second!.text)).toBeLessThanOrEqual(matching(text + first!.text));
  },
);

test('of a large capture a part is looked at, and the counts are nearly right', () => {
  const { candidates, matching } = offered(captureOf(300_000), 'proc.name=');
  const [first] = candidates;
  expect(first!.doc).toMatch(/^~[0-9,]+ events$/);
  const counted = Number(first!.doc.replace(/\D/g, ''));
  const right = matching(`proc.name=${first!.text}`);
  expect(Math.abs(counted - right) / right).toBeLessThan(0.1);
});

test.each([
  ['curl', 'curl'],
  ['my program', '"my program"'],
  ['a"b\\c', '"a\\"b\\\\c"'],
  ['a\x1b[31m', '"a\\x1b[31m"'],
  ['a\u202eb', '"a\\xe2\\x80\\xaeb"'],
  ['and', '"and"'],
  ['', '""'],
])('%j is written as %s', (value, text) => {
  expect(written(value)).toBe(text);
  const events = new EventsBuilder();
  events.event({ thread: events.thread({ comm: value }).id });
  expect(events.select(`proc.name=${text}`)).toEqual([1]);
});
