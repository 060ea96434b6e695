/** `trowel sysdig`: sysdig's options, and what becomes of them here. */
import { sysdigReport } from '../output/reports/sysdig.ts';
import { SYSDIG_OPTIONS } from './sysdig-options.ts';
import { show, type WritingOptions } from './writing.ts';

export function sysdig(options: WritingOptions): void {
  show(sysdigReport(SYSDIG_OPTIONS), options);
}
