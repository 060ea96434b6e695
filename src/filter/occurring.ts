/** Which values a field has in a capture, and in how many events: what completion offers behind an operator. */

import type { BoundField, Reading, RowField, Value } from '../event/fields/field.ts';
import { type CaptureContext, EventView } from '../event/view.ts';
import type { RowColumn } from '../model/chunk.ts';
import { written } from './literal.ts';

/** How many events refer to each row of a dimension. */
export interface Usage {
  /** Events that refer to the row, as far as was looked. */
  events(column: RowColumn, id: number): number;
  /** What a number above is to be multiplied by; 1: everything was looked at. */
  readonly scale: number;
}

/** A value as a filter writes it. */
export interface Occurring {
  readonly text: string;
  /** Events, rounded where not all were looked at; null: not known. */
  readonly events: number | null;
  readonly rounded: boolean;
}

/** Rows looked at for one field: those that were used most recently. Reading a million names would be felt. */
const MOST_ROWS = 20_000;
const MOST_VALUES = 200;

/** The values of a field, most frequent first. Fields of single events are not asked: that would mean reading all of them. */
export function occurringValues({ field, arg }: BoundField, context: CaptureContext, usage: Usage): readonly Occurring[] {
  if (field.scope === 'column' || field.scope === 'event') return [];
  const { scope } = field;
  const counts = new Map<string, number>();
  const view = new EventView(context);
  const { dims } = context;
  const rows = scope === 'type' ? dims.types : scope === 'thread' ? dims.threads : scope === 'fd' ? dims.fds : dims.dns;
  for (let id = Math.max(1, rows.lastId - MOST_ROWS); id <= rows.lastId; id++) {
    const events = scope === 'dns' ? 1 : usage.events(scope, id);
    if (rows.get(id) === undefined || (scope === 'type' && events === 0)) continue;
    for (const text of textsOf(readRow(field, arg, view, id))) counts.set(text, (counts.get(text) ?? 0) + events);
  }
  return sorted(counts, scope === 'dns' ? 1 : usage.scale);
}

function readRow(field: RowField, arg: string, view: EventView, id: number): Reading {
  const { dims } = view.capture;
  const time = field.scope === 'thread' ? (dims.threads.get(id)?.from ?? 0) : field.scope === 'dns' ? (dims.dns.get(id)?.time ?? 0) : 0;
  return field.read(view.onRow(field.scope as Exclude<typeof field.scope, 'event'>, id, time), arg);
}

function sorted(counts: ReadonlyMap<string, number>, scale: number): Occurring[] {
  return [...counts]
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, MOST_VALUES)
    .map(([text, events]) => ({ text, events: Math.round(events * scale), rounded: scale !== 1 }));
}

function textsOf(reading: Reading): string[] {
  if (reading === null) return [];
  return (Array.isArray(reading) ? (reading as readonly Value[]) : [reading as Value]).flatMap((value) =>
    value instanceof Uint8Array ? [] : [written(String(value))],
  );
}
