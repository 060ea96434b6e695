import { say } from '../output/stderr.ts';

/** How much of a .scap file was read. */
export interface ScapOutcome {
  /** Why reading ended before the file did; null: it did not. */
  readonly cut: string | null;
  /** What of it is more than is kept; null: nothing. */
  readonly leftOut: string | null;
}

/** Says on stderr what was not read. */
export function warnOf(path: string, { cut, leftOut }: ScapOutcome): void {
  if (cut !== null) say(`trowel: ${path}: ${cut}; what comes before is read`);
  if (leftOut !== null) say(`trowel: ${path}: ${leftOut}`);
}
