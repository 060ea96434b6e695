/** Disks that were slow, and locks that were held. */
import { isLockCall } from '../calls.ts';
import { descriptorEvents } from '../process-events.ts';
import type { Phase, ProcessName } from '../story.ts';
import { cause, evidence, type Facts, type Found, isOf, type Rule } from './cause.ts';
import { ownerOf } from './names.ts';
import { DISK, DISK_FIXES, row, WAITS, type Waited } from './row.ts';

type LockFile = Waited & { readonly holder: ProcessName | null; readonly times: number };

// biome-ignore format: a table
export const FILE_CAUSES = {
  'slow-fsync': row<Waited & { readonly times: number }>('A slow disk', 0.9, 'iostat -x 1: w_await', DISK_FIXES, DISK),
  'slow-file': row<Waited & { readonly times: number }>('Slow files', 0.8, 'iostat -x 1; nfsiostat', ['look at the disk or the network file system behind it'], DISK),
  'lock-file': row<LockFile>('A lock on a file', 0.9, 'lslocks', ['find who holds the lock']),
  'lock-futex': row<Waited>('A lock inside a process', 0.7, 'trowel explain --pid', ['find who holds the lock'], WAITS),
};

export const fileRule: Rule = (facts) =>
  facts.phases
    .filter(isOf('file', 'sync', 'lock'))
    .filter(({ duration }) => duration >= facts.floor)
    .map((phase) => found(phase, facts));

function found(phase: Phase, facts: Facts): Found {
  const waited = { owner: ownerOf(phase, facts.process), to: phase.what, waited: phase.duration };
  const shown = { cost: phase.duration, nums: evidence([phase]) };
  const times = phase.count;
  if (phase.kind === 'sync') return cause('slow-fsync', { ...waited, times }, shown);
  if (phase.kind === 'file') return cause('slow-file', { ...waited, times }, shown);
  if (phase.what === '') return cause('lock-futex', waited, shown);
  return cause('lock-file', { ...waited, holder: holderOf(phase, facts), times }, shown);
}

/** Who took the same file's lock last before the wait began. */
export function holderOf({ what, start }: Pick<Phase, 'what' | 'start'>, { analysis, process }: Facts): ProcessName | null {
  const rows = new Set<number>();
  for (const fd of analysis.dims.fds.all()) if (fd.kind === 'file' && fd.name === what) rows.add(fd.id);
  const taken = descriptorEvents(analysis.capture, rows, { from: 0, to: start });
  const last = taken.findLast((event) => isLockCall(event) && event.res === 0 && event.pid !== process.pid);
  return last === undefined ? null : (analysis.lifetime(last.pid)?.name ?? null);
}
