/** Time that a process spent by itself: nobody else is to blame for it. */
import { spanText } from '../../model/time.ts';
import type { Cause, Kind, Phase } from '../story.ts';
import { evidence, type Facts } from './cause.ts';
import { ownerText } from './names.ts';

/** Of less of the story's time than this nobody wants to read. */
const SHARE = 0.03;

const OWN: Readonly<Partial<Record<Kind, readonly [id: string, text: string, fix: string]>>> = {
  sleep: ['own-sleep', 'slept by itself', 'it is in the program: a sleep, or a back-off between retries'],
  poll: [
    'own-poll',
    'went on waiting by a timer of its own, when nothing was to be waited for any more',
    'it is in the program: a poll interval that doubles, or a fixed tick',
  ],
  cpu: ['own-cpu', 'computed, or waited for a CPU', 'profile the program; look at CPU limits and throttling'],
};

export function judgeOwn(facts: Facts): Cause[] {
  return facts.phases
    .filter(({ kind }) => kind !== 'cpu' || facts.scene.capture.meta.latency !== 'off') // a call of unknown length looks like computing
    .filter((phase) => OWN[phase.kind] !== undefined && phase.duration >= facts.over && phase.duration >= SHARE * (facts.end - facts.start))
    .map((phase) => judge(phase, facts));
}

function judge(phase: Phase, facts: Facts): Cause {
  const [id, text, fix] = OWN[phase.kind]!;
  const sentence = `${ownerText(phase, facts.process)} ${text} for ${spanText(phase.duration)}.`;
  return { id, sentence, cost: phase.duration, nums: evidence([phase]), fixes: [fix] };
}
