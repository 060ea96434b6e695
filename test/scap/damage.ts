import { ScapDamage } from '../../src/scap/blocks.ts';

/** Does something with a file that may be damaged. Gives what was said of the damage; any other error is one. */
export function untilDamage(work: () => void): string | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof ScapDamage) return error.message;
    throw error;
  }
}
