/** A process that was stopped itself while it waited for others: the time in which it was is nobody else's. */
import type { ProcessName } from '../story.ts';
import { cause, type Rule } from './cause.ts';
import { row, type Waited } from './row.ts';

type OwnStop = Waited & { readonly signal: number; readonly by: ProcessName | null };

// biome-ignore format: a table
export const STOPPED_CAUSES = {
  'own-stopped': row<OwnStop>('A stopped process', 0.95, 'ps -o stat= -p PID: T', ['let it go on (SIGCONT); find who stopped it: a debugger, a checkpoint, a frozen cgroup, job control'], ['signals']),
};

export const stoppedRule: Rule = ({ analysis, process, start, end, floor }) =>
  analysis.stops(process.pid).flatMap(({ from, to, signal: { signal, by, num } }) => {
    const waited = Math.min(to, end) - Math.max(from, start);
    if (waited < floor) return [];
    const who = by === 0 ? null : (analysis.lifetime(by)?.name ?? { pid: by, comm: '' });
    return [cause('own-stopped', { owner: process, to: '', waited, signal, by: who }, { cost: waited, nums: [num] })];
  });
