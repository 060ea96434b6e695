/** A condition of the plan as a test of the event, or the row, that a view stands on. */
import type { EventView } from '../../event/view.ts';
import type { Comparison, Condition } from '../plan.ts';
import { pairTest, readingTest } from './compare.ts';
import { readerOf } from './term.ts';

export type ViewTest = (view: EventView) => boolean;

/** `epoch`: ns since 1970 of the capture's time zero. */
export function viewTest(condition: Condition, epoch: bigint): ViewTest {
  switch (condition.kind) {
    case 'check':
      return comparisonTest(condition, epoch);
    case 'not': {
      const part = viewTest(condition.part, epoch);
      return (view) => !part(view);
    }
    case 'and':
      return condition.parts.map((part) => viewTest(part, epoch)).reduce((a, b) => (view) => a(view) && b(view));
    case 'or':
      return condition.parts.map((part) => viewTest(part, epoch)).reduce((a, b) => (view) => a(view) || b(view));
  }
}

function comparisonTest(comparison: Comparison, epoch: bigint): ViewTest {
  const left = readerOf(comparison.left);
  if (comparison.right === null) {
    const test = readingTest(comparison, epoch);
    return (view) => test(left(view));
  }
  const right = readerOf(comparison.right);
  const test = pairTest(comparison);
  return (view) => test(left(view), right(view));
}
