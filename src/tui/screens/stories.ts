/** The stories of a capture, told once however often they are asked for. */
import type { Capture } from '../../capture/capture.ts';
import { list } from '../../explain/explain.ts';
import type { Story } from '../../explain/story.ts';
import { compileFilter } from '../../filter/compile.ts';
import { pidsOf } from '../../lens/processes.ts';
import { MS } from '../../model/time.ts';
import type { ScreenSource } from './screen.ts';

/** Waits count from this duration on. */
export const OVER = 100 * MS;
const MOST_STORIES = 10;

const told = new WeakMap<Capture, { readonly revision: number; readonly filter: string; readonly stories: readonly Story[] }>();

/** The dearest first: of the processes that have an event that the filter lets through. */
export function storiesOf(source: ScreenSource): readonly Story[] {
  const { capture, filter } = source;
  const { revision } = capture;
  const known = told.get(capture);
  if (known?.revision === revision && known.filter === filter) return known.stories;
  const stories = list(capture, { over: OVER, pids: wantedPids(source) }, MOST_STORIES);
  told.set(capture, { revision, filter, stories });
  return stories;
}

/** Null: any process. */
export function wantedPids({ capture, context, filter }: ScreenSource): ReadonlySet<number> | null {
  return filter === '' ? null : pidsOf(capture, compileFilter(filter, context));
}

/** Whose stories are told: said where that is not everybody. */
export function ofWhom({ filter }: ScreenSource): string[] {
  return filter === '' ? [] : ['of the processes that have an event which the filter lets through'];
}
