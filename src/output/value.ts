/** What a field reads, as text for people and as JSON for programs. */
import { type BoundField, type Reading, readField, type Value } from '../event/fields/field.ts';
import type { EventView } from '../event/view.ts';
import { dotted } from '../model/dotted.ts';
import { wallNs } from '../model/time.ts';

/** A field's text; `<NA>` where the event has no such thing. Not yet sanitized. */
export function fieldText(bound: BoundField, view: EventView): string {
  const reading = readField(bound, view);
  if (reading === null) return '<NA>';
  const one = (value: Value) => valueText(bound, value, view);
  return Array.isArray(reading) ? (reading as Value[]).map(one).join(',') : one(reading as Value);
}

function valueText({ field }: BoundField, value: Value, view: EventView): string {
  if (field.text !== undefined) return field.text(value, view);
  if (field.type === 'walltime') return wallNs(view.capture.epoch, Number(value));
  return value instanceof Uint8Array ? dotted(value) : String(value);
}

export type Json = string | number | boolean | null | Json[];

/** A field's value for JSON: ns since 1970 and integers that a double cannot hold as decimal text, bytes as base64 or dotted text. */
export function fieldJson(bound: BoundField, view: EventView, bytesAs: 'base64' | 'text'): Json {
  const reading: Reading = readField(bound, view);
  if (reading === null) return null;
  const one = (value: Value): Json => valueJson(bound, value, view, bytesAs);
  return Array.isArray(reading) ? (reading as Value[]).map(one) : one(reading as Value);
}

function valueJson({ field }: BoundField, value: Value, view: EventView, bytesAs: 'base64' | 'text'): Json {
  if (field.type === 'walltime') return wallNs(view.capture.epoch, Number(value));
  if (value instanceof Uint8Array) return bytesAs === 'base64' ? Buffer.from(value).toString('base64') : dotted(value);
  if (typeof value === 'number' && !Number.isSafeInteger(value) && Number.isInteger(value)) return BigInt(value).toString();
  return value;
}
