/** `--explain-filter`: how a filter runs on a capture, and what of it the kernel would decide while recording. */

import type { Capture } from '../capture/capture.ts';
import { pushedOf, pushedText } from '../collector/pushdown.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import type { Plan } from '../filter/plan.ts';
import type { Step } from '../filter/step.ts';
import { sanitize } from '../output/printable.ts';
import { tableLines } from '../output/table.ts';

/** What the words of Step.where mean. */
const WHERE: Readonly<Record<string, string>> = {
  types: 'once per event type, then by its number',
  threads: 'once per thread, then by its number',
  fds: 'once per descriptor, then by its number',
  columns: 'a column of numbers',
  'DNS messages': 'once per DNS message',
  payloads: 'the payloads of a chunk at once',
  'events, one by one': 'each event that is left',
  and: 'all of:',
  or: 'any of:',
  not: 'none of:',
};

/** The steps in the order in which they run, then the kernel's part, then how many chunks are passed by. */
export function explainFilter(capture: Capture, filter: CompiledFilter): string[] {
  const { plan, step, notes } = filter;
  if (step === null) return ['every event matches'];
  return [
    ...stepLines(step),
    '',
    `kernel: ${kernelText(plan)}`,
    `chunks: ${chunksText(capture, step)}`,
    ...notes.map((note) => `note: ${note}`),
  ];
}

/** Where each part runs. */
export const stepLines = (step: Step): string[] =>
  tableLines([{ title: 'WHERE' }, { title: 'NS/EVENT', align: 'right' }, { title: 'PART' }], rows(step, 0));

function rows(step: Step, depth: number): string[][] {
  const cost = step.parts.length > 0 ? '' : `~${step.cost}`;
  const own = [`${'  '.repeat(depth)}${WHERE[step.where] ?? step.where}`, cost, sanitize(step.label)];
  return [own, ...step.parts.flatMap((part) => rows(part, depth + 1))];
}

/** What `record` and `live` would let the probe restrict itself to. */
export function kernelText(plan: Plan | null): string {
  const parts = pushedText(pushedOf(plan));
  return parts.length === 0
    ? 'nothing of it; recording with it, everything is asked here'
    : `recording with it, ${parts.map(sanitize).join(' and ')}`;
}

function chunksText(capture: Capture, step: Step): string {
  let [read, passed, events, all] = [0, 0, 0, 0];
  for (const head of capture.heads()) {
    const wanted = step.mayMatch(head);
    all += head.n;
    if (wanted) events += head.n;
    if (wanted) read++;
    else passed++;
  }
  return `${read} read with ${events} of ${all} events, ${passed} passed by`;
}
