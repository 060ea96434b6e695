/** Loops that try the same again and again, and sleep between. */
import type { Cause, Phase } from '../story.ts';
import { cause, type Facts, isOf, type Rule } from './cause.ts';

export const retryRule: Rule = (facts) =>
  facts.phases
    .filter(isOf('retry'))
    .filter(({ duration }) => duration >= facts.floor)
    .flatMap((phase) => found(phase, facts));

function found(phase: Phase, { scene, process, end }: Facts): Cause[] {
  const { pid } = phase.process ?? process;
  const retry = scene.retries.find((loop) => loop.pid === pid && loop.start < phase.end && loop.end > phase.start && !loop.lock);
  if (retry === undefined) return [];
  const { call, error, what, tries, first, last, slept } = retry;
  const exit = scene.endOf(pid)?.time === undefined || scene.endOf(pid)!.time > end ? null : scene.endOf(pid)!.exit;
  const facts = { owner: scene.life(pid)?.name ?? process, call, error, what, times: tries, exit, slept };
  return [cause('retry-loop', facts, { cost: phase.duration, nums: [first, last] })];
}
