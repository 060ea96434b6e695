import { expect, test } from 'vitest';
import { assign, type Stretch } from '../../src/explain/assign.ts';

const LAST = 20;

let state = 1;
/** Numbers below `most`, the same each time. */
function below(most: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return (state >> 8) % most;
}

test('each moment belongs to the first in the list that claims it, and pieces are as long as can be', () => {
  for (let round = 0; round < 2000; round++) {
    const stretches = Array.from({ length: below(12) }, (): Stretch => {
      const start = below(LAST);
      return { start, end: start + below(7) - 1 }; // some are empty, some less than that
    });
    const [start, end] = [below(LAST), below(LAST)];
    const pieces = assign(start, end, stretches);
    const wanted = Array.from({ length: Math.max(0, end - start) }, (_, i) => {
      const moment = start + i;
      return stretches.find((stretch) => stretch.start <= moment && moment < stretch.end) ?? null;
    });
    expect(pieces.flatMap((piece) => new Array<Stretch | null>(piece.end - piece.start).fill(piece.of))).toEqual(wanted);
    expect(pieces.every((piece, i) => i === 0 || piece.of !== pieces[i - 1]!.of)).toBe(true);
  }
});

test('twenty thousand stretches, one inside the other and side by side', () => {
  const count = 20_000;
  const nested = Array.from({ length: count }, (_, i): Stretch => ({ start: count - i, end: count + i + 1 }));
  expect(assign(0, 2 * count, nested)).toHaveLength(2 * count);
  const beside = Array.from({ length: count }, (_, i): Stretch => ({ start: 2 * i, end: 2 * i + 1 }));
  expect(assign(0, 2 * count, beside)).toHaveLength(2 * count);
});
