/** Disks that were slow, and locks that were held. */
import { callKind, isLockCall } from '../calls.ts';
import type { CauseFacts } from '../catalog.ts';
import { descriptorEvents } from '../process-events.ts';
import { seesWaits } from '../sight.ts';
import type { Phase, ProcessName } from '../story.ts';
import { cause, evidence, type Facts, type Found, isOf, type Rule } from './cause.ts';
import { ownerOf } from './names.ts';
import { DISK, DISK_FIXES, row, WAITS, type Waited } from './row.ts';

/** `sync`: each write waits for the disk. */
type SlowFile = Waited & { readonly times: number; readonly sync: boolean };
/** `thread`: another of its threads that slept, or computed, for most of the time (ns); null: none did. */
type OwnLock = Waited & { readonly thread: { readonly tid: number; readonly did: 'slept' | 'computed'; readonly spent: number } | null };
type LockFile = Waited & { readonly holder: ProcessName | null; readonly times: number };

// biome-ignore format: a table
export const FILE_CAUSES = {
  'slow-fsync': row<Waited & { readonly times: number }>('A slow disk', 0.9, 'iostat -x 1: w_await', DISK_FIXES, DISK),
  'slow-file': row<SlowFile>('Slow files', 0.8, 'iostat -x 1; nfsiostat', ['look at the disk or the network file system behind it'], DISK),
  'lock-file': row<LockFile>('A lock on a file', 0.9, 'lslocks', ['find who holds the lock']),
  'lock-futex': row<OwnLock>('A lock inside a process', 0.7, 'trowel explain FILE --pid PID', ['find who holds the lock'], WAITS),
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
  if (phase.kind === 'file') return cause('slow-file', { ...waited, times, sync: isSync(phase, waited.owner, facts) }, shown);
  if (phase.what === '') return cause('lock-futex', { ...waited, thread: otherOf(phase, waited.owner, facts) }, shown);
  return cause('lock-file', { ...waited, holder: holderOf(phase, facts), times }, shown);
}

/** In O_SYNC, too. */
const O_DSYNC = 0x1000;

function isSync({ what }: Phase, { pid }: ProcessName, { analysis }: Facts): boolean {
  return analysis
    .events(pid)
    .some(
      ({ type, value, fd }) => /^open(at)?$/.test(type.name) && ((value ?? 0) & O_DSYNC) !== 0 && analysis.dims.fds.get(fd)?.name === what,
    );
}

/** A thread that slept or computed while its process' first one waited: it had the lock, or was waited for. */
function otherOf(phase: Phase, owner: ProcessName, facts: Facts): CauseFacts['lock-futex']['thread'] {
  const sleeper = mostOf(sleptBy(phase, owner, facts), phase);
  if (sleeper !== null) return { ...sleeper, did: 'slept' };
  const worker = seesWaits(facts.analysis.capture) ? mostOf(computedBy(phase, owner, facts), phase) : null;
  return worker === null ? null : { ...worker, did: 'computed' };
}

function mostOf(spent: ReadonlyMap<number, number>, { duration }: Phase): { tid: number; spent: number } | null {
  const [most] = [...spent].sort(([, a], [, b]) => b - a);
  return most === undefined || most[1] < duration / 2 ? null : { tid: most[0], spent: most[1] };
}

/** ns between the calls of each other thread, from its first to its last. */
function computedBy({ start, end }: Phase, { pid }: ProcessName, { analysis }: Facts): Map<number, number> {
  const between = new Map<number, number>();
  const last = new Map<number, number>();
  for (const event of analysis.events(pid)) {
    if (event.tid === pid || event.oneSided || event.apart || event.end < start || event.start > end) continue;
    const since = last.get(event.tid);
    if (since !== undefined) between.set(event.tid, (between.get(event.tid) ?? 0) + Math.max(0, event.start - since));
    last.set(event.tid, event.end);
  }
  return between;
}

function sleptBy({ start, end }: Phase, { pid }: ProcessName, { analysis }: Facts): Map<number, number> {
  const slept = new Map<number, number>();
  for (const event of analysis.events(pid)) {
    if (event.tid === pid || callKind(event.type) !== 'sleep' || event.end < start || event.start > end) continue;
    const inside = Math.min(event.end, end) - Math.max(event.start, start);
    slept.set(event.tid, (slept.get(event.tid) ?? 0) + inside);
  }
  return slept;
}

/** Who took the same file's lock last before the wait began. */
export function holderOf({ what, start }: Pick<Phase, 'what' | 'start'>, { analysis, process }: Facts): ProcessName | null {
  const rows = new Set<number>();
  for (const fd of analysis.dims.fds.all()) if (fd.kind === 'file' && fd.name === what) rows.add(fd.id);
  const taken = descriptorEvents(analysis.capture, rows, { from: 0, to: start });
  const last = taken.findLast((event) => isLockCall(event) && event.res === 0 && event.pid !== process.pid);
  return last === undefined ? null : (analysis.lifetime(last.pid)?.name ?? null);
}
