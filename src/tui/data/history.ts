/** Filters that were used, from one run to the next: one a line, oldest first, in $XDG_STATE_HOME/trowel/history. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const MOST = 200;

function historyPath(): string {
  return join(process.env.XDG_STATE_HOME || join(homedir(), '.local/state'), 'trowel/history');
}

/** Empty where none can be read: a screen without a history is still a screen. */
export function readHistory(): string[] {
  let lines: string[];
  try {
    lines = readFileSync(historyPath(), 'utf8').split('\n');
  } catch {
    return [];
  }
  const filters = lines.filter((line) => line.trim() !== '');
  const newest = [...new Set(filters.reverse())].slice(0, MOST).reverse();
  if (filters.length > 2 * MOST) write(() => writeFileSync(historyPath(), `${newest.join('\n')}\n`));
  return newest;
}

export function rememberFilter(filter: string): void {
  write(() => {
    mkdirSync(dirname(historyPath()), { recursive: true, mode: 0o700 });
    appendFileSync(historyPath(), `${filter.replace(/\s+/g, ' ')}\n`, { mode: 0o600 });
  });
}

/** A home that cannot be written to must not end the session. */
function write(work: () => void): void {
  try {
    work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}
