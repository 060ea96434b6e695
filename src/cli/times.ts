/**
 * `--from` and `--to` where a command does not look at times itself: of a file, its events between them become the capture that is asked;
 * of a store, only those are asked for. One set for the run, as nodes are.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Capture } from '../capture/capture.ts';
import type { EventStream } from '../capture/event-stream.ts';
import { compileFilter } from '../filter/compile.ts';
import { MS } from '../model/time.ts';
import { contextOf } from './capture-context.ts';
import { parseDate, parseMoment } from './moment.ts';
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

const isChosen = (): boolean => chosen.from !== undefined || chosen.to !== undefined;

/** Whether a store knows what is meant: a date, or `-15m`, before now. Other times count from where one recording began. */
export const isWallTime = (text: string): boolean => text.startsWith('-') || parseDate('--from', text) !== null;

/** One run means one time by -15m, however often it asks. */
const NOW = Date.now();

/** The same time as a date, or so many ns before it. */
export function wallText(text: string, before = 0): string {
  const date = parseDate('--from', text) ?? BigInt(NOW * MS) - BigInt(Math.round(parseSpan('--from', text.slice(1))));
  return new Date(Number((date - BigInt(before)) / BigInt(MS))).toISOString();
}

/** The capture itself, or its part between the times. Throws UsageError for what is no time. */
export async function withinTimes(capture: Capture): Promise<Capture> {
  if (!isChosen()) return capture;
  const folder = mkdtempSync(join(tmpdir(), 'trowel-part-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  try {
    const [{ extract }, { CaptureReader }] = await Promise.all([import('../store/extract.ts'), import('../store/reader.ts')]);
    const file = join(folder, 'part.trowel');
    extract(capture, compileFilter(filterOf(capture), contextOf(capture)), file);
    return new CaptureReader(file, capture.path);
  } finally {
    capture.close();
  }
}

function filterOf(stream: EventStream): string {
  const bound = (option: 'from' | 'to', compare: string) => {
    const text = chosen[option];
    return text === undefined
      ? []
      : [`evt.rawtime${compare}${stream.epoch + BigInt(Math.round(parseMoment(`--${option}`, text, stream)))}`];
  };
  return [...bound('from', '>='), ...bound('to', '<=')].join(' and ');
}
