import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GAP_NS } from '../../src/tui/data/seek.ts';
import { centred, scrolled, visibleItems } from '../../src/tui/frame/areas.ts';
import type { ListedRow } from '../../src/tui/screens/events/rows.ts';

const rowsOf = (pauses: readonly boolean[]) => pauses.map((pause, i) => ({ num: i, since: pause ? 2 * GAP_NS : 10 }) as ListedRow);
const kinds = (pauses: readonly boolean[], top: number, height: number) =>
  visibleItems(rowsOf(pauses), top, height).map((item) => (item.kind === 'gap' ? '-' : item.row.num));

test('pauses take a line of their own, except at the top', () => {
  const pauses = [false, true, false, true, false];
  expect(kinds(pauses, 0, 10)).toEqual([0, '-', 1, 2, '-', 3, 4]);
  expect(kinds(pauses, 1, 3)).toEqual([1, 2]);
  expect(kinds(pauses, 1, 4)).toEqual([1, 2, '-', 3]);
});

const lists = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 });

test('the selected row is always among those that are seen', () => {
  fc.assert(
    fc.property(lists, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 30 }), (pauses, a, b, height) => {
      const rows = rowsOf(pauses);
      const selected = a % rows.length;
      for (const top of [scrolled(rows, b % rows.length, selected, height), centred(rows, selected, height)]) {
        const items = visibleItems(rows, top, height);
        expect(items.length).toBeLessThanOrEqual(height);
        expect(items.some((item) => item.kind === 'row' && item.row.num === selected)).toBe(true);
      }
    }),
  );
});

test('a list that is long enough leaves no line empty when it jumps, but for a pause that does not fit', () => {
  fc.assert(
    fc.property(lists, fc.nat(), fc.integer({ min: 1, max: 30 }), (pauses, a, height) => {
      const rows = rowsOf(pauses);
      fc.pre(visibleItems(rows, 0, height).length >= height);
      const items = visibleItems(rows, centred(rows, a % rows.length, height), height);
      expect(items.length).toBeGreaterThanOrEqual(height - 1);
    }),
  );
});
