/** `trowel dns`: one block a lookup. */

import { compileFilter } from '../filter/compile.ts';
import { lookupsOf } from '../lens/dns.ts';
import { lookupReport } from '../output/reports/dns.ts';
import { contextOf } from './capture-context.ts';
import { openCapture } from './open-capture.ts';
import { show, type WritingOptions } from './writing.ts';

export async function dns(path: string, filterText: string, options: WritingOptions): Promise<void> {
  const capture = await openCapture(path);
  try {
    const lookups = lookupsOf(capture, compileFilter(filterText, contextOf(capture)));
    show(lookupReport(lookups, capture.dims, capture.epoch, filterText !== ''), options);
  } finally {
    capture.close();
  }
}
