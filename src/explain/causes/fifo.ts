/** Named pipes that were opened before anybody had their other end. */
import { openedFifo, otherEnd } from '../fifo.ts';
import type { Phase, ProcessName } from '../story.ts';
import { cause, evidence, type Facts, type Found, isOf, type Rule } from './cause.ts';
import { ownerOf } from './names.ts';
import { row, type Waited } from './row.ts';

/** `end`: which it wanted; empty: both, or not known. `opener`: who then opened the other. `never`: the waiting was broken off. */
type FifoWait = Waited & { readonly end: 'reading' | 'writing' | ''; readonly opener: ProcessName | null; readonly never: boolean };

// biome-ignore format: a table
export const FIFO_CAUSES = {
  'pipe-without-other-end': row<FifoWait>('A pipe whose other end nobody has open', 0.9, 'ls -l PATH (it begins with p); lsof PATH', ['start who opens the other end, or open it with O_NONBLOCK']),
};

export const fifoRule: Rule = (facts) =>
  facts.phases
    .filter(isOf('fifo'))
    .filter(({ duration }) => duration >= facts.floor)
    .map((phase) => found(phase, facts));

function found(phase: Phase, { analysis, process }: Facts): Found {
  const owner = ownerOf(phase, process);
  const call = analysis.events(owner.pid).find(({ num }) => num === phase.first);
  const never = call === undefined || call.fd === 0;
  const opener = never ? null : otherEnd(analysis, call.num, owner.pid, call.end);
  const facts = { owner, to: phase.what, waited: phase.duration, end: openedFifo(analysis, phase.first).end, opener, never };
  // Of a call that was broken off the kind of file is not seen, only that it waits as no file on a disk does.
  return cause('pipe-without-other-end', facts, { cost: phase.duration, nums: evidence([phase]), ...(never ? { confidence: 0.75 } : {}) });
}
