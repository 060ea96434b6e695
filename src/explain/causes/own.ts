/** Time that a process spent by itself: nobody else is to blame for it. */
import type { CauseFacts } from '../catalog.ts';
import type { Kind, Phase } from '../story.ts';
import { cause, evidence, type Facts, type Found, type Rule } from './cause.ts';
import { ownerOf } from './names.ts';
import { row, WAITS, type Waited } from './row.ts';

type OwnCpu = Waited & { readonly calls: { readonly name: string; readonly times: number; readonly failed: number } | null };

// biome-ignore format: a table
export const OWN_CAUSES = {
  'own-sleep': row<Waited>('Own sleep', 0.9, 'its source', ['it is in the program: a sleep, or a back-off between retries']),
  'own-poll': row<Waited>('Own polling', 0.8, 'its source', ['it is in the program: a poll interval that doubles, or a fixed tick']),
  'own-cpu': row<OwnCpu>('Own computing', 0.7, 'perf top -p PID; cpu.stat of its cgroup', ['profile the program; look at CPU limits and throttling'], WAITS),
};

/** Of less of the story's time than this nobody wants to read. */
const SHARE = 0.03;

const OWN: Readonly<Partial<Record<Kind, 'own-sleep' | 'own-poll' | 'own-cpu'>>> = { sleep: 'own-sleep', poll: 'own-poll', cpu: 'own-cpu' };

export const ownRule: Rule = (facts) =>
  facts.phases
    .filter(({ kind }) => kind !== 'cpu' || facts.scene.capture.meta.latency !== 'off') // a call of unknown length looks like computing
    .filter((phase) => OWN[phase.kind] !== undefined && phase.duration >= facts.over && phase.duration >= SHARE * (facts.end - facts.start))
    .map((phase) => found(phase, facts));

function found(phase: Phase, facts: Facts): Found {
  const waited = { owner: ownerOf(phase, facts.process), to: phase.what, waited: phase.duration };
  const shown = { cost: phase.duration, nums: evidence([phase]) };
  if (phase.kind === 'cpu') return cause('own-cpu', { ...waited, calls: callsOf(phase, facts) }, shown);
  return cause(OWN[phase.kind] as 'own-sleep' | 'own-poll', waited, shown);
}

/** So many calls of one kind, which are so much of all that it did, are what it was busy with. */
const MANY = 10_000;
const MOST = 0.8;

function callsOf(phase: Phase, { scene, process }: Facts): CauseFacts['own-cpu']['calls'] {
  const counts = new Map<string, { times: number; failed: number }>();
  let all = 0;
  for (const { type, start, end, res } of scene.events((phase.process ?? process).pid)) {
    if (start > phase.end || end < phase.start) continue;
    all++;
    const count = counts.get(type.name) ?? { times: 0, failed: 0 };
    count.times++;
    if (res !== null && res < 0) count.failed++;
    counts.set(type.name, count);
  }
  const most = [...counts].sort(([, a], [, b]) => b.times - a.times)[0];
  if (most === undefined || most[1].times < MANY || most[1].times < MOST * all) return null;
  return { name: most[0], ...most[1] };
}
