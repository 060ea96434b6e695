/** What a session needs to know of its parts, each worked out from values alone. */
import { existsSync } from 'node:fs';
import { outputTime } from '../event/fields/evt.ts';
import type { EventView } from '../event/view.ts';
import { DEFAULT_FORMAT, LineFormat } from '../output/format.ts';
import { rendered } from '../output/print.ts';
import { eventReport, programColumns } from '../output/reports/events.ts';
import { JsonWriter } from '../output/writers/json.ts';
import type { Goal } from './data/seek.ts';
import type { State } from './state.ts';

/** The search went past the end. */
export function isAround(goal: Goal, from: number, found: number): boolean {
  return goal.to === 'text' && (goal.direction === 1 ? found <= from : found >= from);
}

/** The filter that is being typed, where it is right; else nothing. */
export function typedFilter({ prompt }: State): string {
  return prompt?.purpose === 'filter' && prompt.problem === null ? prompt.line.text : '';
}

/** Nothing new was counted. */
export function samePreview(a: State['preview'], b: NonNullable<State['preview']>): boolean {
  return a !== null && a.text === b.text && a.matches === b.matches && a.progress === b.progress;
}

/** A name that no file has. */
export function freeName(stem: string, suffix: string): string {
  for (let i = 1; ; i++) {
    const name = `${stem}${i === 1 ? '' : `-${i}`}.${suffix}`;
    if (!existsSync(name)) return name;
  }
}

/** An event as `trowel read` prints it. */
export function lineText(view: EventView): string {
  return new LineFormat(DEFAULT_FORMAT).line(view, outputTime(view, 'h', null));
}

/** The same as `trowel read --json` does. */
export function jsonText(view: EventView): string {
  return rendered(eventReport(programColumns(), [view], view.capture.epoch), new JsonWriter('base64')).trimEnd();
}
