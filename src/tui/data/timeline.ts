/** How events are spread over the capture's time, by the chunks' heads and, where a chunk spans more than a slice, by its times. */
import type { Capture } from '../../capture/capture.ts';
import type { ChunkHead } from '../../model/chunk.ts';
import type { Timeline } from '../state.ts';

export const SLICES = 240;
/** Chunks whose times are read: some milliseconds of work. */
const MOST_READ = 16;

/** `end`: ns. */
export function timelineOf(capture: Capture, heads: readonly ChunkHead[], end: number): Timeline {
  const slice = Math.max(1, (end + 1) / SLICES);
  const at = (time: number) => Math.max(0, Math.min(SLICES - 1, Math.floor(time / slice)));
  const events = new Array<number>(SLICES).fill(0);
  const exact = heads.length <= MOST_READ;
  for (const head of heads) {
    if (exact) {
      const { time } = capture.passingChunk(head);
      for (let i = 0; i < head.n; i++) events[at(time[i]!)]!++;
    } else spread(events, at(head.minTime), at(head.maxTime), head.n);
  }
  const losses = new Array<boolean>(SLICES).fill(false);
  for (const { from, to } of capture.dims.losses.all()) losses.fill(true, at(from), at(to) + 1);
  const kube = new Array<boolean>(SLICES).fill(false);
  for (const { first } of capture.dims.kubeEvents.all()) if (first >= 0 && first <= end) kube[at(first)] = true;
  return { events, losses, kube };
}

/** As if they came evenly. */
function spread(events: number[], from: number, to: number, n: number): void {
  for (let s = from; s <= to; s++) events[s]! += n / (to - from + 1);
}
