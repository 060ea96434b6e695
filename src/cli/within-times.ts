/** What of a capture lies between the times that were chosen for the run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Capture } from '../capture/capture.ts';
import type { EventStream } from '../capture/event-stream.ts';
import { compileFilter } from '../filter/compile.ts';
import { contextOf } from './capture-context.ts';
import { parseMoment } from './moment.ts';
import { chosenTimes } from './times.ts';

/** The capture itself, or its part between the times. Throws UsageError for what is no time. */
export async function withinTimes(capture: Capture): Promise<Capture> {
  const { from, to } = chosenTimes();
  if (from === undefined && to === undefined) return capture;
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
    const text = chosenTimes()[option];
    return text === undefined
      ? []
      : [`evt.rawtime${compare}${stream.epoch + BigInt(Math.round(parseMoment(`--${option}`, text, stream)))}`];
  };
  return [...bound('from', '>='), ...bound('to', '<=')].join(' and ');
}
