/**
 * `--from` and `--to` where a command does not look at times itself: of a file, its events between them become the capture that is asked;
 * of a store, only those are asked for. One set for the run, as nodes are. Every command loads this: it needs nothing that knows events.
 */
import { MS } from '../model/time.ts';
import { parseDate } from './moment.ts';
import { parseSpan } from './span.ts';

export interface Times {
  readonly from?: string;
  readonly to?: string;
}

let chosen: Times = {};

export function chooseTimes(times: Times): void {
  chosen = times;
}

export const chosenTimes = (): Times => chosen;

/** Whether a store knows what is meant: a date, or `-15m`, before now. Other times count from where one recording began. */
export const isWallTime = (text: string): boolean => text.startsWith('-') || parseDate('--from', text) !== null;

/** One run means one time by -15m, however often it asks. */
const NOW = Date.now();

/** The same time as a date, or so many ns before it. */
export function wallText(text: string, before = 0): string {
  const date = parseDate('--from', text) ?? BigInt(NOW * MS) - BigInt(Math.round(parseSpan('--from', text.slice(1))));
  return new Date(Number((date - BigInt(before)) / BigInt(MS))).toISOString();
}
