/** Disks that were slow, and locks that were held. */
import { spanText } from '../../model/time.ts';
import type { Cause, Phase } from '../story.ts';
import { evidence, type Facts, isOf } from './cause.ts';
import { ownerText } from './names.ts';

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
  const lock = what === '' ? 'a lock of its own (futex)' : `the lock on ${what}`;
  return {
    id: what === '' ? 'lock-futex' : 'lock-file',
    sentence: `${owner} waited ${spanText(cost)} for ${lock}.`,
    cost,
    nums,
    fixes: ['find who holds the lock'],
  };
}
