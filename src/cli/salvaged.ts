/** A damaged capture is read as far as it can be: what can be read of it stands in for it, and what is missing is said. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CaptureDamage } from '../capture/error.ts';
import { startOver } from '../output/twice.ts';
import { hasNewTarget } from './target.ts';

const standIns = new Map<string, string>();

/** The file that is read for the one that was named. */
export const standInOf = (name: string): string => standIns.get(name) ?? name;

/**
 * Runs a command, once more for each file that turns out to be damaged on the way. Where it has begun to make a new file, the damage is
 * an error: half of a file and then another half would be neither.
 */
export async function readingWhatCanBe<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof CaptureDamage) || standIns.has(error.path) || hasNewTarget() || !existsSync(error.path)) throw error;
    const found = await salvaged(error.path);
    if (found === null) throw error;
    standIns.set(error.path, found);
    startOver();
    return readingWhatCanBe(run);
  }
}

/** Null: no event of it can be read, or the disk does not let us. */
async function salvaged(path: string): Promise<string | null> {
  const { repair } = await import('../store/repair.ts');
  const folder = mkdtempSync(join(tmpdir(), 'trowel-salvaged-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const target = join(folder, 'x.trowel');
  try {
    return repair(path, target).events === 0 ? null : target;
  } catch {
    return null; // why is said by the error that led here
  }
}
