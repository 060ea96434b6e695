/** The stories of a capture, told once however often they are asked for. */
import type { Capture } from '../../capture/capture.ts';
import { list } from '../../explain/explain.ts';
import type { Story } from '../../explain/story.ts';
import { MS } from '../../model/time.ts';

/** Waits count from this duration on. */
export const OVER = 100 * MS;
const MOST_STORIES = 10;

const told = new WeakMap<Capture, { readonly revision: number; readonly stories: readonly Story[] }>();

/** The dearest first. */
export function storiesOf(capture: Capture): readonly Story[] {
  const { revision } = capture;
  const known = told.get(capture);
  if (known?.revision === revision) return known.stories;
  const stories = list(capture, { over: OVER, pids: null }, MOST_STORIES);
  told.set(capture, { revision, stories });
  return stories;
}
