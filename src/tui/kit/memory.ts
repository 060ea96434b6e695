/** How much memory a screen holds beside what it uses, for hours: as little as costs no time that anybody would feel. */
import { setFlagsFromString } from 'node:v8';

/**
 * A screen that follows makes some MiB of garbage a second and uses 20 MiB. V8 would let the old part of the heap grow to four times what is
 * used, and the new part from 16 to 64 MiB, before it collects: 100 MiB more within two minutes. Both are asked whenever it decides.
 */
export function keepMemorySmall(): void {
  setFlagsFromString('--optimize-for-size');
  setFlagsFromString('--semi-space-growth-factor=1');
}
