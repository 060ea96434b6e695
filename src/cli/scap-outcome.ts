import { type LeftOut, leftOutText, type Missing } from '../capture/meta.ts';
import { sanitize } from '../output/printable.ts';

/** How much of a .scap file was read. */
export interface ScapOutcome {
  /** Why reading ended before the file did; null: it did not. */
  readonly cut: string | null;
  /** `left out: 737856 threads (the limit is 262144)`; null: nothing is missing. */
  readonly leftOut: string | null;
}

export function outcomeOf(cut: string | null, leftOut: readonly LeftOut[]): ScapOutcome {
  return { cut, leftOut: leftOut.length === 0 ? null : `left out: ${leftOutText(leftOut)}` };
}

/** Says on stderr what was not read of a file. */
export function warnOf(path: string, { cut, leftOut }: ScapOutcome): void {
  if (cut !== null) process.stderr.write(`trowel: ${sanitize(`${path}: ${cut}`)}; what comes before is read\n`);
  if (leftOut !== null) process.stderr.write(`trowel: ${sanitize(`${path}: ${leftOut}`)}\n`);
}

const warned = new Set<string>();

/** The same of a capture that was imported from the file, once for each file. */
export function warnOfMissing(path: string, { damage, leftOut }: Missing): void {
  if (!warned.has(path)) warnOf(path, outcomeOf(damage?.reason ?? null, leftOut));
  warned.add(path);
}
