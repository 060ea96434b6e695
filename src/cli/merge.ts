/** `trowel merge`: captures of two nodes on one time line. */
import type { Capture } from '../capture/capture.ts';
import { PID_OFFSET } from '../model/nodes.ts';
import { spanText } from '../model/time.ts';
import { say } from '../output/stderr.ts';
import type { ClockOffset } from '../store/clock-offset.ts';
import { together } from '../store/ends.ts';
import { merge } from '../store/merge.ts';
import { openCapture } from './open-capture.ts';
import { newTarget } from './target.ts';

export async function mergeCaptures(first: string, second: string, write: string): Promise<void> {
  const target = newTarget(write);
  const a = await openCapture(first);
  try {
    const b = await openCapture(second);
    try {
      const captures = [a, b];
      const ends = together(captures);
      const { events, nodes } = merge({ captures, ...ends }, target);
      say(offsetText(ends.offsets[1]!, second, first));
      if (overlap(a, b)) say('both are parts of one recording and overlap: events that are in both are there twice');
      if (nodes.length > 1) say(`processes of ${second} have ${PID_OFFSET} added to their numbers`);
      say(`${target}: ${events} events`);
    } finally {
      b.close();
    }
  } finally {
    a.close();
  }
}

/** Parts of one recording have its events' numbers: two files of a rotation follow each other, a capture and its own slice do not. */
function overlap(a: Capture, b: Capture): boolean {
  if (a.epoch !== b.epoch || a.meta.hostname !== b.meta.hostname) return false;
  const [from, other] = [a, b].map((one) => one.heads().next().value?.firstNum ?? Infinity);
  return from! <= (b.last()?.num ?? 0) && other! <= (a.last()?.num ?? 0);
}

/** How one clock is against another, for people. */
export function offsetText({ ns, error, connections }: ClockOffset, second: string, first: string): string {
  if (error === 0 && connections === 0) return `both were recorded on one node: they have one clock`;
  if (error === null) return `no connection between both was recorded at both ends: their clocks are taken to agree`;
  const way = ns >= 0 ? 'ahead of' : 'behind';
  return `the clock of ${second} is ${spanText(Math.abs(ns))} ${way} that of ${first}, give or take ${spanText(error)} (${connections} ${connections === 1 ? 'connection' : 'connections'})`;
}
