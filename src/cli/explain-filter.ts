/** `--explain-filter`: how a filter runs on a capture. */
import type { CompiledFilter } from '../filter/compile.ts';
import type { Step } from '../filter/step.ts';
import { sanitize } from '../output/printable.ts';
import type { CaptureReader } from '../store/reader.ts';

/** The steps in the order in which they run, then how many chunks are passed by. */
export function explainFilter(capture: CaptureReader, filter: CompiledFilter): string[] {
  const { step } = filter;
  if (step === null) return ['every event matches'];
  let chunks = 0;
  let skipped = 0;
  for (const head of capture.heads()) {
    chunks++;
    if (!step.mayMatch(head)) skipped++;
  }
  return [...stepLines(step, 0), ...filter.notes.map((note) => `note: ${note}`), `chunks: ${chunks - skipped} read, ${skipped} passed by`];
}

function stepLines(step: Step, depth: number): string[] {
  const indent = '  '.repeat(depth);
  if (step.parts.length === 0) return [`${indent}${step.where}: ${sanitize(step.label)}`];
  return [`${indent}${step.where}`, ...step.parts.flatMap((part) => stepLines(part, depth + 1))];
}
