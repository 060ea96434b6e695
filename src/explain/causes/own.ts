/** Time that a process spent by itself: nobody else is to blame for it. */
import type { CauseFacts } from '../catalog.ts';
import { seesWaits } from '../sight.ts';
import type { Kind, Phase } from '../story.ts';
import { cause, evidence, type Facts, type Found, type Rule, total } from './cause.ts';
import { ownerOf } from './names.ts';
import { row, WAITS, type Waited } from './row.ts';

/**
 * `times`: how many pieces the time is made of. `children`: it is that of several processes of one name, as many, which a process (the
 * starter) ran one after the other; null: its own.
 */
type Own = Waited & {
  readonly times: number;
  readonly children: { readonly comm: string; readonly count: number } | null;
};
type OwnCpu = Own & { readonly calls: { readonly name: string; readonly times: number; readonly failed: number } | null };

// biome-ignore format: a table
export const OWN_CAUSES = {
  'own-sleep': row<Own>('Own sleep', 0.9, 'its source', ['it is in the program: a sleep, or a back-off between retries']),
  'own-poll': row<Own>('Own polling', 0.8, 'its source', ['it is in the program: a poll interval that doubles, or a fixed tick']),
  'own-cpu': row<OwnCpu>('Own computing', 0.7, 'perf top -p PID; cpu.stat of its cgroup', ['profile the program; look at CPU limits and throttling'], WAITS),
};

/** Of less of the story's time than this nobody wants to read. */
const SHARE = 0.03;

const OWN: Readonly<Partial<Record<Kind, 'own-sleep' | 'own-poll' | 'own-cpu'>>> = { sleep: 'own-sleep', poll: 'own-poll', cpu: 'own-cpu' };

/** Many short sleeps are one answer, also where a script runs a program for each. */
export const ownRule: Rule = (facts) => {
  const sees = seesWaits(facts.analysis.capture);
  const own = facts.phases
    .filter(({ kind }) => OWN[kind] !== undefined)
    .filter((phase) => !isForLeave(phase, facts))
    .filter(({ kind }) => kind !== 'cpu' || sees); // what was not recorded looks like computing
  const alike = Map.groupBy(own, ({ kind, process }) => `${kind} ${process?.comm ?? ''}`);
  return [...alike.values()]
    .filter((phases) => total(phases) >= facts.over && total(phases) >= SHARE * (facts.end - facts.start))
    .map((phases) => found(phases, facts));
};

/** A timer that ran while leave to send a body was awaited: there somebody had been asked. */
function isForLeave({ kind, start, end }: Phase, { analysis, process }: Facts): boolean {
  const overlaps = analysis.requests.expectations.some((one) => one.pid === process.pid && one.start < end && one.end > start);
  return kind === 'poll' && overlaps;
}

function found(phases: readonly Phase[], facts: Facts): Found {
  const [first] = phases;
  const { kind, what, process } = first!;
  const duration = total(phases);
  const shown = { cost: duration, nums: evidence(longest(phases)) };
  const pids = new Set(phases.map((phase) => phase.process?.pid));
  const own = {
    owner: pids.size > 1 ? facts.process : ownerOf(first!, facts.process),
    to: what,
    waited: duration,
    times: phases.reduce((sum, { count }) => sum + count, 0),
    children: pids.size > 1 ? { comm: process?.comm ?? '', count: pids.size } : null,
  };
  if (kind === 'cpu') return cause('own-cpu', { ...own, calls: pids.size > 1 ? null : callsOf(first!, facts) }, shown);
  return cause(OWN[kind] as 'own-sleep' | 'own-poll', own, shown);
}

/** So many phases are shown by their events. */
const SHOWN = 4;

function longest(phases: readonly Phase[]): Phase[] {
  return [...phases].sort((a, b) => b.duration - a.duration).slice(0, SHOWN);
}

/** So many calls of one kind, which are so much of all that it did, are what it was busy with. */
const MANY = 10_000;
const MOST = 0.8;

function callsOf(phase: Phase, { analysis, process }: Facts): CauseFacts['own-cpu']['calls'] {
  const counts = new Map<string, { times: number; failed: number }>();
  let all = 0;
  for (const { type, start, end, res } of analysis.events((phase.process ?? process).pid)) {
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
