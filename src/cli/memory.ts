/** How much memory what runs for hours holds beside what it uses: as little as costs no time that anybody would feel. */
import { setFlagsFromString } from 'node:v8';
import { NO_DEBUGGER } from './no-debugger.ts';

/**
 * Of a Node that records; bin/trowel has it, too. What a batch leaves behind is little in the heap and much outside of it (buffers of messages,
 * columns), which is freed as the new part of the heap is collected. With 64 MiB of it, which V8 grows to, 30 MiB of buffers came together
 * before that, and then the whole heap was collected, every second or two.
 */
export const RECORDER_FLAGS = ['--max-semi-space-size=2', NO_DEBUGGER] as const;

/**
 * A screen that follows makes some MiB of garbage a second and uses 20 MiB. V8 would let the old part of the heap grow to four times what is
 * used, and the new part from 16 to 64 MiB, before it collects: 100 MiB more within two minutes. Both are asked whenever it decides.
 */
export function keepMemorySmall(): void {
  setFlagsFromString('--optimize-for-size');
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** A recorder's old part may grow by a third of what is used, some 60 MiB. With less it was collected every few seconds. */
export function keepRecorderSmall(): void {
  setFlagsFromString('--heap-growing-percent=33');
}
