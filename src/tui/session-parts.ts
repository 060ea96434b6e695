/** What a session needs to know of its parts, each worked out from values alone. */

import { existsSync } from 'node:fs';
import type { Capture } from '../capture/capture.ts';
import { parseCost } from '../capture/own-cost.ts';
import { usageOf } from '../capture/usage.ts';
import { outputTime } from '../event/fields/evt.ts';
import type { CaptureContext, EventView } from '../event/view.ts';
import type { Definitions } from '../filter/compile.ts';
import type { ValuesOf } from '../filter/complete.ts';
import { occurringValues } from '../filter/occurring.ts';
import { DEFAULT_FORMAT, LineFormat } from '../output/format.ts';
import { rendered } from '../output/print.ts';
import { eventReport, programColumns } from '../output/reports/events.ts';
import { JsonWriter } from '../output/writers/json.ts';
import type { Browser } from './data/browser.ts';
import type { Growth } from './data/growth.ts';
import { type Goal, notFoundText } from './data/seek.ts';
import { formatOfPath, type WriteJob } from './data/writing.ts';
import type { World } from './session-options.ts';
import type { CaptureFacts, Command, State } from './state.ts';

/** What is to be said where a search from an event on has ended; null: what it found is seen. */
export function soughtWords(goal: Goal, from: number, found: number | null): string | null {
  if (found === null) return notFoundText(goal);
  const around = goal.to === 'text' && (goal.direction === 1 ? found <= from : found >= from);
  return around ? 'past the end: from the other end again' : null;
}

/** The filter that is being typed, where it is right; else nothing. */
export function typedFilter({ prompt }: State): string {
  return prompt?.purpose === 'filter' && prompt.problem === null ? prompt.line.text : '';
}

/** What a session asks of what is around it. */
export function askWorld(command: Extract<Command, { kind: 'redraw' | 'suspend' | 'quit' }>, world: World): void {
  if (command.kind === 'quit') world.quit(command.keep);
  else if (command.kind === 'redraw') world.redraw();
  else world.suspend();
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

/** What is written for what is shown: a table's rows in their order, or the matching events; null: of the name no kind of file can be told. */
export function exportJob({ table, filter, facts }: State, path: string): WriteJob | null {
  const format = formatOfPath(path);
  if (format === null) return null;
  if (format === 'capture') return { what: 'capture', path, filter };
  if (table === null || table.table === null) return { what: 'events', path, filter };
  return { what: 'rows', path, table: table.table, rows: table.rows, epoch: facts.epoch };
}

const NO_DEFINITIONS: Definitions = new Map();

export interface Recorded {
  readonly capture: Capture;
  readonly context: CaptureContext;
  readonly file: string;
  readonly unsaved: boolean;
}

/** What the header says of a capture. `placesBefore`: some container was seen before. */
export function factsOf(
  { capture, context, file, unsaved }: Recorded,
  totals: Browser['totals'],
  { rate, quietSeconds }: Growth,
  placesBefore: boolean,
): CaptureFacts {
  const { dims, epoch, meta } = capture;
  const recording = context.growing && meta.state !== 'complete' && meta.state !== 'broke off';
  const valuesIn: ValuesOf = (field) => occurringValues(field, context, usageOf(capture));
  return {
    file,
    epoch,
    ...totals,
    places: placesBefore || [...dims.processes.all()].some(({ container }) => container !== ''),
    recording,
    brokeOff: meta.state === 'broke off',
    ...(recording ? { rate, quietSeconds, recorder: parseCost(meta.cost) } : { rate: null, quietSeconds: 0 }),
    definitions: context.definitions ?? NO_DEFINITIONS,
    unsaved,
    valuesIn,
  };
}
