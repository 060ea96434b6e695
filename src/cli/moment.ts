/** A time on the command line: since the start, by the clock, or before the end. */
import type { EventStream } from '../capture/event-stream.ts';
import { MS } from '../model/time.ts';
import { UsageError } from './exit.ts';
import { parseSpan } from './span.ts';

const DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?$/;

/** ns since 1970 of `2026-11-29T01:00:00Z` (without a zone: UTC); null: it is no date. Throws UsageError for one that does not exist. */
export function parseDate(option: string, text: string): bigint | null {
  if (!DATE.test(text)) return null;
  const zoned = text.length > 10 && !/(?:Z|[+-]\d{2}:\d{2})$/.test(text) ? `${text}Z` : text;
  const ms = Date.parse(zoned.replace(' ', 'T'));
  if (Number.isNaN(ms)) throw new UsageError(`${option} takes a date such as 2026-11-29T01:00:00Z, not ${text}`);
  return BigInt(ms) * BigInt(MS);
}

/** What `--from` and `--to` say, in ns since the capture's start; a side that is not given is left out. */
export interface Moments {
  readonly from?: number;
  readonly to?: number;
}

/** Throws UsageError, also for a range that ends before it begins. */
export function parseMoments(
  given: { readonly from?: string; readonly to?: string },
  stream: Pick<EventStream, 'epoch' | 'meta'>,
): Moments {
  const from = given.from === undefined ? undefined : parseMoment('--from', given.from, stream);
  const to = given.to === undefined ? undefined : parseMoment('--to', given.to, stream);
  if (from !== undefined && to !== undefined && from > to)
    throw new UsageError(`--from ${given.from} is after --to ${given.to}: no event is between them`);
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

/** ns since the capture's start of `12.5s`, of a date, or of `-15m`, before its end. Throws UsageError. */
export function parseMoment(option: string, text: string, { epoch, meta }: Pick<EventStream, 'epoch' | 'meta'>): number {
  const date = parseDate(option, text);
  if (date !== null) return Number(date - epoch);
  if (!text.startsWith('-')) return parseSpan(option, text);
  const end = Number(meta.end);
  if (!(end > 0)) throw new UsageError(`${option} ${text}: where the capture ends is not known; give a time since its start`);
  return end - parseSpan(option, text.slice(1));
}
