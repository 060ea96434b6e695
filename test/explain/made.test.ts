/** Situations made by hand: what is said of them first, and of the process itself. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { explain } from '../../src/explain/explain.ts';
import type { Story } from '../../src/explain/story.ts';
import { EventFlag } from '../../src/model/chunk.ts';
import { MS } from '../../src/model/time.ts';
import { sentenceOf } from '../../src/output/sentences.ts';
import { nothingLines } from '../../src/output/story.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { Drama, MADE } from './made.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-made-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function explained(name: string, pid?: number): ReturnType<typeof explain> {
  const path = join(folder, `${name}${pid ?? ''}.trowel`);
  MADE.find((one) => one.name === name)!
    .make()
    .write(path);
  return explain(new CaptureReader(path), { over: 100 * MS, pids: null, ...(pid === undefined ? {} : { pid }) });
}

const sentences = (story: Story | null) => story?.causes.map(sentenceOf) ?? [];

test.each(MADE)('$name', ({ name, cause, says }) => {
  const { story } = explained(name);
  expect(story?.causes[0]?.id ?? null).toBe(cause);
  if (cause !== null) expect(sentences(story)[0]).toMatch(says);
});

test('time of which no wait was recorded is no computing', () => {
  const { story, looked, over } = explained('healthy: only the network recorded', 7);
  expect(sentences(story)).toEqual([]);
  expect(story!.phases.find(({ kind }) => kind === 'cpu')?.duration ?? 0).toBeLessThan(MS);
  expect(nothingLines(over, looked)).toEqual([
    expect.stringMatching(/^Nothing waited longer than 100 ms for what it had asked for, as far as was recorded, and/),
    expect.stringMatching(/^Looked at/),
    'Not seen: only what matches “evt.category=net” was recorded.',
  ]);
});

test('a child that does nothing more while it is waited for is shown by what it did last', () => {
  const drama = new Drama();
  const sick = drama.events.process({ comm: 'sick', pid: 9, ppid: 7, started: 2 });
  const thread = drama.events.thread({ of: sick }).id;
  drama
    .call(thread, 'execve', 3, 0.1)
    .call(thread, 'close', 4, 0.1)
    .call(thread, 'procexit', 1499, -1, { res: null, flags: EventFlag.ONE_SIDED, args: [0, 0, 0, 0, 0, 0, new Uint8Array(0)] })
    .call(drama.client, 'wait4', 1500, 1490, { res: 9 })
    .ends(1501);
  const path = join(folder, 'child.trowel');
  drama.write(path);
  const { story } = explain(new CaptureReader(path), { over: 100 * MS, pids: null, pid: 7 });
  expect(sentences(story)).toEqual(['sick (9) computed, or waited for a CPU for 1.489 s.']);
  expect(story!.causes[0]!.nums).toEqual([2]);
});

test('who reads a timer sleeps', () => {
  expect(sentences(explained('healthy: a timer that is read', 7).story)).toEqual(['client (7) slept by itself for 999 ms.']);
});
