import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventView } from '../../src/event/view.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { Hits } from '../../src/tui/data/hits.ts';
import { Matches } from '../../src/tui/data/matches.ts';
import { seekText } from '../../src/tui/data/seek.ts';
import type { Match } from '../../src/tui/data/selected.ts';
import { rowOf, rowText } from '../../src/tui/screens/events/rows.ts';

const SCENES = 'captures/scenes';
const captures = [
  'captures/critical-app.trowel',
  ...(existsSync(SCENES) ? readdirSync(SCENES) : [])
    .filter((name) => name.endsWith('.trowel'))
    .slice(0, 3)
    .map((name) => join(SCENES, name)),
];

/** Rows of a capture as a search sees them, by number. */
function textsOf(capture: CaptureReader): Map<number, string> {
  const filter = compileFilter('', contextOf(capture));
  const view = new EventView(contextOf(capture));
  const texts = new Map<number, string>();
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) texts.set(chunk.num[selection[k]!]!, rowText(rowOf(view.at(chunk, selection[k]!))).toLowerCase());
  }
  return texts;
}

const contextOf = (capture: CaptureReader) => ({ dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false });

describe.each(captures)('a text in %s', (path) => {
  test('is found where a look at every row finds it, in both directions', () => {
    const capture = new CaptureReader(path);
    const texts = textsOf(capture);
    const nums = [...texts.keys()];
    const view = new EventView(contextOf(capture));
    const matches = new Matches(capture, compileFilter('', contextOf(capture)), false);
    const textOf = ({ chunk, i }: Match) => rowText(rowOf(view.at(chunk, i)));
    const find = (text: string, from: number, direction: 1 | -1) => {
      const hits = new Hits(matches, text, textOf, contextOf(capture));
      const steps = seekText(hits, direction, from);
      for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value;
    };
    const piece = fc.tuple(fc.constantFrom(...nums), fc.nat(200), fc.integer({ min: 1, max: 14 })).map(([num, at, length]) =>
      texts
        .get(num)!
        .slice(at % texts.get(num)!.length)
        .slice(0, length),
    );
    const wanted = fc.oneof(
      { weight: 9, arbitrary: piece },
      { weight: 1, arbitrary: fc.constantFrom('nosuchtext', 'enoent', '001f', 'x42', 'u00', '0x', 'pid=', '"', 'a?', '→ ') },
    );
    fc.assert(
      fc.property(wanted, fc.constantFrom(...nums), fc.constantFrom(1 as const, -1 as const), (text, from, direction) => {
        const all = nums.filter((num) => texts.get(num)!.includes(text));
        const hits = all.filter((num) => (direction === 1 ? num > from : num < from));
        expect(find(text, from, direction), JSON.stringify(text)).toBe(
          direction === 1 ? (hits[0] ?? all[0] ?? null) : (hits.at(-1) ?? all.at(-1) ?? null),
        );
      }),
      { numRuns: 120 },
    );
    capture.close();
  });
});
