/** What `trowel explain` says, for a page of the screen. */

import type { Capture } from '../capture/capture.ts';
import { explain, NotThere } from '../explain/explain.ts';
import { MS } from '../model/time.ts';
import { storyLines } from '../output/story.ts';

/** Waits count from this duration on. */
const OVER = 100 * MS;

/** `event`: its number, to explain what went on around it; null: the longest wait of the capture. */
export function whyLines(capture: Capture, event: number | null): string[] {
  try {
    const { story } = explain(capture, { over: OVER, pids: null, ...(event === null ? {} : { event }) });
    return story === null
      ? ['Nothing waited longer than 100 ms for what it had asked for, and nothing failed.']
      : storyLines(story, capture.epoch);
  } catch (error) {
    if (error instanceof NotThere) return ['This event belongs to no process that is known.'];
    throw error;
  }
}
