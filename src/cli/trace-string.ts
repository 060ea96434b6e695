/** `trowel trace-string`: who had a string, and where. */
import { compileFilter } from '../filter/compile.ts';
import { traceFilter, traces } from '../lens/trace-string.ts';
import { traceReport } from '../output/reports/trace-string.ts';
import { contextOf } from './capture-context.ts';
import { EXIT, Exit } from './exit.ts';
import { openCapture } from './open-capture.ts';
import { show, type WritingOptions } from './writing.ts';

export async function traceString(
  path: string,
  text: string,
  filterText: string,
  options: WritingOptions & { readonly exitCode?: boolean },
): Promise<void> {
  const capture = await openCapture(path);
  try {
    const whole = filterText === '' ? traceFilter(text) : `(${traceFilter(text)}) and (${filterText})`;
    const found = traces(capture, compileFilter(whole, contextOf(capture)), text);
    if (show(traceReport(found, text, capture.epoch), options) === 0 && options.exitCode === true) throw new Exit(EXIT.NOTHING_MATCHED);
  } finally {
    capture.close();
  }
}
