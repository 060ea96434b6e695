/** Evidence of a capture of several nodes: of which node an event is, and its number in that node's own capture. */
import type { Capture, Origin } from '../capture/capture.ts';
import { membersOf } from '../capture/members.ts';
import type { Phase, Story } from './story.ts';

export type Origins = ReadonlyMap<number, Origin>;

/** Of all events that a story names. Empty: the capture is one node's. */
export function originsOf(capture: Capture, story: Pick<Story, 'causes' | 'phases' | 'failures'>): Origins {
  const found = new Map<number, Origin>();
  if (membersOf(capture.meta).length === 0) return found;
  for (const num of namedIn(story)) {
    const origin = found.has(num) ? null : capture.origin(num);
    if (origin !== null) found.set(num, origin);
  }
  return found;
}

function namedIn({ causes, phases, failures }: Pick<Story, 'causes' | 'phases' | 'failures'>): number[] {
  return [...causes.flatMap(({ nums }) => nums), ...phases.flatMap(numsOf), ...failures.flatMap(({ num, last }) => [num, last])];
}

function numsOf({ first, last, socket, dns }: Phase): number[] {
  const hops = (dns?.hops ?? []).flatMap(({ hop }) => [hop.received, ...(hop.answered === null ? [] : [hop.answered]), ...hop.forwards]);
  const peer = socket?.peer;
  return [
    ...[first, last],
    ...hops.map(({ num }) => num),
    ...(socket?.trouble ?? []).map(({ num }) => num),
    ...(peer?.nums ?? []),
    ...(peer?.phases ?? []).flatMap(numsOf),
  ];
}
