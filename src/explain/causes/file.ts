/** Disks that were slow, and locks that were held. */
import { isLockCall } from '../calls.ts';
import { descriptorEvents } from '../process-events.ts';
import type { Cause, Phase, ProcessName } from '../story.ts';
import { cause, evidence, type Facts, isOf, type Rule } from './cause.ts';
import { ownerOf } from './names.ts';

export const fileRule: Rule = (facts) =>
  facts.phases
    .filter(isOf('file', 'sync', 'lock'))
    .filter(({ duration }) => duration >= facts.floor)
    .map((phase) => found(phase, facts));

function found(phase: Phase, facts: Facts): Cause {
  const waited = { owner: ownerOf(phase, facts.process), to: phase.what, waited: phase.duration };
  const shown = { cost: phase.duration, nums: evidence([phase]) };
  const times = phase.count;
  if (phase.kind === 'sync') return cause('slow-fsync', { ...waited, times }, shown);
  if (phase.kind === 'file') return cause('slow-file', { ...waited, times }, shown);
  if (phase.what === '') return cause('lock-futex', waited, shown);
  return cause('lock-file', { ...waited, holder: holderOf(phase, facts), times }, shown);
}

/** Who took the same file's lock last before the wait began. */
export function holderOf({ what, start }: Pick<Phase, 'what' | 'start'>, { scene, process }: Facts): ProcessName | null {
  const rows = new Set<number>();
  for (const fd of scene.dims.fds.all()) if (fd.kind === 'file' && fd.name === what) rows.add(fd.id);
  const taken = descriptorEvents(scene.capture, rows, { from: 0, to: start });
  const last = taken.findLast((event) => isLockCall(event) && event.res === 0 && event.pid !== process.pid);
  return last === undefined ? null : (scene.life(last.pid)?.name ?? null);
}
