/** What may be missing from the picture of one task. */
import type { Analysis } from './analysis.ts';
import type { Task } from './pick.ts';
import type { Phase } from './story.ts';

/** How many events are missing from a task's time. */
export function lostIn(analysis: Analysis, task: Task): number {
  return [...analysis.dims.losses.all()]
    .filter(({ from, to }) => from <= task.to && to >= task.from)
    .reduce((sum, { count }) => sum + count, 0);
}

/** What may be missing, a sentence each. `lost`: events that are missing from its time. */
export function unseenIn(analysis: Analysis, task: Task, phases: readonly Phase[], lost: number): string[] {
  const notes: string[] = [];
  if (lost > 0) notes.push(`${lost} events were lost in this time: what they held is missing here`);
  if (analysis.capture.meta.state === 'recording')
    notes.push('the recording was not closed well, or still runs: its last second may be missing');
  if (analysis.capture.meta.state === 'broke off')
    notes.push(`the recording broke off (${analysis.capture.meta.broke ?? ''}): how much is missing at its end is not known`);
  if (analysis.capture.meta.latency === 'off')
    notes.push('how long calls take was not measured (--no-latency): waiting cannot be told from computing');
  const lifetime = analysis.lifetime(task.pid);
  if (lifetime !== null && lifetime.end === null && analysis.endOf(task.pid) === null)
    notes.push(`${lifetime.name.comm} was still running when the capture ended`);
  if (lifetime !== null && !lifetime.begun && task.scope !== 'wait')
    notes.push(`${lifetime.name.comm} was there before the capture began: what it did then is not known`);
  if (phases.some(({ dns }) => dns?.attempt.queries.some(({ id }) => id < 0)))
    notes.push('the client’s own questions are not in the capture: they follow from the answers and from what the server received');
  return notes;
}
