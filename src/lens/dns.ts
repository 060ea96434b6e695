/** The lookups of a capture, narrowed by a filter: one whose queries or answers match is shown whole. */
import { findLookups, type Lookup } from '../dns/lookup.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import type { CaptureReader } from '../store/reader.ts';
import { scan } from '../store/scan.ts';

/** ns: when the capture ended. */
export function captureEnd(capture: CaptureReader): number {
  const end = Number(capture.meta.end ?? Number.NaN);
  return Number.isFinite(end) && end > 0 ? end : (capture.last()?.time ?? 0);
}

export function lookupsOf(capture: CaptureReader, filter: CompiledFilter): Lookup[] {
  const lookups = findLookups(capture.dims, captureEnd(capture));
  if (filter.step === null) return lookups;
  const matching = new Set<number>();
  for (const { chunk, selection, n } of scan(capture, filter)) {
    for (let k = 0; k < n; k++) matching.add(chunk.num[selection[k]!]!);
  }
  return lookups.filter(({ attempts }) =>
    attempts.some(({ queries, answers }) => [...queries, ...answers].some(({ num }) => matching.has(num))),
  );
}
