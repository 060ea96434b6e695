/** The lookups of a capture, narrowed by a filter: one whose queries or answers match is shown whole. */

import type { Capture } from '../capture/capture.ts';
import { findLookups, type Lookup } from '../dns/lookup.ts';
import type { CompiledFilter } from '../filter/compile.ts';

/** ns: when the capture ended. */
export function captureEnd(capture: Capture): number {
  const end = Number(capture.meta.end ?? Number.NaN);
  return Number.isFinite(end) && end > 0 ? end : (capture.last()?.time ?? 0);
}

export function lookupsOf(capture: Capture, filter: CompiledFilter): Lookup[] {
  const lookups = findLookups(capture.dims, captureEnd(capture));
  if (filter.step === null) return lookups;
  const matching = new Set<number>();
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) matching.add(chunk.num[selection[k]!]!);
  }
  return lookups.filter(({ attempts }) =>
    attempts.some(({ queries, answers }) => [...queries, ...answers].some(({ num }) => matching.has(num))),
  );
}
