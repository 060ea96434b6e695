/** Exit codes and how errors become them: the only place that decides. */

import { CaptureError } from '../capture/error.ts';
import { isStoreName } from '../cluster/address.ts';
import { FilterError } from '../filter/error.ts';
import { say } from '../output/stderr.ts';

export const EXIT = {
  OK: 0,
  FAILED: 1,
  USAGE: 2,
  NOTHING_MATCHED: 3,
  PRIVILEGE: 4,
  INTERRUPTED: 130,
} as const;

/** Wrong use of the command line, with what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A command that ran and has something to say by its exit code. */
export class Exit extends Error {
  constructor(
    readonly code: number,
    message = '',
  ) {
    super(message);
    this.name = 'Exit';
  }
}

/** Prints what went wrong as one message and gives the exit code. `debug`: with the stack. */
export function reportError(error: unknown, debug: boolean): number {
  if (error instanceof Exit) {
    if (error.message !== '') say(`trowel: ${error.message}`);
    return error.code;
  }
  const message = error instanceof FilterError ? filterText(error) : error instanceof Error ? error.message : String(error);
  say(`trowel: ${message}`);
  const expected = error instanceof FilterError || error instanceof CaptureError || error instanceof UsageError;
  if (debug && error instanceof Error) say(`${error.stack}`);
  else if (!expected) say('(--debug shows where)');
  return error instanceof FilterError || error instanceof UsageError ? EXIT.USAGE : EXIT.FAILED;
}

/** A second store, or a store beside files, is taken for the filter. */
function filterText(error: FilterError): string {
  const hint = isStoreName(error.text) ? '\na store is asked alone: trowel pull makes captures of it, which are asked together' : '';
  return `${error.render()}${hint}`;
}
