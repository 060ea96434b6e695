/** Disks that were slow, and locks that were held. */
import { spanText } from '../../model/time.ts';
import { descriptorEvents } from '../process-events.ts';
import type { Cause, Phase, ProcessName } from '../story.ts';
import { evidence, type Facts, isOf } from './cause.ts';
import { ownerText, processText } from './names.ts';

export function judgeFiles(facts: Facts): Cause[] {
  return facts.phases
    .filter(isOf('file', 'sync', 'lock'))
    .filter(({ duration }) => duration >= facts.floor)
    .map((phase) => judge(phase, facts));
}

function judge(phase: Phase, facts: Facts): Cause {
  const owner = ownerText(phase, facts.process);
  const { kind, what, duration: cost } = phase;
  const nums = evidence([phase]);
  const path = what === '' ? 'files' : what;
  if (kind === 'sync') {
    const sentence = `${owner} waited ${spanText(cost)} for the disk to have written ${path} (fsync).`;
    return {
      id: 'slow-fsync',
      sentence,
      cost,
      nums,
      fixes: ['look at the disk: its own latency, and who else writes to it', 'sync less often'],
    };
  }
  if (kind === 'file') {
    const sentence = `${owner} spent ${spanText(cost)} reading and writing ${path}.`;
    return { id: 'slow-file', sentence, cost, nums, fixes: ['look at the disk or the network file system behind it'] };
  }
  const holder = what === '' ? null : holderOf(phase, facts);
  const lock =
    what === '' ? 'a lock of its own (futex)' : `the lock on ${what}${holder === null ? '' : `, which ${processText(holder)} held`}`;
  return {
    id: what === '' ? 'lock-futex' : 'lock-file',
    sentence: `${owner} waited ${spanText(cost)} for ${lock}.`,
    cost,
    nums,
    fixes: ['find who holds the lock'],
  };
}

/** Who took the same file's lock last before the wait began. */
function holderOf({ what, start }: Phase, { scene, process }: Facts): ProcessName | null {
  const rows = new Set<number>();
  for (const fd of scene.dims.fds.all()) if (fd.kind === 'file' && fd.name === what) rows.add(fd.id);
  const taken = descriptorEvents(scene.capture, rows, { from: 0, to: start });
  const last = taken.findLast((event) => event.type.name === 'flock' && event.res === 0 && event.pid !== process.pid);
  return last === undefined ? null : (scene.life(last.pid)?.name ?? null);
}
