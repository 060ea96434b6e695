/** A capture that comes on stdin: kept in a file for as long as this command runs, since most questions read it twice. */
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UsageError } from './exit.ts';

/** Signals that end this program before it could clean up. */
const ENDING = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

let kept: Promise<string> | null = null;

/** Reads stdin to its end, once. Gives the path of a file that only this user can read, and that is gone when the command ends. */
export function stdinFile(): Promise<string> {
  kept ??= keep();
  return kept;
}

async function keep(): Promise<string> {
  if (process.stdin.isTTY) throw new UsageError('- reads a capture from stdin, which is a terminal: use trowel read - < FILE');
  const folder = mkdtempSync(join(tmpdir(), 'trowel-stdin-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const [signal, status] of Object.entries(ENDING)) process.once(signal, () => process.exit(status));
  const path = join(folder, 'stdin');
  await pipeline(process.stdin, createWriteStream(path, { mode: 0o600 }));
  return path;
}
