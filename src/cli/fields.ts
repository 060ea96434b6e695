/** `trowel fields`: every field, for people, programs and the documentation. */
import { fieldReport } from '../output/reports/fields.ts';
import { show, type WritingOptions } from './writing.ts';

export function fields(options: WritingOptions): void {
  show(fieldReport(), options);
}
