/** Time that a process spent by itself: nobody else is to blame for it. */
import type { Cause, Kind, Phase } from '../story.ts';
import { cause, evidence, type Facts, type Rule } from './cause.ts';
import { ownerOf } from './names.ts';

/** Of less of the story's time than this nobody wants to read. */
const SHARE = 0.03;

const OWN: Readonly<Partial<Record<Kind, 'own-sleep' | 'own-poll' | 'own-cpu'>>> = { sleep: 'own-sleep', poll: 'own-poll', cpu: 'own-cpu' };

export const ownRule: Rule = (facts) =>
  facts.phases
    .filter(({ kind }) => kind !== 'cpu' || facts.scene.capture.meta.latency !== 'off') // a call of unknown length looks like computing
    .filter((phase) => OWN[phase.kind] !== undefined && phase.duration >= facts.over && phase.duration >= SHARE * (facts.end - facts.start))
    .map((phase) => found(phase, facts));

function found(phase: Phase, facts: Facts): Cause {
  const waited = { owner: ownerOf(phase, facts.process), to: phase.what, waited: phase.duration };
  return cause(OWN[phase.kind]!, waited, { cost: phase.duration, nums: evidence([phase]) });
}
