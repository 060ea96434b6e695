/** The capture's time in one line: where events are, where some were lost, where the cluster reported something, and where we are. */
import type { Paint } from '../kit/paint.ts';
import { type State, selectedRow, type Timeline } from '../state.ts';
import { timelineHeight } from './areas.ts';

const SHADES = ' ▁▂▃▄▅▆▇█';
const LABEL = ' time    ';

/** One line, or none where the screen is low. */
export function timelineLine(state: State, paint: Paint): string[] {
  if (timelineHeight(state.size) === 0) return [];
  const width = state.size.columns - LABEL.length - 1;
  const slices = resampled(state.timeline, width);
  const most = Math.max(1, ...slices.map(({ events }) => events));
  const time = selectedRow(state)?.time ?? null;
  const here = time === null || state.facts.end === 0 ? -1 : Math.min(width - 1, Math.floor((time / state.facts.end) * width));
  const cells = slices.map(({ events, lost, kube }, x) => {
    const shade = lost
      ? '!'
      : kube
        ? '^'
        : events === 0
          ? '·'
          : SHADES[Math.max(1, Math.ceil((Math.log1p(events) / Math.log1p(most)) * 8))]!;
    if (x === here) return paint('inverse', shade === '·' ? ' ' : shade);
    return lost ? paint('bad', shade) : kube ? paint('name', shade) : shade;
  });
  return [paint('dim', LABEL) + cells.join('')];
}

function resampled({ events, losses, kube }: Timeline, width: number): { events: number; lost: boolean; kube: boolean }[] {
  return Array.from({ length: Math.max(0, width) }, (_, x) => {
    const from = Math.floor((x * events.length) / width);
    const to = Math.max(from + 1, Math.floor(((x + 1) * events.length) / width));
    return {
      events: Math.max(0, ...events.slice(from, to)),
      lost: losses.slice(from, to).includes(true),
      kube: kube.slice(from, to).includes(true),
    };
  });
}
