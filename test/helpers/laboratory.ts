import { describe, test } from 'vitest';

/** A suite that needs more than this project and this machine have; where that is missing, one line says why. */
export function laboratory(name: string, reason: string | null, body: () => void): void {
  if (reason === null) describe(name, body);
  else test.skip(`${name} (skipped: ${reason})`, () => {});
}
