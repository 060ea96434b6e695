/** Loops that try the same again and again, and sleep between. */
import type { Phase } from '../story.ts';
import { cause, type Facts, type Found, isOf, type Rule } from './cause.ts';
import { type Failed, row } from './row.ts';

// biome-ignore format: a table
export const RETRY_CAUSES = {
  'retry-loop': row<Failed & { readonly slept: number }>('A loop that tries again and again', 0.85, 'trowel lens errors FILE', ['make what it waits for ready sooner, or let it be told instead of asking']),
};

export const retryRule: Rule = (facts) =>
  facts.phases
    .filter(isOf('retry'))
    .filter(({ duration }) => duration >= facts.floor)
    .flatMap((phase) => found(phase, facts));

function found(phase: Phase, { analysis, process, end }: Facts): Found[] {
  const { pid } = phase.process ?? process;
  const retry = analysis.retries.find((loop) => loop.pid === pid && loop.start < phase.end && loop.end > phase.start && !loop.lock);
  if (retry === undefined) return [];
  const { call, error, what, tries, first, last, slept } = retry;
  const exit = analysis.endOf(pid)?.time === undefined || analysis.endOf(pid)!.time > end ? null : analysis.endOf(pid)!.exit;
  const facts = { owner: analysis.lifetime(pid)?.name ?? process, call, error, what, times: tries, exit, slept };
  return [cause('retry-loop', facts, { cost: phase.duration, nums: [first, last] })];
}
